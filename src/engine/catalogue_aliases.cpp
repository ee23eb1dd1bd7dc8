#include "engine/catalogue_tables.hpp"

namespace autotuner::engine {
namespace {

// Hyphens stand for underscores too; sorted by name.
constexpr Alias sglang_aliases[] = {
    {"attention-context-parallel-size", "attn-cp-size"},
    {"attention-data-parallel-size", "attn-dp-size"},
    {"context-bucket", "cuda-graph-prefill-max-context"},
    {"context-parallel-size", "cp-size"},
    {"cp", "cp-size"},
    {"data-parallel-size", "dp-size"},
    {"dcp", "dcp-size"},
    {"decode-context-parallel-size", "dcp-size"},
    {"disagg-parallel-size", "dcp-size"},
    {"dp", "dp-size"},
    {"enable-hicache", "enable-hierarchical-cache"},
    {"ep", "ep-size"},
    {"expert-parallel-size", "ep-size"},
    {"grpc-http-sidecar-port", "smg-http-sidecar-port"},
    {"hierarchical-sparse-attention-extra-config", "hisparse-config"},
    {"mem-frac", "mem-fraction-static"},
    {"mem-fraction", "mem-fraction-static"},
    {"model", "model-path"},
    {"moe-data-parallel-size", "moe-dp-size"},
    {"moe-dense-tp", "moe-dense-tp-size"},
    {"nccl-init-addr", "dist-init-addr"},
    {"pipeline-parallel-size", "pp-size"},
    {"pp", "pp-size"},
    {"speculative-draft-model", "speculative-draft-model-path"},
    {"tensor-parallel-size", "tp-size"},
    {"tp", "tp-size"},
};
static_assert(std::ranges::is_sorted(sglang_aliases, {}, &Alias::name));

constexpr Alias vllm_aliases[] = {
    {"ac", "attention-config"},
    {"asc", "api-server-count"},
    {"cc", "compilation-config"},
    {"context-parallel-size", "cp-size"},
    {"cp", "cp-size"},
    {"dc", "diffusion-config"},
    {"dcp", "decode-context-parallel-size"},
    {"dcp-size", "decode-context-parallel-size"},
    {"device-memory-utilization", "gpu-memory-utilization"},
    {"disagg-parallel-size", "decode-context-parallel-size"},
    {"dp", "data-parallel-size"},
    {"dp-size", "data-parallel-size"},
    {"dpa", "data-parallel-address"},
    {"dpb", "data-parallel-backend"},
    {"dpe", "data-parallel-external-lb"},
    {"dph", "data-parallel-hybrid-lb"},
    {"dpl", "data-parallel-size-local"},
    {"dpm", "data-parallel-multi-port-external-lb"},
    {"dpn", "data-parallel-rank"},
    {"dpp", "data-parallel-rpc-port"},
    {"dpr", "data-parallel-start-rank"},
    {"ep", "ep-size"},
    {"expert-parallel-size", "ep-size"},
    {"gpu-memory-util", "gpu-memory-utilization"},
    {"mem-frac", "gpu-memory-utilization"},
    {"n", "nnodes"},
    {"pcp", "prefill-context-parallel-size"},
    {"pcp-size", "prefill-context-parallel-size"},
    {"pp", "pipeline-parallel-size"},
    {"pp-size", "pipeline-parallel-size"},
    {"q", "quantization"},
    {"r", "node-rank"},
    {"sc", "speculative-config"},
    {"tp", "tensor-parallel-size"},
    {"tp-size", "tensor-parallel-size"},
};
static_assert(std::ranges::is_sorted(vllm_aliases, {}, &Alias::name));

constexpr Alias tensorrt_aliases[] = {
    {"context-parallel-size", "cp_size"},
    {"cp", "cp_size"},
    {"cp-size", "cp_size"},
    {"data-parallel-size", "dp-size"},
    {"dcp", "dcp-size"},
    {"decode-context-parallel-size", "dcp-size"},
    {"dp", "dp-size"},
    {"ep", "ep_size"},
    {"ep-size", "ep_size"},
    {"expert-parallel-size", "ep_size"},
    {"mem-frac", "kv_cache_free_gpu_memory_fraction"},
    {"moe-cluster", "moe_cluster_size"},
    {"moe-ep", "moe_ep_size"},
    {"moe-tp", "moe_tp_size"},
    {"pipeline-parallel-size", "pp_size"},
    {"pp", "pp_size"},
    {"pp-size", "pp_size"},
    {"tensor-parallel-size", "tp_size"},
    {"tp", "tp_size"},
    {"tp-size", "tp_size"},
};
static_assert(std::ranges::is_sorted(tensorrt_aliases, {}, &Alias::name));

constexpr Alias llamacpp_aliases[] = {
    {"C", "cpu-mask"},
    {"Cb", "cpu-mask-batch"},
    {"Cbd", "spec-draft-cpu-mask-batch"},
    {"Cd", "spec-draft-cpu-mask"},
    {"Cr", "cpu-range"},
    {"Crb", "cpu-range-batch"},
    {"Crd", "spec-draft-cpu-range"},
    {"a", "alias"},
    {"ag", "agent"},
    {"b", "batch-size"},
    {"bs", "backend-sampling"},
    {"c", "ctx-size"},
    {"cb", "cont-batching"},
    {"cmoe", "cpu-moe"},
    {"cmoed", "spec-draft-cpu-moe"},
    {"cms", "checkpoint-min-step"},
    {"context-parallel-size", "cp-size"},
    {"cp", "cp-size"},
    {"cpu-mask-batch-draft", "spec-draft-cpu-mask-batch"},
    {"cpu-mask-draft", "spec-draft-cpu-mask"},
    {"cpu-moe-draft", "spec-draft-cpu-moe"},
    {"cpu-range-draft", "spec-draft-cpu-range"},
    {"cpu-strict-batch-draft", "spec-draft-cpu-strict-batch"},
    {"cpu-strict-draft", "spec-draft-cpu-strict"},
    {"cram", "cache-ram"},
    {"ctk", "cache-type-k"},
    {"ctkd", "cache-type-k-draft"},
    {"ctv", "cache-type-v"},
    {"ctvd", "cache-type-v-draft"},
    {"ctxcp", "ctx-checkpoints"},
    {"dcp", "decode-context-parallel-size"},
    {"dcp-size", "decode-context-parallel-size"},
    {"dev", "device"},
    {"devd", "spec-draft-device"},
    {"device-draft", "spec-draft-device"},
    {"dio", "direct-io"},
    {"dp", "data-parallel-size"},
    {"dp-size", "data-parallel-size"},
    {"dr", "docker-repo"},
    {"draft-p-min", "spec-draft-p-min"},
    {"draft-p-split", "spec-draft-p-split"},
    {"dt", "defrag-thold"},
    {"e", "escape"},
    {"embedding", "embeddings"},
    {"ep", "ep-size"},
    {"expert-parallel-size", "ep-size"},
    {"fa", "flash-attn"},
    {"fitc", "fit-ctx"},
    {"fitt", "fit-target"},
    {"gpu-layers", "n-gpu-layers"},
    {"gpu-layers-draft", "spec-draft-ngl"},
    {"hf", "hf-repo"},
    {"hf-repo-draft", "spec-draft-hf"},
    {"hfd", "spec-draft-hf"},
    {"hff", "hf-file"},
    {"hffv", "hf-file-v"},
    {"hfr", "hf-repo"},
    {"hfrd", "spec-draft-hf"},
    {"hfrv", "hf-repo-v"},
    {"hft", "hf-token"},
    {"hfv", "hf-repo-v"},
    {"j", "json-schema"},
    {"jf", "json-schema-file"},
    {"kvo", "kv-offload"},
    {"kvu", "kv-unified"},
    {"l", "logit-bias"},
    {"lcd", "lookup-cache-dynamic"},
    {"lcs", "lookup-cache-static"},
    {"log-verbose", "verbose"},
    {"log-verbosity", "verbosity"},
    {"lv", "verbosity"},
    {"m", "model"},
    {"md", "model-draft"},
    {"mg", "main-gpu"},
    {"mm", "mmproj"},
    {"mmu", "mmproj-url"},
    {"mu", "model-url"},
    {"mv", "model-vocoder"},
    {"n", "predict"},
    {"n-cpu-moe-draft", "spec-draft-n-cpu-moe"},
    {"n-gpu-layers-draft", "spec-draft-ngl"},
    {"n-predict", "predict"},
    {"ncmoe", "n-cpu-moe"},
    {"ncmoed", "spec-draft-n-cpu-moe"},
    {"ngl", "n-gpu-layers"},
    {"ngld", "spec-draft-ngl"},
    {"np", "parallel"},
    {"ot", "override-tensor"},
    {"otd", "spec-draft-override-tensor"},
    {"override-tensor-draft", "spec-draft-override-tensor"},
    {"pcp", "prefill-context-parallel-size"},
    {"poll-batch-draft", "spec-draft-poll-batch"},
    {"poll-draft", "spec-draft-poll"},
    {"pp", "pipeline-parallel-size"},
    {"pp-size", "pipeline-parallel-size"},
    {"prio-batch-draft", "spec-draft-prio-batch"},
    {"prio-draft", "spec-draft-prio"},
    {"r", "reverse-prompt"},
    {"rea", "reasoning"},
    {"reranking", "rerank"},
    {"s", "seed"},
    {"sampling-seq", "sampler-seq"},
    {"sm", "split-mode"},
    {"sp", "special"},
    {"spec-draft-model", "model-draft"},
    {"spec-draft-ncmoe", "spec-draft-n-cpu-moe"},
    {"spec-draft-type-k", "cache-type-k-draft"},
    {"spec-draft-type-v", "cache-type-v-draft"},
    {"sps", "slot-prompt-similarity"},
    {"swa-checkpoints", "ctx-checkpoints"},
    {"t", "threads"},
    {"tb", "threads-batch"},
    {"tbd", "spec-draft-threads-batch"},
    {"td", "spec-draft-threads"},
    {"temperature", "temp"},
    {"threads-batch-draft", "spec-draft-threads-batch"},
    {"threads-draft", "spec-draft-threads"},
    {"to", "timeout"},
    {"top-n-sigma", "top-nsigma"},
    {"tp", "tensor-parallel-size"},
    {"tp-size", "tensor-parallel-size"},
    {"ts", "tensor-split"},
    {"typical-p", "typical"},
    {"ub", "ubatch-size"},
    {"v", "verbose"},
    {"webui", "ui"},
    {"webui-config", "ui-config"},
    {"webui-config-file", "ui-config-file"},
    {"webui-mcp-proxy", "ui-mcp-proxy"},
};
static_assert(std::ranges::is_sorted(llamacpp_aliases, {}, &Alias::name));

constexpr Alias sim_aliases[] = {
    {"context-parallel-size", "cp-size"},
    {"cp", "cp-size"},
    {"dcp", "decode-context-parallel-size"},
    {"dcp-size", "decode-context-parallel-size"},
    {"dp", "data-parallel-size"},
    {"dp-size", "data-parallel-size"},
    {"ep", "ep-size"},
    {"expert-parallel-size", "ep-size"},
    {"mem-frac", "gpu-memory-utilization"},
    {"pp", "pipeline-parallel-size"},
    {"pp-size", "pipeline-parallel-size"},
    {"tp", "tensor-parallel-size"},
    {"tp-size", "tensor-parallel-size"},
};
static_assert(std::ranges::is_sorted(sim_aliases, {}, &Alias::name));

// One meaning per row: SGLang, vLLM, TensorRT-LLM, llama.cpp, simulated engine; false = the values differ.
constexpr Synonym synonym_table[] = {
    {"tp-size", "tensor-parallel-size", "tp_size", "tensor-parallel-size", "tensor-parallel-size"},
    {"pp-size", "pipeline-parallel-size", "pp_size", "pipeline-parallel-size", "pipeline-parallel-size"},
    {"dp-size", "data-parallel-size", "", "", "data-parallel-size"},
    {"dcp-size", "decode-context-parallel-size", "", "", ""},
    {"ep-size", "", "ep_size", "", ""},
    {"mem-fraction-static", "gpu-memory-utilization", "kv_cache_free_gpu_memory_fraction", "",
     "gpu-memory-utilization"},
    {"max-running-requests", "max-num-seqs", "max_batch_size", "parallel", "max-num-seqs"},
    {"max-prefill-tokens", "max-num-batched-tokens", "max_num_tokens", "batch-size",
     "max-num-batched-tokens"},
    {"chunked-prefill-size", "long-prefill-token-threshold", "", "ubatch-size", "", false},
    {"enable-mixed-chunk", "enable-chunked-prefill", "enable_chunked_prefill", "", "enable-chunked-prefill",
     false},
    {"kv-cache-dtype", "kv-cache-dtype", "kv-cache-quant-algo", "cache-type-k", "kv-cache-dtype", false},
    {"context-length", "max-model-len", "max_seq_len", "ctx-size", "max-model-len"},
    {"page-size", "block-size", "", "", ""},
    {"schedule-policy", "scheduling-policy", "", "", "", false},
    {"disable-radix-cache", "enable-prefix-caching", "", "cache-prompt", "", false},
    {"disable-cuda-graph", "enforce-eager", "", "", ""},
    {"cuda-graph-bs", "cuda-graph-sizes", "", "", ""},
    {"quantization", "quantization", "quant-algo", "", "quantization", false},
    {"attention-backend", "attention-backend", "", "flash-attn", "", false},
    {"random-seed", "seed", "", "seed", "seed"},
    {"cpu-offload-gb", "cpu-offload-gb", "", "", ""},
    {"served-model-name", "served-model-name", "", "alias", ""},
    {"speculative-draft-model-path", "speculative-config", "", "model-draft", "", false},
    {"trust-remote-code", "trust-remote-code", "trust_remote_code", "", ""},
};

}  // namespace

std::span<const Alias> aliases(RuntimeId runtime) {
  switch (runtime) {
    case RuntimeId::sglang:
      return sglang_aliases;
    case RuntimeId::vllm:
      return vllm_aliases;
    case RuntimeId::tensorrt_llm:
      return tensorrt_aliases;
    case RuntimeId::llamacpp:
      return llamacpp_aliases;
    case RuntimeId::sim:
      return sim_aliases;
  }
  return {};
}

std::span<const Synonym> synonyms() {
  return synonym_table;
}

std::string_view spelling(const Synonym& synonym, RuntimeId runtime) {
  switch (runtime) {
    case RuntimeId::sglang:
      return synonym.sglang;
    case RuntimeId::vllm:
      return synonym.vllm;
    case RuntimeId::tensorrt_llm:
      return synonym.tensorrt;
    case RuntimeId::llamacpp:
      return synonym.llamacpp;
    case RuntimeId::sim:
      return synonym.sim;
  }
  return {};
}

}  // namespace autotuner::engine
