#include "cli/replay.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/exit_code.hpp"
#include "cli/line_protocol.hpp"
#include "cli/past_study.hpp"
#include "cli/prior.hpp"

namespace autotuner::cli {
namespace {

using base::Json;

constexpr double near = 0.95;
constexpr double nearest = 0.98;

struct Choices {
  std::vector<std::string> tables;
  std::string strategy = "gp";
  std::string seeds = "0:20";
  unsigned jobs = 1;
  bool json = false;
  bool log = false;
  bool no_prior = false;
  std::string wrong_prior;
  std::string history;
  bool wrong_history = false;
  std::vector<std::string> objectives;
  ReplayOptions study;
};

struct Seeds {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

base::Result<Seeds> seeds_from(const std::string& text) {
  const auto parts = base::split(text, ':');
  const auto low = base::to_number(parts.front());
  const auto high = parts.size() == 2 ? base::to_number(parts.back())
                    : low             ? std::optional(*low + 1)
                                      : std::nullopt;
  if (!low || !high || parts.size() > 2 || *low < 0 || *high <= *low || *high > 1e9 ||
      std::trunc(*low) != *low || std::trunc(*high) != *high)
    return base::invalid_input("seeds are \"{}\"; must be a number or FIRST:END, as in 0:20", text);
  return Seeds{static_cast<std::uint64_t>(*low), static_cast<std::uint64_t>(*high)};
}

/// "METRIC:max" or "METRIC:min", of metrics that the table has.
base::Result<std::vector<search::Objective>> objectives_from(const std::vector<std::string>& texts,
                                                             const TuningTable& table) {
  std::vector<search::Objective> objectives;
  std::vector<std::string> known;
  known.reserve(table.metrics.size());
  for (const auto& metric : table.metrics) known.push_back(metric.name);
  for (const auto& text : texts) {
    const auto parts = base::split(text, ':');
    if (parts.size() != 2 || (parts[1] != "max" && parts[1] != "min"))
      return base::invalid_input("the objective is \"{}\"; must be METRIC:max or METRIC:min", text);
    if (std::ranges::find(known, parts[0]) == known.end())
      return base::invalid_input("the objective is of \"{}\"; {} has {}", parts[0], table.name,
                                 fmt::join(known, ", "));
    objectives.push_back(
        {parts[0], parts[1] == "max" ? search::Direction::maximize : search::Direction::minimize});
  }
  return objectives;
}

/// Of a study that starts from an earlier one: each seed has an earlier study of its own.
base::Result<search::Blueprint> blueprint_of(const TuningTable& table, const search::Options& options,
                                             const PastStudy* past, std::uint64_t seed) {
  auto problem = table.space.problem;
  if (past != nullptr)
    problem.prior = search::history_prior(table.space.space, problem, successes_of(*past, seed));
  return search::Blueprint::make(table.space.space, table.space.rules, options, problem);
}

/// `past`: nullptr = the studies start from nothing.
base::Result<std::vector<ReplayedStudy>> replay_all(const TuningTable& table, const search::Options& how,
                                                    const PastStudy* past, Seeds seeds,
                                                    const Choices& choices) {
  const auto common = blueprint_of(table, how, nullptr, 0);
  if (!common) return tl::unexpected(common.error());
  std::vector<ReplayedStudy> studies(seeds.last - seeds.first);
  std::atomic<std::size_t> next{0};
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < std::max(1U, choices.jobs); ++i) {
      workers.emplace_back([&] {
        for (auto at = next++; at < studies.size(); at = next++) {
          const auto seed = seeds.first + at;
          const auto own = past == nullptr ? common : blueprint_of(table, how, past, seed);
          studies[at] = replay_study(table, own ? *own : *common, seed, choices.study);
        }
      });
    }
  }
  return studies;
}

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

/// Figures over the studies of one table.
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

/// One line per study, in the members that comparisons read.
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

base::Result<void> replay(const Choices& choices) {
  auto options = strategy_options(choices.strategy);
  if (!options) return tl::unexpected(options.error());
  const auto seeds = seeds_from(choices.seeds);
  if (!seeds) return tl::unexpected(seeds.error());
  std::optional<PastStudy> past;
  if (!choices.history.empty()) {
    auto read = read_past_study(choices.history, !choices.no_prior, choices.wrong_history);
    if (!read) return tl::unexpected(read.error());
    past = std::move(*read);
  }
  for (const auto& path : choices.tables) {
    auto table = read_tuning_table(path);
    if (!table) return tl::unexpected(table.error());
    add_groups(table->space);
    if (!choices.no_prior) add_prior(table->space);
    if (!choices.wrong_prior.empty())
      spoil_prior(table->space, choices.wrong_prior == "flipped" ? Wrong::flipped : Wrong::by_three);
    auto objectives = objectives_from(choices.objectives, *table);
    if (!objectives) return tl::unexpected(objectives.error());
    table->space.problem.objectives = std::move(*objectives);
    options->horizon = table->budgets.back();
    const auto played = replay_all(*table, *options, past ? &*past : nullptr, *seeds, choices);
    if (!played) return tl::unexpected(played.error());
    const auto& studies = *played;
    if (choices.log) {
      for (const auto& study : studies) {
        fmt::print("{} seed {}\n", table->name, study.seed);
        for (const auto& line : study.log) fmt::print("{}\n", line);
      }
    } else if (choices.json) {
      for (const auto& study : studies)
        fmt::print("{}\n", base::to_compact_text(run_of(*table, choices.strategy, study)));
    } else {
      fmt::print("{}", row_of(*table, summary(*table, choices.strategy, studies)));
    }
    std::fflush(stdout);
  }
  return {};
}

}  // namespace

