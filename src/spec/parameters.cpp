#include "spec/parameters.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/catalogue.hpp"
#include "engine/command_line.hpp"
#include "engine/resolve.hpp"
#include "spec/client_parameters.hpp"

namespace autotuner::spec {
namespace {

constexpr std::string_view environment_prefix = "env.";
/// Variables that are set for the engine anyway: proxies, tokens, GPU selection.
constexpr std::array<std::string_view, 10> own_variables = {"CUDA_VISIBLE_DEVICES",
                                                            "CUDA_DEVICE_ORDER",
                                                            "HIP_VISIBLE_DEVICES",
                                                            "ROCR_VISIBLE_DEVICES",
                                                            "HTTP_PROXY",
                                                            "HTTPS_PROXY",
                                                            "NO_PROXY",
                                                            "HF_HOME",
                                                            "HF_TOKEN",
                                                            "HUGGING_FACE_HUB_TOKEN"};
/// Parallel factors: sizes of GPU groups, hence whole numbers from 1.
constexpr std::array<std::string_view, 7> factors = {"tp", "pp", "dp", "cp", "dcp", "ep", "pcp"};

bool is_variable_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_'; };
  if (name.empty() || !letter(name.front())) return false;
  return std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// `parameters` being read.
class Reader {
 public:
  Reader(const ParameterContext& context, Report& report) : context_(context), report_(report) {
    out_.normalised.kind = NodeKind::object;
    for (const auto factor : factors)
      factor_flags_.push_back(engine::canonical_flag(context.runtime, factor));
  }

  ReadParameters read(const Node& object) {
    out_.normalised.line = object.line;
    for (const auto& member : object.members) add(member);
    return std::move(out_);
  }

 private:
  void add(const Member& member) {
    const std::string path = "parameters." + member.key;
    const auto name = usable_name(member, path);
    if (!name) return;
    const Node node = with_flag_words(*name, member.value);
    auto parameter = read_parameter(*name, path, node, context_.needs_grid, report_);
    if (!parameter) return;
    check_values(*parameter, path, member.line);
    if (!is_first(*parameter, member)) return;
    // the value of a secret flag goes to the engine, never into the stored document
    if (!engine::is_secret_name(*name)) out_.normalised.set(*name, node);
    out_.parameters.push_back(std::move(*parameter));
  }

  std::optional<std::string> usable_name(const Member& member, const std::string& path) {
    const std::string& key = member.key;
    if (base::trim(key).empty() || key.find_first_of(" \t\r\n=\"'") != std::string::npos) {
      report_.error(path, member.line, "not_allowed",
                    "is no flag name; must be the name of a flag without blanks, '=' and quotes");
      return std::nullopt;
    }
    if (key.starts_with("__quant__") || key.starts_with("__parallel__")) {
      const bool quant = key.starts_with("__quant__");
      report_.error(path, member.line, "reserved",
                    fmt::format("is a reserved name; write {}.{}", quant ? "quant_config" : "parallel_config",
                                key.substr(quant ? 9 : 12)));
      return std::nullopt;
    }
    if (key.starts_with("__")) {
      report_.warning(path, member.line, "reserved",
                      "begins with __ and is never handed to an engine; it is left out");
      return std::nullopt;
    }
    if (key.starts_with(environment_prefix)) return variable(member, path);
    if (engine::is_client_side(key)) return client_side(member, path);
    return flag(member, path);
  }

