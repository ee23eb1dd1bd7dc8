#include "cli/replay_figures.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace autotuner::cli {
namespace {

using base::Json;

constexpr double near = 0.95;
constexpr double nearest = 0.98;

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const auto n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

std::size_t first_hit(const std::vector<double>& trace, double level) {
  return static_cast<std::size_t>(std::ranges::find_if(trace, [level](double t) { return t >= level; }) -
                                  trace.begin());
}

std::size_t trials_until_stop(const ReplayedStudy& study) {
  return study.would_stop > 0 ? study.would_stop : study.trace.size();
}

}  // namespace

Json summary(const TuningTable& table, const std::string& strategy,
             const std::vector<ReplayedStudy>& studies) {
  const auto collect = [&](auto figure) {
    std::vector<double> values;
    values.reserve(studies.size());
    for (const auto& study : studies) values.push_back(static_cast<double>(figure(study)));
    return values;
  };
  Json at = Json::object();
  for (const int budget : table.budgets) {
    const auto shares =
        collect([&](const ReplayedStudy& s) { return s.trace[static_cast<std::size_t>(budget) - 1]; });
    const auto share_above = [&](double level) {
      return static_cast<double>(std::ranges::count_if(shares, [&](double s) { return s >= level; })) /
             static_cast<double>(shares.size());
    };
    at[std::to_string(budget)] = {{"mean", mean(shares)},
                                  {"median", median(shares)},
                                  {"within_5", share_above(near)},
                                  {"within_2", share_above(nearest)}};
  }
  const auto hit_seconds = collect([](const ReplayedStudy& s) {
    const auto hit = first_hit(s.trace, near);
    return s.spent_seconds[std::min(hit, s.spent_seconds.size() - 1)];
  });
  double slowest = 0;
  for (const auto& study : studies) slowest = std::max(slowest, study.slowest_ask_seconds);
  const double asks = mean(collect([](const ReplayedStudy& s) { return s.asks; }));
  return {{"table", table.name},
          {"sampler", strategy},
          {"studies", studies.size()},
          {"at", std::move(at)},
          {"median_first_hit_5",
           median(collect([](const ReplayedStudy& s) { return first_hit(s.trace, near) + 1; }))},
          {"crashes", mean(collect([](const ReplayedStudy& s) { return s.crashes; }))},
          {"violations", mean(collect([](const ReplayedStudy& s) { return s.violations; }))},
          {"repeats", mean(collect([](const ReplayedStudy& s) { return s.repeats; }))},
          {"cut_short", mean(collect([](const ReplayedStudy& s) { return s.cut_short; }))},
          {"cut_wrongly", mean(collect([](const ReplayedStudy& s) { return s.cut_wrongly; }))},
          {"restarts", mean(collect([](const ReplayedStudy& s) { return s.restarts; }))},
          {"stopped", mean(collect([](const ReplayedStudy& s) { return s.would_stop > 0 ? 1 : 0; }))},
          {"trials_until_stop", mean(collect(trials_until_stop))},
          {"loss_of_stopping", mean(collect([](const ReplayedStudy& s) {
             return s.trace.back() - s.trace[trials_until_stop(s) - 1];
           }))},
          {"replay_seconds", mean(collect([](const ReplayedStudy& s) { return s.spent_seconds.back(); }))},
          {"median_seconds_to_5", median(hit_seconds)},
          {"seconds_per_ask",
           mean(collect([](const ReplayedStudy& s) { return s.ask_seconds; })) / std::max(asks, 1.0)},
          {"slowest_ask_seconds", slowest}};
}

std::string row_of(const TuningTable& table, const Json& figures) {
  std::string means;
  std::string hits;
  for (const int budget : table.budgets) {
    const auto& at = figures["at"][std::to_string(budget)];
    means += fmt::format(" @{} {:.3f}", budget, at["mean"].get<double>());
    hits += fmt::format(" {:.2f}", at["within_5"].get<double>());
  }
  const auto& last = figures["at"][std::to_string(table.budgets.back())];
  const auto stop =
      figures["stopped"].get<double>() > 0
          ? fmt::format(" | stops in {:.0f} % of studies, on average after {:.1f} trials, for {:.3f} less",
                        100 * figures["stopped"].get<double>(), figures["trials_until_stop"].get<double>(),
                        figures["loss_of_stopping"].get<double>())
          : "";
  const auto cut = figures["cut_short"].get<double>() > 0
                       ? fmt::format(" | {:.1f} trials cut short, {:.2f} of them within 1 % of the best",
                                     figures["cut_short"].get<double>(), figures["cut_wrongly"].get<double>())
                       : "";
  return fmt::format(
      "{:26} {:6} n={:<3}{} | within 5 %{} 2 % {:.2f} | first hit {:g} | crashes {:.2f} restarts {:.1f} | "
      "{:.0f} s "
      "to 5 %, {:.0f} s in all | ask {:.2f} ms, slowest {:.1f} ms{}{}\n",
      table.name, figures["sampler"].get<std::string>(), figures["studies"].get<std::size_t>(), means, hits,
      last["within_2"].get<double>(), figures["median_first_hit_5"].get<double>(),
      figures["crashes"].get<double>(), figures["restarts"].get<double>(),
      figures["median_seconds_to_5"].get<double>(), figures["replay_seconds"].get<double>(),
      1e3 * figures["seconds_per_ask"].get<double>(), 1e3 * figures["slowest_ask_seconds"].get<double>(), cut,
      stop);
}

Json run_of(const TuningTable& table, const std::string& strategy, const ReplayedStudy& study) {
  const auto rounded = [](double x, double unit) { return std::round(x / unit) * unit; };
  Json trace = Json::array();
  for (const double share : study.trace) trace.push_back(std::round(share * 1e4) / 1e4);
  Json spent = Json::array();
  for (const double seconds : study.spent_seconds) spent.push_back(std::round(seconds * 10) / 10);
  return {{"table", table.name},
          {"sampler", strategy},
          {"seed", study.seed},
          {"trace", std::move(trace)},
          {"spent", std::move(spent)},
          {"crashes", study.crashes},
          {"violations", study.violations},
          {"repeats", study.repeats},
          {"restarts", study.restarts},
          {"cut_short", study.cut_short},
          {"cut_wrongly", study.cut_wrongly},
          {"replay_seconds", rounded(study.spent_seconds.back(), 0.1)},
          {"would_stop", study.would_stop},
          {"seconds_per_ask", study.ask_seconds / static_cast<double>(std::max<std::size_t>(study.asks, 1))}};
}

}  // namespace autotuner::cli
