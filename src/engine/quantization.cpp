#include "engine/quantization.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace autotuner::engine {
namespace {

constexpr std::array<std::string_view, 4> fields = {"gemm_dtype", "kvcache_dtype", "attention_dtype",
                                                    "moe_dtype"};

constexpr std::string_view gemm_words[] = {"auto", "float16", "bfloat16", "float32", "fp8", "int8"};
constexpr std::string_view kv_words[] = {"auto",     "fp16",     "bfloat16", "fp8",
                                         "fp8_e5m2", "fp8_e4m3", "int8",     "int4"};
constexpr std::string_view attention_words[] = {"auto",     "float16",  "bfloat16", "fp8",
                                                "fp8_e5m2", "fp8_e4m3", "fp8_block"};
constexpr std::string_view moe_words[] = {"auto", "float16", "bfloat16", "fp8", "w4afp8", "mxfp4", "int8"};

std::span<const std::string_view> words_of(std::string_view field) {
  if (field == fields[0]) return gemm_words;
  if (field == fields[1]) return kv_words;
  if (field == fields[2]) return attention_words;
  if (field == fields[3]) return moe_words;
  return {};
}

struct Preset {
  std::string_view name;
  std::array<std::string_view, 4> values;
};
constexpr Preset presets[] = {
    {"default", {"auto", "auto", "auto", "auto"}},
    {"kv-cache-fp8", {"auto", "fp8_e5m2", "auto", "auto"}},
    {"dynamic-fp8", {"fp8", "fp8_e5m2", "fp8", "fp8"}},
    {"bf16-stable", {"bfloat16", "fp8_e5m2", "auto", "auto"}},
    {"aggressive-moe", {"bfloat16", "fp8_e5m2", "fp8", "w4afp8"}},
};

/// Flags of one value of one field, written "name=value name=value"; "!" = the engine can't.
struct Mapping {
  std::string_view value, sglang, vllm, tensorrt, llamacpp, sim;
};

constexpr Mapping gemm_flags[] = {
    {"auto", "dtype=auto", "dtype=auto", "", "", ""},
    {"float16", "dtype=float16", "dtype=float16", "", "!", "!"},
    {"bfloat16", "dtype=bfloat16", "dtype=bfloat16", "", "!", "!"},
    {"float32", "dtype=float32", "dtype=float32", "", "!", "!"},
    {"fp8", "quantization=fp8 dtype=auto", "quantization=fp8 dtype=auto", "quant-algo=FP8", "!",
     "quantization=fp8"},
    {"int8", "dtype=auto", "quantization=int8 dtype=auto", "quant-algo=INT8", "!", "!"},
};
constexpr Mapping kv_flags[] = {
    {"auto", "", "", "", "", ""},
    {"fp16", "", "kv-cache-dtype=fp16", "", "cache-type-k=f16 cache-type-v=f16", "!"},
    {"bfloat16", "", "kv-cache-dtype=bfloat16", "", "cache-type-k=bf16 cache-type-v=bf16", "!"},
    {"fp8", "kv-cache-dtype=fp8_e5m2", "kv-cache-dtype=fp8", "kv-cache-quant-algo=FP8", "!",
     "kv-cache-dtype=fp8"},
    {"fp8_e5m2", "kv-cache-dtype=fp8_e5m2", "kv-cache-dtype=fp8_e5m2", "kv-cache-quant-algo=FP8", "!",
     "kv-cache-dtype=fp8"},
    {"fp8_e4m3", "kv-cache-dtype=fp8_e4m3", "kv-cache-dtype=fp8_e4m3", "kv-cache-quant-algo=FP8", "!",
     "kv-cache-dtype=fp8"},
    {"int8", "", "kv-cache-dtype=int8", "kv-cache-quant-algo=INT8",
     "cache-type-k=q8_0 cache-type-v=q8_0 flash-attn=on", "!"},
    {"int4", "", "kv-cache-dtype=int4", "kv-cache-quant-algo=INT4",
     "cache-type-k=q4_0 cache-type-v=q4_0 flash-attn=on", "!"},
};
constexpr Mapping attention_flags[] = {
    {"auto", "", "", "", "", ""},
    {"float16", "", "", "", "!", "!"},
    {"bfloat16", "", "", "", "!", "!"},
    {"fp8", "attention-backend=flashinfer", "", "fmha-quant-algo=FP8", "!", "!"},
    {"fp8_e5m2", "attention-backend=flashinfer", "", "fmha-quant-algo=FP8", "!", "!"},
    {"fp8_e4m3", "attention-backend=flashinfer", "", "fmha-quant-algo=FP8", "!", "!"},
    {"fp8_block", "", "", "fmha-quant-algo=FP8_BLOCK", "!", "!"},
};
constexpr Mapping moe_flags[] = {
    {"auto", "", "", "", "", ""},
    {"float16", "", "", "", "!", "!"},
    {"bfloat16", "", "", "", "!", "!"},
    {"fp8", "moe-runner-backend=flashinfer_cutlass", "", "", "!", "!"},
    {"w4afp8", "quantization=w4afp8 dtype=auto moe-runner-backend=flashinfer_mxfp4", "", "", "!", "!"},
    {"mxfp4", "quantization=mxfp4 dtype=auto moe-runner-backend=flashinfer_mxfp4", "", "", "!", "!"},
    {"int8", "", "", "", "!", "!"},
};

std::string_view cell(const Mapping& mapping, RuntimeId runtime) {
  switch (runtime) {
    case RuntimeId::sglang:
      return mapping.sglang;
    case RuntimeId::vllm:
      return mapping.vllm;
    case RuntimeId::tensorrt_llm:
      return mapping.tensorrt;
    case RuntimeId::llamacpp:
      return mapping.llamacpp;
    case RuntimeId::sim:
      return mapping.sim;
  }
  return {};
}

std::string_view flags_for(std::span<const Mapping> table, std::string_view value, RuntimeId runtime) {
  const auto row = std::ranges::find(table, value, &Mapping::value);
  return row == table.end() ? std::string_view{} : cell(*row, runtime);
}

void add(space::Point& flags, std::string_view written) {
  if (written.empty()) return;
  for (const auto& flag : base::split(written, ' ')) {
    const auto equals = flag.find('=');
    flags.set(flag.substr(0, equals), flag.substr(equals + 1));
  }
}

std::string chosen(const space::Point& point, std::string_view field) {
  const auto* value = point.find(field);
  return value == nullptr ? "auto" : value->as_text().value_or("auto");
}

tl::unexpected<base::Error> refused(RuntimeId runtime, std::string_view field, std::string_view value) {
  const auto title = engine::runtime(runtime).title;
  if (runtime == RuntimeId::llamacpp && field == "gemm_dtype") {
    return base::invalid_input(
        "gemm_dtype {}: with {} the GGUF file decides the type of the weights; choose another file", value,
        title);
  }
  return base::invalid_input("{} {}: {} has no such type", field, value, title);
}

/// Weights, with what SGLang's expert formats replace. `prequantized` weights can't be made FP8 while
/// loading.
space::Point weight_flags(RuntimeId runtime, std::string_view gemm, std::string_view moe, bool prequantized) {
  space::Point flags;
  const auto experts = flags_for(moe_flags, moe, runtime);
  if (experts.starts_with("quantization=")) {
    add(flags, experts);
    return flags;
  }
  const bool has_dtype = runtime == RuntimeId::sglang || runtime == RuntimeId::vllm;
  if (gemm == "fp8" && prequantized) {
    if (has_dtype) add(flags, "dtype=auto");
  } else {
    add(flags, flags_for(gemm_flags, gemm, runtime));
  }
  if (!flags.contains("quantization")) add(flags, experts);
  return flags;
}

constexpr std::string_view methods_that_stay[] = {
    "awq",      "gptq",      "gguf",         "squeezellm", "marlin",
    "nvfp4",    "fp8",       "bitsandbytes", "hqq",        "awq_marlin",
    "mxfp4",    "quark",     "gptq_marlin",  "fbgemm_fp8", "compressed-tensors",
    "modelopt", "auto-round"};

/// A token of a model's name and the method that it tells, first match wins.
constexpr std::pair<std::string_view, std::string_view> telling_tokens[] = {
    {"awq", "awq"},   {"gptq", "gptq"},   {"gguf", "gguf"}, {"nvfp4", "nvfp4"},
    {"fp4", "nvfp4"}, {"mxfp4", "mxfp4"}, {"fp8", "fp8"},   {"bnb", "bitsandbytes"}};

}  // namespace

