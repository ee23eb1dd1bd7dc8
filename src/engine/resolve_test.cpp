#include "engine/resolve.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/command_line.hpp"
#include "engine/quantization.hpp"

namespace autotuner::engine {
namespace {

constexpr auto sglang = RuntimeId::sglang;
constexpr auto vllm = RuntimeId::vllm;
constexpr auto tensorrt = RuntimeId::tensorrt_llm;
constexpr auto llamacpp = RuntimeId::llamacpp;
constexpr auto sim = RuntimeId::sim;

space::Point point_of(std::string_view json) {
  return space::point_from_json(base::parse_json(json).value()).value();
}

base::Result<Resolved> resolve_json(RuntimeId runtime, std::string_view json, std::string model = "") {
  return resolve(point_of(json), {.runtime = runtime, .model = std::move(model), .host_gpus = 8});
}

/// The flags as one line, or "error: ...".
std::string flags(RuntimeId runtime, std::string_view json, std::string model = "") {
  const auto resolved = resolve_json(runtime, json, std::move(model));
  if (!resolved) return "error: " + resolved.error().message;
  return base::join(arguments(resolved->flags, runtime), " ");
}

std::string error(RuntimeId runtime, std::string_view json) {
  const auto resolved = resolve_json(runtime, json);
  return resolved ? "no error" : resolved.error().message;
}

TEST(Resolve, LetsTheUsersParameterKeepTheDerivedFlagsPlace) {
  const auto resolved = resolve_json(
      sglang,
      R"({"__quant__gemm_dtype":"fp8","__quant__kvcache_dtype":"fp8","tp-size":2,"dtype":"float16"})");
  ASSERT_TRUE(resolved.has_value());
  const space::Point expected{
      {"quantization", "fp8"}, {"dtype", "float16"}, {"kv-cache-dtype", "fp8_e5m2"}, {"tp-size", 2}};
  EXPECT_TRUE(std::ranges::equal(resolved->flags, expected));
  ASSERT_EQ(resolved->notes.size(), 1U);
  EXPECT_EQ(resolved->notes[0],
            "dtype is float16 as given; the auto from quant_config or parallel_config does not count");
}

TEST(Resolve, ExpandsPresets) {
  EXPECT_EQ(
      flags(sglang, R"({"__quant__preset":"dynamic-fp8","tp-size":2})"),
      "--quantization fp8 --dtype auto --kv-cache-dtype fp8_e5m2 --attention-backend flashinfer --tp-size 2");
  EXPECT_EQ(flags(vllm, R"({"__parallel__preset":"balanced"})"),
            "--tensor-parallel-size 2 --data-parallel-size 4");
  EXPECT_EQ(flags(sglang, R"({"__parallel__preset":"moe-optimized"})"),
            "--tp-size 8 --dp-size 8 --moe-dense-tp-size 1 --ep-size 8 --enable-dp-attention");
}

TEST(Resolve, PutsFieldsBesideAPresetOnTop) {
  EXPECT_EQ(flags(vllm, R"({"__quant__preset":"kv-cache-fp8","__quant__gemm_dtype":"bfloat16"})"),
            "--dtype bfloat16 --kv-cache-dtype fp8_e5m2");
}

TEST(Resolve, PutsParallelFlagsFirst) {
  EXPECT_EQ(flags(vllm, R"({"__quant__gemm_dtype":"fp8","__parallel__tp":2,
                           "__parallel__enable_expert_parallel":true,"a":1})"),
            "--tensor-parallel-size 2 --enable-expert-parallel --quantization fp8 --dtype auto --a 1");
  EXPECT_EQ(flags(tensorrt, R"({"__parallel__tp":4,"__parallel__pp":1,"__parallel__cp":2})"),
            "--tp_size 4 --pp_size 1 --cp_size 2");
}

TEST(Resolve, RefusesTwoValuesOfOneFactor) {
  EXPECT_EQ(error(sglang, R"({"__parallel__tp":4,"__parallel__dp":2,"tp-size":8})"),
            "two values for tp: 4 in parallel_config and 8 in tp-size");
  EXPECT_EQ(error(vllm, R"({"tensor-parallel-size":2,"tp-size":8})"),
            "two values for tensor-parallel-size: 2 and 8 (as tp-size)");
  EXPECT_EQ(flags(sglang, R"({"__parallel__tp":8,"tp-size":8})"), "--tp-size 8");
}

TEST(Resolve, LeavesPrequantizedWeightsAlone) {
  EXPECT_EQ(flags(vllm, R"({"__quant__gemm_dtype":"fp8","__quant__kvcache_dtype":"fp8_e5m2"})", "org/x-AWQ"),
            "--dtype auto --kv-cache-dtype fp8_e5m2");
}

TEST(Resolve, GivesNoQuantizationFlagsWithoutAQuantConfig) {
  EXPECT_EQ(flags(sglang, R"({"tp":4})"), "--tp-size 4");
  EXPECT_EQ(flags(sglang, "{}"), "");
}

TEST(Resolve, RefusesUnknownValues) {
  EXPECT_EQ(error(vllm, R"({"__quant__gemm_dtype":"fp4","tp":1})"),
            "gemm_dtype is fp4; must be one of auto, float16, bfloat16, float32, fp8, int8");
  EXPECT_EQ(error(vllm, R"({"__quant__preset":"nope"})"),
            "'nope' is no quantization preset; known are default, kv-cache-fp8, dynamic-fp8, bf16-stable, "
            "aggressive-moe");
  EXPECT_EQ(
      error(sim, R"({"__parallel__preset":"long-context"})"),
      "'long-context' is no parallel preset of simulated engine; known are single-gpu, high-throughput, "
      "large-model-tp, balanced");
}

TEST(Resolve, OmitsNullAndNeverPrintsReservedPrefixes) {
  EXPECT_EQ(flags(sglang, R"({"quantization":null,"__x":1,"page-size":1})"), "--page-size 1");
}

TEST(Resolve, TakesEnvironmentVariablesOut) {
  const auto resolved =
      resolve_json(llamacpp, R"({"env.OMP_WAIT_POLICY":"passive","env.A":2,"env.B":null,"threads":2})");
  ASSERT_TRUE(resolved.has_value());
  EXPECT_EQ(resolved->environment,
            (std::map<std::string, std::string>{{"A", "2"}, {"OMP_WAIT_POLICY", "passive"}}));
  EXPECT_EQ(resolved->flags, (space::Point{{"threads", 2}}));
  EXPECT_EQ(error(vllm, R"({"env.HF_TOKEN":"x"})"), "env.HF_TOKEN is a variable that autotuner sets itself");
  EXPECT_EQ(error(vllm, R"({"env.MY_SECRET_KEY":"x"})"),
            "env.MY_SECRET_KEY names a secret, which can't be a parameter; secrets are settings");
}

TEST(Resolve, RefusesWhatIsSetByUs) {
  EXPECT_EQ(error(vllm, R"({"port":1})"), "port is set by autotuner itself and can't be a parameter");
  EXPECT_EQ(error(llamacpp, R"({"m":"x"})"), "model is set by autotuner itself and can't be a parameter");
  EXPECT_EQ(error(sglang, R"({"--model-path":"x"})"),
            "model-path is set by autotuner itself and can't be a parameter");
}

TEST(Resolve, RefusesMoreGpusThanThereAre) {
  const auto resolved =
      resolve({{"tp-size", 8}, {"pp-size", 2}}, {.runtime = vllm, .host_gpus = 8, .gpu_limit = 8});
  ASSERT_FALSE(resolved.has_value());
  EXPECT_EQ(resolved.error().message, "needs 16 GPUs, TP=8, PP=2 (world_size=16); there are 8");
  EXPECT_TRUE(resolve({{"tp-size", 8}}, {.runtime = sim, .gpu_limit = 0}).has_value());
}

TEST(Resolve, ChecksWordsOnlyForAKnownEngineVersion) {
  const space::Point point{{"kv-cache-dtype", "int8"}};
  EXPECT_TRUE(resolve(point, {.runtime = vllm}).has_value());
  const auto checked = resolve(point, {.runtime = vllm, .engine_version = "0.32.0"});
  ASSERT_FALSE(checked.has_value());
  EXPECT_TRUE(checked.error().message.starts_with("kv-cache-dtype is int8; vLLM is known to take auto, "));
}

// Strict checks of factors: what the lenient world size forgives is refused here.
TEST(ResolveFactors, RefuseWhatTheEngineCanNotDo) {
  EXPECT_EQ(error(vllm, R"({"tp-size":4,"dp-size":4,"enable-dp-attention":true})"),
            "enable-dp-attention is a switch of SGLang; vLLM does not know it");
  for (const auto runtime : {vllm, sglang}) {
    EXPECT_TRUE(error(runtime, R"({"tp-size":2,"dp-size":4,"cp-size":2})").ends_with("(cp-size is 2)"));
    EXPECT_TRUE(
        error(runtime, R"({"tp-size":2,"pp-size":2,"dp-size":2,"cp-size":3})").ends_with("(cp-size is 3)"));
    EXPECT_TRUE(error(runtime, R"({"tp-size":0})").ends_with("must be a whole number from 1 to 4096"));
    EXPECT_TRUE(error(runtime, R"({"tp-size":-2})").ends_with("must be a whole number from 1 to 4096"));
    EXPECT_TRUE(error(runtime, R"({"tp-size":2.9})").ends_with("must be a whole number from 1 to 4096"));
    EXPECT_TRUE(error(runtime, R"({"tp-size":"x"})").ends_with("must be a whole number from 1 to 4096"));
    EXPECT_EQ(resolve_json(runtime, R"({"tp-size":"4"})")->world_size, 4);
  }
  EXPECT_EQ(error(vllm, R"({"tp-size":2,"dp-size":8,"ep-size":2})"),
            "vLLM does not support an expert parallel size (ep-size is 2)");
  EXPECT_EQ(error(tensorrt, R"({"tp":2,"dp":2})"),
            "TensorRT-LLM (trtllm-serve) does not support data parallelism (dp-size is 2)");
  EXPECT_EQ(flags(vllm, R"({"tp-size":2,"cp-size":1})"), "--tensor-parallel-size 2");
}

TEST(ResolveFactors, KeepTheRulesBetweenThem) {
  EXPECT_EQ(error(vllm, R"({"__parallel__tp":4,"__parallel__dcp":3})"), "dcp 3 does not divide tp 4");
  EXPECT_EQ(error(sglang, R"({"tp-size":4,"dp-size":3,"enable-dp-attention":true})"),
            "enable-dp-attention needs tp to be a multiple of dp; tp is 4, dp is 3");
  EXPECT_EQ(error(sglang, R"({"tp-size":4,"dp-size":3})"), "no error");
  EXPECT_EQ(error(sglang, R"({"__parallel__moe_dense_tp":2})"),
            "moe-dense-tp-size is 2; SGLang takes only 1");
  EXPECT_EQ(error(sglang, R"({"dp-size":2,"nnodes":2})"), "dp 2 on several nodes needs enable-dp-attention");
  EXPECT_EQ(error(tensorrt, R"({"__parallel__tp":4,"__parallel__moe_tp":2,"__parallel__moe_ep":8})"),
            "moe_tp 2 * moe_ep 8 * moe_cluster 1 must be tp 4");
  EXPECT_EQ(error(tensorrt, R"({"__parallel__tp":4,"__parallel__moe_tp":2})"), "no error");
  EXPECT_EQ(error(tensorrt, R"({"__parallel__tp":4,"__parallel__moe_ep":2,"__parallel__moe_cluster":2})"),
            "moe_cluster 2 needs moe_ep 1; it is 2");
  EXPECT_EQ(error(tensorrt, R"({"__parallel__tp":2,"__parallel__moe_ep":2,"__parallel__cp":2})"),
            "moe_ep 2 does not go with cp 2");
  EXPECT_EQ(error(llamacpp, R"({"__parallel__tp":2,"__parallel__pp":2})"),
            "tp 2 and pp 2: llama.cpp splits a model one way only; at most one may be above 1");
}

TEST(ResolveFactors, BecomeATensorSplitOnLlamacpp) {
  EXPECT_EQ(flags(llamacpp, R"({"__parallel__tp":4})"), "--split-mode row --tensor-split 1,1,1,1");
  EXPECT_EQ(flags(llamacpp, R"({"__parallel__pp":2})"), "--split-mode layer --tensor-split 1,1");
  EXPECT_EQ(flags(llamacpp, R"({"tp-size":2,"threads":4})"),
            "--split-mode row --tensor-split 1,1 --threads 4");
  EXPECT_EQ(flags(llamacpp, R"({"__parallel__tp":1,"__parallel__dp":1})"), "");
  EXPECT_EQ(flags(llamacpp, R"({"tensor-split":[3,1]})"), "--tensor-split 3,1");
  EXPECT_EQ(resolve_json(llamacpp, R"({"__parallel__tp":4})")->world_size, 4);
  EXPECT_EQ(flags(sim, R"({"__parallel__tp":2,"__parallel__pp":2,"__parallel__dp":2})"),
            "--tensor-parallel-size 2 --pipeline-parallel-size 2 --data-parallel-size 2");
}

TEST(ResolveLlamacpp, KeepsTheMicroBatchInsideTheBatch) {
  EXPECT_EQ(error(llamacpp, R"({"ubatch-size":128,"batch-size":64})"),
            "ubatch-size 128 is above batch-size 64");
  EXPECT_EQ(error(llamacpp, R"({"ubatch-size":4096})"),
            "ubatch-size 4096 is above batch-size 2048 (the default)");
  EXPECT_EQ(error(llamacpp, R"({"batch-size":64})"), "no error");
}

TEST(ResolveLlamacpp, NeedsFlashAttentionForAQuantizedValueCache) {
  EXPECT_EQ(error(llamacpp, R"({"cache-type-v":"q8_0","flash-attn":"off"})"),
            "cache-type-v q8_0 needs flash attention; flash-attn is off");
  EXPECT_EQ(error(llamacpp, R"({"ctv":"q4_0","fa":false})"),
            "cache-type-v q4_0 needs flash attention; flash-attn is off");
  EXPECT_EQ(error(llamacpp, R"({"cache-type-v":"q8_0"})"), "no error");
  EXPECT_EQ(error(llamacpp, R"({"cache-type-k":"q8_0","flash-attn":"off"})"), "no error");
  EXPECT_EQ(flags(llamacpp, R"({"flash-attn":true})"), "--flash-attn on");
}

std::string context_error(std::string_view json, int longest) {
  const auto resolved = resolve(point_of(json), {.runtime = llamacpp, .longest_context = longest});
  return resolved ? "no error" : resolved.error().message;
}

TEST(ResolveLlamacpp, LeavesEachSlotTheLongestRequest) {
  EXPECT_EQ(context_error(R"({"ctx-size":4096,"parallel":4})", 1024), "no error");
  EXPECT_EQ(context_error(R"({"ctx-size":4096,"parallel":4})", 1025),
            "ctx-size 4096 over parallel 4 leaves 1024 tokens per request; the longest needs 1025");
  EXPECT_EQ(context_error(R"({"ctx-size":4096,"parallel":4,"kv-unified":true})", 4096), "no error");
  EXPECT_EQ(context_error(R"({"ctx-size":4096})", 4097),
            "ctx-size 4096 is below the 4097 tokens of the longest request");
  EXPECT_EQ(context_error(R"({"ctx-size":0,"parallel":8})", 100000), "no error");
  EXPECT_EQ(context_error(R"({"parallel":8})", 100000), "no error");
}

struct PresetCase {
  std::string_view preset, vllm_flags, sglang_flags, tensorrt_flags;
};

TEST(QuantPresets, ExpandToTheseFlags) {
  const PresetCase cases[] = {
      {"default", "--dtype auto", "--dtype auto", ""},
      {"kv-cache-fp8", "--dtype auto --kv-cache-dtype fp8_e5m2", "--dtype auto --kv-cache-dtype fp8_e5m2",
       "--kv-cache-quant-algo FP8"},
      {"dynamic-fp8", "--quantization fp8 --dtype auto --kv-cache-dtype fp8_e5m2",
       "--quantization fp8 --dtype auto --kv-cache-dtype fp8_e5m2 --attention-backend flashinfer",
       "--quant-algo FP8 --kv-cache-quant-algo FP8 --fmha-quant-algo FP8"},
      {"bf16-stable", "--dtype bfloat16 --kv-cache-dtype fp8_e5m2",
       "--dtype bfloat16 --kv-cache-dtype fp8_e5m2", "--kv-cache-quant-algo FP8"},
      {"aggressive-moe", "--dtype bfloat16 --kv-cache-dtype fp8_e5m2",
       "--quantization w4afp8 --dtype auto --moe-runner-backend flashinfer_mxfp4 --kv-cache-dtype fp8_e5m2 "
       "--attention-backend flashinfer",
       "--kv-cache-quant-algo FP8 --fmha-quant-algo FP8"},
  };
  for (const auto& [preset, vllm_flags, sglang_flags, tensorrt_flags] : cases) {
    const auto json = fmt::format(R"({{"__quant__preset":"{}"}})", preset);
    EXPECT_EQ(flags(vllm, json), vllm_flags);
    EXPECT_EQ(flags(sglang, json), sglang_flags);
    EXPECT_EQ(flags(tensorrt, json), tensorrt_flags);
  }
}

struct FieldCase {
  std::string_view field, value, vllm_flags, sglang_flags, tensorrt_flags;
};

TEST(QuantFields, MapToTheseFlags) {
  const FieldCase cases[] = {
      {"gemm", "float16", "--dtype float16", "--dtype float16", ""},
      {"gemm", "float32", "--dtype float32", "--dtype float32", ""},
      {"gemm", "int8", "--quantization int8 --dtype auto", "--dtype auto", "--quant-algo INT8"},
      {"gemm", "fp8", "--quantization fp8 --dtype auto", "--quantization fp8 --dtype auto",
       "--quant-algo FP8"},
      {"kvcache", "fp8", "--dtype auto --kv-cache-dtype fp8", "--dtype auto --kv-cache-dtype fp8_e5m2",
       "--kv-cache-quant-algo FP8"},
      {"kvcache", "fp8_e4m3", "--dtype auto --kv-cache-dtype fp8_e4m3",
       "--dtype auto --kv-cache-dtype fp8_e4m3", "--kv-cache-quant-algo FP8"},
      {"kvcache", "int4", "--dtype auto --kv-cache-dtype int4", "--dtype auto", "--kv-cache-quant-algo INT4"},
      {"kvcache", "fp16", "--dtype auto --kv-cache-dtype fp16", "--dtype auto", ""},
      {"attention", "fp8_block", "--dtype auto", "--dtype auto", "--fmha-quant-algo FP8_BLOCK"},
      {"attention", "fp8_e4m3", "--dtype auto", "--dtype auto --attention-backend flashinfer",
       "--fmha-quant-algo FP8"},
      {"moe", "mxfp4", "--dtype auto",
       "--quantization mxfp4 --dtype auto --moe-runner-backend flashinfer_mxfp4", ""},
      {"moe", "fp8", "--dtype auto", "--dtype auto --moe-runner-backend flashinfer_cutlass", ""},
  };
  for (const auto& [field, value, vllm_flags, sglang_flags, tensorrt_flags] : cases) {
    const auto json = fmt::format(R"({{"__quant__{}_dtype":"{}"}})", field, value);
    EXPECT_EQ(flags(vllm, json), vllm_flags) << json;
    EXPECT_EQ(flags(sglang, json), sglang_flags) << json;
    EXPECT_EQ(flags(tensorrt, json), tensorrt_flags) << json;
  }
}

TEST(QuantFields, OnLlamacppAndSimAreFewAndTheRestRefused) {
  EXPECT_EQ(flags(llamacpp, R"({"__quant__kvcache_dtype":"int8"})"),
            "--cache-type-k q8_0 --cache-type-v q8_0 --flash-attn on");
  EXPECT_EQ(flags(llamacpp, R"({"__quant__kvcache_dtype":"bfloat16"})"),
            "--cache-type-k bf16 --cache-type-v bf16");
  EXPECT_EQ(flags(llamacpp, R"({"__quant__kvcache_dtype":"int4","flash-attn":"auto"})"),
            "--cache-type-k q4_0 --cache-type-v q4_0 --flash-attn auto");
  EXPECT_EQ(error(llamacpp, R"({"__quant__gemm_dtype":"fp8"})"),
            "gemm_dtype fp8: with llama.cpp (llama-server) the GGUF file decides the type of the weights; "
            "choose another "
            "file");
  EXPECT_EQ(error(llamacpp, R"({"__quant__kvcache_dtype":"fp8"})"),
            "kvcache_dtype fp8: llama.cpp (llama-server) has no such type");
  EXPECT_EQ(flags(sim, R"({"__quant__gemm_dtype":"fp8","__quant__kvcache_dtype":"fp8_e4m3"})"),
            "--quantization fp8 --kv-cache-dtype fp8");
  EXPECT_EQ(error(sim, R"({"__quant__moe_dtype":"fp8"})"),
            "moe_dtype fp8: simulated engine has no such type");
}

TEST(QuantizationMethod, IsReadFromTheLastPartOfTheName) {
  EXPECT_EQ(quantization_method("org/AWQ-GPTQ", ""), "awq");
  EXPECT_EQ(quantization_method("org/mxfp4-model", ""), "mxfp4");
  EXPECT_EQ(quantization_method("/fp8/models/llama", ""), "");
  EXPECT_EQ(quantization_method("/models/Llama-3-FP8/", ""), "fp8");
  EXPECT_EQ(quantization_method("x-AWQ", "GPTQ"), "gptq");
  EXPECT_EQ(quantization_method("", ""), "");
  EXPECT_TRUE(is_prequantized("compressed-tensors"));
  EXPECT_FALSE(is_prequantized("torchao"));
}

std::vector<space::Parameter> folded(const char* quant, const char* parallel, RuntimeId runtime = vllm,
                                     std::vector<space::Parameter> parameters = {}) {
  return fold(std::move(parameters), base::parse_json(quant).value(), base::parse_json(parallel).value(),
              runtime)
      .value();
}

std::string fold_error(const char* quant, const char* parallel, RuntimeId runtime = vllm) {
  const auto result = fold({}, base::parse_json(quant).value(), base::parse_json(parallel).value(), runtime);
  return result ? "no error" : result.error().message;
}

TEST(Fold, AppendsFieldsInAFixedOrder) {
  const space::Space space{
      .parameters = folded(R"({"kvcache_dtype":["auto","fp8_e5m2"],"gemm_dtype":["auto","fp8"],
                               "attention_dtype":"auto","moe_dtype":"auto"})",
                           "{}", sglang, {{"tp-size", space::Choices{{1, 2}}}}),
      .constraints = {}};
  ASSERT_EQ(space.parameters.size(), 5U);
  EXPECT_EQ(space::grid_size(space), 8U);
  const auto second = space::grid_point(space, 1);
  EXPECT_EQ(*second.find("tp-size"), space::Value(1));
  EXPECT_EQ(*second.find("__quant__gemm_dtype"), space::Value("auto"));
  EXPECT_EQ(*second.find("__quant__kvcache_dtype"), space::Value("fp8_e5m2"));
}

