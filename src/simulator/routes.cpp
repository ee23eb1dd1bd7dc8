#include "simulator/routes.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace autotuner::simulator {
namespace {

constexpr std::array routes{
    Route{"/health", "GET", Action::health},
    Route{"/v1/models", "GET", Action::models},
    Route{"/v1/completions", "POST", Action::completions},
    Route{"/v1/chat/completions", "POST", Action::chat},
    Route{"/tokenize", "POST", Action::tokenize},
    Route{"/metrics", "GET", Action::metrics},
    Route{"/version", "GET", Action::version},
};

}  // namespace

const Route* find_route(std::string_view target) {
  const auto path = target.substr(0, target.find('?'));
  const auto* const found =
      std::ranges::find_if(routes, [&](const Route& route) { return route.path == path; });
  return found == routes.end() ? nullptr : found;
}

std::optional<Refusal> refusal_of(const Inquiry& inquiry, const Route* route, const Options& options,
                                  bool is_started) {
  if (route == nullptr) return Refusal{404, fmt::format("there is no {}", inquiry.target.substr(0, 200)), ""};
  if (inquiry.method != route->method) {
    return Refusal{
        405, fmt::format("{} takes {}, not {}", route->path, route->method, inquiry.method.substr(0, 40)),
        ""};
  }
  const bool is_guarded = !options.api_key.empty() && route->path.starts_with("/v1/");
  if (is_guarded && inquiry.authorization != "Bearer " + options.api_key) {
    return Refusal{401, "the API key is missing or wrong", ""};
  }
  const bool needs_start = route->action != Action::metrics && route->action != Action::version;
  if (needs_start && !is_started) return Refusal{503, "the engine is starting (simulated)", ""};
  return std::nullopt;
}

}  // namespace autotuner::simulator
