#include "spec/load_task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "spec/task.hpp"
#include "tests/support/task_documents.hpp"

namespace autotuner::spec {
namespace {

using test::all_problems;
using test::load_json;
using test::load_patched;
using test::load_yaml;
using test::problem_at;
using test::problem_with;
using testing::HasSubstr;

TEST(LoadTask, FillsDefaultsIn) {
  const auto loaded = load_json(
      R"j({"task_name": "t", "model": {"id_or_path": "demo-8b"}, "base_runtime": "sim", "optimization": {}, "benchmark": {}})j");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_TRUE(loaded.problems.empty()) << all_problems(loaded);
  const Task& task = *loaded.task;
  EXPECT_EQ(task.name, "t");
  EXPECT_EQ(task.runtime, engine::RuntimeId::sim);
  EXPECT_EQ(task.model.name_space, "default");
  EXPECT_EQ(task.strategy, "grid_search");
  EXPECT_EQ(task.search.kind, search::Kind::grid_search);
  EXPECT_EQ(task.search.max_iterations, 100);
  EXPECT_EQ(task.search.initial_random, 5);
  EXPECT_EQ(task.search.dedupe, space::Dedupe::resolved);
  EXPECT_FALSE(task.seed_given);
  EXPECT_EQ(task.goal, metrics::Goal{});
  EXPECT_EQ(task.running, Running{});
  EXPECT_FALSE(task.deployment_mode);
  EXPECT_FALSE(task.price_per_gpu_hour);
  EXPECT_TRUE(task.per_gpu);
  EXPECT_TRUE(task.space.parameters.empty());
  ASSERT_EQ(task.workload.scenarios.size(), 1U);
  EXPECT_EQ(task.workload.scenarios[0].text(), "D(100,100)");
  EXPECT_EQ(task.workload.levels, std::vector<load::Level>{load::Level{}});
  EXPECT_EQ(task.workload.max_time, std::chrono::minutes(10));
  EXPECT_EQ(task.workload.max_requests, 50);
  EXPECT_EQ(task.workload.model_tokenizer, "demo-8b");
}

TEST(LoadTask, ReadsEveryFieldIntoItsPlace) {
  const auto loaded = load_yaml(R"yaml(
schema_version: 1
task_name: everything
description: all of it
model: {id_or_path: demo-8b, namespace: team, hf_token: hf_abc, quantization: awq}
base_runtime: sim
runtime_image_tag: "1.0"
deployment_mode: local
gpu_type: A100
parameters: {max-num-seqs: [32, 64]}
optimization:
  strategy: tpe
  objective: maximize_goodput
  objective_at: best_point
  max_iterations: 7
  timeout_per_iteration: 300
  ready_timeout: 60
  total_timeout: 3600
  n_initial_random: 3
  seed: 11
  multivariate: yes
  dedupe: exact
  order: halton
  patience: 4
  min_improvement: 0.02
  baseline: false
  early_stop: true
  repeat_best: {k: 2, n: 3}
  max_parallel_experiments: 2
benchmark:
  model_name: served
  model_tokenizer: tok
  traffic_scenarios: ["D(100,100)", "D(200,50)"]
  num_concurrency: [1, 8]
  max_time_per_iteration: 0.5
  max_requests_per_iteration: 80
  additional_params: {temperature: 0.0, stop: [x]}
  api: completions
  warmup_requests: 0
  seed: 7
  ignore_eos: false
  prefix_len: 50
  warmup_ratio: 0.1
  cooldown_ratio: 0.2
  request_timeout_s: 30
  repeat: 2
  strict_audit: true
slo:
  latency: {
  p99: {
  threshold:
    10
  }
    , p50 : {threshold : 2}}
  ttft: {threshold: 1, weight: 2, hard_fail: true, fail_ratio: 0.2, stat: p90}
  success_rate: {threshold: 0.99}
  steepness: 0.2
  penalty_shape: linear
  batch_policy: keep
tags: [a, b]
owner: me
)yaml");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_TRUE(loaded.problems.empty()) << all_problems(loaded);
  const Task& task = *loaded.task;
  EXPECT_EQ(task.description, "all of it");
  EXPECT_EQ(task.model, (Model{"demo-8b", "team", "hf_abc", "awq"}));
  EXPECT_EQ(task.runtime_image_tag, "1.0");
  EXPECT_EQ(task.deployment_mode, DeploymentMode::local);
  EXPECT_EQ(task.gpu_type, "A100");
  EXPECT_EQ(task.search.kind, search::Kind::tpe);
  EXPECT_EQ(task.search.max_iterations, 7);
  EXPECT_EQ(task.search.initial_random, 3);
  EXPECT_EQ(task.search.seed, 11U);
  EXPECT_TRUE(task.seed_given);
  EXPECT_TRUE(task.search.multivariate);
  EXPECT_EQ(task.search.dedupe, space::Dedupe::exact);
  EXPECT_EQ(task.search.order, space::GridOrder::halton);
  EXPECT_EQ(task.running.timeout_per_iteration.count(), 300);
  EXPECT_EQ(task.running.ready_timeout->count(), 60);
  EXPECT_EQ(task.running.total_timeout->count(), 3600);
  EXPECT_EQ(task.running.patience, 4);
  EXPECT_EQ(task.running.min_improvement, 0.02);
  EXPECT_EQ(task.running.baseline, false);
  EXPECT_EQ(task.running.early_stop, true);
  EXPECT_EQ(task.running.repeat_best, std::pair(2, 3));
  EXPECT_EQ(task.running.max_parallel_experiments, 2);
  EXPECT_EQ(task.goal.objective, metrics::Objective::maximize_goodput);
  EXPECT_EQ(task.goal.at.kind, metrics::BasisKind::best_point);
  EXPECT_EQ(task.goal.slo.steepness, 0.2);
  EXPECT_EQ(task.goal.slo.shape, metrics::PenaltyShape::linear);
  EXPECT_EQ(task.goal.slo.batch_policy, metrics::BatchPolicy::keep);
  ASSERT_EQ(task.goal.slo.limits.size(), 4U);
  EXPECT_EQ(task.goal.slo.limits[0].name, "latency.p50");
  EXPECT_EQ(task.goal.slo.limits[0].metric(), "p50_e2e_latency");
  EXPECT_EQ(task.goal.slo.limits[1].name, "latency.p99");
  EXPECT_EQ(task.goal.slo.limits[2], (metrics::Limit{"ttft", 1, 2, true, 0.2, "p90"}));
  EXPECT_EQ(task.goal.slo.limits[3].name, "success_rate");
  const auto& workload = task.workload;
  EXPECT_EQ(workload.model_name, "served");
  EXPECT_EQ(workload.model_tokenizer, "tok");
  EXPECT_EQ(workload.scenarios.size(), 2U);
  EXPECT_EQ(workload.levels.back().concurrency, 8);
  EXPECT_EQ(workload.max_time.count(), 30);
  EXPECT_EQ(workload.max_requests, 80);
  EXPECT_EQ(workload.additional_params, R"j({"temperature":0.0,"stop":["x"]})j");
  EXPECT_EQ(workload.api, load::Api::completions);
  EXPECT_EQ(workload.warmup_requests, 0);
  EXPECT_EQ(workload.seed, 7U);
  EXPECT_FALSE(workload.ignore_eos);
  EXPECT_EQ(workload.prefix_len, 50);
  EXPECT_EQ(workload.warmup_ratio, 0.1);
  EXPECT_EQ(workload.cooldown_ratio, 0.2);
  EXPECT_EQ(workload.request_timeout.count(), 30);
  EXPECT_EQ(workload.repeat, 2);
  EXPECT_TRUE(workload.strict_audit);
  EXPECT_EQ(task.tags, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(task.owner, "me");
}

TEST(LoadTask, ReportsAllProblemsAtOnceInDocumentOrder) {
  const auto loaded = load_json(R"j({
    "task_name": "",
    "model": {},
    "base_runtime": "vlm",
    "optimization": {"strategy": "gird", "max_iterations": 0, "objective": "minimize_latncy"},
    "benchmark": {"num_concurrency": [1, 0, "2"], "max_time_per_iteration": "10"},
    "slo": {"latency": {"p90": {"threshold": 0}}, "ttft": {"threshold": -1, "weight": true}},
    "sloo": {}
  })j");
  EXPECT_FALSE(loaded.task);
  EXPECT_TRUE(loaded.has_errors());
  std::vector<std::string> texts;
  for (const auto& problem : loaded.problems) texts.push_back(to_text(problem, "t.json"));
  const std::vector<std::string> expected = {
      "error: t.json:2: task_name: is empty; must be text",
      "error: t.json:3: model.id_or_path: is missing; must be text",
      "error: t.json:4: base_runtime: ",
      "error: t.json:5: optimization.strategy: is \"gird\"; must be one of grid_search, bayesian, random, "
      "gp, forest, tpe, sobol, hill_climb",
      "error: t.json:5: optimization.max_iterations: is 0; must be at least 1",
      "error: t.json:5: optimization.objective: is \"minimize_latncy\"; must be one of minimize_latency, "
      "maximize_throughput, "
      "minimize_ttft, minimize_tpot, maximize_goodput; did you mean minimize_latency?",
      "error: t.json:6: benchmark.num_concurrency[1]: is 0; must be at least 1",
      "error: t.json:6: benchmark.num_concurrency[2]: is \"2\"; must be a list of whole numbers; write it "
      "without quotes",
      "error: t.json:6: benchmark.max_time_per_iteration: is \"10\"; must be a number; write it without "
      "quotes",
      "error: t.json:7: slo.latency.p90.threshold: is 0; must be > 0",
      "error: t.json:7: slo.ttft.threshold: is -1; must be > 0",
      "error: t.json:7: slo.ttft.weight: is true; must be a number",
      "warning: t.json:8: sloo: is not known and has no effect; did you mean slo?"};
  ASSERT_EQ(texts.size(), expected.size()) << all_problems(loaded);
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_TRUE(texts[i].starts_with(expected[i])) << texts[i];
  EXPECT_THAT(texts[2], HasSubstr("vllm"));
}

TEST(LoadTask, NamesMissingSections) {
  const auto loaded = load_json("{}");
  for (const auto* const path : {"task_name", "model", "base_runtime", "optimization", "benchmark"}) {
    EXPECT_EQ(problem_at(loaded, path).code, "missing") << path;
  }
  EXPECT_EQ(loaded.problems.size(), 5U) << all_problems(loaded);
  EXPECT_EQ(problem_at(load_patched(R"j({"optimization": {"repeat_best": {"k": 1}}})j"),
                       "optimization.repeat_best.n")
                .message,
            "is missing; must be a whole number");
}

TEST(LoadTask, ReadsARaceInItsForms) {
  const auto race = [](const std::string& text) {
    const auto loaded = load_patched(R"j({"optimization": {"race": )j" + text + "}}");
    EXPECT_TRUE(loaded.task) << all_problems(loaded);
    return loaded.task ? loaded.task->running.race : std::nullopt;
  };
  EXPECT_EQ(race("null"), std::nullopt);
  EXPECT_EQ(race("false"), std::nullopt);
  EXPECT_EQ(race("true"), (RaceWish{3, 5}));
  EXPECT_EQ(race("{}"), (RaceWish{3, 5}));
  EXPECT_EQ(race(R"j({"rounds": 20})j"), (RaceWish{3, 20}));
  EXPECT_EQ(race(R"j({"candidates": 8, "rounds": 1})j"), (RaceWish{8, 1}));
}

TEST(LoadTask, SaysWhatIsWrongWithARace) {
  const auto message = [](const std::string& text, const std::string& path) {
    return problem_at(load_patched(R"j({"optimization": {"race": )j" + text + "}}"), path).message;
  };
  EXPECT_EQ(message("3", "optimization.race"), "is 3; must be true, false or an object");
  EXPECT_EQ(message(R"j({"candidates": 1})j", "optimization.race.candidates"),
            "is 1; must be between 2 and 8");
  EXPECT_EQ(message(R"j({"rounds": 51})j", "optimization.race.rounds"), "is 51; must be between 1 and 50");
  const auto both = load_patched(R"j({"optimization": {"race": true, "repeat_best": {"k": 1, "n": 1}}})j");
  EXPECT_FALSE(both.task);
  EXPECT_THAT(problem_at(both, "optimization.race").message, HasSubstr("optimization.repeat_best"));
  const auto compat = load_patched(R"j({"compat": "reference", "optimization": {"race": true}})j");
  ASSERT_TRUE(compat.task) << all_problems(compat);
  EXPECT_FALSE(compat.task->running.race);
  EXPECT_EQ(problem_at(compat, "optimization.race").code, "no_effect");
}

TEST(LoadTask, GivesATaskAnotherRaceInItsDocumentToo) {
  auto task = *load_patched(R"j({"optimization": {"race": true}})j").task;
  ASSERT_TRUE(set_race(task, RaceWish{4, 7}));
  EXPECT_EQ(load_json(task.document).task->running.race, (RaceWish{4, 7}));
  ASSERT_TRUE(set_race(task, std::nullopt));
  EXPECT_FALSE(task.running.race);
  EXPECT_FALSE(load_json(task.document).task->running.race);
  auto repeats = *load_patched(R"j({"optimization": {"repeat_best": {"k": 1, "n": 1}}})j").task;
  const auto refused = set_race(repeats, RaceWish{});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("optimization.repeat_best"));
}

TEST(ShortLook, IsAShareOrOff) {
  const auto share = [](const std::string& text) {
    const auto loaded = load_patched(R"j({"optimization": {"short_look": )j" + text + "}}");
    EXPECT_TRUE(loaded.task) << text;
    return loaded.task ? loaded.task->running.short_look : std::nullopt;
  };
  EXPECT_EQ(share("null"), std::nullopt);
  EXPECT_EQ(share("false"), std::nullopt);
  EXPECT_EQ(share("true"), 0.25);
  EXPECT_EQ(share("{}"), 0.25);
  EXPECT_EQ(share(R"j({"share": 0.5})j"), 0.5);
  EXPECT_EQ(problem_at(load_patched(R"j({"optimization": {"short_look": {"share": 0.6}}})j"),
                       "optimization.short_look.share")
                .message,
            "is 0.6; must be between 0.05 and 0.5");
  EXPECT_EQ(problem_at(load_patched(R"j({"optimization": {"short_look": 0.3}})j"), "optimization.short_look")
                .message,
            "is 0.3; must be true, false or an object");
  const auto compat = load_patched(R"j({"compat": "reference", "optimization": {"short_look": true}})j");
  ASSERT_TRUE(compat.task);
  EXPECT_FALSE(compat.task->running.short_look);
  EXPECT_EQ(problem_at(compat, "optimization.short_look").code, "no_effect");
}

TEST(ShortLook, WarnsWhereItCannotSayAnything) {
  const auto code = [](const std::string& benchmark) {
    return problem_at(
               load_patched(R"j({"optimization": {"short_look": true}, "benchmark": )j" + benchmark + "}"),
               "optimization.short_look")
        .code;
  };
  EXPECT_EQ(code(R"j({"max_requests_per_iteration": 40, "max_seconds_per_run": 60})j"), "too_few");
  EXPECT_EQ(code(R"j({"max_requests_per_iteration": 400, "max_seconds_per_run": 6})j"), "too_short");
}

TEST(ShortLook, CanBeTakenAway) {
  auto task = *load_patched(R"j({"optimization": {"short_look": true}})j").task;
  ASSERT_TRUE(measure_whole(task));
  EXPECT_FALSE(task.running.short_look);
  EXPECT_FALSE(load_json(task.document).task->running.short_look);
}

TEST(LoadTask, LetsATaskStartFromEarlierOnesInItsDocumentToo) {
  auto task = *load_patched(R"j({"optimization": {"strategy": "bayesian"}})j").task;
  EXPECT_FALSE(task.running.warm_start);
  ASSERT_TRUE(set_warm_start(task, true));
  EXPECT_TRUE(task.running.warm_start);
  EXPECT_TRUE(load_json(task.document).task->running.warm_start);
  ASSERT_TRUE(set_warm_start(task, false));
  EXPECT_FALSE(load_json(task.document).task->running.warm_start);
  auto grid = *load_patched(R"j({"optimization": {"strategy": "grid_search"}})j").task;
  const auto refused = set_warm_start(grid, true);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("grid_search"));
  EXPECT_TRUE(set_warm_start(grid, false));
}

