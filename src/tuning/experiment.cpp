#include "tuning/experiment.hpp"

#include <array>

#include "base/text.hpp"

namespace autotuner::tuning {
namespace {

constexpr std::array all_statuses = {ExperimentStatus::pending, ExperimentStatus::deploying,
                                     ExperimentStatus::benchmarking, ExperimentStatus::success,
                                     ExperimentStatus::failed};

}  // namespace

const char* to_text(ExperimentStatus status) {
  switch (status) {
    case ExperimentStatus::pending:
      return "pending";
    case ExperimentStatus::deploying:
      return "deploying";
    case ExperimentStatus::benchmarking:
      return "benchmarking";
    case ExperimentStatus::success:
      return "success";
    case ExperimentStatus::failed:
      return "failed";
  }
  return "failed";
}

std::optional<ExperimentStatus> experiment_status_from_text(std::string_view text) {
  const auto wanted = base::to_lower(text);
  for (const auto status : all_statuses) {
    if (wanted == to_text(status)) return status;
  }
  return std::nullopt;
}

int Experiment::rank() const {
  if (!terminal()) return 3;
  if (score.slo.verdict == metrics::SloVerdict::violated) return 2;
  if (status == ExperimentStatus::failed) return 3;
  return score.slo.verdict == metrics::SloVerdict::missed ? 1 : 0;
}

void put_away_details(Experiment& experiment) {
  experiment.command = {};
  experiment.phases = {};
  experiment.log_tail = {};
  if (!experiment.metrics) return;
  metrics::Metrics rest;
  rest.kept.reserve(experiment.metrics->kept.size());
  for (const auto& batch : experiment.metrics->kept) {
    metrics::Batch trusted;
    trusted.audit.trust = batch.audit.trust;
    rest.kept.push_back(std::move(trusted));
  }
  experiment.metrics = std::move(rest);
}

void take_back_details(Experiment& experiment, Experiment stored) {
  experiment.command = std::move(stored.command);
  experiment.phases = std::move(stored.phases);
  experiment.log_tail = std::move(stored.log_tail);
  experiment.metrics = std::move(stored.metrics);
}

}  // namespace autotuner::tuning
