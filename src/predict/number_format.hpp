#pragma once

#include <optional>
#include <string_view>

#include "predict/device.hpp"

namespace autotuner::predict {

/// How a number is kept in memory.
enum class NumberFormat { float32, float16, fp8, int8, int4, fp4 };

/// Bytes per number, with the scales that 4-bit formats keep per block.
double bytes_of(NumberFormat format);

/// Its word, which find_format reads: "float16", "int4".
std::string_view to_text(NumberFormat format);

/// The format that a quantization method, a data type or a word of a file name means: fp8, awq, nvfp4, q8_0,
/// "float16", "w4a16". Nothing for words that leave the model as it is (none, auto) and for unknown ones.
std::optional<NumberFormat> find_format(std::string_view word);

/// What a word within a model's name says: "org/Model-8B-FP8", "model-Q4_K_M.gguf".
std::optional<NumberFormat> format_in_name(std::string_view model);

/// Dense operations per second with weights of that format. Where the device can't multiply it, weights are
/// widened to 16 bit on the way (as Marlin kernels do).
double flops_of(const Device& device, NumberFormat weights);

}  // namespace autotuner::predict