std::span<const std::string_view> quant_fields() {
  return fields;
}

std::vector<std::string> quant_preset_names() {
  std::vector<std::string> names;
  for (const auto& preset : presets) names.emplace_back(preset.name);
  return names;
}

base::Result<space::Point> quant_preset(std::string_view name) {
  const auto preset = std::ranges::find(presets, name, &Preset::name);
  if (preset == std::end(presets)) {
    return base::invalid_input("'{}' is no quantization preset; known are {}", name,
                               base::join(quant_preset_names(), ", "));
  }
  space::Point point;
  for (std::size_t i = 0; i < fields.size(); ++i)
    point.set(std::string(fields[i]), std::string(preset->values[i]));
  return point;
}

base::Result<void> check_quant_field(std::string_view field, const space::Value& value) {
  const auto words = words_of(field);
  if (words.empty()) {
    return base::invalid_input("{} is no field of quant_config; known are {}", field,
                               fmt::join(fields, ", "));
  }
  if (value.is_null()) return {};
  const auto text = value.as_text();
  if (text && std::ranges::find(words, *text) != words.end()) return {};
  return base::invalid_input("{} is {}; must be one of {}", field, space::to_text(value),
                             fmt::join(words, ", "));
}

std::string quantization_method(std::string_view model, std::string_view named) {
  if (!named.empty()) return base::to_lower(named);
  while (model.ends_with('/')) model.remove_suffix(1);
  const auto last = base::to_lower(model.substr(model.rfind('/') + 1));
  const auto tokens = base::split(base::replace_all(base::replace_all(last, "_", "-"), ".", "-"), '-');
  for (const auto& [token, method] : telling_tokens) {
    if (std::ranges::find(tokens, token) != tokens.end()) return std::string(method);
  }
  return {};
}

