#include "cli/prior.hpp"

#include <memory>

#include "base/random.hpp"
#include "base/text.hpp"
#include "engine/group.hpp"
#include "predict/estimate.hpp"

namespace autotuner::cli {

namespace {

void set_prior(search::StudySpace& space, predict::Estimator estimator) {
  if (!space.problem.objective) return;
  std::vector<std::string> metrics{space.problem.objective->metric};
  for (const auto& slo : space.problem.slos) metrics.push_back(slo.metric);
  space.problem.prior = [estimator = std::move(estimator), metrics = std::move(metrics)](
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

}  // namespace

void add_prior(search::StudySpace& space) {
  if (auto estimator = predict::Estimator::make(space.facts)) set_prior(space, std::move(*estimator));
}

base::Result<void> add_prior_with_kernels(search::StudySpace& space, const KernelReader& kernels) {
  auto estimator = predict::Estimator::make(space.facts);
  if (!estimator) return {};
  auto measured = kernels(*estimator);
  if (!measured) return tl::unexpected(measured.error());
  estimator->use(std::move(measured->kernels));
  set_prior(space, std::move(*estimator));
  return {};
}

void add_groups(search::StudySpace& space) {
  const auto* fact = space.facts.find("engine");
  if (fact == nullptr) return;
  const auto engine = fact->as_text().value_or(std::string());
  const auto runtime = engine::find_runtime(engine.substr(0, engine.find(' ')));
  if (!runtime) return;
  for (auto& knob : space.problem.knobs) {
    const auto name = base::replace_all(knob.name, "_", "-");
    knob.group_rank = engine::exploration_rank(engine::group_of(*runtime, name)).value_or(-1);
  }
}

void spoil_prior(search::StudySpace& space, Wrong wrong) {
  if (!space.problem.prior) return;
  space.problem.prior = [right = space.problem.prior,
                         wrong](const space::Point& point) -> std::optional<search::PriorEstimate> {
    auto estimate = right(point);
    if (!estimate) return estimate;
    for (auto& [name, value] : estimate->metrics) {
      const bool up = base::stable_hash(space::identity(point) + name) % 2 == 0;
      value = wrong == Wrong::flipped ? 1 / value : up ? 3 * value : value / 3;
    }
    return estimate;
  };
}

}  // namespace autotuner::cli
