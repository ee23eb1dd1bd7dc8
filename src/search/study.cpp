#include "search/study.hpp"

#include <algorithm>

namespace autotuner::search {
namespace {

/// Trials are numbered beyond any suggestion, so that a report of a point that was never asked for is not
/// taken for the outcome of one that was.
constexpr int first_number = 1'000'000;

/// A frontier is of points that keep all limits; one score discounts what breaks them instead.
bool breaks_limit(const std::vector<Slo>& slos, const std::map<std::string, double>& metrics) {
  return std::ranges::any_of(slos, [&](const Slo& slo) {
    const auto found = metrics.find(slo.metric);
    return found == metrics.end() || !(found->second <= slo.max);
  });
}

}  // namespace

Study::Study(std::unique_ptr<Strategy> strategy, const Problem& problem)
    : strategy_(std::move(strategy)), problem_(problem) {}

void Study::tell(const Report& report) {
  Trial trial;
  trial.number = first_number + told_++;
  trial.point = report.point;
  trial.finished = true;
  trial.failure = report.failure;
  trial.rank = report.failure == Failure::none ? TrialClass::met : TrialClass::failed;
  trial.metrics = report.metrics;
  trial.start_seconds = report.start_seconds;
  trial.bench_seconds = report.bench_seconds;
  trial.fidelity = report.fidelity;
  auto score = report.score;
  if (!score && problem_.objective) score = soft_score(*problem_.objective, problem_.slos, report.metrics);
  if (score) trial.score = -*score;
  if (!problem_.objectives.empty() && trial.rank == TrialClass::met &&
      breaks_limit(problem_.slos, report.metrics))
    trial.rank = TrialClass::missed;
  strategy_->record(std::span(&trial, 1));
}

}  // namespace autotuner::search