TEST(Fold, MakesPresetsOneJointDimension) {
  const auto parameters =
      folded(R"({"presets":["default","dynamic-fp8"],"gemm_dtype":"auto"})", R"({"presets":"balanced"})");
  ASSERT_EQ(parameters.size(), 3U);
  EXPECT_EQ(parameters[0].name, "__quant__preset");
  EXPECT_EQ(space::grid_count(parameters[0]), 2U);
  EXPECT_EQ(parameters[1].name, "__quant__gemm_dtype");
  EXPECT_EQ(parameters[2].name, "__parallel__preset");
  EXPECT_EQ(folded(R"({"preset":"default"})", "{}")[0].name, "__quant__preset");
}

TEST(Fold, DropsEmptyListsAndTakesNothingFromNothing) {
  EXPECT_TRUE(folded("{}", "{}").empty());
  EXPECT_TRUE(folded("null", "null").empty());
  EXPECT_TRUE(folded(R"({"gemm_dtype":[]})", "{}").empty());
}

TEST(Fold, NamesThePathOfWhatIsWrong) {
  EXPECT_EQ(fold_error(R"({"gemm":"fp8"})", "{}"),
            "quant_config.gemm: unknown field; known are gemm_dtype, kvcache_dtype, attention_dtype, "
            "moe_dtype, presets");
  EXPECT_EQ(fold_error(R"({"gemm_dtype":["auto","fp4"]})", "{}"),
            "quant_config.gemm_dtype: gemm_dtype is fp4; must be one of auto, float16, bfloat16, float32, "
            "fp8, int8");
  EXPECT_EQ(
      fold_error(R"({"presets":["x"]})", "{}"),
      "quant_config.presets: 'x' is no quantization preset; known are default, kv-cache-fp8, dynamic-fp8, "
      "bf16-stable, aggressive-moe");
  EXPECT_EQ(fold_error("{}", R"({"tp":[1,0]})"),
            "parallel_config.tp: tp is 0; must be a whole number from 1 to 4096");
  EXPECT_EQ(
      fold_error("{}", R"({"cp":2})", sglang),
      "parallel_config.cp: SGLang does not support context parallelism (cp); its fields are tp, pp, dp, ep, "
      "moe_dense_tp, enable_dp_attention");
  EXPECT_EQ(fold_error("{}", R"({"dp":2})", tensorrt),
            "parallel_config.dp: TensorRT-LLM (trtllm-serve) does not support data parallelism (dp); its "
            "fields are tp, "
            "pp, cp, moe_tp, moe_ep, moe_cluster");
  EXPECT_EQ(fold_error("[]", "{}"), "quant_config: must be an object of fields");
  EXPECT_EQ(fold_error("{}", R"({"tp":3})"), "no error");
}

