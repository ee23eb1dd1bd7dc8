#include "predict/memory.hpp"

#include <algorithm>
#include <cmath>

namespace autotuner::predict {
namespace {

constexpr double gibibyte = 1024.0 * 1024 * 1024;

// Judgement: what CUDA context, communication buffers and workspaces take, what a graph takes per layer and
// captured size, and what fragmentation needs under load as a share of the activations.
constexpr double context_bytes = 0.6 * gibibyte, communication_bytes = 0.4 * gibibyte;
constexpr double graph_bytes_per_layer = 0.2e6;
constexpr double fragmentation = 0.1, peak_bytes = 0.5 * gibibyte;

double weight_bytes(const ModelShape& shape, const Deployment& deployment) {
  const double tp = deployment.tensor_parallel, pp = deployment.pipeline_parallel;
  const double dense = dense_parameters(shape) / (tp * pp);
  const double experts = shape.expert_parameters / (tp * pp * deployment.attention_data_parallel);
  // Embedding and head sit on the first and the last stage; that stage counts.
  const double ends = pp > 1 && !shape.tied ? 0.5 : 1;
  return (dense + experts) * bytes_of(deployment.weights) + ends * embedding_parameters(shape) * 2 / tp;
}

/// One layer's intermediate results of the largest step at 16 bit, and the logits at 16 and 32 bit.
double activation_bytes(const ModelShape& shape, const Deployment& deployment, const Workload& load) {
  const double tp = deployment.tensor_parallel;
  const double tokens = deployment.chunked_prefill ? deployment.token_budget
                                                   : std::max(deployment.token_budget, load.input_tokens);
  const double intermediate = 3.5 * shape.hidden;
  const double logits = std::min(deployment.max_sequences, tokens) * shape.vocab * 6;
  return tokens * (4 * shape.hidden + 3 * intermediate / tp) * 2 + logits;
}

/// Sizes 1, 2, 4 and then every 8th up to the largest.
double graph_bytes(const ModelShape& shape, const Deployment& deployment) {
  if (deployment.graph_size < 1) return 0;
  const double sizes = std::min(3 + deployment.graph_size / 8, deployment.graph_size);
  return sizes * graph_bytes_per_layer * shape.layers / deployment.pipeline_parallel;
}

double cache_bytes_per_token(const ModelShape& shape, const Deployment& deployment) {
  const double shards = shape.latent > 0 ? 1 : std::min(deployment.tensor_parallel, shape.kv_heads);
  return shape.layers / deployment.pipeline_parallel * cache_numbers(shape) * bytes_of(deployment.cache) /
         shards;
}

/// The cache and what stays free outside of the plan, before graphs.
void plan(Memory& memory, const Deployment& deployment, double context) {
  const double fraction = deployment.memory_fraction;
  if (deployment.fraction_of_free) {
    const double left = memory.capacity - memory.weights - memory.activations - context;
    memory.cache = left > 0 ? fraction * left : left;
    memory.headroom = left > 0 ? left - memory.cache : left;
    return;
  }
  const double budget = fraction * memory.capacity;
  if (deployment.engine == Engine::sglang) {
    memory.cache = budget - memory.weights;
    memory.headroom = memory.capacity - budget - memory.activations - context;
    return;
  }
  memory.cache = budget - memory.weights - memory.activations - context;
  memory.headroom = memory.capacity - budget;
}

}  // namespace

std::string_view to_text(Shortage shortage) {
  switch (shortage) {
    case Shortage::none:
      return "none";
    case Shortage::weights:
      return "no room for the weights";
    case Shortage::cache:
      return "no room in the cache for one sequence";
    case Shortage::run_peak:
      return "no room for graphs and peaks under load";
  }
  return "none";
}

Memory memory(const ModelShape& shape, const Device& device, const Deployment& deployment,
              const Workload& load) {
  Memory memory;
  memory.capacity = device.memory;
  memory.weights = weight_bytes(shape, deployment);
  memory.activations = activation_bytes(shape, deployment, load);
  memory.graphs = device.is_cpu ? 0 : graph_bytes(shape, deployment);
  const double context =
      device.is_cpu ? 0 : context_bytes + (gpus_per_replica(deployment) > 1 ? communication_bytes : 0);
  plan(memory, deployment, context);

  const double per_token = cache_bytes_per_token(shape, deployment);
  if (deployment.cache_tokens > 0) {
    // A cache of fixed size is reserved at the start; what it leaves is headroom.
    const double wanted = deployment.cache_tokens * per_token;
    memory.headroom += memory.cache - wanted;
    memory.cache = std::min(memory.cache, wanted);
  }
  memory.cache_tokens = std::max(0.0, memory.cache / per_token) * deployment.attention_data_parallel;
  memory.tokens_per_sequence = longest_sequence(load);
  // An engine without a plan (memory_fraction 1) has its peaks in activations already.
  const bool plans = deployment.fraction_of_free || deployment.memory_fraction < 1;
  if (plans) memory.headroom -= memory.graphs + peak_bytes + fragmentation * memory.activations;

  const double beyond_one = memory.cache - memory.tokens_per_sequence * per_token;
  memory.margin = std::min(beyond_one, memory.headroom) / memory.capacity;
  if (memory.cache <= 0) {
    memory.shortage = Shortage::weights;
  } else if (beyond_one < 0) {
    memory.shortage = Shortage::cache;
  } else if (memory.headroom < 0) {
    memory.shortage = Shortage::run_peak;
  }
  return memory;
}

}  // namespace autotuner::predict
