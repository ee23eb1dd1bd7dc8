#include <array>

#include "engine/catalogue.hpp"

namespace autotuner::engine {
namespace {

constexpr std::array<SystemPreset, 2> presets = {{
    {.name = "vLLM Performance Tuning",
     .runtime = RuntimeId::vllm,
     .description = "Parallelism, memory share, batching and caching of vLLM: 648 combinations",
     .parameters_json =
         R"json({"tensor-parallel-size":[1,2,4],"pipeline-parallel-size":[1],"data-parallel-size":[1],
"gpu-memory-utilization":[0.85,0.9,0.95],"kv-cache-dtype":["auto","fp8_e5m2"],"block-size":[16,32],"swap-space":[4],
"cpu-offload-gb":[0],"max-num-batched-tokens":[2048,4096,8192],"max-num-seqs":[64,128,256],
"enable-chunked-prefill":[true],"max-num-partial-prefills":[1],"scheduling-policy":["fcfs"],
"enable-prefix-caching":[true,false],"enforce-eager":[false],"disable-sliding-window":[false],
"quantization":[null],"dtype":["auto"]})json"},
    {.name = "SGLang Performance Tuning",
     .runtime = RuntimeId::sglang,
     .description = "Parallelism, memory share, batching, graphs and backends of SGLang: 20736 combinations",
     .parameters_json =
         R"json({"tp-size":[1,2,4],"dp-size":[1],"ep-size":[1],"mem-fraction-static":[0.85,0.88,0.92],
"max-prefill-tokens":[8192,16384],"max-running-requests":[64,128,256],"cuda-graph-max-bs":[128,256],"page-size":[1],
"schedule-conservativeness":[0.8,1.0],"schedule-policy":["fcfs","lpm"],"chunked-prefill-size":[2048,4096,8192],
"disable-radix-cache":[false],"radix-eviction-policy":["lru"],"attention-backend":["flashinfer","triton"],
"sampling-backend":["flashinfer"],"disable-cuda-graph":[false],"enable-torch-compile":[false],
"enable-mixed-chunk":[true,false],"enable-dp-attention":[false],"triton-attention-num-kv-splits":[8],
"moe-runner-backend":["auto"],"moe-a2a-backend":["none"],"disable-shared-experts-fusion":[false],
"num-continuous-decode-steps":[1,2],"stream-interval":[1],"kv-cache-dtype":["auto","fp8_e5m2"],"quantization":[null],
"enable-fp32-lm-head":[false]})json"},
}};

}  // namespace

std::span<const SystemPreset> system_presets() {
  return presets;
}

}  // namespace autotuner::engine
