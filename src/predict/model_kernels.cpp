#include "predict/model_kernels.hpp"

#include <algorithm>

namespace autotuner::predict {
namespace {

constexpr double gpus_of_a_width[] = {1, 2, 4, 8, 16};

Curve layer_products(const KernelTables& tables, const ModelShape& shape, double gpus) {
  const double queries = shape.heads * shape.head_dim, both = 2 * shape.kv_heads * shape.head_dim;
  // A feed-forward part with a gate: three matrices of hidden times intermediate numbers.
  const double rest = dense_parameters(shape) / shape.layers - shape.hidden * (2 * queries + both);
  const double inner = std::max(1.0, rest / (3 * shape.hidden) / gpus);
  // Heads of keys that don't suffice for every GPU are there more than once.
  const double key_width = std::max(both / gpus, 2 * shape.head_dim);
  return product(tables, queries / gpus + key_width, shape.hidden) +
         product(tables, shape.hidden, queries / gpus) + product(tables, 2 * inner, shape.hidden) +
         product(tables, shape.hidden, inner);
}

void put_attention(const KernelTables& tables, const ModelShape& shape, double gpus,
                   ModelKernels::Width& width) {
  AttentionKind kind{.heads = shape.heads / gpus,
                     .kv_heads = std::max(1.0, shape.kv_heads / gpus),
                     .head_dim = shape.head_dim};
  for (const auto cache : {NumberFormat::float16, NumberFormat::fp8}) {
    kind.cache = cache;
    if (const auto found = tables.prefill.find(kind); found != tables.prefill.end())
      width.prefill[cache] = rounded(found->second);
    if (const auto found = tables.decode.find(kind); found != tables.decode.end())
      width.decode[cache] = rounded(found->second);
  }
}

const Curve* known(const Curve& curve) {
  return curve.empty() ? nullptr : &curve;
}

template <class Kernel>
const Kernel* known(const std::map<NumberFormat, Kernel>& kernels, NumberFormat format) {
  const auto found = kernels.find(format);
  return found == kernels.end() || found->second.empty() ? nullptr : &found->second;
}

}  // namespace

bool is_covered(const ModelShape& shape) {
  return shape.experts == 0 && shape.latent == 0;
}

LayerKernels ModelKernels::of(const Device& on, const Deployment& deployment) const {
  if (on.name != device || deployment.engine != engine) return {};
  const auto found = widths.find(deployment.tensor_parallel);
  if (found == widths.end()) return {};
  const auto& width = found->second;
  const bool wide = deployment.weights == NumberFormat::float16;
  return {.products = wide ? known(width.products) : nullptr,
          .head = known(width.head),
          .prefill = known(width.prefill, deployment.cache),
          .decode = known(width.decode, deployment.cache),
          .reduce = known(width.reduce)};
}

ModelKernels model_kernels(const KernelTables& tables, const ModelShape& shape, Engine engine,
                           const Device& device) {
  ModelKernels kernels{.engine = engine, .device = std::string(device.name)};
  if (!is_covered(shape)) return kernels;
  for (const double gpus : gpus_of_a_width) {
    auto& width = kernels.widths[gpus];
    width.products = rounded(layer_products(tables, shape, gpus));
    width.head = rounded(product(tables, shape.vocab / gpus, shape.hidden));
    if (const auto found = tables.reduce.find(gpus); gpus > 1 && found != tables.reduce.end())
      width.reduce = rounded(scaled(found->second, 1 / shape.hidden, 1));
    put_attention(tables, shape, gpus, width);
  }
  return kernels;
}

}  // namespace autotuner::predict
