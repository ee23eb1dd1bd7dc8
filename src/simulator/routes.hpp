#pragma once

#include <optional>
#include <string_view>

#include "simulator/ask.hpp"
#include "simulator/options.hpp"

namespace autotuner::simulator {

enum class Action { health, models, completions, chat, tokenize, metrics, version };

struct Route {
  std::string_view path;
  std::string_view method;
  Action action;
};

/// What decides whether a request is let in.
struct Inquiry {
  std::string_view method;
  std::string_view target;         ///< a query behind the path is ignored
  std::string_view authorization;  ///< the header's value, empty if there is none
};

/// The route of a target's path, or null.
const Route* find_route(std::string_view target);

/// Why the request is not let in: 404 for no route, 405 for another method, 401 for a wrong key, 503 before
/// the start.
std::optional<Refusal> refusal_of(const Inquiry& inquiry, const Route* route, const Options& options,
                                  bool is_started);

}  // namespace autotuner::simulator
