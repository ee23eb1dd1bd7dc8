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
#include "cli/replay_figures.hpp"

namespace autotuner::cli {
namespace {

using base::Json;

struct Choices {
  std::vector<std::string> tables;
  std::string strategy = "gp";
  std::string seeds = "0:20";
  unsigned jobs = 1;
  bool json = false;
  bool log = false;
  bool no_prior = false;
  std::string kernel_tables;
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

base::Result<void> add_expectation(search::StudySpace& space, const Choices& choices,
                                   const ReadKernels& read_kernels) {
  if (choices.no_prior) return {};
  if (choices.kernel_tables.empty()) {
    add_prior(space);
  } else if (auto added = add_prior_with_kernels(space,
                                                 [&](const predict::Estimator& estimator) {
                                                   return read_kernels(choices.kernel_tables, estimator);
                                                 });
             !added) {
    return added;
  }
  if (!choices.wrong_prior.empty())
    spoil_prior(space, choices.wrong_prior == "flipped" ? Wrong::flipped : Wrong::by_three);
  return {};
}

base::Result<void> replay(const Choices& choices, const ReadKernels& read_kernels) {
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
    if (auto added = add_expectation(table->space, choices, read_kernels); !added) return added;
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

void add_replay(CLI::App& app, ReadKernels read_kernels, int& exit_code) {
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
  command->add_option("--kernel-tables", choices->kernel_tables,
                      "folder of an installed aiconfigurator_core: reckon with its measured kernels, too");
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
  command->callback([choices, read_kernels = std::move(read_kernels), &exit_code] {
    const auto done = replay(*choices, read_kernels);
    if (!done) fmt::print(stderr, "error: {}\n", done.error().message);
    exit_code = done ? static_cast<int>(success) : exit_code_of(done.error());
  });
}

}  // namespace autotuner::cli