/// Distinct flag sets of the 1960 points of 5 weight, 8 KV cache, 7 attention and 7 expert types.
space::Candidates all_types(RuntimeId runtime) {
  const auto* quant = R"({"gemm_dtype":["auto","float16","float32","bfloat16","int8"],
    "kvcache_dtype":["auto","fp16","bfloat16","fp8","fp8_e5m2","fp8_e4m3","int8","int4"],
    "attention_dtype":["auto","float16","bfloat16","fp8","fp8_e5m2","fp8_e4m3","fp8_block"],
    "moe_dtype":["auto","float16","bfloat16","fp8","w4afp8","mxfp4","int8"]})";
  return space::enumerate({.parameters = folded(quant, "{}", runtime), .constraints = {}},
                          point_rules({.runtime = runtime}), space::Dedupe::resolved,
                          space::GridOrder::lexicographic, 0)
      .value();
}

TEST(PointRules, MakeEqualFlagSetsOne) {
  EXPECT_EQ(all_types(vllm).points, 1960U);
  EXPECT_EQ(all_types(vllm).items.size(), 40U);
  EXPECT_EQ(all_types(sglang).items.size(), 60U);
  EXPECT_EQ(all_types(tensorrt).items.size(), 24U);
  EXPECT_EQ(all_types(llamacpp).items.size(), 5U);
  EXPECT_EQ(all_types(sim).items.size(), 2U);
}

