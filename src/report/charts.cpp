#include "report/charts.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/command_line.hpp"
#include "metrics/registry.hpp"
#include "report/plot.hpp"
#include "report/sentences.hpp"

namespace autotuner::report {
namespace {

using tuning::Experiment;
using tuning::Run;

struct Dot {
  int number = 0;
  int level = 0;
  double x = 0, y = 0;
  bool kept = true;   ///< all limits met at that point
  bool main = false;  ///< the experiment's shown point
  std::string hint;
};

std::string hint_of(const Experiment& experiment, const metrics::OperatingPoint& point,
                    const std::string& x_metric, double x, const std::string& y_metric, double y) {
  return fmt::format("{} {} at {}\n{}\n{}", name_of(experiment.number),
                     space::to_text(engine::masked(experiment.parameters)), load::to_text(point.level),
                     metrics::to_readable(y_metric, y), metrics::to_readable(x_metric, x));
}

/// The first limited latency, the tightest one of the chosen point; the P90 end-to-end latency without
/// limits.
std::string latency_metric(const Answer& answer, const Run& run) {
  const metrics::LimitCheck* tight = nullptr;
  if (answer.best) {
    for (const auto& check : answer.best->slo.checks) {
      if (check.limit.is_minimum()) continue;
      if (tight == nullptr || check.headroom() < tight->headroom()) tight = &check;
    }
  }
  if (tight != nullptr) return tight->limit.metric();
  for (const auto& limit : run.task.goal.slo.limits) {
    if (!limit.is_minimum()) return limit.metric();
  }
  return run.task.goal.objective == metrics::Objective::minimize_tpot   ? "p50_tpot"
         : run.task.goal.objective == metrics::Objective::minimize_ttft ? "p90_ttft"
                                                                        : "p90_e2e_latency";
}

const metrics::Limit* limit_on(const Run& run, const std::string& metric) {
  for (const auto& limit : run.task.goal.slo.limits) {
    if (limit.metric() == metric) return &limit;
  }
  return nullptr;
}

/// Points that no other beats in both throughput and latency, by latency.
std::vector<std::pair<double, double>> frontier(const std::vector<Dot>& dots) {
  auto sorted = dots;
  std::ranges::sort(sorted, [](const Dot& a, const Dot& b) { return a.x != b.x ? a.x < b.x : a.y > b.y; });
  std::vector<std::pair<double, double>> line;
  for (const auto& dot : sorted) {
    if (line.empty() || dot.y > line.back().second) line.emplace_back(dot.x, dot.y);
  }
  return line;
}

std::vector<Dot> operating_points(const Run& run, const std::string& x_metric, const std::string& y_metric) {
  std::vector<Dot> dots;
  for (const auto& experiment : run.experiments) {
    if (!experiment.metrics || experiment.same_as) continue;
    const auto main = shown(run, experiment);
    for (const auto* batch : experiment.metrics->points()) {
      if (batch->scenario != run.task.workload.scenarios.front().text()) continue;
      const auto at = metrics::of_point(*batch, experiment.metrics->gpus);
      const auto x = at.value(x_metric);
      const auto y = at.value(y_metric);
      if (!x || !y) continue;
      const metrics::OperatingPoint point{batch->scenario, {batch->num_concurrency, batch->request_rate}};
      const auto verdict = metrics::evaluate(run.task.goal.slo, *batch).verdict;
      dots.push_back({experiment.number, batch->num_concurrency, *x * display_factor(x_metric),
                      *y * display_factor(y_metric),
                      verdict == metrics::SloVerdict::none || verdict == metrics::SloVerdict::met,
                      main && main->point == point, hint_of(experiment, point, x_metric, *x, y_metric, *y)});
    }
  }
  return dots;
}

}  // namespace

std::string axis_label(const std::string& metric) {
  const auto* info = metrics::find_metric(metric);
  return info == nullptr ? metric : fmt::format("{} [{}]", info->label, info->display_unit);
}

double display_factor(const std::string& metric) {
  const auto* info = metrics::find_metric(metric);
  return info == nullptr ? 1 : info->factor;
}

std::string pareto_figure(const Run& run, const Answer& answer) {
  const auto x_metric = latency_metric(answer, run);
  const bool per_gpu = std::ranges::any_of(
      run.experiments, [](const Experiment& e) { return e.metrics && e.metrics->gpus > 0; });
  const auto y_metric = metrics::objective_metric(metrics::Objective::maximize_throughput, per_gpu);
  const auto dots = operating_points(run, x_metric, y_metric);
  if (dots.empty()) return "";
  std::vector<double> xs;
  std::vector<double> ys;
  for (const auto& dot : dots) {
    xs.push_back(dot.x);
    ys.push_back(dot.y);
  }
  const auto* limit = limit_on(run, x_metric);
  if (limit != nullptr) xs.push_back(limit->threshold * display_factor(x_metric));
  Plot plot(Axis::holding(axis_label(x_metric), xs), Axis::holding(axis_label(y_metric), ys),
            "Throughput against latency");
  if (limit != nullptr)
    plot.limit_x(limit->threshold * display_factor(x_metric),
                 "limit " + metrics::to_readable(x_metric, limit->threshold), true);
  plot.line(frontier(dots), "frontier");
  for (const auto& dot : dots) {
    if (answer.best && dot.number == answer.best->number && dot.main) continue;
    const auto shape = dot.number == 0 ? Shape::diamond : dot.kept ? Shape::dot : Shape::ring;
    plot.mark(dot.x, dot.y, shape,
              dot.number == 0 ? "baseline"
              : dot.main      ? "point"
                              : "point faint",
              dot.hint);
    if (dot.number == 0 && dot.main) plot.text(dot.x, dot.y, "defaults", "");
  }
  for (const auto& dot : dots) {
    if (!answer.best || dot.number != answer.best->number || !dot.main) continue;
    plot.mark(dot.x, dot.y, Shape::star, answer.meets_limits ? "best" : "miss", dot.hint);
    plot.text(dot.x, dot.y, fmt::format("#{}", dot.number), "strong");
  }
  return plot.figure(
      "A dot is one operating point (trial at one level). Hollow: a limit is missed there. ★ chosen, ◆ "
      "engine defaults; "
      "the line joins what nothing beats in both.");
}

std::string convergence_figure(const Run& run, const Answer& answer) {
  struct Trial {
    int number;
    double value;
    bool met;
    std::string hint;
  };
  std::vector<Trial> trials;
  std::vector<std::pair<int, std::string>> failures;
  std::string metric;
  for (const auto& experiment : run.experiments) {
    if (experiment.score.value && experiment.rank() < 3) {
      metric = experiment.score.metric;
      trials.push_back(
          {experiment.number, *experiment.score.value * display_factor(metric), experiment.rank() == 0,
           fmt::format("{} {}\n{}\n{}", name_of(experiment.number),
                       space::to_text(engine::masked(experiment.parameters)),
                       metrics::to_readable(metric, *experiment.score.value), experiment.reason)});
    } else if (experiment.failure) {
      failures.emplace_back(experiment.number, fmt::format("#{} failed ({}): {}", experiment.number,
                                                           engine::to_text(experiment.failure->cls),
                                                           experiment.failure->message));
    }
  }
  if (trials.empty()) return "";
  std::vector<double> values;
  values.reserve(trials.size());
  for (const auto& trial : trials) values.push_back(trial.value);
  auto y = Axis::holding(axis_label(metric), values);
  Plot plot(Axis::of_numbers("trial", run.experiments.front().number, run.experiments.back().number), y,
            "Convergence");
  const bool higher = metrics::is_maximised(run.task.goal.objective);
  std::vector<std::pair<double, double>> best;
  for (const auto& trial : trials) {
    if (!trial.met) continue;
    const bool improves =
        best.empty() || (higher ? trial.value > best.back().second : trial.value < best.back().second);
    if (improves) best.emplace_back(trial.number, trial.value);
  }
  if (!best.empty()) best.emplace_back(run.experiments.back().number + 0.5, best.back().second);
  plot.steps(best, "best-so-far");
  for (const auto& trial : trials) {
    const bool is_best = answer.best && answer.best->number == trial.number;
    plot.mark(trial.number, trial.value,
              is_best             ? Shape::star
              : trial.number == 0 ? Shape::diamond
              : trial.met         ? Shape::dot
                                  : Shape::ring,
              is_best             ? (answer.meets_limits ? "best" : "miss")
              : trial.number == 0 ? "baseline"
                                  : "point",
              trial.hint);
  }
  for (const auto& [number, hint] : failures) plot.mark(number, y.low, Shape::cross, "failure", hint);
  return plot.figure(
      "Each trial's " + escaped(axis_label(metric)) +
      "; the line is the best so far that keeps all limits. Hollow: a limit missed. ✕ failed.");
}

namespace {

struct Curve {
  const Experiment* experiment;
  const char* css_class;
  std::string name;
};

std::vector<Curve> curves_of(const Run& run, const Answer& answer) {
  std::vector<Curve> curves;
  const auto add = [&](std::optional<int> number, const char* css_class, const std::string& name) {
    const auto* experiment = number ? tuning::find(run, *number) : nullptr;
    const bool known =
        std::ranges::any_of(curves, [&](const Curve& curve) { return curve.experiment == experiment; });
    if (experiment != nullptr && experiment->metrics && !known)
      curves.push_back({experiment, css_class, name});
  };
  if (answer.best) add(answer.best->number, "curve-best", name_of(answer.best->number));
  if (answer.baseline) add(0, "curve-baseline", "defaults");
  add(answer.choice.runner_up, "curve-runner",
      answer.choice.runner_up ? fmt::format("#{}", *answer.choice.runner_up) : "");
  return curves;
}

std::string over_levels(const Run& run, const std::string& metric, const std::vector<Curve>& curves,
                        const std::vector<int>& levels, const std::string& scenario) {
  std::vector<double> values;
  std::vector<std::vector<std::pair<double, double>>> lines;
  const double factor = display_factor(metric);
  for (const auto& curve : curves) {
    std::vector<std::pair<double, double>> line;
    for (const auto* batch : curve.experiment->metrics->points()) {
      if (batch->scenario != scenario) continue;
      const auto value = metrics::of_point(*batch, curve.experiment->metrics->gpus).value(metric);
      if (!value) continue;
      line.emplace_back(batch->num_concurrency, *value * factor);
      values.push_back(*value * factor);
    }
    std::ranges::sort(line);
    lines.push_back(std::move(line));
  }
  if (values.empty()) return "";
  const auto* limit = limit_on(run, metric);
  if (limit != nullptr) values.push_back(limit->threshold * factor);
  const auto* info = metrics::find_metric(metric);
  Plot plot(Axis::of_levels("concurrency", levels), Axis::holding(axis_label(metric), values),
            fmt::format("{}, {}", info == nullptr ? metric : std::string(info->label), scenario));
  if (limit != nullptr) plot.limit_y(limit->threshold * factor, "limit", !limit->is_minimum());
  for (std::size_t i = 0; i < curves.size(); ++i) {
    plot.line(lines[i], curves[i].css_class);
    for (const auto& [x, y] : lines[i]) {
      plot.mark(x, y, Shape::dot, curves[i].css_class,
                fmt::format("{} at concurrency {}: {}", curves[i].name, x,
                            metrics::to_readable(metric, y / factor)));
    }
    if (!lines[i].empty()) plot.text(lines[i].back().first, lines[i].back().second, curves[i].name, "");
  }
  return plot.figure("");
}

std::string over_trials(const Run& run, const std::string& metric, const Answer& answer) {
  std::vector<double> values;
  std::vector<std::tuple<int, double, std::string, double>> marks;
  const double factor = display_factor(metric);
  for (const auto& experiment : run.experiments) {
    const auto at = shown(run, experiment);
    const auto value = at ? at->at.value(metric) : std::nullopt;
    if (!value) continue;
    marks.emplace_back(experiment.number, *value * factor,
                       fmt::format("{} {}: {}", name_of(experiment.number),
                                   space::to_text(engine::masked(experiment.parameters)),
                                   metrics::to_readable(metric, *value)),
                       *value);
    values.push_back(*value * factor);
  }
  if (values.empty()) return "";
  const auto* limit = limit_on(run, metric);
  if (limit != nullptr) values.push_back(limit->threshold * factor);
  const auto* info = metrics::find_metric(metric);
  Plot plot(Axis::of_numbers("trial", run.experiments.front().number, run.experiments.back().number),
            Axis::holding(axis_label(metric), values), info == nullptr ? metric : std::string(info->label));
  if (limit != nullptr)
    plot.limit_y(limit->threshold * factor, "limit " + metrics::to_readable(metric, limit->threshold),
                 !limit->is_minimum());
  for (const auto& [number, y, hint, value] : marks) {
    const bool is_best = answer.best && answer.best->number == number;
    const bool broken = limit != nullptr && limit->violation(value) > 0;
    plot.mark(number, y,
              is_best       ? Shape::star
              : number == 0 ? Shape::diamond
              : broken      ? Shape::ring
                            : Shape::dot,
              is_best       ? (answer.meets_limits ? "best" : "miss")
              : number == 0 ? "baseline"
                            : "point",
              hint);
  }
  return plot.figure("");
}

}  // namespace

std::string level_figures(const Run& run, const Answer& answer) {
  std::vector<std::string> wanted{metrics::objective_metric(
      metrics::Objective::maximize_throughput, answer.best && answer.best->metric.ends_with("_per_gpu"))};
  for (const auto& limit : run.task.goal.slo.limits) wanted.push_back(limit.metric());
  for (const auto* metric : {"p90_ttft", "p50_tpot", "p90_e2e_latency"}) wanted.emplace_back(metric);
  std::vector<std::string> metrics_shown;
  for (const auto& metric : wanted) {
    const bool latency_twice = std::ranges::find(metrics_shown, metric) != metrics_shown.end();
    if (!latency_twice && metrics_shown.size() < 6) metrics_shown.push_back(metric);
  }
  std::set<int> levels;
  for (const auto& level : run.task.workload.levels) levels.insert(level.concurrency);
  std::string text;
  if (levels.size() < 2) {
    for (const auto& metric : metrics_shown) text += over_trials(run, metric, answer);
    return text;
  }
  const auto curves = curves_of(run, answer);
  if (curves.empty()) return "";
  for (const auto& scenario : run.task.workload.scenarios) {
    for (const auto& metric : metrics_shown)
      text += over_levels(run, metric, curves, {levels.begin(), levels.end()}, scenario.text());
  }
  return text;
}

}  // namespace autotuner::report
