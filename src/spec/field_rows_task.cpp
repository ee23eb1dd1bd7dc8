#include <array>

#include "spec/field_rows.hpp"

namespace autotuner::spec {
namespace {

using enum FieldType;
using Words = std::string_view[];

constexpr Words modes = {"docker", "local", "ome"};
constexpr Words compat_words = {"reference"};
constexpr Words gemm_dtypes = {"auto", "float16", "bfloat16", "float32", "fp8", "int8"};
constexpr Words kvcache_dtypes = {"auto", "fp16", "bfloat16", "fp8", "fp8_e5m2", "fp8_e4m3", "int8", "int4"};
constexpr Words attention_dtypes = {"auto",     "float16",  "bfloat16", "fp8",
                                    "fp8_e5m2", "fp8_e4m3", "fp8_block"};
constexpr Words moe_dtypes = {"auto", "float16", "bfloat16", "fp8", "w4afp8", "mxfp4", "int8"};

constexpr Bounds only_1 = {1.0, 1.0, false};

constexpr std::string_view no_cluster = "this version runs engines in the modes docker and local";

constexpr auto rows = std::to_array<Field>({
    {"schema_version", integer, "1", any, only_1, "Version of this document format.", Mark::none, "", ""},
    {"task_name", text, "", any, free_range, "Name of the task: in result files, service names and lists.",
     Mark::required, "", ""},
    {"description", text, "", any, free_range, "Shown only.", Mark::none, "", ""},
    {"model", object, "", any, free_range, "The model to serve.", Mark::required, "", ""},
    {"base_runtime", text, "", any, free_range, "The engine: sglang, vllm, tensorrt-llm, llamacpp or sim.",
     Mark::required, "", ""},
    {"runtime_family", text, "", any, free_range, "The engine behind a base_runtime with a name of its own.",
     Mark::none, "", ""},
    {"runtime_image_tag", text, "", any, free_range, "Replaces the tag of the engine's default Docker image.",
     Mark::none, "", ""},
    {"deployment_mode", text, "", modes, free_range,
     "Where engines run. Absent: the --mode flag, then the setting, then docker.", Mark::none, "", ""},
    {"gpu_type", text, "", any, free_range, "Runs only where a GPU of that name is (RTX 4090, A100).",
     Mark::none, "", ""},
    {"parameters", object, "{}", any, free_range,
     "Flags of the engine and the values to try; see the section on value forms.", Mark::none, "", ""},
    {"quant_config", object, "", any, free_range,
     "Number formats to try, translated into the engine's flags.", Mark::none, "", ""},
    {"parallel_config", object, "", any, free_range,
     "Ways to spread the model over GPUs, translated into the engine's flags.", Mark::none, "", ""},
    {"constraints", text_list, "", any, free_range,
     "Conditions over parameters that every configuration must keep: tp-size * dp-size <= 8.", Mark::none, "",
     ""},
    {"optimization", object, "", any, free_range, "How the search goes and what it looks for.",
     Mark::required, "", ""},
    {"benchmark", object, "", any, free_range, "The load that each configuration is measured under.",
     Mark::required, "", ""},
    {"slo", object, "", any, free_range,
     "Limits that a configuration should keep (soft) or must keep (hard).", Mark::none, "", ""},
    {"price_per_gpu_hour", number, "", any, from_0, "What one GPU costs per hour.", Mark::no_effect,
     "this version tells no prices", "money"},
    {"compat", text, "", compat_words, free_range,
     "Switches figures that were improved back to those of earlier tuners with this file format.", Mark::none,
     "", ""},
    {"tags", text_list, "", any, free_range, "Words to find the task by.", Mark::none, "", ""},
    {"owner", text, "", any, free_range, "Who asked for the task; shown only.", Mark::none, "", ""},
    {"applied_presets", list, "", any, free_range, "Presets that were copied into the task; shown only.",
     Mark::none, "", ""},
    {"storage", object, "", any, free_range, "Model volume of a cluster.", Mark::no_effect, no_cluster, ""},
    {"clusterbasemodel_config", object, "", any, free_range, "Model resource of a cluster.", Mark::no_effect,
     no_cluster, ""},
    {"clusterservingruntime_config", object, "", any, free_range,
     "Serving-runtime resource of a cluster; its preset names the engine.", Mark::no_effect, no_cluster, ""},
    {"engines", list, "", any, free_range, "Several engines in one task.", Mark::unavailable,
     "write one task per engine with base_runtime and parameters", ""},
    {"quality", object, "", any, free_range, "Compares answers with the baseline's.", Mark::unavailable,
     "output quality is not checked by this version", ""},
    {"slo_tiers", object, "", any, free_range, "Several named sets of limits.", Mark::unavailable,
     "write one set of limits in slo", ""},

    {"model.id_or_path", text, "", any, free_range,
     "A path, a Hugging Face id, or a name below the model folder. llamacpp: a .gguf file, or "
     "org/repo[:QUANT]. sim: any text; a size in it (8b) sets the simulated weights.",
     Mark::required, "", ""},
    {"model.namespace", text, "\"default\"", any, free_range, "Prefix of container and process names.",
     Mark::none, "", ""},
    {"model.hf_token", text, "", any, free_range,
     "Hugging Face token, handed to the engine in its environment.", Mark::secret, "", ""},
    {"model.quantization", text, "", any, free_range,
     "The quantization method of the weights, when the path does not tell it.", Mark::none, "", ""},
    {"model.quantization_config", object, "", any, free_range,
     "As in the model's config.json; quant_method is read.", Mark::none, "", ""},
    {"model.variants", list, "", any, free_range, "Several files or quantizations of the model.",
     Mark::unavailable, "write one task per variant with model.id_or_path", ""},

    {"quant_config.gemm_dtype", scalar_or_list, "", gemm_dtypes, free_range, "Number format of the weights.",
     Mark::none, "", ""},
    {"quant_config.kvcache_dtype", scalar_or_list, "", kvcache_dtypes, free_range,
     "Number format of the KV cache.", Mark::none, "", ""},
    {"quant_config.attention_dtype", scalar_or_list, "", attention_dtypes, free_range,
     "Number format of attention.", Mark::none, "", ""},
    {"quant_config.moe_dtype", scalar_or_list, "", moe_dtypes, free_range, "Number format of the experts.",
     Mark::none, "", ""},
    {"quant_config.presets", scalar_or_list, "", any, free_range,
     "Named settings of all four; fields beside it override the preset's.", Mark::none, "", ""},

    {"parallel_config.tp", scalar_or_list, "", any, free_range, "Tensor parallel size.", Mark::none, "",
     "GPUs"},
    {"parallel_config.pp", scalar_or_list, "", any, free_range, "Pipeline parallel size.", Mark::none, "",
     "GPUs"},
    {"parallel_config.dp", scalar_or_list, "", any, free_range, "Data parallel size.", Mark::none, "",
     "GPUs"},
    {"parallel_config.cp", scalar_or_list, "", any, free_range, "Context parallel size (TensorRT-LLM).",
     Mark::none, "", "GPUs"},
    {"parallel_config.dcp", scalar_or_list, "", any, free_range,
     "Decode context parallel size; shares the tensor parallel GPUs.", Mark::none, "", "GPUs"},
    {"parallel_config.enable_expert_parallel", scalar_or_list, "", any, free_range,
     "Spreads experts over the GPUs (vLLM).", Mark::none, "", ""},
    {"parallel_config.moe_tp", scalar_or_list, "", any, free_range,
     "Tensor parallel size of the experts (TensorRT-LLM).", Mark::none, "", "GPUs"},
    {"parallel_config.moe_ep", scalar_or_list, "", any, free_range, "Expert parallel size (TensorRT-LLM).",
     Mark::none, "", "GPUs"},
    {"parallel_config.moe_cluster", scalar_or_list, "", any, free_range,
     "Expert cluster size (TensorRT-LLM).", Mark::none, "", "GPUs"},
    {"parallel_config.moe_dense_tp", scalar_or_list, "", any, free_range,
     "Tensor parallel size of the dense layers of an expert model (SGLang).", Mark::none, "", "GPUs"},
    {"parallel_config.ep", scalar_or_list, "", any, free_range, "Expert parallel size (SGLang).", Mark::none,
     "", "GPUs"},
    {"parallel_config.pcp", scalar_or_list, "", any, free_range, "Prefill context parallel size (vLLM).",
     Mark::none, "", "GPUs"},
    {"parallel_config.enable_dp_attention", scalar_or_list, "", any, free_range,
     "Data parallel attention inside the tensor parallel group (SGLang).", Mark::none, "", ""},
    {"parallel_config.presets", scalar_or_list, "", any, free_range,
     "Named settings of several sizes at once.", Mark::none, "", ""},
});

}  // namespace

std::span<const Field> task_rows() {
  return rows;
}

}  // namespace autotuner::spec
