#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "metrics/registry.hpp"
#include "spec/convert.hpp"

namespace autotuner::spec {
namespace {

template <class T>
struct Word {
  std::string_view text;
  T value;
};

template <class T, std::size_t N>
T meaning_of(const std::array<Word<T>, N>& words, std::string_view text, T preset) {
  for (const auto& word : words) {
    if (word.text == text) return word.value;
  }
  return preset;
}

using search::Kind;
constexpr std::array<Word<Kind>, 8> kinds = {{{"grid_search", Kind::grid_search},
                                              {"random", Kind::random},
                                              {"sobol", Kind::sobol},
                                              {"tpe", Kind::tpe},
                                              {"gp", Kind::gp},
                                              {"forest", Kind::forest},
                                              {"hill_climb", Kind::hill_climb},
                                              {"bayesian", Kind::gp}}};
constexpr std::array<Word<space::Dedupe>, 3> dedupes = {
    {{"resolved", space::Dedupe::resolved}, {"exact", space::Dedupe::exact}, {"none", space::Dedupe::none}}};
constexpr std::array<Word<space::GridOrder>, 3> orders = {{{"lexicographic", space::GridOrder::lexicographic},
                                                           {"shuffled", space::GridOrder::shuffled},
                                                           {"halton", space::GridOrder::halton}}};
constexpr std::array<Word<metrics::PenaltyShape>, 3> shapes = {
    {{"exponential", metrics::PenaltyShape::exponential},
     {"continuous", metrics::PenaltyShape::continuous},
     {"linear", metrics::PenaltyShape::linear}}};
constexpr std::array<Word<metrics::BatchPolicy>, 3> policies = {
    {{"drop", metrics::BatchPolicy::drop},
     {"keep", metrics::BatchPolicy::keep},
     {"max_compliant", metrics::BatchPolicy::max_compliant}}};

std::optional<RaceWish> race_of(const Section& optimization) {
  const Node* given = optimization.find("race");
  if (given == nullptr || (given->kind == NodeKind::boolean && !given->boolean)) return std::nullopt;
  RaceWish race;
  if (given->kind != NodeKind::object) return race;
  const Section members(given);
  race.candidates = members.count("candidates", race.candidates);
  race.rounds = members.count("rounds", race.rounds);
  return race;
}

std::optional<double> short_look_of(const Section& optimization) {
  const Node* given = optimization.find("short_look");
  if (given == nullptr || (given->kind == NodeKind::boolean && !given->boolean)) return std::nullopt;
  constexpr double usual = 0.25;
  if (given->kind != NodeKind::object) return usual;
  return Section(given).number("share").value_or(usual);
}

void convert_running(const Section& optimization, Task& task) {
  auto& running = task.running;
  running.timeout_per_iteration =
      optimization.seconds("timeout_per_iteration").value_or(running.timeout_per_iteration);
  running.ready_timeout = optimization.seconds("ready_timeout");
  running.total_timeout = optimization.seconds("total_timeout");
  running.max_parallel_experiments = optimization.count("max_parallel_experiments", 1);
  running.baseline = optimization.boolean("baseline");
  running.early_stop = optimization.boolean("early_stop");
  if (!running.early_stop && task.reference_compat) running.early_stop = false;
  if (const auto patience = optimization.integer("patience")) running.patience = static_cast<int>(*patience);
  running.min_improvement = optimization.number("min_improvement");
  running.stop_when_converged = optimization.boolean("stop_when_converged").value_or(false);
  running.warm_start = optimization.boolean("warm_start").value_or(false);
  running.race = race_of(optimization);
  running.short_look = short_look_of(optimization);
  const Section repeat(optimization.find("repeat_best"));
  const auto k = repeat.integer("k");
  const auto n = repeat.integer("n");
  if (k && n) running.repeat_best = std::pair(static_cast<int>(*k), static_cast<int>(*n));
}

/// One limit, when it has a threshold.
void add_limit(const Section& limit, const std::string& name, metrics::Slo& slo, Report& report) {
  if (!limit.exists()) return;
  const std::string path = "slo." + name;
  const auto threshold = limit.number("threshold");
  if (!threshold) {
    if (!report.mentions(path))
      report.warning(path, limit.line(), "no_effect", "has no threshold and has no effect; give threshold");
    return;
  }
  if (name == "success_rate" && *threshold > 1) {
    report.error(path + ".threshold", limit.line_of("threshold"), "out_of_range",
                 fmt::format("is {}; must be between 0 and 1", *threshold));
    return;
  }
  const bool has_stat = name == "ttft" || name == "tpot";
  if (!has_stat && limit.find("stat") != nullptr) {
    report.warning(path + ".stat", limit.line_of("stat"), "no_effect",
                   "has no effect; only ttft and tpot have a choice of statistics");
  }
  metrics::Limit result;
  result.name = name;
  result.threshold = *threshold;
  result.weight = limit.number("weight").value_or(result.weight);
  result.hard_fail = limit.boolean("hard_fail").value_or(false);
  result.fail_ratio = limit.number("fail_ratio").value_or(result.fail_ratio);
  if (has_stat) result.stat = limit.text("stat", "mean");
  slo.limits.push_back(std::move(result));
}

void convert_slo(const Node& document, metrics::Slo& slo, Report& report) {
  const Section section(document, "slo");
  const Section latency(section.find("latency"));
  // in the order in which penalties are summed
  for (const std::string percentile : {"p50", "p90", "p95", "p99"}) {
    add_limit(Section(latency.find(percentile)), "latency." + percentile, slo, report);
  }
  for (const std::string name : {"ttft", "tpot", "throughput", "success_rate"})
    add_limit(Section(section.find(name)), name, slo, report);
  slo.steepness = section.number("steepness").value_or(slo.steepness);
  slo.shape = meaning_of(shapes, section.text("penalty_shape"), slo.shape);
  slo.batch_policy = meaning_of(policies, section.text("batch_policy"), slo.batch_policy);
}

/// One entry of optimization.objectives; errors go to the report.
std::optional<metrics::Wanted> wanted_from(const Node& entry, const std::string& path, Report& report) {
  if (entry.kind != NodeKind::object) {
    report.error(path, entry.line, "type",
                 fmt::format("is {}; must be an object such as {{\"metric\": \"mean_ttft\"}}",
                             to_message_text(entry)));
    return std::nullopt;
  }
  const Section section(&entry);
  for (const auto& member : entry.members) {
    if (member.key != "metric" && member.key != "direction")
      report.warning(path + "." + member.key, member.line, "unknown_field",
                     "is not known here; known are metric and direction");
  }
  const Node* metric = section.find("metric");
  const auto* info = metric != nullptr ? metrics::find_metric(metric->text) : nullptr;
  if (info == nullptr || info->direction == metrics::Direction::none) {
    std::vector<std::string_view> names;
    for (const auto& row : metrics::all_metrics()) {
      if (row.direction != metrics::Direction::none) names.push_back(row.name);
    }
    const auto near = metric != nullptr ? base::nearest(metric->text, names) : std::nullopt;
    report.error(
        path + ".metric", section.line_of("metric"), metric == nullptr ? "missing" : "not_allowed",
        metric == nullptr
            ? std::string("is missing; must be the name of a metric, such as mean_ttft")
            : fmt::format(
                  "is {}, which is no metric that can be better or worse{}; docs/metrics.md lists them",
                  to_message_text(*metric), near ? fmt::format("; did you mean {}?", *near) : ""));
    return std::nullopt;
  }
  metrics::Wanted wanted{std::string(info->name), info->direction == metrics::Direction::higher};
  const Node* direction = section.find("direction");
  if (direction == nullptr) return wanted;
  if (direction->text != "min" && direction->text != "max") {
    report.error(path + ".direction", direction->line, "not_allowed",
                 fmt::format("is {}; must be min or max", to_message_text(*direction)));
    return std::nullopt;
  }
  if (wanted.maximise != (direction->text == "max"))
    report.warning(path + ".direction", direction->line, "conflict",
                   fmt::format("is {}, but {} is better the other way", direction->text, wanted.metric));
  wanted.maximise = direction->text == "max";
  return wanted;
}

void convert_objectives(const Section& optimization, metrics::Goal& goal, Report& report) {
  const Node* list = optimization.find("objectives");
  if (list == nullptr || list->items.empty()) return;
  const std::string path = "optimization.objectives";
  if (list->items.size() == 1 || list->items.size() > 3) {
    report.error(path, list->line, "out_of_range",
                 fmt::format("has {} entries; must have two or three. One goes into optimization.objective, "
                             "metrics that only have to be good enough into slo",
                             list->items.size()));
    return;
  }
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const auto place = fmt::format("{}[{}]", path, i);
    auto wanted = wanted_from(list->items[i], place, report);
    if (!wanted) continue;
    if (std::ranges::count(goal.objectives, wanted->metric, &metrics::Wanted::metric) > 0) {
      report.error(place + ".metric", list->items[i].line, "duplicate",
                   fmt::format("is {}, which stands there already", wanted->metric));
      continue;
    }
    goal.objectives.push_back(std::move(*wanted));
  }
}

}  // namespace

