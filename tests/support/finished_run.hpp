#pragma once

#include <string>

#include "metrics/score.hpp"
#include "tests/support/fakes.hpp"
#include "tuning/run.hpp"

namespace autotuner::test {

/// A finished run of llama.cpp on a CPU: the defaults (60 tokens/s), #1 faster within the limit, #2 faster
/// still but over it, #3 failed.
class FinishedRun {
 public:
  FinishedRun() {
    run_.task.name = "chat";
    run_.task.model.id_or_path = "/models/tiny model.gguf";
    run_.task.runtime = engine::RuntimeId::llamacpp;
    run_.task.strategy = "grid_search";
    run_.task.goal.objective = metrics::Objective::maximize_throughput;
    run_.task.goal.slo.limits = {{.name = "ttft", .threshold = 1.0, .stat = "p90"}};
    run_.task.workload.scenarios = {*load::Scenario::parse(scenario)};
    run_.task.workload.levels = {{4, std::nullopt}};
    run_.task.space.parameters = {{"threads", space::Choices{{1, 2, 4}}},
                                  {"ctx-size", space::Choices{{4096}}}};
    run_.task.document =
        R"({"task_name":"chat","model":{"id_or_path":"/models/tiny model.gguf"},"parameters":{"threads":[1,2,4],"ctx-size":[4096]}})";
    run_.state = tuning::TaskState::completed;
    run_.stop_reason = "space_exhausted";
    run_.started_at = "2026-01-15T09:00:00Z";
    run_.completed_at = "2026-01-15T09:16:07Z";
    run_.planned = 3;
    measured(0, {{"ctx-size", 4096}}, 60, 0.8);
    measured(1, {{"threads", 2}, {"ctx-size", 4096}}, 75, 0.7);
    measured(2, {{"threads", 4}, {"ctx-size", 4096}}, 90, 1.5);
    failed(3, {{"threads", 1}, {"ctx-size", 4096}},
           {engine::FailureCode::not_ready, engine::FailureClass::oom, "failed to allocate <buffer> & died",
            false});
  }

  void measured(int number, space::Point flags, double throughput, double ttft) {
    auto experiment = base_of(number, std::move(flags));
    experiment.status = tuning::ExperimentStatus::success;
    experiment.metrics =
        metrics::aggregate({fake_batch(scenario, 4, throughput, ttft)}, {}, run_.task.goal.slo, 0);
    experiment.score = metrics::score(*experiment.metrics, run_.task.goal);
    run_.experiments.push_back(std::move(experiment));
  }
  void failed(int number, space::Point flags, engine::Failure failure) {
    auto experiment = base_of(number, std::move(flags));
    experiment.status = tuning::ExperimentStatus::failed;
    experiment.failure = std::move(failure);
    experiment.stage = 1;
    run_.experiments.push_back(std::move(experiment));
  }
  tuning::Run& run() { return run_; }

  static constexpr auto scenario = "D(100,100)";

 private:
  static tuning::Experiment base_of(int number, space::Point flags) {
    tuning::Experiment experiment;
    experiment.number = number;
    experiment.parameters = flags;
    experiment.flags = std::move(flags);
    experiment.elapsed = 12.5;
    experiment.command = {"/usr/bin/llama-server",
                          "--model",
                          "/models/tiny model.gguf",
                          "--alias",
                          "default-chat-exp1",
                          "--host",
                          "127.0.0.1",
                          "--port",
                          "30001",
                          "--ctx-size",
                          "4096"};
    return experiment;
  }
  tuning::Run run_;
};

}  // namespace autotuner::test