void add_replay(CLI::App& app, int& exit_code) {
  auto choices = std::make_shared<Choices>();
  auto* command = app.add_subcommand("replay", "replay a strategy on tuning tables: many studies in seconds");
  command->add_option("TABLE", choices->tables, "NAME.json of a table; NAME.csv.gz lies beside it")
      ->required();
  command
      ->add_option("--strategy", choices->strategy,
                   "gp, forest, tpe, tpe-multivariate, hill_climb, random, sobol or grid")
      ->capture_default_str();
  command->add_option("--seeds", choices->seeds, "a seed, or FIRST:END")->capture_default_str();
  command->add_option("--jobs", choices->jobs, "studies at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  command->add_flag("--json", choices->json, "one JSON line for each study instead of figures");
  command->add_flag("--log", choices->log, "every trial with the reason for it instead of figures");
  command->add_flag("--no-prior", choices->no_prior, "do not reckon what the facts say about model and GPU");
  command
      ->add_option("--wrong-prior", choices->wrong_prior,
                   "test of robustness: expect the opposite (flipped) or err by a factor of three (x3)")
      ->check(CLI::IsMember({"flipped", "x3"}));
  auto* history = command->add_option(
      "--history", choices->history,
      "NAME.json of another table: a study of 30 trials on it, with a seed of its own, is known beforehand");
  command
      ->add_flag("--wrong-history", choices->wrong_history,
                 "test of robustness: the earlier study tells the inverse of every metric")
      ->needs(history);
  command
      ->add_option(
          "--objectives", choices->objectives,
          "two or three, as in throughput:max,tpot:min: look for their frontier, report its hypervolume as a "
          "share of what can be reached")
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--workers", choices->study.workers, "trials at once in each study, at true cost")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  command
      ->add_option("--short-look", choices->study.short_look,
                   "share of the load that decides whether the rest is sent, as optimization.short_look does")
      ->check(CLI::Range(0.05, 0.5));
  command->add_flag("--stop", choices->study.asks_to_stop,
                    "report when the strategy would stop, how many trials that saves and what it loses");
  command->footer(
      "docs/optimizer.md describes tables, noise and figures.\n\n"
      "Examples:\n"
      "  autotuner replay tables/*.json --seeds 0:20 --jobs 4\n"
      "  autotuner replay table.json --strategy tpe --json > runs.jsonl\n"
      "  autotuner replay table.json --seeds 3 --log");
  command->callback([choices, &exit_code] {
    const auto done = replay(*choices);
    if (!done) fmt::print(stderr, "error: {}\n", done.error().message);
    exit_code = done ? static_cast<int>(success) : exit_code_of(done.error());
  });
}

}  // namespace autotuner::cli
