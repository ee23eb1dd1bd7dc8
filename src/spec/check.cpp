#include "spec/check.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.hpp"
#include "spec/value_check.hpp"

namespace autotuner::spec {
namespace {

std::string below(std::string_view parent, std::string_view name) {
  return parent.empty() ? std::string(name) : fmt::format("{}.{}", parent, name);
}

std::string_view last_part(std::string_view path) {
  return path.substr(path.rfind('.') + 1);
}

/// Walks one document beside the table.
class Checker {
 public:
  explicit Checker(Report& report) : report_(report) {}

  Node object(const Node& node, const std::string& path) {
    const std::string_view group = group_of(path);
    Node clean;
    clean.kind = NodeKind::object;
    clean.line = node.line;
    for (const auto& member : node.members) add_member(clean, node, member, path, group);
    for (const Field* field : members_of(group)) {
      const auto name = last_part(field->path);
      if (field->mark != Mark::required || clean.find(name) != nullptr || is_reported(node, group, name))
        continue;
      report_.error(below(path, name), node.line, "missing", fmt::format("is missing; {}", wanted(*field)));
    }
    return clean;
  }

 private:
  void add_member(Node& clean, const Node& node, const Member& member, const std::string& path,
                  std::string_view group) {
    std::string name = member.key;
    std::string shown = below(path, name);
    if (const FieldAlias* alias = find_alias(below(group, name))) {
      name = std::string(last_part(alias->path));
      if (node.find(name) != nullptr) {
        report_.warning(shown, member.line, "duplicate_key",
                        fmt::format("is another name of {}, which is also given and counts", alias->path));
        return;
      }
      if (alias->outdated)
        report_.warning(shown, member.line, "outdated",
                        fmt::format("is an outdated name; write {}", alias->path));
    }
    const Field* field = find_field(below(group, name));
    if (field == nullptr) {
      unknown(shown, member, group);
      return;
    }
    if (member.value.is_null()) return;
    if (field->mark == Mark::unavailable) {
      report_.error(shown, member.line, "not_available", fmt::format("is not available; {}", field->note));
      return;
    }
    if (field->mark == Mark::no_effect)
      report_.warning(shown, member.line, "no_effect", fmt::format("has no effect; {}", field->note));
    shown = below(path, name);
    if (auto value = typed(*field, member.value, shown)) clean.set(std::move(name), std::move(*value));
  }

  static const FieldAlias* find_alias(std::string_view path) {
    const auto all = field_aliases();
    const auto found = std::ranges::find(all, path, &FieldAlias::alias);
    return found == all.end() ? nullptr : &*found;
  }

  /// A required member that is there but unusable has been reported already.
  static bool is_reported(const Node& node, std::string_view group, std::string_view name) {
    return std::ranges::any_of(node.members, [&](const Member& member) {
      const FieldAlias* const alias = find_alias(below(group, member.key));
      return !member.value.is_null() &&
             (member.key == name || (alias != nullptr && last_part(alias->path) == name));
    });
  }

  void unknown(const std::string& path, const Member& member, std::string_view group) {
    std::vector<std::string_view> names;
    for (const Field* field : members_of(group)) names.push_back(last_part(field->path));
    const auto near = base::nearest(member.key, names);
    const std::string hint = near ? fmt::format("; did you mean {}?", *near)
                                  : fmt::format("; known are {}", fmt::join(names, ", "));
    // a parallel or quantization factor that is lost changes what is measured
    const bool fatal = group == "parallel_config" || group == "quant_config";
    if (fatal)
      report_.error(path, member.line, "unknown_key", "is not known" + hint);
    else
      report_.warning(path, member.line, "unknown_key", "is not known and has no effect" + hint);
  }

  std::optional<Node> typed(const Field& field, const Node& node, const std::string& path) {
    auto value = check_value(field, node, path, report_);
    const bool has_fields = value && value->kind == NodeKind::object &&
                            (field.type == FieldType::object || field.type == FieldType::boolean_or_object) &&
                            !members_of(group_of(path)).empty();
    if (!has_fields) return value;
    return object(*value, path);
  }

  Report& report_;
};

}  // namespace

Node check_document(const Node& root, Report& report) {
  return Checker(report).object(root, "");
}

}  // namespace autotuner::spec
