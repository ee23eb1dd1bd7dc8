#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "engine/resolve.hpp"
#include "metrics/slo.hpp"
#include "spec/convert.hpp"

namespace autotuner::spec {
namespace {

using Seconds = std::chrono::duration<double>;

/// Larger grids are not visited while a document is read; their count is the full product then.
constexpr std::uint64_t most_visited_points = 5'000;

constexpr Seconds shortest_look{2};
constexpr int fewest_in_look = 20;

/// What an engine usually needs until it answers, for the estimate of an experiment.
Seconds usual_startup(engine::RuntimeId runtime) {
  switch (runtime) {
    case engine::RuntimeId::sim:
      return Seconds(2);
    case engine::RuntimeId::llamacpp:
      return Seconds(15);
    case engine::RuntimeId::vllm:
    case engine::RuntimeId::sglang:
    case engine::RuntimeId::tensorrt_llm:
      return Seconds(120);
  }
  return Seconds(0);
}

int highest_level(const load::Workload& workload) {
  int highest = 0;
  for (const auto& level : workload.levels) highest = std::max(highest, level.concurrency);
  return highest;
}

bool is_minimised(metrics::Objective objective) {
  return !metrics::is_maximised(objective);
}

class CrossChecker {
 public:
  CrossChecker(const Node& document, const LoadOptions& options, Task& task, Report& report)
      : optimization_(document, "optimization"),
        benchmark_(document, "benchmark"),
        options_(options),
        task_(task),
        report_(report) {}

  void run() {
    check_goal();
    check_times();
    check_race();
    check_short_look();
    check_warm_start();
    check_requests();
    check_space();
  }

 private:
  void warn(const Section& section, const std::string& group, const std::string& key, std::string code,
            std::string message) {
    report_.warning(group + "." + key, section.line_of(key), std::move(code), std::move(message));
  }

  void check_goal() {
    const auto& goal = task_.goal;
    if (goal.objective == metrics::Objective::maximize_goodput && metrics::request_limits(goal.slo).empty()) {
      report_.error("optimization.objective", optimization_.line_of("objective"), "conflict",
                    "is maximize_goodput, which counts the requests that keep the limits; slo has none of "
                    "ttft, tpot and latency");
    }
    if (goal.at.kind == metrics::BasisKind::best_point && is_minimised(goal.objective)) {
      warn(optimization_, "optimization", "objective_at", "conflict",
           fmt::format("is best_point, which with {} always picks the lowest level; name a level instead",
                       metrics::to_text(goal.objective)));
    }
    if (task_.running.stop_when_converged && task_.search.kind != search::Kind::gp) {
      warn(optimization_, "optimization", "stop_when_converged", "no_effect",
           fmt::format(
               "has no effect with the strategy {}, which has no model of what is left; it has with bayesian",
               task_.strategy));
    }
    if (goal.at.kind != metrics::BasisKind::level) return;
    std::vector<int> levels;
    levels.reserve(task_.workload.levels.size());
    for (const auto& level : task_.workload.levels) levels.push_back(level.concurrency);
    if (std::ranges::find(levels, goal.at.level) != levels.end()) return;
    report_.error("optimization.objective_at", optimization_.line_of("objective_at"), "conflict",
                  fmt::format("is {}; must be one of the levels in benchmark.num_concurrency, {}",
                              goal.at.level, fmt::join(levels, ", ")));
  }

  void check_times() {
    const auto& running = task_.running;
    const auto worst = load::longest_duration(task_.workload) * (1 + running.short_look.value_or(0)) +
                       usual_startup(task_.runtime);
    if (worst > running.timeout_per_iteration) {
      warn(optimization_, "optimization", "timeout_per_iteration", "too_short",
           fmt::format(
               "is {}, but starting the engine and measuring {} x {} levels may take {}; raise it, or lower "
               "benchmark.max_time_per_iteration (minutes) or max_seconds_per_run",
               base::to_duration_text(running.timeout_per_iteration), task_.workload.scenarios.size(),
               task_.workload.levels.size(), base::to_duration_text(worst)));
    }
    if (running.ready_timeout && *running.ready_timeout > running.timeout_per_iteration) {
      warn(optimization_, "optimization", "ready_timeout", "no_effect",
           "is longer than timeout_per_iteration, which ends the wait before");
    }
    if (running.min_improvement && !running.patience) {
      warn(optimization_, "optimization", "min_improvement", "no_effect", "has no effect without patience");
    }
  }

  void check_race() {
    auto& running = task_.running;
    if (!running.race) return;
    if (running.repeat_best) {
      report_.error(
          "optimization.race", optimization_.line_of("race"), "conflict",
          "can't stand beside optimization.repeat_best, which measures the best again, too; give one "
          "of them");
    }
    if (task_.reference_compat) {
      warn(optimization_, "optimization", "race", "no_effect",
           "has no effect with compat: reference, which chooses by single runs");
      running.race.reset();
    }
  }