TEST(PointRules, KeepClientSideParametersApart) {
  const auto rules = point_rules({.runtime = sim});
  EXPECT_NE(rules.identity({{"client.x", 1}}), rules.identity({{"client.x", 2}}));
  EXPECT_EQ(rules.identity({{"seed", 1}, {"noise", 0.5}}), rules.identity({{"noise", 0.5}, {"seed", 1}}));
  EXPECT_NE(rules.identity({{"env.A", 1}}), rules.identity({{"env.A", 2}}));
  EXPECT_TRUE(resolve({{"client.x", 1}}, {.runtime = sim})->flags.empty());
}

space::Point baseline(RuntimeId runtime, std::vector<space::Parameter> parameters,
                      std::optional<int> limit = 8) {
  return baseline_point({.parameters = std::move(parameters), .constraints = {}},
                        {.runtime = runtime, .host_gpus = 8, .gpu_limit = limit});
}

TEST(BaselinePoint, KeepsWhatHasOneValueAndLeavesTheRestToTheEngine) {
  EXPECT_EQ(baseline(llamacpp, {{"ctx-size", space::Choices{{4096}}}, {"threads", space::Choices{{1, 2}}}}),
            (space::Point{{"ctx-size", 4096}}));
}

TEST(BaselinePoint, TakesTheSmallestValidWorldSize) {
  EXPECT_EQ(
      baseline(vllm, {{"tp-size", space::Choices{{4, 2}}}, {"max-num-seqs", space::Choices{{64, 128}}}}),
      (space::Point{{"tp-size", 2}}));
  EXPECT_EQ(baseline(vllm, {{"__parallel__preset", space::Choices{{"balanced", "large-model-tp-pp"}}}}),
            (space::Point{{"__parallel__preset", "balanced"}}));
  EXPECT_EQ(
      baseline(vllm, {{"__parallel__tp", space::Choices{{4, 6}}}, {"__parallel__dcp", space::Choices{{3}}}}),
      (space::Point{{"__parallel__tp", 6}, {"__parallel__dcp", 3}}));
}

