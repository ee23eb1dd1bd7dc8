#include "tuning/experiment.hpp"

#include <array>
#include <tuple>

#include "base/text.hpp"

namespace autotuner::tuning {
namespace {

constexpr std::array all_statuses = {ExperimentStatus::pending, ExperimentStatus::deploying,
                                     ExperimentStatus::benchmarking, ExperimentStatus::success,
                                     ExperimentStatus::failed};

auto details_of(Experiment& e) {
  return std::tie(e.metrics, e.score.best_points, e.score.slo.checks, e.score.objectives, e.covers, e.reason,
                  e.cut_short, e.look, e.command, e.endpoint, e.engine_version, e.image, e.log_path,
                  e.log_tail, e.warnings, e.phases, e.created_at, e.started_at, e.completed_at);
}

void swap_details(Experiment& a, Experiment& b) {
  auto some = details_of(a);
  auto others = details_of(b);
  some.swap(others);
}

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

std::optional<metrics::Trust> Experiment::trust() const {
  return metrics ? metrics->audit().trust : trust_put_away;
}

void put_away_details(Experiment& experiment) {
  experiment.trust_put_away = experiment.trust();
  experiment.is_put_away = true;
  // Texts and lists that were assigned nothing would be empty, but keep their memory.
  Experiment nothing;
  swap_details(experiment, nothing);
  // Most engines take the names and values of a point as they are.
  experiment.flags.share(experiment.parameters);
}

void take_back_details(Experiment& experiment, Experiment stored) {
  swap_details(experiment, stored);
  experiment.trust_put_away.reset();
  experiment.is_put_away = false;
}

}  // namespace autotuner::tuning