  std::optional<std::string> variable(const Member& member, const std::string& path) {
    const std::string name = member.key.substr(environment_prefix.size());
    std::string upper = name;
    std::ranges::transform(upper, upper.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    std::string why;
    if (!is_variable_name(name))
      why = "is no name of a variable; must be env.NAME of letters, digits and underscores";
    else if (std::ranges::find(own_variables, upper) != own_variables.end())
      why = "is a variable that autotuner sets itself";
    else if (engine::is_secret_name(name))
      why = "names a secret, which can't be a parameter; secrets are settings";
    if (why.empty()) return member.key;
    report_.error(path, member.line, "reserved", std::move(why));
    return std::nullopt;
  }

  std::optional<std::string> client_side(const Member& member, const std::string& path) {
    const auto why = why_no_client_parameter(member.key);
    if (!why) return member.key;
    report_.error(path, member.line, "not_allowed", *why);
    return std::nullopt;
  }

  std::optional<std::string> flag(const Member& member, const std::string& path) {
    const std::string_view key =
        std::string_view(member.key).substr(std::min(member.key.find_first_not_of('-'), member.key.size()));
    std::string name = engine::canonical_flag(context_.runtime, key);
    const auto title = engine::runtime(context_.runtime).key;
    if (name.empty()) {
      report_.error(path, member.line, "not_allowed", "is no flag name");
      return std::nullopt;
    }
    const engine::FlagInfo* known = engine::find_flag(context_.runtime, name);
    if (known != nullptr && known->reserved) {
      report_.error(path, member.line, "reserved",
                    fmt::format("is set by autotuner itself (--{}) and can't be a parameter", name));
      return std::nullopt;
    }
    if (known == nullptr) {
      const auto other = engine::counterpart(context_.runtime, name);
      const std::string hint = other && *other != name ? fmt::format("; did you mean {}?", *other) : "";
      report_.warning(path, member.line, "unknown_flag",
                      fmt::format("is not among the known flags of {}{}", title, hint));
    } else if (name != key && !is_official_spelling(key, name)) {
      report_.warning(path, member.line, "alias", fmt::format("is read as {}, as {} spells it", name, title));
    }
    return name;
  }

  /// tensor-parallel-size beside tp-size: engines take both.
  bool is_official_spelling(std::string_view key, const std::string& name) const {
    return key.ends_with("-size") && key.find('_') == std::string_view::npos &&
           std::ranges::find(factor_flags_, name) != factor_flags_.end();
  }

  /// YAML makes truth values of on and off, which are words to some flags.
  Node with_flag_words(std::string_view name, const Node& node) const {
    const engine::FlagInfo* known = engine::find_flag(context_.runtime, name);
    if (known == nullptr || known->values.empty()) return node;
    Node result = node;
    if (node.kind == NodeKind::boolean &&
        std::ranges::find(known->values, node.text) != known->values.end()) {
      return text_node(node.text, node.line);
    }
    for (auto& item : result.items) item = with_flag_words(name, item);
    for (auto& member : result.members) {
      if (member.key == "values" || member.key == "choices")
        member.value = with_flag_words(name, member.value);
    }
    return result;
  }

  void check_values(const space::Parameter& parameter, const std::string& path, int line) {
    if (engine::is_client_side(parameter.name)) {
      if (const auto why = why_no_client_values(parameter)) report_.error(path, line, "out_of_range", *why);
      return;
    }
    const bool is_factor = std::ranges::find(factor_flags_, parameter.name) != factor_flags_.end();
    if (const auto* range = std::get_if<space::IntegerRange>(&parameter.domain);
        range != nullptr && is_factor && range->low < 1) {
      report_.error(path + ".low", line, "out_of_range",
                    fmt::format("is {}; must be at least 1", range->low));
    }
    if (std::holds_alternative<space::RealRange>(parameter.domain) && is_factor) {
      report_.error(path, line, "type", "is a continuous range; must be whole numbers");
    }
    const auto* list = std::get_if<space::Choices>(&parameter.domain);
    if (list == nullptr) return;
    const engine::FlagInfo* known = engine::find_flag(context_.runtime, parameter.name);
    for (const auto& value : list->values) {
      if (value.is_null()) continue;
      if (is_factor)
        check_factor(value, path, line);
      else if (known != nullptr)
        check_known(*known, value, path, line);
    }
  }

  void check_factor(const space::Value& value, const std::string& path, int line) {
    auto number = value.as_number();
    if (!number && value.as_text()) number = base::to_number(*value.as_text());
    if (number && *number >= 1 && std::trunc(*number) == *number) return;
    report_.error(
        path, line, "out_of_range",
        fmt::format("has the value {}; must be a whole number of at least 1", space::to_text(value)));
  }

  /// Catalogues lag behind engines, so what they don't list is a warning.
  void check_known(const engine::FlagInfo& flag, const space::Value& value, const std::string& path,
                   int line) {
    const auto text = value.as_text();
    const bool numeric = flag.type == engine::FlagType::integer || flag.type == engine::FlagType::real;
    if (!flag.values.empty() && text && std::ranges::find(flag.values, *text) == flag.values.end()) {
      if (numeric && base::to_number(*text)) return;
      report_.warning(
          path, line, "unusual_value",
          fmt::format("has the value {}; known are {}", space::to_text(value), fmt::join(flag.values, ", ")));
    } else if (flag.values.empty() && numeric && text && !base::to_number(*text)) {
      report_.warning(path, line, "unusual_value",
                      fmt::format("has the value {}; the flag takes a number", space::to_text(value)));
    }
  }

  /// Two spellings of one flag: equal values are a slip, different ones have no meaning.
  bool is_first(const space::Parameter& parameter, const Member& member) {
    const auto [entry, added] = spelled_.emplace(parameter.name, member.key);
    if (added) return true;
    const auto same = std::ranges::find(out_.parameters, parameter.name, &space::Parameter::name);
    const std::string path = "parameters." + member.key;
    if (same != out_.parameters.end() && *same == parameter) {
      report_.warning(path, member.line, "duplicate_key",
                      fmt::format("means the same flag as {}, with the same values", entry->second));
    } else {
      report_.error(path, member.line, "duplicate_key",
                    fmt::format("means the same flag as {}, with other values; keep one", entry->second));
    }
    return false;
  }

  const ParameterContext& context_;
  Report& report_;
  ReadParameters out_;
  std::vector<std::string> factor_flags_;
  std::map<std::string, std::string> spelled_;  ///< canonical name -> as written first
};

}  // namespace

ReadParameters read_parameters(const Node& object, const ParameterContext& context, Report& report) {
  return Reader(context, report).read(object);
}

}  // namespace autotuner::spec
