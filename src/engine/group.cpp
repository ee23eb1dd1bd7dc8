#include "engine/group.hpp"

#include <algorithm>
#include <array>

#include "engine/catalogue.hpp"
#include "engine/parallel.hpp"
#include "engine/quantization.hpp"
#include "engine/resolve.hpp"

namespace autotuner::engine {
namespace {

struct Chapter {
  std::string_view name;  ///< of the catalogue
  Group group;
};

constexpr Chapter chapters[] = {
    {"CPU", Group::kernels},
    {"CUDA graphs", Group::kernels},
    {"KV and attention", Group::kernels},
    {"KV cache", Group::memory},
    {"MoE", Group::kernels},
    {"attention", Group::kernels},
    {"batching", Group::scheduler},
    {"chunked prefill", Group::scheduler},
    {"data types", Group::precision},
    {"memory", Group::memory},
    {"parallelism", Group::layout},
    {"performance", Group::kernels},
    {"placement", Group::layout},
    {"scheduling", Group::scheduler},
    {"speculative", Group::kernels},
};

/// Flags that act on something else than the chapter that they stand in.
constexpr Chapter exceptions[] = {
    {"async-scheduling", Group::scheduler},
    {"cache-type-k", Group::precision},
    {"cache-type-v", Group::precision},
    {"calculate-kv-scales", Group::precision},
    {"context-length", Group::memory},
    {"ctx-size", Group::memory},
    {"disable-overlap-schedule", Group::scheduler},
    {"enable-dp-attention", Group::layout},
    {"enable-ep-moe", Group::layout},
    {"enable-expert-parallel", Group::layout},
    {"ep-size", Group::layout},
    {"ep_size", Group::layout},
    {"expert-parallel-size", Group::layout},
    {"kv-cache-dtype", Group::precision},
    {"kv-offload", Group::memory},
    {"max-model-len", Group::memory},
    {"mlock", Group::memory},
    {"moe-dense-tp-size", Group::layout},
    {"moe-dp-size", Group::layout},
    {"moe_cluster_size", Group::layout},
    {"moe_ep_size", Group::layout},
    {"moe_tp_size", Group::layout},
    {"no-mmap", Group::memory},
    {"swa-full", Group::memory},
};
static_assert(std::ranges::is_sorted(exceptions, {}, &Chapter::name));

constexpr std::array order = {Group::layout,    Group::precision, Group::memory,
                              Group::scheduler, Group::kernels,   Group::client};

}  // namespace

std::string_view to_text(Group group) {
  switch (group) {
    case Group::layout:
      return "layout";
    case Group::precision:
      return "precision";
    case Group::memory:
      return "memory";
    case Group::scheduler:
      return "scheduler";
    case Group::kernels:
      return "kernels";
    case Group::other:
      return "other";
    case Group::client:
      return "client";
  }
  return "other";
}

Group group_of(RuntimeId runtime, std::string_view parameter) {
  if (is_client_side(parameter)) return Group::client;
  if (parameter.starts_with(quant_prefix)) return Group::precision;
  if (parameter.starts_with(parallel_prefix)) return Group::layout;
  const auto* flag = find_flag(runtime, canonical_flag(runtime, parameter));
  if (flag == nullptr) return Group::other;
  const auto* exception = std::ranges::lower_bound(exceptions, flag->name, {}, &Chapter::name);
  if (exception != std::end(exceptions) && exception->name == flag->name) return exception->group;
  const auto* chapter = std::ranges::find(chapters, flag->group, &Chapter::name);
  return chapter == std::end(chapters) ? Group::other : chapter->group;
}

std::span<const Group> exploration_order() {
  return order;
}

std::optional<int> exploration_rank(Group group) {
  const auto* found = std::ranges::find(order, group);
  if (found == order.end()) return std::nullopt;
  return static_cast<int>(found - order.begin());
}

std::string_view reason_of(Group group) {
  switch (group) {
    case Group::layout:
      return "how the model is spread decides what memory is left on each device";
    case Group::precision:
      return "bytes per number decide how much the weights and the cache take of it";
    case Group::memory:
      return "the room for the cache decides how many requests can run at once";
    case Group::scheduler:
      return "how steps are filled with what has room";
    case Group::kernels:
      return "how a step is computed, once its size is known";
    case Group::client:
      return "what the load generator does with the engine as it is, without a restart";
    case Group::other:
      return {};
  }
  return {};
}

}  // namespace autotuner::engine
