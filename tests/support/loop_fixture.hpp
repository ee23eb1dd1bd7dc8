#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/await.hpp"
#include "tests/support/fakes.hpp"
#include "tests/support/memory_task_store.hpp"
#include "tuning/loop.hpp"

namespace autotuner::test {

/// The one scenario of grid_of_four.
inline constexpr auto loop_scenario = "D(100,100)";

/// Four points of the simulated engine in this order: 1 GPU with 32, then 64 sequences, 2 GPUs with 32, 64.
inline spec::Task grid_of_four(std::string name) {
  spec::Task task;
  task.name = std::move(name);
  task.model.id_or_path = "demo-8b";
  task.base_runtime = "sim";
  task.runtime = engine::RuntimeId::sim;
  task.space.parameters = {{"tensor-parallel-size", space::Choices{{1, 2}}},
                           {"max-num-seqs", space::Choices{{32, 64}}}};
  task.strategy = "grid_search";
  task.search.kind = search::Kind::grid_search;
  task.seed_given = true;
  task.search.seed = 5;
  task.goal.objective = metrics::Objective::maximize_throughput;
  task.workload.scenarios = {*load::Scenario::parse(loop_scenario)};
  task.workload.levels = {{4, std::nullopt}};
  task.document = "{}";
  return task;
}

inline double number_of(const space::Point& flags, const char* name, double otherwise) {
  const auto* value = flags.find(name);
  return value == nullptr ? otherwise : value->as_number().value_or(otherwise);
}

/// 1000 * tp + max-num-seqs: per GPU, one GPU with 64 sequences wins and one with 32 is next.
inline double throughput_of(const space::Point& flags) {
  return 1000 * number_of(flags, "tensor-parallel-size", 1) + number_of(flags, "max-num-seqs", 10);
}

inline tuning::LoadResult measured(double throughput) {
  tuning::LoadResult result;
  result.batches = {fake_batch(loop_scenario, 4, throughput, 0.5)};
  return result;
}

inline tuning::LoadResult by_flags(const tuning::LoadRequest& /*request*/, const space::Point& flags) {
  return measured(throughput_of(flags));
}

/// The tuning loop among stand-ins. A run leaves no engine behind, however it ends.
class LoopFixture : public ::testing::Test {
 protected:
  LoopFixture() { load.behaviour = by_flags; }

  tuning::Run run(const spec::Task& task, const tuning::LoopOptions& options = {},
                  const std::stop_token& stop = {}) {
    tuning::TuningLoop loop(store, host, load, clock, [this](const tuning::Event& event) {
      if (on_event) on_event(event);
      if (const auto* notice = std::get_if<tuning::Notice>(&event)) notices.push_back(notice->text);
    });
    auto result = await(loop.run(task, options, stop));
    EXPECT_TRUE(result) << result.error().message;
    EXPECT_EQ(host.alive, 0) << "an engine is left running";
    return result ? *result : tuning::Run{};
  }

  MemoryTaskStore store;
  FakeHost host;
  FakeLoad load;
  ManualClock clock;
  std::function<void(const tuning::Event&)> on_event;
  std::vector<std::string> notices;
};

}  // namespace autotuner::test
