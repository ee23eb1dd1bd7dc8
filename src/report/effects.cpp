#include "report/effects.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"
#include "metrics/registry.hpp"
#include "report/charts.hpp"
#include "report/plot.hpp"
#include "report/sentences.hpp"

namespace autotuner::report {
namespace {

using search::Effect;
using search::EffectLevel;

constexpr std::size_t most_figures = 6;
constexpr std::size_t room_for_ticks = 52;  ///< characters below a plot
constexpr std::size_t longest_tick = 12;

bool is_higher_better(const std::string& metric) {
  const auto* info = metrics::find_metric(metric);
  return info != nullptr && info->direction == metrics::Direction::higher;
}

bool is_worth_showing(const Effect& effect) {
  return effect.share >= worth_a_word && effect.levels.size() > 1;
}

/// "threads best at 4 (120 tokens/s), worst at 1 (30 tokens/s, -75 %)".
std::string best_and_worst(const Effect& effect, const std::string& metric) {
  const auto [lowest, highest] = std::ranges::minmax_element(effect.levels, {}, &EffectLevel::mean);
  const bool higher = is_higher_better(metric);
  const auto& best = higher ? *highest : *lowest;
  const auto& worst = higher ? *lowest : *highest;
  const auto difference =
      best.mean > 0 ? ", " + percent_text((worst.mean - best.mean) / best.mean) : std::string();
  return fmt::format("{} best at {} ({}), worst at {} ({}{})", display_name(effect.parameter), best.value,
                     metrics::to_readable(metric, best.mean), worst.value,
                     metrics::to_readable(metric, worst.mean), difference);
}

/// The values below the plot, fewer where they would run into each other.
Axis value_axis(const Effect& effect) {
  Axis axis;
  axis.label = display_name(effect.parameter);
  axis.low = -0.5;
  axis.high = static_cast<double>(effect.levels.size()) - 0.5;
  std::size_t characters = 0;
  for (const auto& level : effect.levels) characters += std::min(level.value.size(), longest_tick) + 1;
  const auto step = (characters + room_for_ticks - 1) / room_for_ticks;
  for (std::size_t i = 0; i < effect.levels.size(); i += step) {
    const auto& value = effect.levels[i].value;
    axis.ticks.emplace_back(static_cast<double>(i),
                            value.size() > longest_tick ? value.substr(0, longest_tick - 1) + "…" : value);
  }
  return axis;
}

/// "⚠ varied together with b (Spearman 0.93): what each of them does can't be told apart"; empty = alone.
std::string caution_of(const Effect& effect, const search::Importance& importance) {
  std::vector<std::string> others;
  for (const auto& pair : importance.entangled) {
    if (pair.first != effect.parameter && pair.second != effect.parameter) continue;
    const auto& other = pair.first == effect.parameter ? pair.second : pair.first;
    others.push_back(fmt::format("{} (Spearman {:.2f})", display_name(other), pair.correlation));
  }
  if (others.empty()) return {};
  return fmt::format("⚠ Varied together with {}: what each of them does can't be told apart.",
                     base::join(others, ", "));
}

std::string figure(const Effect& effect, const MetricImportance& found) {
  const double factor = display_factor(found.metric);
  std::vector<double> values;
  for (const auto& level : effect.levels) {
    values.push_back((level.mean - level.deviation) * factor);
    values.push_back((level.mean + level.deviation) * factor);
  }
  const auto caution = caution_of(effect, found.importance);
  const auto* info = metrics::find_metric(found.metric);
  Plot plot(value_axis(effect), Axis::holding(axis_label(found.metric), values),
            fmt::format("{} by {}{}", info == nullptr ? found.metric : std::string(info->label),
                        display_name(effect.parameter), caution.empty() ? "" : " ⚠"));
  std::vector<std::pair<double, double>> line;
  for (std::size_t i = 0; i < effect.levels.size(); ++i) {
    const auto x = static_cast<double>(i);
    line.emplace_back(x, effect.levels[i].mean * factor);
    plot.line({{x, values[2 * i]}, {x, values[2 * i + 1]}}, "whisker");
  }
  plot.line(line, "effect");
  for (std::size_t i = 0; i < effect.levels.size(); ++i) {
    const auto& level = effect.levels[i];
    plot.mark(line[i].first, line[i].second, Shape::dot, "point",
              fmt::format("{} {}: {}, trees differ by ± {}", display_name(effect.parameter), level.value,
                          metrics::to_readable(found.metric, level.mean),
                          metrics::to_readable(found.metric, level.deviation)));
  }
  return plot.figure(fmt::format("Explains {:.0f} % of the variation. {} Bars: deviation over the trees.{}",
                                 100 * effect.share,
                                 escaped(fmt::format("M{}.", std::string(effect_method).substr(1))),
                                 caution.empty() ? "" : " " + escaped(caution)));
}

}  // namespace

std::string effect_sentence(const MetricImportance& found, bool with_method) {
  std::vector<std::string> parts;
  for (const auto& effect : found.importance.effects) {
    if (is_worth_showing(effect)) parts.push_back(best_and_worst(effect, found.metric));
  }
  if (parts.empty()) return {};
  const auto method = with_method ? fmt::format(" ({})", effect_method) : std::string();
  return fmt::format("By value{}: {}", method, base::join(parts, "; "));
}

std::string effect_figures(const std::vector<MetricImportance>& importances) {
  std::string text;
  std::size_t shown = 0;
  for (const auto& found : importances) {
    for (const auto& effect : found.importance.effects) {
      if (shown == most_figures || !is_worth_showing(effect)) continue;
      text += figure(effect, found);
      ++shown;
    }
  }
  return text;
}

}  // namespace autotuner::report
