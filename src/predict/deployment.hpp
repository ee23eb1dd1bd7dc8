#pragma once

#include <optional>
#include <string_view>

#include "predict/model_shape.hpp"
#include "predict/workload.hpp"
#include "space/point.hpp"

namespace autotuner::predict {

enum class Engine { vllm, sglang, tensorrt_llm, llamacpp, other };

/// "vllm 0.24.0", "TensorRT-LLM", "trtllm", "llama.cpp"; other for unknown names.
Engine find_engine(std::string_view name);

/// Its word, which find_engine reads: "vllm", "tensorrt_llm".
std::string_view to_text(Engine engine);

/// How one model is spread and run.
struct Deployment {
  Engine engine = Engine::vllm;
  double tensor_parallel = 1, pipeline_parallel = 1;
  double attention_data_parallel = 1;  ///< groups that hold attention weights and requests of their own
  double replicas = 1;                 ///< whole copies, each with an equal part of the load
  NumberFormat weights = NumberFormat::float16, cache = NumberFormat::float16;
  double max_sequences = 256;   ///< per replica and attention group
  double token_budget = 8192;   ///< tokens of one step
  bool chunked_prefill = true;  ///< prompts are split and mixed with decoding
  bool prefix_caching = true;
  double memory_fraction = 0.9;
  bool fraction_of_free = false;  ///< memory_fraction is of what weights and activations leave
  double graph_size = 512;        ///< largest batch with a captured graph, 0 = none
  bool async_scheduling = false;  ///< the next step is prepared while this one runs
  double cache_tokens = 0;        ///< fixed size of the cache; 0 = what memory gives
  bool on_cpu = false;
  bool operator==(const Deployment&) const = default;
};

/// GPUs of one replica.
double gpus_per_replica(const Deployment& deployment);

/// What the engine does when nothing is set, from its documentation.
Deployment engine_defaults(Engine engine);

/// What stands beside the point.
struct Setting {
  Deployment base{};  ///< the engine's defaults, with the checkpoint's number formats
  Workload load{};    ///< 0 = not known
  double gpus = 0;    ///< that share the load; 0 = only those that one replica needs
  bool operator==(const Setting&) const = default;
};

/// A point, read.
struct PointReading {
  Deployment deployment{};
  Workload load{};
  std::string_view device{};  ///< its name where the point chooses it, else empty; views the point
};

/// Reads a point by the meaning of its names. A value of the wrong kind, null, and a size below 1 leave the
/// default. Replicas are the point's data parallelism where it is set, else as many as fit into the GPUs that
/// share the load. A point that names an engine starts from that engine's defaults.
PointReading read_point(const space::Point& point, const Setting& setting);

}  // namespace autotuner::predict
