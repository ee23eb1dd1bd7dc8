#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "engine/runtime.hpp"
#include "space/point.hpp"

/// Number formats of weights, KV cache, attention and experts: fields and presets of `quant_config`, per
/// engine.
namespace autotuner::engine {

inline constexpr std::string_view quant_prefix = "__quant__";

/// gemm_dtype, kvcache_dtype, attention_dtype, moe_dtype.
std::span<const std::string_view> quant_fields();
std::vector<std::string> quant_preset_names();
/// Errors: invalid_input with the known names.
base::Result<space::Point> quant_preset(std::string_view name);
/// Errors: invalid_input for an unknown field or a value outside its list.
base::Result<void> check_quant_field(std::string_view field, const space::Value& value);

/// The method that the weights are already quantized with: the named one, else what the last part of the
/// model's id or path says. Empty = none.
std::string quantization_method(std::string_view model, std::string_view named);
/// Whether weights of that method can't be quantized again while loading.
bool is_prequantized(std::string_view method);

/// Flags for checked fields (missing ones are auto). Errors: invalid_input when the engine can't do it.
base::Result<space::Point> quant_flags(RuntimeId runtime, const space::Point& fields, std::string_view method,
                                       std::vector<std::string>& notes);

}  // namespace autotuner::engine