TEST(LoadTask, TurnsWarningsIntoErrorsWhenStrict) {
  EXPECT_TRUE(load_patched(R"j({"color": 1})j").task);
  const auto strict = load_patched(R"j({"color": 1})j", {.strict = true});
  EXPECT_FALSE(strict.task);
  EXPECT_EQ(problem_at(strict, "color").severity, Severity::error);
}

TEST(LoadTask, TakesTheOtherNamesOfSections) {
  const auto loaded =
      load_json(R"j({"task_name": "t", "model_config": {"name": "demo-8b"}, "base_runtime": "sim",
    "optimization_config": {"max_iterations": 3}, "benchmark_config": {"num_concurrency": 2}, "slo_config": {"ttft": {"threshold": 1}}})j");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_EQ(loaded.task->model.id_or_path, "demo-8b");
  EXPECT_EQ(loaded.task->search.max_iterations, 3);
  EXPECT_EQ(loaded.task->workload.levels[0].concurrency, 2);
  EXPECT_EQ(loaded.task->goal.slo.limits.size(), 1U);
  EXPECT_EQ(problem_at(loaded, "model.name").message, "is an outdated name; write model.id_or_path");
  const auto both = load_patched(R"j({"benchmark_config": {"num_concurrency": [99]}})j");
  EXPECT_EQ(both.task->workload.levels.size(), 2U);
  EXPECT_THAT(problem_at(both, "benchmark_config").message,
              HasSubstr("is another name of benchmark, which is also given and counts"));
}

