#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/boxed.hpp"
#include "base/json.hpp"
#include "engine/failure.hpp"
#include "metrics/score.hpp"
#include "space/point.hpp"

namespace autotuner::tuning {

enum class ExperimentStatus { pending, deploying, benchmarking, success, failed };
const char* to_text(ExperimentStatus status);
/// Any case, as stored rows have it in capitals.
std::optional<ExperimentStatus> experiment_status_from_text(std::string_view text);

/// queue pull deploy ready reuse look warmup level teardown, with what a level measured.
struct Phase {
  std::string name;
  std::string started_at;  ///< ISO, UTC
  double seconds = 0;
  std::string scenario;  ///< level only
  int num_concurrency = 0;
  bool operator==(const Phase&) const = default;
};

/// One configuration deployed and measured inside a run, as stored.
struct Experiment {
  int number = 0;  ///< 0 = baseline, 1, 2, ...
  ExperimentStatus status = ExperimentStatus::pending;
  space::Point parameters;  ///< the point, with its prefixed keys
  space::Point flags;       ///< what it resolved to
  std::map<std::string, std::string> environment_variables;
  std::vector<space::Point> covers;  ///< equal points this one stands for
  std::string reason;                ///< why this point (decision 20)
  std::string phase_of_search;       ///< baseline grid random model repeat race
  std::optional<int> same_as;        ///< row whose result this one copies
  std::optional<int> repeat_of;
  std::optional<int> engine_of;  ///< row that started the engine which this one found running
  int attempt = 1;

  double fidelity = 1;                 ///< share of the load that was sent: below 1 = the short look alone
  std::string cut_short;               ///< why the whole load was not sent, for people; empty = it was
  std::map<std::string, double> look;  ///< what the short look measured before the whole load, by metric

  base::Boxed<metrics::Metrics> metrics;         ///< nothing = none were measured, or they are put away
  std::optional<metrics::Trust> trust_put_away;  ///< of those that are put away
  bool is_put_away = false;                      ///< its details stand in the store alone
  metrics::Score score;                          ///< score, value, verdict, best points
  std::optional<engine::Failure> failure;
  double penalty = 0;  ///< of a failure
  int stage = 0;       ///< of a failure: 0 deploy, 1 ready, 2 benchmark
  int gpus = 0;
  bool simulated = false;

  std::vector<std::string> command;  ///< secrets masked
  std::string endpoint;
  std::string engine_version;
  std::string image;
  std::optional<double> memory_limit_gib;
  std::string log_path;
  std::string log_tail;
  std::vector<std::string> warnings;
  std::vector<Phase> phases;
  std::string created_at, started_at, completed_at;  ///< ISO, UTC; empty = not yet
  double elapsed = 0, deploy_s = 0, ready_s = 0, benchmark_s = 0;

  bool operator==(const Experiment&) const = default;
  bool terminal() const { return status == ExperimentStatus::success || status == ExperimentStatus::failed; }
  /// Class of tuning-core 7.6: 0 met or none, 1 missed, 2 violated, 3 failed.
  int rank() const;
  /// Worst of its levels, put away or not; nothing = nothing was measured.
  std::optional<metrics::Trust> trust() const;
};

/// Puts away what only readers of the stored record want, so that a long run stays small in memory: how the
/// experiment was started and went, times, texts, and all that was measured but the score and the trust in
/// it. What the search, the choice, repeats and the race go by stays.
void put_away_details(Experiment& experiment);
/// Puts back what put_away_details took, from the same experiment as stored.
void take_back_details(Experiment& experiment, Experiment stored);

/// The record as stored and written to files, with the reference's members first. Values of parameters, flags
/// and variables whose name says that they are secret become "********". A score stands there only for a
/// success, numbers that JSON can't hold become null.
base::Json to_json(const Experiment& experiment);
/// Also reads records of the reference: absent members are defaults, a failure without a code is `internal`.
/// Errors: invalid_input naming the experiment, the member and its value.
base::Result<Experiment> experiment_from_json(const base::Json& json);

}  // namespace autotuner::tuning
