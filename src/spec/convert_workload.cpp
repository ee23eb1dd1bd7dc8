#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "spec/convert.hpp"

namespace autotuner::spec {
namespace {

bool is_available(load::ScenarioKind kind) {
  switch (kind) {
    case load::ScenarioKind::deterministic:
    case load::ScenarioKind::normal:
    case load::ScenarioKind::uniform:
    case load::ScenarioKind::dataset:
      return true;
    case load::ScenarioKind::embeddings:
    case load::ScenarioKind::rerank:
    case load::ScenarioKind::image:
    case load::ScenarioKind::audio:
      return false;
  }
  return false;
}

void add_scenario(const std::string& text, const std::string& path, int line, load::Workload& workload,
                  Report& report) {
  auto scenario = load::Scenario::parse(text);
  if (!scenario) {
    report.error(path, line, "not_allowed", scenario.error().message);
    return;
  }
  if (!is_available(scenario->kind())) {
    report.error(
        path, line, "not_available",
        fmt::format("is \"{}\", which is not available; this version measures text: D, N, U and dataset",
                    text));
    return;
  }
  if (std::ranges::find(workload.scenarios, *scenario) != workload.scenarios.end()) {
    report.warning(path, line, "duplicate_value", fmt::format("is \"{}\" again; it is measured once", text));
    return;
  }
  workload.scenarios.push_back(std::move(*scenario));
}

void convert_scenarios(const Section& benchmark, load::Workload& workload, Report& report) {
  const std::string path = "benchmark.traffic_scenarios";
  if (const Node* list = benchmark.find("traffic_scenarios"); list != nullptr && !list->items.empty()) {
    for (std::size_t i = 0; i < list->items.size(); ++i) {
      add_scenario(list->items[i].text, fmt::format("{}[{}]", path, i), list->items[i].line, workload,
                   report);
    }
    return;
  }
  if (benchmark.find("traffic_scenarios") != nullptr)
    report.warning(path, benchmark.line_of("traffic_scenarios"), "empty",
                   "is an empty list; the default is used");
  add_scenario(workload.dataset_url.empty() ? "D(100,100)" : "dataset", path, benchmark.line(), workload,
               report);
}

void convert_levels(const Section& benchmark, load::Workload& workload, Report& report) {
  const std::string path = "benchmark.num_concurrency";
  const Node* list = benchmark.find("num_concurrency");
  if (list == nullptr || list->items.empty()) {
    if (list != nullptr) report.warning(path, list->line, "empty", "is an empty list; the default 1 is used");
    workload.levels = {load::Level{}};
    return;
  }
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const load::Level level{static_cast<int>(list->items[i].integer), std::nullopt};
    if (std::ranges::find(workload.levels, level) != workload.levels.end()) {
      report.warning(fmt::format("{}[{}]", path, i), list->items[i].line, "duplicate_value",
                     fmt::format("is {} again; it is measured once", level.concurrency));
      continue;
    }
    workload.levels.push_back(level);
  }
}

void convert_dataset(const Section& benchmark, load::Workload& workload, Report& report) {
  workload.dataset_url = benchmark.text("dataset_url");
  workload.dataset_deduplicate = benchmark.boolean("dataset_deduplicate").value_or(true);
  if (workload.dataset_url.empty()) return;
  for (const std::string_view start : {"http://", "https://", "file://", "/"}) {
    if (workload.dataset_url.starts_with(start)) return;
  }
  report.error("benchmark.dataset_url", benchmark.line_of("dataset_url"), "not_allowed",
               fmt::format("is \"{}\"; must be an http(s) URL, a file:// URL or an absolute path",
                           workload.dataset_url));
}

void convert_prefix(const Section& benchmark, load::Workload& workload, Report& report) {
  if (const auto length = benchmark.integer("prefix_len")) workload.prefix_len = static_cast<int>(*length);
  workload.prefix_ratio = benchmark.number("prefix_ratio");
  if (workload.prefix_len && workload.prefix_ratio) {
    report.error("benchmark.prefix_ratio", benchmark.line_of("prefix_ratio"), "conflict",
                 "stands beside prefix_len; give one of them");
  }
  for (const auto& scenario : workload.scenarios) {
    const bool fixed = scenario.kind() == load::ScenarioKind::deterministic;
    if (workload.prefix_len && fixed && *workload.prefix_len > scenario.longest().input) {
      report.error("benchmark.prefix_len", benchmark.line_of("prefix_len"), "out_of_range",
                   fmt::format("is {}; must be at most the input of {}, {}", *workload.prefix_len,
                               scenario.text(), scenario.longest().input));
    }
    if (workload.prefix_ratio && !fixed) {
      report.error(
          "benchmark.prefix_ratio", benchmark.line_of("prefix_ratio"), "conflict",
          fmt::format("needs scenarios of fixed length; {} is none: give prefix_len", scenario.text()));
    }
  }
}

void convert_statistics(const Section& benchmark, load::Workload& workload, Report& report) {
  workload.warmup_ratio = benchmark.number("warmup_ratio").value_or(0);
  workload.cooldown_ratio = benchmark.number("cooldown_ratio").value_or(0);
  if (workload.warmup_ratio + workload.cooldown_ratio >= 1) {
    report.error("benchmark.warmup_ratio", benchmark.line_of("warmup_ratio"), "out_of_range",
                 fmt::format("is {} and cooldown_ratio is {}; together they must be less than 1",
                             workload.warmup_ratio, workload.cooldown_ratio));
  }
  workload.repeat = benchmark.count("repeat", 1);
  workload.strict_audit = benchmark.boolean("strict_audit").value_or(false);
}

}  // namespace

void convert_workload(const Node& document, Task& task, Report& report) {
  const Section benchmark(document, "benchmark");
  auto& workload = task.workload;
  workload.task = benchmark.text("task", "text-to-text");
  workload.model_name = benchmark.text("model_name");
  workload.model_tokenizer = benchmark.text("model_tokenizer", task.model.id_or_path);
  convert_dataset(benchmark, workload, report);
  convert_scenarios(benchmark, workload, report);
  convert_levels(benchmark, workload, report);
  const std::chrono::duration<double> minutes =
      benchmark.number("max_time_per_iteration").value_or(10) * std::chrono::minutes(1);
  workload.max_time = benchmark.seconds("max_seconds_per_run").value_or(minutes);
  workload.max_requests = benchmark.count("max_requests_per_iteration", workload.max_requests);
  if (const Node* body = benchmark.find("additional_params"))
    workload.additional_params = base::to_compact_text(to_json(*body));
  workload.api = benchmark.text("api") == "completions" ? load::Api::completions : load::Api::chat;
  workload.warmup_requests = benchmark.count("warmup_requests", workload.warmup_requests);
  workload.seed = static_cast<std::uint64_t>(
      benchmark.integer("seed").value_or(static_cast<std::int64_t>(workload.seed)));
  workload.ignore_eos = benchmark.boolean("ignore_eos").value_or(true);
  workload.request_timeout = benchmark.seconds("request_timeout_s").value_or(workload.request_timeout);
  convert_prefix(benchmark, workload, report);
  convert_statistics(benchmark, workload, report);
  const bool asks_dataset = std::ranges::any_of(
      workload.scenarios, [](const load::Scenario& s) { return s.kind() == load::ScenarioKind::dataset; });
  if (asks_dataset && workload.dataset_url.empty() && !report.mentions("benchmark.dataset_url")) {
    report.error("benchmark.dataset_url", benchmark.line(), "missing",
                 "is missing; the scenario dataset needs one");
  }
}

}  // namespace autotuner::spec