void convert_search(const Node& document, Task& task) {
  const Section optimization(document, "optimization");
  auto& options = task.search;
  task.strategy = optimization.text("strategy", "grid_search");
  options.kind = meaning_of(kinds, task.strategy, Kind::grid_search);
  // The reference's sampler, where its numbers are asked for.
  if (task.strategy == "bayesian" && task.reference_compat) options.kind = Kind::tpe;
  options.max_iterations = optimization.count("max_iterations", options.max_iterations);
  options.initial_random = optimization.count("n_initial_random", options.initial_random);
  options.multivariate = optimization.boolean("multivariate").value_or(false);
  options.dedupe = meaning_of(dedupes, optimization.text("dedupe"), options.dedupe);
  options.order = meaning_of(orders, optimization.text("order"), options.order);
  const auto seed = optimization.integer("seed");
  task.seed_given = seed.has_value();
  options.seed = static_cast<std::uint64_t>(seed.value_or(0));
  convert_running(optimization, task);
}

void convert_goal(const Node& document, Task& task, Report& report) {
  const Section optimization(document, "optimization");
  auto& goal = task.goal;
  goal.reference_compat = task.reference_compat;
  const auto word = optimization.text("objective", "minimize_latency");
  goal.objective = metrics::objective_from_text(word).value_or(goal.objective);
  convert_slo(document, goal.slo, report);
  convert_objectives(optimization, goal, report);
  if (const auto level = optimization.integer("objective_at")) {
    goal.at = {metrics::BasisKind::level, static_cast<int>(*level)};
  } else if (optimization.text("objective_at") == "best_point") {
    goal.at.kind = metrics::BasisKind::best_point;
  }
}

}  // namespace autotuner::spec