TEST(LoadTask, ReadsSeveralObjectives) {
  const auto loaded = load_patched(
      R"j({"optimization": {"objectives": [{"metric": "p90_ttft"}, {"metric": "mean_total_throughput", "direction": "max"}]}})j");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_EQ(loaded.task->goal.objectives,
            (std::vector<metrics::Wanted>{{"p90_ttft", false}, {"mean_total_throughput", true}}));
  const auto turned = load_patched(
      R"j({"optimization": {"objectives": [{"metric": "p90_ttft", "direction": "max"}, {"metric": "mean_tpot"}]}})j");
  ASSERT_TRUE(turned.task);
  EXPECT_THAT(problem_at(turned, "optimization.objectives[0].direction").message,
              HasSubstr("is max, but p90_ttft is better the other way"));
}

TEST(LoadTask, SaysWhatIsWrongWithSeveralObjectives) {
  const auto message = [](const std::string& list, const std::string& path) {
    const auto loaded = load_patched(R"j({"optimization": {"objectives": )j" + list + "}}");
    EXPECT_FALSE(loaded.task);
    return problem_at(loaded, "optimization.objectives" + path).message;
  };
  EXPECT_THAT(message(R"([{"metric": "mean_ttft"}])", ""),
              HasSubstr("has 1 entries; must have two or three"));
  EXPECT_THAT(message(R"([{"metric": "mean_tttf"}, {"metric": "mean_tpot"}])", "[0].metric"),
              HasSubstr("did you mean mean_ttft?"));
  EXPECT_THAT(message(R"([{"metric": "mean_tpot"}, {"metric": "mean_tpot"}])", "[1].metric"),
              HasSubstr("stands there already"));
  EXPECT_THAT(
      message(R"([{"metric": "mean_tpot", "direction": "low"}, {"metric": "mean_ttft"}])", "[0].direction"),
      HasSubstr("is \"low\"; must be min or max"));
  EXPECT_THAT(message(R"(["mean_tpot", {"metric": "mean_ttft"}])", "[0]"), HasSubstr("must be an object"));
  EXPECT_THAT(message(R"([{}, {"metric": "mean_ttft"}])", "[0].metric"), HasSubstr("is missing"));
  EXPECT_THAT(message(R"([{"metric": "gpu_power"}, {"metric": "mean_ttft"}])", "[0].metric"),
              HasSubstr("no metric that can be better or worse"));
}

