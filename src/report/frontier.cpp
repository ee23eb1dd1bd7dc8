#include "report/frontier.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "engine/command_line.hpp"
#include "metrics/registry.hpp"
#include "report/answer.hpp"
#include "report/plot.hpp"
#include "search/frontier.hpp"

namespace autotuner::report {
namespace {

using tuning::Run;

struct Row {
  Frontier::Point point;
  search::Values values;  ///< larger is better
};

std::vector<Row> rows_of(const Run& run, bool met) {
  std::vector<Row> rows;
  for (const auto& experiment : run.experiments) {
    if (experiment.same_as || experiment.repeat_of || experiment.fidelity < 1 ||
        experiment.rank() > (met ? 0 : 1))
      continue;
    Row row{{experiment.number, experiment.score.objectives}, {}};
    for (const auto& wanted : run.task.goal.objectives) {
      const auto found = experiment.score.objectives.find(wanted.metric);
      if (found != experiment.score.objectives.end())
        row.values.push_back(wanted.maximise ? found->second : -found->second);
    }
    if (row.values.size() == run.task.goal.objectives.size()) rows.push_back(std::move(row));
  }
  return rows;
}

std::string label_of(const std::string& metric) {
  const auto* info = metrics::find_metric(metric);
  return info == nullptr ? metric : std::string(info->label);
}

Axis axis_of(const std::string& metric, const std::vector<double>& values) {
  const auto* info = metrics::find_metric(metric);
  return Axis::holding(info == nullptr ? metric : fmt::format("{} [{}]", info->label, info->display_unit),
                       values);
}

double shown_value(const std::string& metric, const Frontier::Point& point) {
  const auto* info = metrics::find_metric(metric);
  return point.values.at(metric) * (info == nullptr ? 1 : info->factor);
}

void measure(const Run& run, const std::vector<Row>& rows, Frontier& frontier) {
  auto worst = rows.front().values;
  auto best = worst;
  std::vector<search::Values> values;
  for (const auto& row : rows) {
    values.push_back(row.values);
    for (std::size_t k = 0; k < worst.size(); ++k) {
      worst[k] = std::min(worst[k], row.values[k]);
      best[k] = std::max(best[k], row.values[k]);
    }
  }
  double box = 1;
  for (std::size_t k = 0; k < worst.size(); ++k) {
    box *= best[k] - worst[k];
    const auto& wanted = run.task.goal.objectives[k];
    frontier.worst[wanted.metric] = wanted.maximise ? worst[k] : -worst[k];
  }
  if (!(box > 0)) return;
  frontier.hypervolume = search::Frontier(std::move(values), std::move(worst)).hypervolume();
  frontier.hypervolume_share = *frontier.hypervolume / box;
}

}  // namespace

std::optional<Frontier> frontier_of(const Run& run) {
  if (run.task.goal.objectives.empty()) return std::nullopt;
  Frontier frontier;
  auto rows = rows_of(run, true);
  if (rows.empty()) {
    frontier.meets_limits = false;
    rows = rows_of(run, false);
  }
  if (rows.empty()) return std::nullopt;
  std::ranges::stable_sort(rows, std::greater(), [](const Row& row) { return row.values.front(); });
  std::vector<search::Values> values;
  values.reserve(rows.size());
  for (const auto& row : rows) values.push_back(row.values);
  const auto front = search::non_dominated(values);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const bool inside = std::ranges::find(front, i) != front.end();
    (inside ? frontier.points : frontier.others).push_back(rows[i].point);
  }
  measure(run, rows, frontier);
  return frontier;
}

std::string to_text(const Run& run, const Frontier::Point& point) {
  std::vector<std::string> parts;
  parts.reserve(run.task.goal.objectives.size());
  for (const auto& wanted : run.task.goal.objectives) {
    parts.push_back(fmt::format("{} {}", label_of(wanted.metric),
                                metrics::to_readable(wanted.metric, point.values.at(wanted.metric))));
  }
  return fmt::format("{}: {}", name_of(point.number), fmt::join(parts, ", "));
}

