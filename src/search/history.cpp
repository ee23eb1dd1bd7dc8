#include "search/history.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "search/features.hpp"
#include "search/log_score.hpp"
#include "search/metric_model.hpp"

namespace autotuner::search {
namespace {

/// The earlier task as a parameter, which no point of the new one has: levels of tasks differ.
constexpr auto task_parameter = " task";
constexpr double noise_across_tasks = 0.05;

bool lies_between(const space::Choices& choices, double number) {
  bool below = false;
  bool above = false;
  for (const auto& value : choices.values) {
    const auto other = value.as_number();
    if (!other) return false;
    below = below || *other <= number;
    above = above || *other >= number;
  }
  return below && above;
}

bool is_in(const space::Parameter& parameter, const Knob* knob, const space::Value& value) {
  const auto number = value.as_number();
  if (const auto* range = std::get_if<space::IntegerRange>(&parameter.domain))
    return number && *number >= static_cast<double>(range->low) &&
           *number <= static_cast<double>(range->high);
  if (const auto* range = std::get_if<space::RealRange>(&parameter.domain))
    return number && *number >= range->low && *number <= range->high;
  const auto& choices = std::get<space::Choices>(parameter.domain);
  if (std::ranges::find(choices.values, value) != choices.values.end()) return true;
  return number && (knob == nullptr || knob->ordered) && lies_between(choices, *number);
}

/// The parameters that the trials tell of, those that the new space lacks and the task among them: what they
/// do must not pass for an effect of the others, or for noise. A point of the new space has none of these and
/// is judged in their middle.
space::Space joint_space(const space::Space& space, std::span<const space::Point> points) {
  space::Space joint = space;
  joint.parameters.clear();
  std::map<std::string, std::vector<space::Value>> values;
  for (const auto& point : points) {
    for (const auto& [name, value] : point) {
      auto& known = values[name];
      if (std::ranges::find(known, value) == known.end()) known.push_back(value);
    }
  }
  for (const auto& parameter : space.parameters) {
    if (values.erase(parameter.name) > 0) joint.parameters.push_back(parameter);
  }
  for (auto& [name, known] : values) joint.parameters.push_back({name, space::Choices{std::move(known)}});
  return joint;
}

/// What the trials say of the space, metric by metric.
class History {
 public:
  History(const space::Space& space, const Problem& problem, std::span<const PastTrial> trials)
      : prior_(problem.prior),
        points_(points_of(trials)),
        features_(joint_space(space, points_), problem, points_) {
    for (const auto& point : points_) rows_.push_back(features_.of(point));
    if (features_.columns() == 0) return;
    auto objectives = problem.objectives;
    if (problem.objective) objectives.push_back(*problem.objective);
    for (const auto& objective : objectives)
      learn(objective.metric, objective.direction == Direction::minimize, trials);
    for (const auto& slo : problem.slos) learn(slo.metric, true, trials);
  }

  bool tells() const { return !learnt_.empty(); }

  std::optional<PriorEstimate> at(const space::Point& point) const {
    const auto base = prior_ ? prior_(point) : std::nullopt;
    const auto row = features_.of(point);
    auto estimate = base.value_or(PriorEstimate{});
    for (const auto& [metric, learnt] : learnt_) {
      const double told = learnt.mean.at(row);
      if (!learnt.corrects)
        estimate.metrics[metric] = std::exp(told);
      else if (const auto expected = logarithm(estimate.metrics, metric))
        estimate.metrics[metric] = std::exp(*expected + told);
    }
    return estimate;
  }

 private:
  struct Learnt {
    MeanFunction mean;
    bool corrects = false;  ///< the prior, instead of standing for itself
  };

  static std::vector<space::Point> points_of(std::span<const PastTrial> trials) {
    std::vector<space::Point> points;
    for (const auto& trial : trials) {
      points.push_back(trial.point);
      points.back().set(task_parameter, space::Value("task " + trial.task));
    }
    return points;
  }

  std::optional<double> expected(const PastTrial& trial, const std::string& metric) const {
    if (!trial.expected.empty()) return logarithm(trial.expected, metric);
    const auto estimate = prior_(trial.point);
    return estimate ? logarithm(estimate->metrics, metric) : std::nullopt;
  }

  std::vector<Observation> observations(const std::string& metric, std::span<const PastTrial> trials,
                                        bool corrects) const {
    std::vector<Observation> known;
    for (std::size_t i = 0; i < trials.size(); ++i) {
      const auto measured = logarithm(trials[i].metrics, metric);
      const auto otherwise = corrects ? expected(trials[i], metric) : std::optional(0.0);
      if (measured && otherwise)
        known.push_back({static_cast<int>(i) + 1, rows_[i], 0, *measured - *otherwise});
    }
    return known;
  }

  void learn(const std::string& metric, bool larger_is_worse, std::span<const PastTrial> trials) {
    if (learnt_.contains(metric)) return;
    bool corrects = prior_ != nullptr;
    auto known = corrects ? observations(metric, trials, true) : std::vector<Observation>{};
    if (known.size() < fewest_past_trials) {
      corrects = false;
      known = observations(metric, trials, false);
    }
    if (known.size() < fewest_past_trials) return;
    MetricModel::Settings settings;
    settings.prior.length_mean = std::log(0.5 * std::sqrt(static_cast<double>(features_.group_count())));
    settings.noise = noise_across_tasks;
    settings.larger_is_worse = larger_is_worse;
    MetricModel model(features_, settings);
    model.learn(known);
    learnt_.try_emplace(metric, Learnt{model.mean_function(), corrects});
  }

  std::function<std::optional<PriorEstimate>(const space::Point&)> prior_;
  std::vector<space::Point> points_;
  Features features_;
  std::vector<std::vector<double>> rows_;
  std::map<std::string, Learnt> learnt_;
};

}  // namespace

std::vector<PastTrial> telling_trials(const space::Space& space, const Problem& problem,
                                      std::span<const PastTrial> trials) {
  std::vector<PastTrial> telling(trials.begin(), trials.end());
  for (const auto& parameter : space.parameters) {
    const auto lacks = [&](const PastTrial& trial) { return !trial.point.contains(parameter.name); };
    const auto lacking = static_cast<std::size_t>(std::ranges::count_if(trials, lacks));
    const bool known = 2 * lacking < trials.size();
    const auto* knob = problem.find(parameter.name);
    std::erase_if(telling, [&](const PastTrial& trial) {
      const auto* value = trial.point.find(parameter.name);
      return value == nullptr ? known : !is_in(parameter, knob, *value);
    });
  }
  if (telling.size() < fewest_past_trials) telling.clear();
  return telling;
}

std::function<std::optional<PriorEstimate>(const space::Point&)> history_prior(
    const space::Space& space, const Problem& problem, std::span<const PastTrial> trials) {
  const auto telling = telling_trials(space, problem, trials);
  if (telling.empty()) return problem.prior;
  // Shared: never changes, and copies of a function are one.
  const auto history = std::make_shared<const History>(space, problem, telling);
  if (!history->tells()) return problem.prior;
  return [history](const space::Point& point) { return history->at(point); };
}

}  // namespace autotuner::search