TEST(LoadTask, NeverLosesASettingThatItDoesNotActOn) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"j({"benchmark": {"request_rate": [4]}})j", "benchmark.request_rate"},
      {R"j({"benchmark": {"arrival": "constant"}})j", "benchmark.arrival"},
      {R"j({"benchmark": {"capacity_search": {"by": "concurrency"}}})j", "benchmark.capacity_search"},
      {R"j({"benchmark": {"generator": "genai-bench"}})j", "benchmark.generator"},
      {R"j({"benchmark": {"generator": "benchmarkjob"}})j", "benchmark.generator"},
      {R"j({"benchmark": {"task": "text-to-embeddings"}})j", "benchmark.task"},
      {R"j({"benchmark": {"api": "generate"}})j", "benchmark.api"},
      {R"j({"benchmark": {"traffic_scenarios": ["E(100)"]}})j", "benchmark.traffic_scenarios[0]"},
      {R"j({"optimization": {"objective": "minimize_cost"}})j", "optimization.objective"},
      {R"j({"engines": [{"runtime": "vllm"}]})j", "engines"},
      {R"j({"model": {"variants": ["a"]}})j", "model.variants"},
      {R"j({"quality": {"floor": 0.9}})j", "quality"},
      {R"j({"slo_tiers": {"gold": {}}})j", "slo_tiers"},
  };
  for (const auto& [patch, path] : cases) {
    const auto loaded = load_patched(patch);
    EXPECT_FALSE(loaded.task) << patch;
    const auto problem = problem_at(loaded, path);
    EXPECT_EQ(problem.code, "not_available") << patch << "\n" << all_problems(loaded);
    EXPECT_THAT(problem.message, HasSubstr("not available; ")) << patch;
  }
}