std::string sentence(const Run& run, const Frontier& frontier, std::optional<int> shipped) {
  std::vector<std::string> names;
  names.reserve(run.task.goal.objectives.size());
  for (const auto& wanted : run.task.goal.objectives) names.push_back(label_of(wanted.metric));
  const auto count = frontier.points.size();
  auto text = fmt::format("Frontier of {}: {}", fmt::join(names, ", "),
                          count == 1 ? "one configuration is best in all"
                                     : fmt::format("{} configurations that no other beats in all", count));
  if (!frontier.meets_limits) text += " (none keeps the limits)";
  if (frontier.hypervolume_share)
    text += fmt::format("; hypervolume {:.0f} % of the box from worst to best",
                        100 * *frontier.hypervolume_share);
  if (shipped) {
    const bool on_it = std::ranges::count(frontier.points, *shipped, &Frontier::Point::number) > 0;
    text += fmt::format("; #{} is {} it", *shipped, on_it ? "on" : "not on");
  }
  return text;
}

base::Json to_json(const Run& run, const Frontier& frontier) {
  base::Json objectives = base::Json::array();
  for (const auto& wanted : run.task.goal.objectives)
    objectives.push_back({{"metric", wanted.metric}, {"direction", wanted.maximise ? "max" : "min"}});
  base::Json points = base::Json::array();
  for (const auto& point : frontier.points) {
    const auto* experiment = tuning::find(run, point.number);
    points.push_back({{"experiment_id", point.number},
                      {"parameters", space::to_json(engine::masked(experiment->parameters))},
                      {"metrics", point.values}});
  }
  return {{"objectives", objectives},
          {"points", points},
          {"meets_limits", frontier.meets_limits},
          {"hypervolume", base::number_or_null(frontier.hypervolume)},
          {"hypervolume_share", base::number_or_null(frontier.hypervolume_share)},
          {"reference", frontier.worst}};
}

std::string frontier_figure(const Run& run, const std::optional<Frontier>& frontier,
                            std::optional<int> shipped) {
  if (!frontier) return "";
  const auto& objectives = run.task.goal.objectives;
  const auto& x = objectives[0].metric;
  const auto& y = objectives[1].metric;
  std::vector<double> xs;
  std::vector<double> ys;
  for (const auto* points : {&frontier->points, &frontier->others}) {
    for (const auto& point : *points) {
      xs.push_back(shown_value(x, point));
      ys.push_back(shown_value(y, point));
    }
  }
  Plot plot(axis_of(x, xs), axis_of(y, ys), "Frontier of the objectives");
  // Numbers of points that lie on each other would be a blot.
  const auto [left, right] = std::ranges::minmax(xs);
  const auto [bottom, top] = std::ranges::minmax(ys);
  std::vector<std::pair<double, double>> labelled;
  const auto is_free = [&](double at_x, double at_y) {
    constexpr double room = 0.06;
    return std::ranges::none_of(labelled, [&](const auto& other) {
      return std::abs(other.first - at_x) < room * (right - left) &&
             std::abs(other.second - at_y) < room * (top - bottom);
    });
  };
  const auto mark = [&](const Frontier::Point& point, bool inside) {
    const bool is_shipped = point.number == shipped;
    const auto shape = is_shipped          ? Shape::star
                       : point.number == 0 ? Shape::diamond
                       : inside            ? Shape::dot
                                           : Shape::ring;
    plot.mark(shown_value(x, point), shown_value(y, point), shape,
              is_shipped          ? "best"
              : point.number == 0 ? "baseline"
              : inside            ? "point"
                                  : "point faint",
              to_text(run, point));
    const std::pair at(shown_value(x, point), shown_value(y, point));
    if (!inside || !is_free(at.first, at.second)) return;
    plot.text(at.first, at.second, fmt::format("#{}", point.number), "");
    labelled.push_back(at);
  };
  // With a third objective the projection of the frontier is no line.
  if (objectives.size() == 2) {
    std::vector<std::pair<double, double>> line;
    for (const auto& point : frontier->points)
      line.emplace_back(shown_value(x, point), shown_value(y, point));
    plot.line(line, "frontier");
  }
  // The one to ship comes first, so that its number is not left out.
  std::vector<const Frontier::Point*> front;
  for (const auto& point : frontier->points)
    front.insert(point.number == shipped ? front.begin() : front.end(), &point);
  for (const auto& point : frontier->others) mark(point, false);
  for (const auto* point : front) mark(*point, true);
  return plot.figure(
      fmt::format("Filled: no other trial is better in all {} objectives{}. ★ to ship, ◆ engine defaults.",
                  objectives.size(), frontier->meets_limits ? "" : "; none of them keeps the limits"));
}

}  // namespace autotuner::report
