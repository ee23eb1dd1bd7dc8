#include "predict/number_format.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"

namespace autotuner::predict {
namespace {

/// Beginnings of words, in lower case with '-' for '_'; the first that fits wins.
constexpr std::pair<std::string_view, NumberFormat> beginnings[] = {
    {"w4a16", NumberFormat::int4},      {"w4afp8", NumberFormat::int4},
    {"w8a16", NumberFormat::int8},      {"w8a8-fp8", NumberFormat::fp8},
    {"w8a8", NumberFormat::int8},       {"nvfp4", NumberFormat::fp4},
    {"mxfp4", NumberFormat::fp4},       {"modelopt-fp4", NumberFormat::fp4},
    {"modelopt", NumberFormat::fp8},    {"fp4", NumberFormat::fp4},
    {"fbgemm-fp8", NumberFormat::fp8},  {"mxfp8", NumberFormat::fp8},
    {"fp8", NumberFormat::fp8},         {"e4m3", NumberFormat::fp8},
    {"e5m2", NumberFormat::fp8},        {"float8", NumberFormat::fp8},
    {"int8", NumberFormat::int8},       {"smoothquant", NumberFormat::int8},
    {"int4", NumberFormat::int4},       {"4bit", NumberFormat::int4},
    {"awq", NumberFormat::int4},        {"gptq", NumberFormat::int4},
    {"autoround", NumberFormat::int4},  {"auto-round", NumberFormat::int4},
    {"hqq", NumberFormat::int4},        {"bitsandbytes", NumberFormat::int4},
    {"bnb", NumberFormat::int4},        {"q8", NumberFormat::int8},
    {"q6", NumberFormat::int8},         {"q5", NumberFormat::int4},
    {"q4", NumberFormat::int4},         {"iq4", NumberFormat::int4},
    {"q3", NumberFormat::int4},         {"bfloat16", NumberFormat::float16},
    {"float16", NumberFormat::float16}, {"bf16", NumberFormat::float16},
    {"fp16", NumberFormat::float16},    {"f16", NumberFormat::float16},
    {"half", NumberFormat::float16},    {"float32", NumberFormat::float32},
    {"fp32", NumberFormat::float32},    {"f32", NumberFormat::float32},
};

}  // namespace

double bytes_of(NumberFormat format) {
  switch (format) {
    case NumberFormat::float32:
      return 4;
    case NumberFormat::float16:
      return 2;
    case NumberFormat::fp8:
    case NumberFormat::int8:
      return 1;
    case NumberFormat::int4:
    case NumberFormat::fp4:
      return 0.5625;  // half a byte, and one byte of scale for 16 numbers
  }
  return 2;
}

std::string_view to_text(NumberFormat format) {
  switch (format) {
    case NumberFormat::float32:
      return "float32";
    case NumberFormat::float16:
      return "float16";
    case NumberFormat::fp8:
      return "fp8";
    case NumberFormat::int8:
      return "int8";
    case NumberFormat::int4:
      return "int4";
    case NumberFormat::fp4:
      return "fp4";
  }
  return "float16";
}

std::optional<NumberFormat> find_format(std::string_view word) {
  word = base::trim(word);
  std::array<char, 16> buffer{};  // longer than every beginning
  const auto size = std::min(word.size(), buffer.size());
  std::ranges::transform(word.substr(0, size), buffer.begin(), [](char c) {
    if (c == '_') return '-';
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const std::string_view plain(buffer.data(), size);
  for (const auto& [beginning, format] : beginnings) {
    if (plain.starts_with(beginning)) return format;
  }
  return std::nullopt;
}

std::optional<NumberFormat> format_in_name(std::string_view model) {
  const auto last = model.substr(model.rfind('/') + 1);
  auto text = base::replace_all(base::replace_all(std::string(last), "_", "-"), ".", "-");
  for (const auto& word : base::split(text, '-')) {
    if (const auto format = find_format(word)) return format;
  }
  return std::nullopt;
}

double flops_of(const Device& device, NumberFormat weights) {
  const auto or_16bit = [&](double flops) { return flops > 0 ? flops : device.flops_16bit; };
  switch (weights) {
    case NumberFormat::float32:
      return device.flops_16bit / 2;
    case NumberFormat::float16:
    case NumberFormat::int4:
      return device.flops_16bit;
    case NumberFormat::fp8:
      return or_16bit(device.flops_fp8);
    case NumberFormat::int8:
      return or_16bit(device.flops_int8);
    case NumberFormat::fp4:
      return or_16bit(device.flops_fp4);
  }
  return device.flops_16bit;
}

}  // namespace autotuner::predict