TEST(LoadTask, WarnsOfWhatHasNoEffect) {
  for (const auto* const patch :
       {R"j({"optimization": {"storage": "sqlite:///x"}})j", R"j({"optimization": {"study_name": "s"}})j",
        R"j({"storage": {"type": "pvc"}})j", R"j({"clusterbasemodel_config": {"preset": "p"}})j",
        R"j({"slo": {"ttft": {"weight": 2}}})j", R"j({"price_per_gpu_hour": 2.5})j",
        R"j({"slo": {"latency": {"p90": {"threshold": 9, "stat": "mean"}}}})j",
        R"j({"optimization": {"min_improvement": 0.1}})j",
        R"j({"optimization": {"ready_timeout": 9000}})j"}) {
    const auto loaded = load_patched(patch);
    ASSERT_TRUE(loaded.task) << patch << all_problems(loaded);
    EXPECT_EQ(problem_with(loaded, "no_effect").severity, Severity::warning) << patch;
  }
}

TEST(LoadTask, RunsBayesianAsGaussianProcessesAndForTheReferenceAsTpe) {
  const auto loaded = load_patched(R"j({"optimization": {"strategy": "bayesian"}})j");
  ASSERT_TRUE(loaded.task);
  EXPECT_TRUE(loaded.problems.empty()) << all_problems(loaded);
  EXPECT_EQ(loaded.task->search.kind, search::Kind::gp);
  EXPECT_EQ(loaded.task->strategy, "bayesian");
  const auto reference =
      load_patched(R"j({"compat": "reference", "optimization": {"strategy": "bayesian"}})j");
  EXPECT_TRUE(reference.problems.empty()) << all_problems(reference);
  EXPECT_TRUE(reference.task->reference_compat);
  EXPECT_TRUE(reference.task->goal.reference_compat);
  EXPECT_EQ(reference.task->running.early_stop, false);
}

