#include "tuning/expectation.hpp"

#include <algorithm>

#include "predict/estimate.hpp"
#include "tuning/problem.hpp"

namespace autotuner::tuning {
namespace {

using predict::Latency;

std::optional<double> quantile(const Latency& latency, const std::string& which) {
  if (which == "mean") return latency.mean;
  if (which == "p50") return latency.p50;
  if (which == "p90") return latency.p90;
  if (which == "p95") return (latency.p90 + latency.p99) / 2;
  if (which == "p99") return latency.p99;
  return std::nullopt;
}

double objective(const predict::Prediction& prediction, metrics::Objective objective, bool per_gpu) {
  switch (objective) {
    case metrics::Objective::minimize_latency:
      return prediction.e2e.mean;
    case metrics::Objective::minimize_ttft:
      return prediction.ttft.mean;
    case metrics::Objective::minimize_tpot:
      return prediction.tpot.mean;
    case metrics::Objective::maximize_throughput:
      return prediction.total_tokens_per_second / (per_gpu ? std::max(1.0, prediction.gpus) : 1);
    case metrics::Objective::maximize_goodput:
      return prediction.requests_per_second / (per_gpu ? std::max(1.0, prediction.gpus) : 1);
  }
  return 0;
}

}  // namespace

std::optional<double> expected_metric(const predict::Prediction& prediction, const std::string& metric) {
  const auto split = metric.find('_');
  if (split == std::string::npos) return std::nullopt;
  const auto which = metric.substr(0, split);
  const auto what = metric.substr(split + 1);
  if (what == "ttft") return quantile(prediction.ttft, which);
  if (what == "tpot") return quantile(prediction.tpot, which);
  if (what == "e2e_latency") return quantile(prediction.e2e, which);
  if (what == "total_throughput") return prediction.total_tokens_per_second;
  if (what == "total_throughput_per_gpu")
    return prediction.total_tokens_per_second / std::max(1.0, prediction.gpus);
  return std::nullopt;
}

std::optional<predict::Estimator> estimator_of(const spec::Task& task, const Premises& premises) {
  constexpr double gib = 1024.0 * 1024 * 1024;
  predict::Facts facts;
  facts.set("model", task.model.id_or_path);
  facts.set("gpu", premises.gpu.name);
  if (premises.gpu.memory_gib > 0) facts.set("gpu_memory_bytes", premises.gpu.memory_gib * gib);
  facts.set("engine", task.base_runtime);
  if (!task.workload.scenarios.empty()) {
    const auto longest = task.workload.scenarios.front().longest();
    facts.set("input_tokens", longest.input);
    facts.set("output_tokens", longest.output);
  }
  int concurrency = 0;
  for (const auto& level : task.workload.levels) concurrency = std::max(concurrency, level.concurrency);
  facts.set("concurrency", concurrency);
  auto estimator = predict::Estimator::make(facts, premises.model);
  if (estimator && premises.kernels) estimator->use(premises.kernels->kernels);
  return estimator;
}

base::Result<void> add_kernels(Premises& premises, const spec::Task& task, const KernelSource& source) {
  const auto estimator = estimator_of(task, premises);
  if (!source || !estimator || !estimator->device() || task.runtime == engine::RuntimeId::sim)
    return base::fail(base::ErrorKind::not_found, "neither GPU nor model are known");
  auto found = source(estimator->shape(), *estimator->device(), estimator->engine());
  if (!found) return tl::unexpected(found.error());
  premises.kernels = std::move(*found);
  return {};
}

std::function<std::optional<search::PriorEstimate>(const space::Point&)> expectation_of(
    const spec::Task& task, const Premises& premises, bool per_gpu) {
  if (premises.gpu.name.empty() || task.runtime == engine::RuntimeId::sim) return {};
  const auto estimator = estimator_of(task, premises);
  if (!estimator) return {};
  return [estimator = *estimator, goal = task.goal,
          per_gpu](const space::Point& point) -> std::optional<search::PriorEstimate> {
    const auto estimate = estimator.estimate(point);
    if (!estimate) return std::nullopt;
    search::PriorEstimate prior;
    prior.memory_margin = estimate->memory.margin;
    // What does not fit has no speed.
    if (estimate->prediction.total_tokens_per_second <= 0) return prior;
    const auto problem = problem_of(goal);
    prior.metrics[problem.objective->metric] = objective(estimate->prediction, goal.objective, per_gpu);
    for (std::size_t i = 0; i < goal.objectives.size(); ++i) {
      const auto value = expected_metric(estimate->prediction, goal.objectives[i].metric);
      if (value && *value > 0) prior.metrics[problem.objectives[i].metric] = *value;
    }
    for (const auto& limit : goal.slo.limits) {
      const auto value = expected_metric(estimate->prediction, limit.metric());
      if (value && *value > 0 && !limit.is_minimum()) prior.metrics[limit.metric()] = *value;
    }
    return prior;
  };
}

}  // namespace autotuner::tuning