bool is_prequantized(std::string_view method) {
  return std::ranges::find(methods_that_stay, method) != std::end(methods_that_stay);
}

base::Result<space::Point> quant_flags(RuntimeId runtime, const space::Point& point, std::string_view method,
                                       std::vector<std::string>& notes) {
  const std::pair<std::string_view, std::span<const Mapping>> tables[] = {
      {fields[0], gemm_flags}, {fields[1], kv_flags}, {fields[2], attention_flags}, {fields[3], moe_flags}};
  for (const auto& [field, table] : tables) {
    const auto value = chosen(point, field);
    if (flags_for(table, value, runtime) == "!") return refused(runtime, field, value);
  }
  const auto gemm = chosen(point, fields[0]);
  const auto attention = chosen(point, fields[2]);
  const bool prequantized = is_prequantized(method);
  if (gemm == "fp8" && prequantized) {
    notes.push_back(
        fmt::format("gemm_dtype fp8 left to the model: its weights are quantized already ({})", method));
  }
  if (runtime == RuntimeId::vllm && attention != "auto" && attention != gemm) {
    notes.push_back(fmt::format("attention_dtype {} has no flag in vLLM and is ignored", attention));
  }
  auto flags = weight_flags(runtime, gemm, chosen(point, fields[3]), prequantized);
  add(flags, flags_for(kv_flags, chosen(point, fields[1]), runtime));
  add(flags, flags_for(attention_flags, attention, runtime));
  return flags;
}

}  // namespace autotuner::engine
