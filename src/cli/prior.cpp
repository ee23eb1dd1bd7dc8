#include "cli/prior.hpp"

#include <memory>

#include "predict/estimate.hpp"

namespace autotuner::cli {

void add_prior(search::StudySpace& space) {
  auto estimator = predict::Estimator::make(space.facts);
  if (!estimator || !space.problem.objective) return;
  std::vector<std::string> metrics{space.problem.objective->metric};
  for (const auto& slo : space.problem.slos) metrics.push_back(slo.metric);
  space.problem.prior = [estimator = *estimator, metrics = std::move(metrics)](
                            const space::Point& point) -> std::optional<search::PriorEstimate> {
    const auto estimate = estimator.estimate(point);
    if (!estimate) return std::nullopt;
    search::PriorEstimate prior;
    for (const auto& name : metrics) {
      if (const auto value = predict::metric(*estimate, name)) prior.metrics[name] = *value;
    }
    prior.memory_margin = estimate->memory.margin;
    return prior;
  };
}

}  // namespace autotuner::cli
