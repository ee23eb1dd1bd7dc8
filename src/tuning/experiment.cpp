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

}  // namespace autotuner::tuning
