#include "engine/catalogue.hpp"

#include <array>

#include "base/text.hpp"
#include "engine/catalogue_tables.hpp"
#include "engine/command_line.hpp"

namespace autotuner::engine {
namespace {

constexpr std::array every_runtime = {RuntimeId::sglang, RuntimeId::vllm, RuntimeId::tensorrt_llm,
                                      RuntimeId::llamacpp, RuntimeId::sim};

FlagTable table(RuntimeId runtime) {
  switch (runtime) {
    case RuntimeId::sglang:
      return sglang_table();
    case RuntimeId::vllm:
      return vllm_table();
    case RuntimeId::tensorrt_llm:
      return tensorrt_table();
    case RuntimeId::llamacpp:
      return llamacpp_table();
    case RuntimeId::sim:
      return sim_table();
  }
  return {};
}

std::string_view without_dashes(std::string_view name) {
  name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  return name;
}

/// The row of shared meanings that `name` stands in, under any engine's spelling or alias.
const Synonym* find_meaning(std::string_view name) {
  for (const auto runtime : every_runtime) {
    const auto canonical = canonical_flag(runtime, name);
    for (const auto& synonym : synonyms()) {
      if (spelling(synonym, runtime) == canonical) return &synonym;
    }
  }
  return nullptr;
}

}  // namespace

std::span<const FlagInfo> catalogue(RuntimeId runtime) {
  return table(runtime).flags;
}
CatalogueVersions catalogue_versions(RuntimeId runtime) {
  return table(runtime).versions;
}
std::span<const std::string_view> commonly_tuned(RuntimeId runtime) {
  return table(runtime).tuned_names;
}

const FlagInfo* find_flag(RuntimeId runtime, std::string_view name) {
  const auto flags = catalogue(runtime);
  const auto plain_name = without_dashes(name);
  const auto found = std::ranges::lower_bound(flags, plain_name, {}, &FlagInfo::name);
  return found != flags.end() && found->name == plain_name ? &*found : nullptr;
}

std::string readable_value(RuntimeId runtime, std::string_view name, const space::Value& value) {
  if (is_secret_name(name)) return "***";
  const auto* info = find_flag(runtime, name);
  auto text = space::to_text(value);
  return info != nullptr && info->minus_one_is_auto && text == "-1" ? "auto" : text;
}

std::string readable_default(RuntimeId runtime, std::string_view name) {
  const auto* info = find_flag(runtime, name);
  if (info == nullptr) return {};
  return info->minus_one_is_auto && info->default_text == "-1" ? "auto" : std::string(info->default_text);
}

std::string canonical_flag(RuntimeId runtime, std::string_view name) {
  const auto as_written = without_dashes(name);
  auto hyphened = base::replace_all(std::string(as_written), "_", "-");
  const auto known = aliases(runtime);
  const auto alias = std::ranges::lower_bound(known, std::string_view(hyphened), {}, &Alias::name);
  if (alias != known.end() && alias->name == hyphened) return std::string(alias->flag);
  if (find_flag(runtime, as_written) != nullptr) return std::string(as_written);
  auto underscored = base::replace_all(std::string(as_written), "-", "_");
  if (find_flag(runtime, underscored) != nullptr) return underscored;
  return hyphened;
}

std::optional<std::string> counterpart(RuntimeId runtime, std::string_view name) {
  if (const auto* meaning = find_meaning(name)) {
    const auto here = spelling(*meaning, runtime);
    if (!here.empty() && find_flag(runtime, here) != nullptr) return std::string(here);
  }
  std::vector<std::string_view> names;
  names.reserve(catalogue(runtime).size() + aliases(runtime).size());
  for (const auto& flag : catalogue(runtime)) names.push_back(flag.name);
  for (const auto& alias : aliases(runtime)) {
    if (alias.name.size() > 3) names.push_back(alias.name);
  }
  const auto near = base::nearest(without_dashes(name), names);
  if (!near) return std::nullopt;
  return canonical_flag(runtime, *near);
}

std::optional<std::string> shared_spelling(std::string_view name, RuntimeId runtime) {
  const auto* meaning = find_meaning(name);
  if (meaning == nullptr || !meaning->same_values) return std::nullopt;
  return std::string(spelling(*meaning, runtime));
}

}  // namespace autotuner::engine
