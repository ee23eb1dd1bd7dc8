#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/runtime.hpp"
#include "space/value.hpp"

namespace autotuner::engine {

enum class FlagType { any, boolean, integer, real, text, json };

/// What is known of one flag of one engine.
struct FlagInfo {
  std::string_view name;  ///< without dashes, in the engine's own spelling
  FlagType type = FlagType::any;
  std::span<const std::string_view> values;  ///< allowed words; empty = not limited
  std::string_view default_text;             ///< the engine's default as text; empty = unknown
  std::string_view group;                    ///< memory, scheduling, ...
  bool negatable = false;                    ///< false is spelled --no-<name>
  bool many_values = false;                  ///< a list is one flag with many values, not a repeated flag
  bool reserved = false;                     ///< set by us: refused as a parameter
  bool tuned = false;                        ///< commonly tuned
  bool classic = false;  ///< in the list that GET /api/runtime-params has always shown (SGLang 210, vLLM 158)
  bool newer = false;    ///< unknown to the oldest version that the table was made from
  bool gone = false;     ///< unknown to the newest version that the table was made from
  bool minus_one_is_auto = false;  ///< -1 leaves the choice to the engine
};

/// The versions whose names a table joins; empty where there was only one.
struct CatalogueVersions {
  std::string_view oldest, newest;
};

/// Sorted by name.
std::span<const FlagInfo> catalogue(RuntimeId runtime);
CatalogueVersions catalogue_versions(RuntimeId runtime);
/// The commonly tuned names in the order in which people read them: grouped by what they act on.
std::span<const std::string_view> commonly_tuned(RuntimeId runtime);
/// Exact, after stripping leading '-'. nullptr when unknown.
const FlagInfo* find_flag(RuntimeId runtime, std::string_view name);

/// A value as people read it: "auto" where the engine spells that as a number, else its text.
std::string readable_value(RuntimeId runtime, std::string_view name, const space::Value& value);
/// The engine's default as people read it; empty = unknown.
std::string readable_default(RuntimeId runtime, std::string_view name);

/// The engine's own spelling of a name a user may write: underscores to hyphens, mem_frac, tp, short forms.
/// Unknown names come back with hyphens only.
std::string canonical_flag(RuntimeId runtime, std::string_view name);

/// For an unknown flag: the same meaning on this runtime (max-num-seqs -> max-running-requests on sglang),
/// else the nearest spelling, else nothing.
std::optional<std::string> counterpart(RuntimeId runtime, std::string_view name);

/// The name that a parameter shared by several engines has on each of them ("tp" -> tp-size,
/// tensor-parallel-size); empty when the engine has nothing like it, nothing when the name has no shared
/// meaning.
std::optional<std::string> shared_spelling(std::string_view name, RuntimeId runtime);

/// Named parameter lists (vLLM and SGLang performance tuning), as in the reference.
struct SystemPreset {
  std::string_view name;
  RuntimeId runtime;
  std::string_view description;
  std::string_view parameters_json;
};
std::span<const SystemPreset> system_presets();

}  // namespace autotuner::engine