  /// A look of a moment knows its figures so badly that it ends nothing.
  void check_short_look() {
    auto& look = task_.running.short_look;
    if (!look) return;
    if (task_.reference_compat) {
      warn(optimization_, "optimization", "short_look", "no_effect",
           "has no effect with compat: reference, which measures every configuration whole");
      look.reset();
      return;
    }
    const auto load = load::shortened(task_.workload, *look);
    if (load.max_time < shortest_look) {
      warn(optimization_, "optimization", "short_look", "too_short",
           fmt::format("leaves {:.2g} s of a level, too little to say anything; raise share, or "
                       "benchmark.max_time_per_iteration (minutes) or max_seconds_per_run",
                       load.max_time.count()));
    }
    if (load.max_requests < fewest_in_look) {
      warn(optimization_, "optimization", "short_look", "too_few",
           fmt::format("leaves {} requests of a level, too few to say anything; raise share or "
                       "benchmark.max_requests_per_iteration",
                       load.max_requests));
    }
  }

  void check_warm_start() {
    auto& running = task_.running;
    if (!running.warm_start || task_.search.kind == search::Kind::gp) return;
    warn(optimization_, "optimization", "warm_start", "no_effect",
         fmt::format("has no effect with the strategy {}, which has no prior; it has with bayesian",
                     task_.reference_compat ? task_.strategy + " of compat: reference" : task_.strategy));
    running.warm_start = false;
  }

  void check_requests() {
    const int highest = highest_level(task_.workload);
    if (task_.workload.max_requests >= highest) return;
    warn(benchmark_, "benchmark", "max_requests_per_iteration", "too_few",
         fmt::format("is {}, fewer than the highest concurrency, {}: that level is never reached",
                     task_.workload.max_requests, highest));
  }

  engine::Setting setting() const {
    engine::Setting result;
    result.runtime = task_.runtime;
    result.model = task_.model.id_or_path;
    result.model_quantization = task_.model.quantization;
    result.host_gpus = options_.host_gpus;
    result.longest_context = load::longest_context(task_.workload);
    return result;
  }

  /// Without visiting points: only llama.cpp computes without a GPU.
  bool has_gpus_by_runtime() const {
    if (task_.runtime != engine::RuntimeId::llamacpp) return true;
    return options_.host_gpus > 0 &&
           std::ranges::none_of(task_.space.parameters,
                                [](const space::Parameter& p) { return p.name == "n-gpu-layers"; });
  }

  void check_space() {
    const auto points = space::grid_size(task_.space);
    if (!points || *points > most_visited_points) {
      task_.per_gpu = has_gpus_by_runtime();
      if (points) check_cut(*points, *points);
      return;
    }
    const auto facts = setting();
    const auto found = space::enumerate(task_.space, engine::point_rules(facts), task_.search.dedupe,
                                        space::GridOrder::lexicographic, 0);
    if (!found) {
      report_.error("parameters", 0, "not_allowed", found.error().message);
      return;
    }
    if (found->items.empty()) {
      no_point_left(*found);
      return;
    }
    task_.per_gpu = std::ranges::all_of(found->items, [&](const space::Candidate& candidate) {
      const auto resolved = engine::resolve(candidate.point, facts);
      return resolved && resolved->world_size > 0;
    });
    check_cut(*points, found->items.size());
  }

  void no_point_left(const space::Candidates& found) {
    std::vector<std::string> reasons;
    for (const auto& exclusion : found.excluded) {
      if (reasons.size() < 3) reasons.push_back(exclusion.reason);
    }
    report_.error("parameters", 0, "no_configuration",
                  fmt::format("leave no configuration that can run (of {}): {}", found.points,
                              fmt::join(reasons, "; ")));
  }

  void check_cut(std::uint64_t points, std::uint64_t distinct) {
    const auto most = static_cast<std::uint64_t>(task_.search.max_iterations);
    if (task_.search.kind != search::Kind::grid_search || distinct <= most) return;
    const std::string of =
        points == distinct ? fmt::format("{}", distinct) : fmt::format("{} (of {} points)", distinct, points);
    warn(optimization_, "optimization", "max_iterations", "grid_cut",
         fmt::format("is {}: the grid has {} configurations, the others are not measured; raise it, or set "
                     "optimization.order "
                     "to shuffled or halton so that the cut takes from everywhere",
                     most, of));
  }

  Section optimization_;
  Section benchmark_;
  const LoadOptions& options_;
  Task& task_;
  Report& report_;
};

}  // namespace

void cross_check(const Node& document, const LoadOptions& options, Task& task, Report& report) {
  CrossChecker(document, options, task, report).run();
}

}  // namespace autotuner::spec