TEST(LoadTask, TakesShortNamesOfStrategies) {
  EXPECT_EQ(load_patched(R"j({"optimization": {"strategy": "grid"}})j").task->strategy, "grid_search");
  EXPECT_EQ(load_patched(R"j({"optimization": {"strategy": "random_search"}})j").task->search.kind,
            search::Kind::random);
  EXPECT_EQ(load_patched(R"j({"optimization": {"strategy": "sobol"}})j").task->search.kind,
            search::Kind::sobol);
  EXPECT_EQ(load_patched(R"j({"optimization": {"strategy": "forest"}})j").task->search.kind,
            search::Kind::forest);
  EXPECT_EQ(load_patched(R"j({"optimization": {"strategy": "hill_climb"}})j").task->search.kind,
            search::Kind::hill_climb);
}

TEST(LoadTask, TakesNullForNotGiven) {
  const auto loaded = load_patched("{}");
  auto document = test::task_document();
  document["slo"] = {{"latency", nullptr}, {"ttft", {{"threshold", nullptr}}}};
  document["optimization"]["seed"] = nullptr;
  document["engines"] = nullptr;
  const auto with_nulls = load_json(base::to_compact_text(document));
  ASSERT_TRUE(with_nulls.task) << all_problems(with_nulls);
  EXPECT_FALSE(with_nulls.task->seed_given);
  EXPECT_TRUE(with_nulls.task->goal.slo.empty());
  document["task_name"] = nullptr;
  EXPECT_EQ(problem_at(load_json(base::to_compact_text(document)), "task_name").code, "missing");
}

