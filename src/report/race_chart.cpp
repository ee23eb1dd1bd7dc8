#include <algorithm>

#include <fmt/format.h>

#include "metrics/choice.hpp"
#include "metrics/registry.hpp"
#include "report/charts.hpp"
#include "report/plot.hpp"

namespace autotuner::report {
namespace {

using search::RaceExit;
using tuning::Run;

/// One entrant's line of the plot.
struct Lane {
  const search::RacePlace* place = nullptr;
  std::vector<double> values;  ///< as shown, by round
  std::vector<std::string> hints;
};

/// The metric that the rows were scored by, as people see it.
struct RaceMetric {
  std::string name;
  std::string label;
  double factor = 1;
};

std::optional<RaceMetric> metric_of(const Run& run, const tuning::Race& race) {
  for (const auto& rows : race.rows) {
    for (const int row : rows) {
      const auto* experiment = tuning::find(run, row);
      if (experiment == nullptr || !experiment->score.value) continue;
      const auto* info = metrics::find_metric(experiment->score.metric);
      if (info == nullptr) return RaceMetric{experiment->score.metric, experiment->score.metric, 1};
      return RaceMetric{experiment->score.metric, fmt::format("{} [{}]", info->label, info->display_unit),
                        info->factor};
    }
  }
  return std::nullopt;
}

std::vector<Lane> lanes_of(const Run& run, const tuning::Race& race, const RaceMetric& metric) {
  std::vector<Lane> lanes;
  for (const auto& place : race.result.order) {
    Lane lane{.place = &place, .values = {}, .hints = {}};
    const auto rows = tuning::counted_rows(race, place.number);
    for (std::size_t round = 0; round < rows.size(); ++round) {
      const auto* experiment = rows[round] ? tuning::find(run, *rows[round]) : nullptr;
      if (experiment == nullptr || !experiment->score.value) continue;
      lane.values.push_back(*experiment->score.value * metric.factor);
      lane.hints.push_back(fmt::format("{}, round {} (trial {})\n{}", name_of(place.number), round + 1,
                                       experiment->number,
                                       metrics::to_readable(metric.name, *experiment->score.value)));
    }
    lanes.push_back(std::move(lane));
  }
  return lanes;
}

Axis axis_of(const std::vector<Lane>& lanes, const RaceMetric& metric) {
  std::vector<double> all;
  for (const auto& lane : lanes) all.insert(all.end(), lane.values.begin(), lane.values.end());
  auto [low, high] = std::ranges::minmax(all);
  // Whole intervals, unless so few rounds made them wide that the rounds would shrink to a dot.
  const double slack = high - low;
  const double floor = low - slack;
  const double ceiling = high + slack;
  for (const auto& lane : lanes) {
    const auto interval = metrics::raced_interval(lane.values);
    if (!interval) continue;
    low = std::min(low, std::max(interval->low, floor));
    high = std::max(high, std::min(interval->high, ceiling));
  }
  const double margin = high > low ? (high - low) * 0.12 : std::max(high * 0.05, 1e-9);
  Axis axis;
  axis.label = metric.label;
  axis.low = low - margin;
  axis.high = high + margin;
  return axis;
}

void draw(Plot& plot, const Lane& lane, double y, bool leads, const RaceMetric& metric) {
  for (std::size_t i = 0; i < lane.values.size(); ++i)
    plot.mark(lane.values[i], y, Shape::dot, "point faint", lane.hints[i]);
  if (lane.values.empty()) return;
  double mean = 0;
  for (const double value : lane.values) mean += value / static_cast<double>(lane.values.size());
  const auto interval = metrics::raced_interval(lane.values);
  if (interval) plot.line({{interval->low, y}, {interval->high, y}}, "race-interval");
  const bool out = lane.place->exit != RaceExit::none;
  const auto hint = fmt::format("{}: mean of {}, {}", name_of(lane.place->number), lane.values.size(),
                                metrics::to_readable(metric.name, mean / metric.factor));
  const auto shape = leads                     ? Shape::star
                     : out                     ? Shape::cross
                     : lane.place->number == 0 ? Shape::diamond
                                               : Shape::dot;
  plot.mark(mean, y, shape, leads ? "best" : lane.place->number == 0 ? "baseline" : "point", hint);
  if (out) plot.text(mean, y, fmt::format("out after round {}", lane.place->left_after), "");
}

}  // namespace

std::string race_figure(const Run& run, const Answer& answer) {
  if (!answer.race || answer.race->result.rounds == 0) return "";
  const auto metric = metric_of(run, *answer.race);
  if (!metric) return "";
  const auto lanes = lanes_of(run, *answer.race, *metric);
  Axis y;
  y.low = 0.4;
  y.high = static_cast<double>(lanes.size()) + 0.6;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    const int number = lanes[i].place->number;
    y.ticks.emplace_back(static_cast<double>(lanes.size() - i),
                         number == 0 ? "defaults" : fmt::format("#{}", number));
  }
  Plot plot(axis_of(lanes, *metric), y, "Final race");
  for (std::size_t i = 0; i < lanes.size(); ++i)
    draw(plot, lanes[i], static_cast<double>(lanes.size() - i), i == 0, *metric);
  return plot.figure(
      fmt::format("A faint dot is one round, the mark the mean, the line its 95 % interval. ★ {}, ◆ engine "
                  "defaults, ✕ out. "
                  "Rounds are compared pairwise, so lines may overlap where the difference is sure.",
                  answer.race->result.decided ? "winner" : "leader"));
}

}  // namespace autotuner::report
