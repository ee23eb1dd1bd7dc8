#pragma once

#include "tuning/experiment.hpp"

/// Experiments with something in every member, for tests that write and read them.
namespace autotuner::test {

inline metrics::Metrics some_metrics() {
  metrics::Batch batch;
  batch.scenario = "D(100,100)";
  batch.num_concurrency = 4;
  batch.run_duration = 12.5;
  batch.mean_output_throughput = 1950.0625;
  batch.mean_input_throughput = 1950.0625;
  batch.mean_total_throughput = 3900.125;
  batch.requests_per_second = 19.5;
  batch.num_completed_requests = 50;
  batch.num_requests = 50;
  metrics::Metrics metrics;
  metrics.values = {{"mean_total_throughput", 3900.125}, {"p90_e2e_latency", 0.1 + 0.2}};
  metrics.kept = {batch};
  metrics.best_points = {{"D(100,100)", {.concurrency = 4, .request_rate = {}}}};
  metrics.elapsed_time = 12.5;
  return metrics;
}

inline tuning::Experiment full_success(int number) {
  tuning::Experiment e;
  e.number = number;
  e.status = tuning::ExperimentStatus::success;
  e.parameters = {{"tp-size", 2}, {"__quant__kvcache_dtype", "fp8_e5m2"}};
  e.flags = {
      {"tp-size", 2}, {"kv-cache-dtype", "fp8_e5m2"}, {"mem-fraction-static", 0.85}, {"number", number}};
  e.environment_variables = {{"OMP_WAIT_POLICY", "passive"}};
  e.covers = {{{"tp-size", 2}, {"__quant__kvcache_dtype", "auto"}}};
  e.reason = "model: predicted 4,000 tokens/s";
  e.phase_of_search = "model";
  e.repeat_of = 2;
  e.engine_of = 3;
  e.attempt = 2;
  e.metrics = some_metrics();
  e.score.score = -3900.125;
  e.score.value = 3900.125;
  e.score.metric = "mean_total_throughput_per_gpu";
  e.score.slo.verdict = metrics::SloVerdict::met;
  e.score.slo.checks = {{.limit = {.name = "p90",
                                   .threshold = 8.0,
                                   .weight = 2.0,
                                   .hard_fail = true,
                                   .fail_ratio = 0.2,
                                   .stat = "p90"},
                         .actual = 7.1,
                         .violation = 0,
                         .penalty = 0,
                         .severity = ""}};
  e.score.best_points = {{"D(100,100)", {.concurrency = 4, .request_rate = {}}},
                         {"D(2000,10)", {.concurrency = 1, .request_rate = 4.5}}};
  e.gpus = 2;
  e.simulated = true;
  e.command = {"python3", "-m", "sglang.launch_server", "--tp-size", "2"};
  e.endpoint = "http://127.0.0.1:30000";
  e.engine_version = "0.5.2";
  e.image = "lmsysorg/sglang:v0.5.2-cu126";
  e.memory_limit_gib = 14.4;
  e.log_path = "logs/task_1_exp_7.engine.log";
  e.log_tail = "ready\n";
  e.warnings = {"clocks vary by 3 %", "\"quoted\" \xE6\x97\xA5"};
  e.phases = {{.name = "deploy", .started_at = "2026-01-15T09:16:00Z", .seconds = 7.25, .scenario = ""},
              {.name = "level",
               .started_at = "2026-01-15T09:16:07.250000Z",
               .seconds = 12.5,
               .scenario = "D(100,100)",
               .num_concurrency = 4}};
  e.created_at = "2026-01-15T09:15:59.000001Z";
  e.started_at = "2026-01-15T09:16:00Z";
  e.completed_at = "2026-01-15T09:17:07.250000Z";
  e.elapsed = 67.25;
  e.deploy_s = 0.1 + 0.2;
  e.ready_s = 30.5;
  e.benchmark_s = 12.5;
  return e;
}

inline tuning::Experiment full_failure(int number) {
  tuning::Experiment e;
  e.number = number;
  e.status = tuning::ExperimentStatus::failed;
  e.parameters = {{"tp-size", 1}, {"nothing", space::Value()}, {"flag", true}, {"ratio", 0.5}};
  e.flags = {{"tp-size", 1}, {"number", number}};
  e.reason = "random start";
  e.phase_of_search = "random";
  e.failure = engine::Failure{.code = engine::FailureCode::not_ready,
                              .cls = engine::FailureClass::oom,
                              .message = "exit code 1: CUDA out of memory",
                              .transient = true};
  e.penalty = 1500;
  e.stage = 1;
  e.gpus = 1;
  e.log_tail = "torch.OutOfMemoryError\n";
  e.created_at = "2026-01-15T09:15:59Z";
  e.started_at = "2026-01-15T09:16:00Z";
  e.completed_at = "2026-01-15T09:16:30Z";
  e.elapsed = 30;
  return e;
}

}  // namespace autotuner::test
