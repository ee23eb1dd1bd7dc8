#include "spec/compose.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "spec/document.hpp"
#include "spec/load_task.hpp"

namespace autotuner::spec {
namespace {

using Seconds = std::chrono::duration<double>;
using engine::RuntimeId;

/// What is chosen when the wish leaves it open, by what the engine computes on.
struct Choice {
  std::string_view scenario;
  std::vector<int> levels;
  int max_iterations;
  Seconds run;      ///< longest time of one level
  Seconds startup;  ///< allowance until the engine answers
};

bool computes_on_cpu(const Wish& wish) {
  return wish.hardware.gpus == 0 && wish.runtime != RuntimeId::sim;
}

Choice choice_for(const Wish& wish) {
  constexpr int many_cores = 8;
  if (wish.runtime == RuntimeId::sim) return {"D(512,128)", {1, 8, 32, 64}, 12, Seconds(5), Seconds(10)};
  // loading weights and compiling kernels takes the large engines minutes, on any hardware
  const Seconds startup(wish.runtime == RuntimeId::llamacpp ? 60 : 600);
  if (!computes_on_cpu(wish)) return {"D(512,128)", {1, 8, 32, 64}, 20, Seconds(60), startup};
  if (wish.hardware.cores >= many_cores) return {"D(256,64)", {1, 4, 8}, 16, Seconds(45), startup};
  return {"D(128,32)", {1, 4}, 12, Seconds(20), startup};
}

/// The wish with every gap filled.
struct Plan {
  std::vector<std::string> scenarios;
  std::vector<int> levels;
  std::vector<engine::Advice> tuned, fixed;
  int max_iterations = 1;
  bool is_grid = false;
  Seconds run{0}, timeout{0};
  int max_requests = 200;
};

std::string in_quotes(std::string_view text) {
  return base::to_compact_text(base::Json(std::string(text)));
}

/// Text as YAML reads it back: plain where that is safe, else in quotes.
std::string yaml_text(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '/' || c == '-';
  };
  const bool safe = !text.empty() && text.front() != '-' && std::ranges::all_of(text, plain);
  if (!safe || resolve_plain_scalar(text, 0).value.kind != NodeKind::text) return in_quotes(text);
  return std::string(text);
}

std::string yaml_value(const space::Value& value) {
  if (const auto text = value.as_text()) return yaml_text(*text);
  return space::to_text(value);
}

std::string yaml_list(const std::vector<std::string>& parts) {
  return "[" + base::join(parts, ", ") + "]";
}

struct DomainText {
  std::string operator()(const space::Choices& choices) const {
    std::vector<std::string> parts;
    for (const auto& value : choices.values) parts.push_back(yaml_value(value));
    const bool single = choices.values.size() == 1 &&
                        !std::holds_alternative<space::JsonValue>(choices.values[0].variant()) &&
                        !choices.values[0].is_null();
    return single ? parts[0] : yaml_list(parts);
  }
  std::string operator()(const space::IntegerRange& range) const {
    const std::string step = range.step > 1 ? fmt::format(", step: {}", range.step) : "";
    return fmt::format("{{type: integer, low: {}, high: {}{}{}}}", range.low, range.high, step,
                       range.log ? ", log: true" : "");
  }
  std::string operator()(const space::RealRange& range) const {
    const std::string points = range.points ? fmt::format(", points: {}", *range.points) : "";
    return fmt::format("{{type: continuous, low: {}, high: {}{}{}}}", base::to_shortest_text(range.low),
                       base::to_shortest_text(range.high), points, range.log ? ", log: true" : "");
  }
};

std::string name_for(const Wish& wish) {
  if (!wish.name.empty()) return wish.name;
  const auto slash = wish.model.find_last_of('/');
  const std::string model = slash == std::string::npos ? wish.model : wish.model.substr(slash + 1);
  std::string name;
  for (const char c : base::to_lower(fmt::format("{}-{}", engine::runtime(wish.runtime).key, model))) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (kept)
      name.push_back(c);
    else if (!name.empty() && name.back() != '-')
      name.push_back('-');
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name;
}

base::Result<int> longest_context(const std::vector<std::string>& scenarios) {
  constexpr int usual = 4096;
  load::Workload workload;
  for (const auto& text : scenarios) {
    auto scenario = load::Scenario::parse(text);
    if (!scenario) return tl::unexpected(scenario.error());
    workload.scenarios.push_back(std::move(*scenario));
  }
  return load::longest_context(workload).value_or(usual);
}

base::Result<void> check(const Wish& wish) {
  if (base::trim(wish.model).empty())
    return base::invalid_input("model is empty; must be a path, an id or a name");
  for (const int level : wish.concurrency) {
    if (level < 1) return base::invalid_input("concurrency is {}; must be at least 1", level);
  }
  if (wish.max_iterations && *wish.max_iterations < 1)
    return base::invalid_input("max_iterations is {}; must be at least 1", *wish.max_iterations);
  if (wish.budget && wish.budget->count() <= 0)
    return base::invalid_input("the budget is {} s; must be more than 0", wish.budget->count());
  return {};
}

/// Shares the budget out: experiments, then the levels of one experiment.
void plan_times(const Wish& wish, const Choice& choice, Plan& plan) {
  constexpr Seconds shortest_run(3);
  const auto levels = static_cast<double>(plan.levels.size() * plan.scenarios.size());
  plan.run = choice.run;
  if (wish.budget) {
    // The race has up to a third of the time, the baseline is one experiment more; half of the time goes to
    // starting engines and to short pauses.
    const Seconds share = *wish.budget * 2 / 3 / (plan.max_iterations + 1) / 2;
    plan.run = std::clamp(Seconds(std::floor(share.count() / levels)), shortest_run, choice.run);
  }
  constexpr double minute = 60;
  plan.timeout = Seconds(std::ceil((choice.startup + plan.run * levels * 1.5).count() / minute) * minute);
  // Enough that a slow engine's levels all end by time and a fast one's all by requests: only windows of one
  // kind can be compared.
  const int highest = std::ranges::max(plan.levels);
  plan.max_requests = std::max(200, highest * 4);
}

base::Result<Plan> plan_for(const Wish& wish) {
  if (auto good = check(wish); !good) return tl::unexpected(good.error());
  const Choice choice = choice_for(wish);
  Plan plan;
  plan.scenarios =
      wish.scenarios.empty() ? std::vector<std::string>{std::string(choice.scenario)} : wish.scenarios;
  plan.levels = wish.concurrency.empty() ? choice.levels : wish.concurrency;
  auto context = longest_context(plan.scenarios);
  if (!context) return tl::unexpected(context.error());
  // a chat template adds its own tokens to every prompt
  constexpr int template_tokens = 96;
  const int longest = *context + template_tokens;
  const int highest = std::ranges::max(plan.levels);
  plan.tuned = engine::worth_tuning(wish.runtime, wish.hardware, highest, longest);
  plan.fixed = engine::fixed_settings(wish.runtime, wish.hardware, highest, longest);
  space::Space space;
  for (const auto& advice : plan.tuned) space.parameters.push_back(advice.parameter);
  const auto points = space::grid_size(space);
  plan.max_iterations = wish.max_iterations.value_or(choice.max_iterations);
  plan.is_grid = points && *points <= static_cast<std::uint64_t>(plan.max_iterations);
  if (plan.is_grid) plan.max_iterations = static_cast<int>(std::max<std::uint64_t>(*points, 1));
  plan_times(wish, choice, plan);
  return plan;
}

std::string comment(std::string_view indent, std::string_view text) {
  return fmt::format("{}# {}\n", indent, base::replace_all(std::string(text), "\n", " "));
}

std::string hardware_text(const engine::Hardware& hardware) {
  std::string text =
      fmt::format("{} core{}, {} GiB of memory", hardware.cores, hardware.cores == 1 ? "" : "s",
                  base::to_readable_number(hardware.memory_gib, 3));
  if (hardware.gpus == 0) return text + ", no GPU";
  text += fmt::format(", {} x {}", hardware.gpus, hardware.gpu_name.empty() ? "GPU" : hardware.gpu_name);
  if (hardware.gpu_memory_gib > 0)
    text += fmt::format(" with {} GiB", base::to_readable_number(hardware.gpu_memory_gib, 3));
  return text;
}

std::string heading_text(const Wish& wish) {
  const auto& runtime = engine::runtime(wish.runtime);
  std::string text = comment("", fmt::format("Tunes {} on {}.", runtime.title, hardware_text(wish.hardware)));
  text += comment(
      "",
      "Change what you like, then: autotuner plan FILE shows what would run, autotuner tune FILE runs it.");
  text += fmt::format("task_name: {}\n", yaml_text(name_for(wish)));
  text += fmt::format("model:\n  id_or_path: {}\n", yaml_text(wish.model));
  text += fmt::format("base_runtime: {}\n", runtime.key);
  if (wish.runtime == RuntimeId::llamacpp || wish.runtime == RuntimeId::sim)
    text += "deployment_mode: local\n";
  return text;
}

std::string parameters_text(const Plan& plan) {
  if (plan.tuned.empty() && plan.fixed.empty()) return "";
  std::string text = "\nparameters:\n";
  const auto add = [&](const std::vector<engine::Advice>& list) {
    for (const auto& advice : list) {
      if (!advice.reason.empty()) text += comment("  ", advice.reason);
      text += fmt::format("  {}: {}\n", yaml_text(advice.parameter.name),
                          std::visit(DomainText{}, advice.parameter.domain));
    }
  };
  add(plan.fixed);
  add(plan.tuned);
  return text;
}

std::string optimization_text(const Wish& wish, const Plan& plan) {
  std::string text = "\noptimization:\n";
  text +=
      plan.is_grid
          ? comment("  ", "few enough configurations to measure them all")
          : comment("  ",
                    "more configurations than experiments: each next one is chosen from what was measured");
  text += fmt::format("  strategy: {}\n  objective: {}\n", plan.is_grid ? "grid_search" : "bayesian",
                      metrics::to_text(wish.objective));
  if (metrics::is_maximised(wish.objective)) {
    text += comment("  ", "what one ships is a configuration at its best level of load");
    text += "  objective_at: best_point\n";
  }
  text += fmt::format("  max_iterations: {}\n", plan.max_iterations);
  text += comment("  ", "seconds for one experiment: start, wait and load together");
  text += fmt::format("  timeout_per_iteration: {:.0f}\n", plan.timeout.count());
  if (!plan.is_grid) {
    text += comment("  ", "stop earlier once it is 95 % sure that no other configuration is 1 % better");
    text += "  stop_when_converged: true\n";
  }
  if (!plan.is_grid) {
    text += comment("  ", "begin with what similar tasks on this host measured, if there are any");
    text += "  warm_start: true\n";
  }
  if (wish.budget) {
    text +=
        comment("  ", fmt::format("seconds for the whole task ({})", base::to_duration_text(*wish.budget)));
    text += fmt::format("  total_timeout: {}\n", wish.budget->count());
  }
  if (wish.seed) text += fmt::format("  seed: {}\n", *wish.seed);
  text += comment("  ", "measure the engine's defaults first, to have something to compare with");
  text += "  baseline: true\n";
  text += comment("  ", "at the end measure the best again against each other, so that luck doesn't choose");
  text += "  race: {candidates: 3, rounds: 3}\n";
  return text + comment("  ", "end a measurement as soon as it is clear") + "  early_stop: true\n";
}

std::string benchmark_text(const Plan& plan) {
  std::vector<std::string> scenarios;
  for (const auto& scenario : plan.scenarios) scenarios.push_back(in_quotes(scenario));
  std::string text = "\nbenchmark:\n" + comment("  ", "D(input,output) in tokens");
  text += fmt::format("  traffic_scenarios: {}\n", yaml_list(scenarios));
  text += comment("  ", "users at the same time");
  text += fmt::format("  num_concurrency: [{}]\n", fmt::join(plan.levels, ", "));
  return text + fmt::format("  max_seconds_per_run: {:.0f}\n  max_requests_per_iteration: {}\n",
                            plan.run.count(), plan.max_requests);
}

/// Members that differ from the defaults, in one line.
std::string limit_text(const metrics::Limit& limit) {
  const metrics::Limit defaults;
  std::string text = fmt::format("threshold: {}", base::to_shortest_text(limit.threshold));
  if (limit.weight != defaults.weight)
    text += fmt::format(", weight: {}", base::to_shortest_text(limit.weight));
  if (limit.hard_fail) text += ", hard_fail: true";
  if (limit.fail_ratio != defaults.fail_ratio)
    text += fmt::format(", fail_ratio: {}", base::to_shortest_text(limit.fail_ratio));
  if (limit.stat != defaults.stat) text += fmt::format(", stat: {}", limit.stat);
  return "{" + text + "}";
}

std::string slo_text(const std::vector<metrics::Limit>& limits) {
  constexpr std::string_view latency = "latency.";
  if (limits.empty()) return "";
  std::string text = "\n" + comment("", "limits: seconds; throughput in tokens/s") + "slo:\n";
  bool heading = false;
  for (const auto& limit : limits) {
    if (!limit.name.starts_with(latency)) continue;
    if (!std::exchange(heading, true)) text += "  latency:\n";
    text += fmt::format("    {}: {}\n", limit.name.substr(latency.size()), limit_text(limit));
  }
  for (const auto& limit : limits) {
    if (!limit.name.starts_with(latency)) text += fmt::format("  {}: {}\n", limit.name, limit_text(limit));
  }
  return text;
}

}  // namespace

base::Result<std::string> compose_yaml(const Wish& wish) {
  const auto plan = plan_for(wish);
  if (!plan) return tl::unexpected(plan.error());
  std::string text = heading_text(wish) + parameters_text(*plan) + optimization_text(wish, *plan) +
                     benchmark_text(*plan) + slo_text(wish.limits);
  const auto loaded = load_task(text, Format::yaml, {.strict = false, .host_gpus = wish.hardware.gpus});
  for (const auto& problem : loaded.problems) {
    if (problem.severity == Severity::error)
      return base::invalid_input("{}: {}", problem.path, problem.message);
  }
  return text;
}

}  // namespace autotuner::spec