TEST(BaselinePoint, IsAPointOfTheSpaceWhereDefaultsAreKnownAndAmongTheValues) {
  const space::Parameter sizes{"tp-size", space::Choices{{1, 2}}};
  const space::Parameter kinds{"kv-cache-dtype", space::Choices{{"fp8", "auto"}}};
  EXPECT_EQ(baseline_in_space({{sizes, kinds}, {}}, {.runtime = vllm}),
            (space::Point{{"tp-size", 1}, {"kv-cache-dtype", "auto"}}));
  EXPECT_EQ(baseline_in_space({{sizes, {"kv-cache-dtype", space::Choices{{"fp8"}}}}, {}}, {.runtime = vllm}),
            (space::Point{{"tp-size", 1}, {"kv-cache-dtype", "fp8"}}));
  EXPECT_FALSE(
      baseline_in_space({{{"kv-cache-dtype", space::Choices{{"fp8", "int8"}}}}, {}}, {.runtime = vllm}));
  EXPECT_FALSE(baseline_in_space({{{"no-such-flag", space::Choices{{1, 2}}}}, {}}, {.runtime = vllm}));
}

TEST(BaselinePoint, ObeysConstraints) {
  const space::Space space{.parameters = {{"tp-size", space::Choices{{1, 2, 4}}}},
                           .constraints = {space::Constraint::parse("tp-size >= 2").value()}};
  EXPECT_EQ(baseline_point(space, {.runtime = vllm}), (space::Point{{"tp-size", 2}}));
}

}  // namespace
}  // namespace autotuner::engine
