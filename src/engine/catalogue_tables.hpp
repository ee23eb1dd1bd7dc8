#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "engine/catalogue.hpp"

/// What the tables of the catalogue are written with; one catalogue_<engine>.cpp each.
namespace autotuner::engine {

enum Mark : unsigned {
  plain = 0,
  classic = 1U << 0U,
  tuned = 1U << 1U,
  negatable = 1U << 2U,
  many_values = 1U << 3U,
  reserved = 1U << 4U,
  gone = 1U << 5U,
  newer = 1U << 6U,
  minus_one_is_auto = 1U << 7U,
};

constexpr FlagInfo row(std::string_view name, FlagType type, std::string_view group, unsigned marks,
                       std::string_view default_text = {}, std::span<const std::string_view> words = {}) {
  return {.name = name,
          .type = type,
          .values = words,
          .default_text = default_text,
          .group = group,
          .negatable = (marks & Mark::negatable) != 0,
          .many_values = (marks & Mark::many_values) != 0,
          .reserved = (marks & Mark::reserved) != 0,
          .tuned = (marks & Mark::tuned) != 0,
          .classic = (marks & Mark::classic) != 0,
          .newer = (marks & Mark::newer) != 0,
          .gone = (marks & Mark::gone) != 0,
          .minus_one_is_auto = (marks & Mark::minus_one_is_auto) != 0};
}

struct FlagTable {
  std::span<const FlagInfo> flags;
  std::span<const std::string_view> tuned_names;
  CatalogueVersions versions;
};
FlagTable sglang_table();
FlagTable vllm_table();
FlagTable tensorrt_table();
FlagTable llamacpp_table();
FlagTable sim_table();

/// Another spelling of a flag, as users and older documents write it.
struct Alias {
  std::string_view name;
  std::string_view flag;
};
/// Sorted by name.
std::span<const Alias> aliases(RuntimeId runtime);

/// One meaning and what each engine calls it; empty = the engine has nothing like it.
struct Synonym {
  std::string_view sglang, vllm, tensorrt, llamacpp, sim;
  bool same_values = true;  ///< a value means the same on each of them
};
std::span<const Synonym> synonyms();
std::string_view spelling(const Synonym& synonym, RuntimeId runtime);

}  // namespace autotuner::engine
