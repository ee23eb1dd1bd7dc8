#include "cli/plan.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "cli/exit_code.hpp"
#include "cli/plan_forecast.hpp"
#include "cli/plan_start.hpp"
#include "cli/refusal.hpp"
#include "cli/task_source.hpp"
#include "engine/command_line.hpp"
#include "engine/group.hpp"
#include "spec/client_parameters.hpp"
#include "tuning/expectation.hpp"
#include "tuning/outline.hpp"
#include "tuning/race.hpp"

namespace autotuner::cli {
namespace {

constexpr std::size_t shown_points = 10;

struct PlanOptions {
  std::string file;
  bool strict = false, json = false, no_baseline = false;
};

struct PlannedPoint {
  space::Point parameters;
  space::Point flags;
  std::string command;
  std::string client;  ///< what the load generator does otherwise than in the other points; empty = nothing
  int gpus = 0;
};

/// With what its clients do as a comment, so that the line still is a command.
std::string command_text(const PlannedPoint& point) {
  return point.client.empty() ? point.command : point.command + "  # " + point.client;
}

struct PlannedGroup {
  engine::Group group = engine::Group::other;
  std::vector<std::string> parameters;
};

struct Plan {
  std::optional<std::uint64_t> points, valid, distinct;  ///< nothing when the space is not finite
  std::vector<space::Exclusion> excluded;
  std::vector<PlannedPoint> first;
  std::optional<PlannedPoint> baseline;
  std::uint64_t planned = 0;
  int min_gpus = 0, max_gpus = 0;  ///< as the flags ask for them
  int host_gpus = 0;
  double seconds_low = 0, seconds_high = 0;
  std::vector<PlannedGroup> groups;  ///< of varied parameters, in the order of exploration, `other` last
  std::optional<tuning::Forecast> forecast;
  KernelWords kernels;
  tuning::Premises premises;
};

/// What a start costs when nothing is known of this engine here: seconds for llama.cpp, minutes on GPUs.
std::pair<double, double> start_seconds(engine::RuntimeId runtime) {
  switch (runtime) {
    case engine::RuntimeId::llamacpp:
      return {0.5, 15};
    case engine::RuntimeId::sim:
      return {0.1, 3};
    case engine::RuntimeId::sglang:
    case engine::RuntimeId::vllm:
    case engine::RuntimeId::tensorrt_llm:
      return {30, 240};
  }
  return {1, 60};
}

PlannedPoint planned_point(const space::Point& point, const spec::Task& task,
                           const engine::Setting& setting) {
  PlannedPoint planned;
  planned.parameters = point;
  const auto resolved = engine::resolve(point, setting);
  if (!resolved) return planned;
  planned.flags = resolved->flags;
  planned.gpus = resolved->world_size;
  engine::Invocation invocation;
  invocation.model = task.model.id_or_path;
  invocation.port = 30000;
  invocation.program = engine::default_program(task.runtime);
  const auto command =
      engine::masked_command(engine::command_line(invocation, resolved->flags, task.runtime));
  planned.command = engine::shell_line(resolved->environment, command);
  planned.client = spec::client_words(point);
  return planned;
}

/// Adds so many trials of a load. A level ends by its requests or by its time: the low end assumes a second
/// of load a level.
void add_time(Plan& plan, const spec::Task& task, const load::Workload& load, double trials) {
  const auto [start_low, start_high] = start_seconds(task.runtime);
  const auto levels = static_cast<double>(load.scenarios.size() * load.levels.size()) * load.repeat;
  const double budget = task.running.timeout_per_iteration.count();
  plan.seconds_low += trials * std::min(budget, start_low + levels);
  plan.seconds_high += trials * std::min(budget, start_high + load::longest_duration(load).count());
}

void estimate_time(Plan& plan, const spec::Task& task, bool with_baseline) {
  const auto& usual = plan.first.empty() ? space::Point{} : plan.first.front().parameters;
  add_time(plan, task, spec::workload_of(task.workload, usual), static_cast<double>(plan.planned));
  if (with_baseline) add_time(plan, task, task.workload, 1);
}

std::vector<PlannedGroup> groups_of(const spec::Task& task) {
  std::vector<PlannedGroup> ordered;
  for (const auto group : engine::exploration_order()) ordered.push_back({group, {}});
  ordered.push_back({engine::Group::other, {}});
  for (const auto& parameter : task.space.parameters) {
    if (space::is_fixed(parameter)) continue;
    const auto group = engine::group_of(task.runtime, parameter.name);
    std::ranges::find(ordered, group, &PlannedGroup::group)->parameters.push_back(parameter.name);
  }
  std::erase_if(ordered, [](const PlannedGroup& group) { return group.parameters.empty(); });
  return ordered;
}

base::Result<Plan> make_plan(const spec::Task& task, const tuning::Premises& premises, int host_gpus,
                             bool with_baseline) {
  Plan plan;
  plan.premises = premises;
  plan.host_gpus = host_gpus;
  const auto setting = tuning::setting_of(task, host_gpus);
  const auto rules = engine::point_rules(setting);
  const auto options = tuning::search_options(task, task.search.seed);
  auto strategy = search::make_strategy(task.space, rules, options);
  if (!strategy) return tl::unexpected(strategy.error());
  plan.planned = (*strategy)->planned();
  plan.points = space::grid_size(task.space);
  if (auto candidates = space::enumerate(task.space, rules, options.dedupe, options.order, options.seed)) {
    plan.valid = candidates->valid;
    plan.distinct = candidates->items.size();
    plan.excluded = std::move(candidates->excluded);
    std::optional<int> low;
    for (const auto& candidate : candidates->items) {
      const auto resolved = engine::resolve(candidate.point, setting);
      if (!resolved) continue;
      low = std::min(low.value_or(resolved->world_size), resolved->world_size);
      plan.max_gpus = std::max(plan.max_gpus, resolved->world_size);
    }
    plan.min_gpus = low.value_or(0);
    plan.forecast = tuning::forecast_of(task, premises, candidates->items);
  }
  for (const auto& suggestion : (*strategy)->suggest(std::min<std::size_t>(shown_points, plan.planned))) {
    plan.first.push_back(planned_point(suggestion.point, task, setting));
    if (!plan.valid) plan.max_gpus = std::max(plan.max_gpus, plan.first.back().gpus);
  }
  if (with_baseline)
    plan.baseline = planned_point(engine::baseline_point(task.space, setting), task, setting);
  if (task.running.repeat_best) {
    const auto [points, times] = *task.running.repeat_best;
    plan.planned += std::min<std::uint64_t>(plan.planned, static_cast<std::uint64_t>(points)) *
                    static_cast<std::uint64_t>(times);
  }
  plan.planned += tuning::most_race_rows(task, plan.planned, with_baseline);
  plan.groups = groups_of(task);
  estimate_time(plan, task, with_baseline);
  return plan;
}

base::Json to_json(const PlannedPoint& point) {
  return {{"parameters", space::to_json(engine::masked(point.parameters, "********"))},
          {"flags", space::to_json(engine::masked(point.flags, "********"))},
          {"command", point.command},
          {"client", point.client},
          {"gpus", point.gpus}};
}

base::Json to_json(const Plan& plan, const spec::Task& task) {
  const auto count = [](const std::optional<std::uint64_t>& n) {
    return n ? base::Json(*n) : base::Json(nullptr);
  };
  base::Json excluded = base::Json::array();
  for (const auto& exclusion : plan.excluded) {
    excluded.push_back({{"reason", exclusion.reason},
                        {"count", exclusion.count},
                        {"example", space::to_json(engine::masked(exclusion.example, "********"))}});
  }
  base::Json first = base::Json::array();
  for (const auto& point : plan.first) first.push_back(to_json(point));
  base::Json order = base::Json::array();
  for (const auto& group : plan.groups) {
    order.push_back({{"name", std::string(engine::to_text(group.group))},
                     {"parameters", group.parameters},
                     {"reason", std::string(engine::reason_of(group.group))}});
  }
  return {
      {"task_name", task.name},
      {"simulated", engine::runtime(task.runtime).simulated},
      {"space",
       {{"points", count(plan.points)},
        {"valid", count(plan.valid)},
        {"distinct", count(plan.distinct)},
        {"excluded", excluded},
        {"first", first},
        {"planned_experiments", plan.planned},
        {"baseline", plan.baseline ? to_json(*plan.baseline) : base::Json(nullptr)}}},
      {"estimate", {{"seconds", {plan.seconds_low, plan.seconds_high}}, {"basis", "default"}}},
      {"groups", order},
      {"starts_from", tuning::to_json(plan.premises.earlier)},
      {"prediction", plan.forecast ? cli::to_json(*plan.forecast, task, plan.kernels) : base::Json(nullptr)},
      {"gpus", {{"min", plan.min_gpus}, {"max", plan.max_gpus}, {"here", plan.host_gpus}}}};
}

/// What the flags ask for, held against what is here.
std::string gpus_line(const Plan& plan, bool simulated) {
  auto wanted = std::to_string(plan.min_gpus);
  if (plan.max_gpus != plan.min_gpus) wanted += fmt::format(" to {}", plan.max_gpus);
  if (simulated) return "GPUs (simulated): " + wanted;
  if (plan.max_gpus == 0) return "GPUs: none needed";
  if (plan.host_gpus > 0) return fmt::format("GPUs: {} of {} here", wanted, plan.host_gpus);
  return fmt::format("GPUs: 0 here; needs {}, unless this build of the engine computes on the CPU", wanted);
}

void print_groups(const std::vector<PlannedGroup>& ordered) {
  if (ordered.size() < 2) return;
  std::string order;
  for (const auto& group : ordered)
    order += fmt::format("{}{} ({})", order.empty() ? "" : " -> ", engine::to_text(group.group),
                         base::join(group.parameters, ", "));
  fmt::print("Order for early trials, a hint and never a stage: {}\n", order);
  for (const auto& group : ordered) {
    if (const auto reason = engine::reason_of(group.group); !reason.empty())
      fmt::print("  {}: {}\n", engine::to_text(group.group), reason);
  }
}

void print_plan(const Plan& plan, const spec::Task& task) {
  const bool simulated = engine::runtime(task.runtime).simulated;
  const auto number = [](const std::optional<std::uint64_t>& n) {
    return n ? std::to_string(*n) : std::string("not finite");
  };
  fmt::print("{}{}: {} on {}\n", simulated ? "Simulated: " : "", task.name,
             metrics::to_text(task.goal.objective), engine::runtime(task.runtime).title);
  fmt::print("Space: {} points", number(plan.points));
  if (plan.valid) fmt::print(", {} valid, {} distinct", *plan.valid, *plan.distinct);
  fmt::print("; strategy {}, {} experiments planned{}\n", task.strategy, plan.planned,
             plan.baseline ? " after the engine's defaults" : "");
  for (const auto& exclusion : plan.excluded) {
    fmt::print("  excluded {}: {} (e.g. {})\n", exclusion.count, exclusion.reason,
               space::to_text(exclusion.example));
  }
  for (const auto& parameter : task.space.parameters) {
    if (space::is_fixed(parameter)) continue;
    const auto values = space::grid_count(parameter);
    fmt::print("  varies: {}{}\n", parameter.name,
               values ? fmt::format(" ({} values)", *values) : " (continuous)");
  }
  if (task.running.warm_start) fmt::print("{}", start_line(plan.premises));
  print_groups(plan.groups);
  fmt::print("{}\n", gpus_line(plan, simulated));
  fmt::print("Time: between {} and {}\n", base::to_duration_text(base::Seconds(plan.seconds_low)),
             base::to_duration_text(base::Seconds(plan.seconds_high)));
  if (plan.forecast) fmt::print("{}", cli::to_text(*plan.forecast, task, plan.kernels));
  if (plan.baseline) fmt::print("Defaults:\n  {}\n", command_text(*plan.baseline));
  fmt::print("First commands:\n");
  for (const auto& point : plan.first) fmt::print("  {}\n", command_text(point));
}

int plan_command(const PlanOptions& options, const PlanParts& parts) {
  const auto hardware = parts.hardware();
  const auto task = load_task_file(options.file, {options.strict, hardware.gpus});
  if (!task) {
    refuse(task.error(), options.json);
    return bad_usage;
  }
  const bool baseline = !options.no_baseline && task->running.baseline.value_or(!task->reference_compat);
  auto premises = tuning::premises_of(parts.model_config(*task), device_of(*task, hardware));
  const auto kernels = tuning::add_kernels(premises, *task, parts.kernels);
  auto plan = make_plan(*task, premises, hardware.gpus, baseline);
  if (!plan) return refuse(plan.error(), options.json);
  plan->kernels = {premises.kernels ? premises.kernels->source : "", kernels ? "" : kernels.error().message};
  if (task->running.warm_start) plan->premises.earlier = earlier_tasks(*task, premises, hardware.gpus, parts);
  if (options.json) {
    fmt::print("{}\n", base::to_pretty_text(to_json(*plan, *task)));
  } else {
    print_plan(*plan, *task);
  }
  return success;
}

}  // namespace

void add_plan(CLI::App& app, const Settings& /*settings*/, PlanParts parts, int& exit_code) {
  auto options = std::make_shared<PlanOptions>();
  auto* command = app.add_subcommand("plan", "show what a task would do, without starting anything");
  command->add_option("FILE", options->file, "task file")->required();
  command->add_flag("--no-baseline", options->no_baseline, "without the engine's defaults");
  command->add_flag("--strict", options->strict, "treat warnings as errors");
  command->add_flag("--json", options->json, "the plan as JSON");
  command->footer(
      "Examples:\n  autotuner plan task.yaml\n  autotuner plan --json task.yaml | jq .space.excluded");
  command->callback(
      [options, parts = std::move(parts), &exit_code] { exit_code = plan_command(*options, parts); });
}

}  // namespace autotuner::cli
