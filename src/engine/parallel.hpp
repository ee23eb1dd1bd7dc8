#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "engine/runtime.hpp"
#include "space/point.hpp"

/// How many GPUs work together and how: fields, presets and rules of `parallel_config`, per engine.
namespace autotuner::engine {

inline constexpr std::string_view parallel_prefix = "__parallel__";

/// All fields in the order in which they are folded: tp, pp, dp, ...
std::span<const std::string_view> parallel_fields();

/// Errors: invalid_input when this engine has no such field or the value is not usable at all. Values outside
/// the usual list are fine (hosts with 3 or 6 GPUs exist).
base::Result<void> check_parallel_field(RuntimeId runtime, std::string_view field, const space::Value& value);

std::vector<std::string> parallel_preset_names(RuntimeId runtime);
/// The preset's fields without prefix. Errors: invalid_input with the known names.
base::Result<space::Point> parallel_preset(RuntimeId runtime, std::string_view name);

/// Sizes of the GPU groups; 1 = not used.
struct Factors {
  int tp = 1, pp = 1, dp = 1, cp = 1, dcp = 1, pcp = 1, ep = 1;
  bool dp_attention = false;
  bool operator==(const Factors&) const = default;
};

/// Lenient: of several spellings the first in a fixed order wins, reals are cut, lists give their largest
/// value, what can't be read or is below 1 counts as 1.
Factors read_factors(const space::Point& point);

/// GPUs for these factors; saturates. `point` gives llama.cpp's n-gpu-layers and tensor-split.
int gpus_needed(const Factors& factors, const space::Point& point, RuntimeId runtime, bool host_has_gpu);

/// "TP=2, PP=2 (world_size=4)"
std::string to_text(const Factors& factors, int world_size);

/// Flags that the fields become, in the engine's order. `fields` are checked ones, without prefix.
space::Point parallel_flags(RuntimeId runtime, const space::Point& fields);

/// Takes the factor flags that users wrote as parameters out of `user` where the engine spells them
/// otherwise, and holds them against `fields`. Errors: invalid_input for two values of one factor, values
/// that are no whole number from 1, factors that this engine lacks.
base::Result<void> settle_factors(RuntimeId runtime, space::Point& fields, space::Point& user,
                                  std::vector<std::string>& notes);

/// Rules between factors (divisibility, exclusion). Nothing = fine.
std::optional<std::string> why_parallel_invalid(RuntimeId runtime, const space::Point& flags,
                                                const Factors& factors);

}  // namespace autotuner::engine