TEST(LoadTask, ReadsUnquotedNumbersOfTextFieldsAsWritten) {
  const auto loaded = load_yaml(
      "task_name: 007x\nmodel: {id_or_path: demo}\nbase_runtime: sim\nruntime_image_tag: "
      "25.10\noptimization: {}\nbenchmark: {}");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_EQ(loaded.task->runtime_image_tag, "25.10");
  EXPECT_EQ(problem_at(loaded, "runtime_image_tag").message,
            "is a number, read as the text \"25.10\"; put it in quotes");
}

TEST(LoadTask, StopsAtAScenarioThatYamlSplit) {
  const auto loaded = load_yaml(
      "task_name: t\nmodel: {id_or_path: d}\nbase_runtime: sim\noptimization: {}\nbenchmark:\n  "
      "traffic_scenarios: [D(100,100)]\n");
  EXPECT_FALSE(loaded.task);
  const auto problem = problem_with(loaded, "split_scenario");
  EXPECT_EQ(problem.line, 6);
  EXPECT_EQ(problem.path, "benchmark.traffic_scenarios[0]");
  EXPECT_THAT(problem.message, HasSubstr("put the scenario in quotes, [\"D(100,100)\"]"));
}

TEST(LoadTask, ChoosesTheFormatBySuffix) {
  EXPECT_EQ(format_of("a/b.YAML"), Format::yaml);
  EXPECT_EQ(format_of("x.Yml"), Format::yaml);
  EXPECT_EQ(format_of("x.json"), Format::json);
  EXPECT_EQ(format_of("task"), Format::json);
  EXPECT_EQ(format_of("yaml"), Format::json);
}

TEST(LoadTask, FindsTheEngineBehindANameOfItsOwn) {
  EXPECT_EQ(load_patched(R"j({"base_runtime": "sglang-llama-small", "parameters": null})j").task->runtime,
            engine::RuntimeId::sglang);
  EXPECT_EQ(load_patched(R"j({"base_runtime": "my-rt", "runtime_family": "vllm", "parameters": null})j")
                .task->runtime,
            engine::RuntimeId::vllm);
  EXPECT_EQ(
      problem_at(load_patched(R"j({"base_runtime": "my-rt", "runtime_family": "vlm"})j"), "runtime_family")
          .code,
      "not_allowed");
  EXPECT_EQ(
      load_patched(
          R"j({"base_runtime": "my-rt", "clusterservingruntime_config": {"preset": "vllm-llama-large"}, "parameters": null})j")
          .task->runtime,
      engine::RuntimeId::vllm);
  EXPECT_EQ(problem_at(load_patched(R"j({"base_runtime": "my-rt"})j"), "base_runtime").code, "not_allowed");
}

TEST(LoadTask, TakesTheQuantizationMethodFromTheModelsConfiguration) {
  EXPECT_EQ(load_patched(R"j({"model": {"quantization_config": {"quant_method": "gptq", "bits": 4}}})j")
                .task->model.quantization,
            "gptq");
}

TEST(LoadTask, SurvivesAnyBytes) {
  for (const auto format : {Format::json, Format::yaml}) {
    for (const auto* const text : {"\0", "{", "\xFF\xFE", "---\n...", "%", "{\"task_name\": {\"a\": []}}",
                                   "&a", "? ", "!!binary x", "[]]", "a: b: c"}) {
      const auto loaded = load_task(text, format);
      EXPECT_TRUE(loaded.has_errors()) << text;
      EXPECT_FALSE(loaded.problems.empty()) << text;
    }
  }
}

}  // namespace
}  // namespace autotuner::spec
