#include "metrics/score.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>

namespace autotuner::metrics {
namespace {

/// The metrics that an objective may be read from, first one first.
std::vector<std::string> readable_from(Objective objective) {
  switch (objective) {
    case Objective::minimize_latency:
      return {"mean_e2e_latency", "p50_e2e_latency"};
    case Objective::maximize_throughput:
      return {"mean_total_throughput_per_gpu", "mean_total_throughput", "mean_output_throughput",
              "max_total_throughput"};
    case Objective::minimize_ttft:
      return {"mean_ttft"};
    case Objective::minimize_tpot:
      return {"mean_tpot"};
    case Objective::maximize_goodput:
      return {"goodput_per_gpu", "goodput"};
  }
  return {};
}

struct Reading {
  std::string metric;
  double value = 0;
};

std::optional<Reading> read(const Metrics& metrics, Objective objective) {
  for (const auto& name : readable_from(objective)) {
    const auto value = metrics.value(name);
    if (!value || !std::isfinite(*value)) continue;
    // No throughput at all is a failed measurement, not a small success.
    if (objective == Objective::maximize_throughput && *value == 0) return std::nullopt;
    return Reading{.metric = name, .value = *value};
  }
  return std::nullopt;
}

/// One set of values held against the goal.
struct Judged {
  SloResult slo;
  std::optional<Reading> reading;
  std::optional<double> score;  ///< penalised; nothing when violated or not measured
};

std::optional<double> signed_score(const std::optional<Reading>& reading, Objective objective) {
  if (!reading) return std::nullopt;
  return is_maximised(objective) ? 0 - reading->value : reading->value;
}

Judged judge(const Metrics& metrics, SloResult slo, const Goal& goal) {
  Judged judged{.slo = std::move(slo), .reading = read(metrics, goal.objective), .score = {}};
  const auto base = signed_score(judged.reading, goal.objective);
  if (!base || judged.slo.verdict == SloVerdict::violated) return judged;
  const double penalised = with_penalty(*base, judged.slo.penalty);
  if (std::isfinite(penalised)) judged.score = penalised;
  return judged;
}

/// A throughput per GPU is the throughput itself where the engine has none.
std::optional<double> wanted_value(const Metrics& metrics, const std::string& name) {
  constexpr std::string_view per_gpu = "_per_gpu";
  auto value = metrics.value(name);
  if (!value && name.ends_with(per_gpu)) value = metrics.value(name.substr(0, name.size() - per_gpu.size()));
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::map<std::string, double> wanted_values(const Metrics& metrics, const Goal& goal) {
  std::map<std::string, double> values;
  for (const auto& wanted : goal.objectives) {
    if (const auto value = wanted_value(metrics, wanted.metric)) values[wanted.metric] = *value;
  }
  return values;
}

struct JudgedPoint {
  const Batch* batch;
  Judged judged;
};

/// Order of a scenario's operating points.
bool is_better(const JudgedPoint& a, const JudgedPoint& b) {
  const auto key = [](const JudgedPoint& p) {
    const auto& batch = *p.batch;
    return std::tuple(std::max(p.judged.slo.verdict, SloVerdict::met),
                      p.judged.score.value_or(std::numeric_limits<double>::infinity()),
                      batch.has_throughput ? -batch.mean_total_throughput : 0.0,
                      batch.request_rate.value_or(batch.num_concurrency));
  };
  return key(a) < key(b);
}

/// The best operating point of each scenario, in scenario order.
std::vector<JudgedPoint> best_of_scenarios(const Metrics& metrics, const Goal& goal) {
  std::vector<JudgedPoint> best;
  for (const auto* batch : metrics.points()) {
    JudgedPoint point{.batch = batch,
                      .judged = judge(of_point(*batch, metrics.gpus), evaluate(goal.slo, *batch), goal)};
    const auto same =
        std::ranges::find(best, batch->scenario, [](const auto& p) { return p.batch->scenario; });
    if (same == best.end())
      best.push_back(std::move(point));
    else if (is_better(point, *same))
      *same = std::move(point);
  }
  return best;
}

void take(Score& score, const Judged& judged) {
  score.slo = judged.slo;
  score.score = judged.score;
  if (!judged.reading) return;
  score.value = judged.reading->value;
  score.metric = judged.reading->metric;
}

/// The aggregate over all batches at one concurrency; nothing when a scenario wasn't measured there.
void score_level(const Metrics& metrics, const Goal& goal, Score& score) {
  std::vector<Batch> at_level;
  for (const auto* batch : metrics.points()) {
    if (!batch->request_rate && batch->num_concurrency == goal.at.level) at_level.push_back(*batch);
  }
  const auto is_lost = [&](const FailedBatch& f) {
    return !f.level.request_rate && f.level.concurrency == goal.at.level;
  };
  const bool incomplete = std::ranges::any_of(metrics.failed, is_lost);
  if (at_level.empty()) return;
  const auto aggregated = aggregate_of(std::move(at_level), metrics.gpus);
  take(score, judge(aggregated, evaluate(goal.slo, aggregated), goal));
  score.objectives = wanted_values(aggregated, goal);
  if (incomplete) score.score.reset();
}

/// The mean over scenarios of each one's best operating point; the verdict is the worst of them.
void score_best_points(const Metrics& metrics, const Goal& goal, const std::vector<JudgedPoint>& best,
                       Score& score) {
  if (best.empty()) return;
  const auto severity = [](const JudgedPoint& p) {
    return std::tuple(p.judged.slo.verdict, p.judged.slo.hard_excess, p.judged.slo.penalty);
  };
  take(score, std::ranges::max_element(best, {}, severity)->judged);
  const auto is_lost = [&](const FailedBatch& f) {
    return std::ranges::none_of(best, [&](const auto& p) { return p.batch->scenario == f.scenario; });
  };
  const bool incomplete = std::ranges::any_of(metrics.failed, is_lost);
  const bool readable = std::ranges::all_of(best, [](const auto& p) { return p.judged.reading.has_value(); });
  const bool scored = std::ranges::all_of(best, [](const auto& p) { return p.judged.score.has_value(); });
  const auto n = static_cast<double>(best.size());
  for (const auto& wanted : goal.objectives) {
    std::vector<double> values;
    for (const auto& point : best) {
      if (const auto value = wanted_value(of_point(*point.batch, metrics.gpus), wanted.metric))
        values.push_back(*value);
    }
    if (values.size() == best.size())
      score.objectives[wanted.metric] = std::accumulate(values.begin(), values.end(), 0.0) / n;
  }
  score.score.reset();
  score.value.reset();
  if (readable) {
    score.value = std::accumulate(best.begin(), best.end(), 0.0,
                                  [](double sum, const auto& p) { return sum + p.judged.reading->value; }) /
                  n;
  }
  if (scored && !incomplete) {
    score.score = std::accumulate(best.begin(), best.end(), 0.0,
                                  [](double sum, const auto& p) { return sum + *p.judged.score; }) /
                  n;
  }
}

}  // namespace

double with_penalty(double base, double penalty) {
  return base + penalty * std::abs(base);
}

std::optional<double> base_score(const Metrics& metrics, Objective objective) {
  return signed_score(read(metrics, objective), objective);
}

Score score(const Metrics& metrics, const Goal& goal) {
  Score result;
  result.metric = objective_metric(goal.objective, metrics.gpus > 0);
  const auto best = best_of_scenarios(metrics, goal);
  for (const auto& point : best) result.best_points.push_back(point_of(*point.batch));
  switch (goal.at.kind) {
    case BasisKind::mean:
      take(result, judge(metrics, evaluate(goal.slo, metrics), goal));
      result.objectives = wanted_values(metrics, goal);
      break;
    case BasisKind::level:
      score_level(metrics, goal, result);
      break;
    case BasisKind::best_point:
      score_best_points(metrics, goal, best, result);
      break;
  }
  return result;
}

}  // namespace autotuner::metrics
