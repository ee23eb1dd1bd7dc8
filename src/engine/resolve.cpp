#include "engine/resolve.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/catalogue.hpp"
#include "engine/command_line.hpp"
#include "engine/engine_rules.hpp"
#include "engine/parallel.hpp"
#include "engine/quantization.hpp"

namespace autotuner::engine {
namespace {

constexpr std::string_view environment_prefix = "env.";
constexpr std::string_view client_prefix = "client.";

/// A point taken apart by who each entry is for.
struct Parts {
  space::Point quant, parallel, user;
  bool has_quant = false, has_parallel = false;
  std::map<std::string, std::string> environment;
};

base::Result<void> add_variable(Parts& parts, std::string_view name, const space::Value& value) {
  if (const auto why = why_not_a_parameter(name)) return base::invalid_input("env.{} {}", name, *why);
  if (!value.is_null()) parts.environment[std::string(name)] = space::to_text(value);
  return {};
}

base::Result<void> add_flag(Parts& parts, std::string_view name, const space::Value& value,
                            RuntimeId runtime) {
  const auto flag = canonical_flag(runtime, name);
  const auto* known = find_flag(runtime, flag);
  if (flag.empty()) return base::invalid_input("'{}' is no name of a flag", name);
  if (known != nullptr && known->reserved) {
    return base::invalid_input("{} is set by autotuner itself and can't be a parameter", flag);
  }
  if (value.is_null()) return {};
  if (const auto* other = parts.user.find(flag); other != nullptr && *other != value) {
    return base::invalid_input("two values for {}: {} and {} (as {})", flag, space::to_text(*other),
                               space::to_text(value), name);
  }
  parts.user.set(flag, value);
  return {};
}

/// Presets expanded, with the explicit fields beside them on top.
base::Result<space::Point> expand(const space::Point& fields, bool is_quant, RuntimeId runtime) {
  space::Point expanded;
  if (const auto* preset = fields.find("preset"); preset != nullptr && !preset->is_null()) {
    const auto name = space::to_text(*preset);
    auto values = is_quant ? quant_preset(name) : parallel_preset(runtime, name);
    if (!values) return values;
    expanded = *values;
  }
  for (const auto& [name, value] : fields) {
    if (name == "preset") continue;
    const auto usable =
        is_quant ? check_quant_field(name, value) : check_parallel_field(runtime, name, value);
    if (!usable) return tl::unexpected(usable.error());
    if (!value.is_null()) expanded.set(name, value);
  }
  return expanded;
}

base::Result<Parts> take_apart(const space::Point& point, RuntimeId runtime) {
  Parts parts;
  for (const auto& [name, value] : point) {
    const std::string_view view = name;
    base::Result<void> added;
    if (view.starts_with(quant_prefix)) {
      parts.quant.set(base::replace_all(name, quant_prefix, ""), value);
      parts.has_quant = true;
    } else if (view.starts_with(parallel_prefix)) {
      parts.parallel.set(base::replace_all(name, parallel_prefix, ""), value);
      parts.has_parallel = true;
    } else if (view.starts_with("__") || is_client_side(view)) {
      continue;
    } else if (view.starts_with(environment_prefix)) {
      added = add_variable(parts, view.substr(environment_prefix.size()), value);
    } else {
      added = add_flag(parts, view, value, runtime);
    }
    if (!added) return tl::unexpected(added.error());
  }
  return parts;
}

/// `user` over `derived`: an overriding value keeps the derived flag's place.
space::Point merged(const space::Point& derived, const space::Point& user, std::vector<std::string>& notes) {
  space::Point flags = derived;
  for (const auto& [name, value] : user) {
    if (const auto* other = derived.find(name); other != nullptr && *other != value) {
      notes.push_back(
          fmt::format("{} is {} as given; the {} from quant_config or parallel_config does not count", name,
                      space::to_text(value), space::to_text(*other)));
    }
    flags.set(name, value);
  }
  return flags;
}

std::optional<std::string> why_too_many_gpus(const Resolved& resolved, const Factors& factors,
                                             const Setting& setting) {
  if (setting.runtime == RuntimeId::sim || !setting.gpu_limit || resolved.world_size <= *setting.gpu_limit) {
    return std::nullopt;
  }
  return fmt::format("needs {} GPUs, {}; there are {}", resolved.world_size,
                     to_text(factors, resolved.world_size), *setting.gpu_limit);
}

/// The rules that hold over the finished flags, cheapest first.
std::optional<std::string> why_flags_invalid(const Resolved& resolved, const Factors& factors,
                                             const Setting& setting) {
  if (auto why = why_parallel_invalid(setting.runtime, resolved.flags, factors)) return why;
  if (setting.runtime == RuntimeId::llamacpp) {
    if (auto why = why_llamacpp_invalid(resolved.flags, setting)) return why;
  }
  if (!setting.engine_version.empty()) {
    if (auto why = unknown_word(resolved.flags, setting.runtime)) return why;
  }
  return why_too_many_gpus(resolved, factors, setting);
}

/// llama.cpp's factors stand in the fields, since it has no flags for them; everywhere else in the flags.
Factors factors_of(RuntimeId runtime, const space::Point& flags, const space::Point& fields) {
  return read_factors(runtime == RuntimeId::llamacpp ? fields : flags);
}

}  // namespace

base::Result<Resolved> resolve(const space::Point& point, const Setting& setting) {
  const auto runtime = setting.runtime;
  auto parts = take_apart(point, runtime);
  if (!parts) return tl::unexpected(parts.error());
  Resolved resolved;
  resolved.environment = std::move(parts->environment);

  auto parallel = expand(parts->parallel, false, runtime);
  if (!parallel) return tl::unexpected(parallel.error());
  if (auto settled = settle_factors(runtime, *parallel, parts->user, resolved.notes); !settled) {
    return tl::unexpected(settled.error());
  }
  space::Point flags = parts->user;
  if (parts->has_quant) {
    auto quant = expand(parts->quant, true, runtime);
    if (!quant) return tl::unexpected(quant.error());
    auto derived = quant_flags(
        runtime, *quant, quantization_method(setting.model, setting.model_quantization), resolved.notes);
    if (!derived) return tl::unexpected(derived.error());
    flags = merged(*derived, flags, resolved.notes);
  }
  resolved.flags = merged(parallel_flags(runtime, *parallel), flags, resolved.notes);
  if (runtime == RuntimeId::llamacpp) normalise_llamacpp(resolved.flags);

  const auto factors = factors_of(runtime, resolved.flags, *parallel);
  resolved.world_size = gpus_needed(factors, resolved.flags, runtime, setting.host_gpus > 0);
  if (const auto why = why_flags_invalid(resolved, factors, setting)) return base::invalid_input("{}", *why);
  return resolved;
}

std::string identity(const Resolved& resolved) {
  auto text = space::identity(resolved.flags);
  for (const auto& [name, value] : resolved.environment) text += fmt::format("\n{}={}", name, value);
  return text;
}

std::string client_identity(const space::Point& point) {
  space::Point client;
  for (const auto& [name, value] : point) {
    if (is_client_side(name)) client.set(name, value);
  }
  return client.empty() ? std::string() : space::identity(client);
}

space::PointRules point_rules(const Setting& setting) {
  return {.why_invalid = [setting](const space::Point& point) -> std::optional<std::string> {
            const auto resolved = resolve(point, setting);
            if (resolved) return std::nullopt;
            return resolved.error().message;
          },
          .identity =
              [setting](const space::Point& point) {
                const auto resolved = resolve(point, setting);
                return (resolved ? identity(*resolved) : space::identity(point)) + client_identity(point);
              }};
}

int world_size(const space::Point& flags, RuntimeId runtime, bool host_has_gpu) {
  return gpus_needed(read_factors(flags), flags, runtime, host_has_gpu);
}

bool is_client_side(std::string_view parameter) {
  return parameter.starts_with(client_prefix);
}

}  // namespace autotuner::engine
