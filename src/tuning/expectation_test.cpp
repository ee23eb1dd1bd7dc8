#include "tuning/expectation.hpp"

#include <gtest/gtest.h>

#include "tuning/problem.hpp"

namespace autotuner::tuning {
namespace {

spec::Task chat_on_vllm() {
  spec::Task task;
  task.model.id_or_path = "meta-llama/Llama-3.1-70B-Instruct";
  task.base_runtime = "vllm";
  task.runtime = engine::RuntimeId::vllm;
  task.goal.objective = metrics::Objective::maximize_throughput;
  metrics::Limit ttft;
  ttft.name = "ttft";
  ttft.threshold = 2;
  ttft.stat = "p90";
  task.goal.slo.limits = {ttft};
  task.workload.scenarios = {*load::Scenario::parse("D(1000,500)")};
  task.workload.levels = {{16, std::nullopt}, {256, std::nullopt}};
  return task;
}

TEST(Expectation, SpeaksOfTheMetricsThatTheProblemNames) {
  const auto task = chat_on_vllm();
  const auto expect = expectation_of(task, "NVIDIA H100 80GB HBM3", true);
  ASSERT_TRUE(expect);
  const auto prior = expect({{"tensor-parallel-size", 4}, {"quantization", "fp8"}});
  ASSERT_TRUE(prior);
  const auto problem = problem_of(task.goal);
  ASSERT_TRUE(prior->metrics.contains(problem.objective->metric));
  ASSERT_TRUE(prior->metrics.contains(problem.slos.front().metric));
  EXPECT_GT(prior->metrics.at("objective"), 100) << "tokens/s per H100";
  EXPECT_LT(prior->metrics.at("objective"), 20000);
  EXPECT_GT(*prior->memory_margin, 0);
}

TEST(Expectation, KnowsThatAModelInSixteenBitsDoesNotFitIntoOneGpu) {
  const auto expect = expectation_of(chat_on_vllm(), "NVIDIA H100 80GB HBM3", true);
  const auto prior = expect({{"tensor-parallel-size", 1}});
  ASSERT_TRUE(prior);
  EXPECT_LT(*prior->memory_margin, 0);
}

TEST(Expectation, IsSilentWithoutAGpuThatItKnowsOrASizeOfTheModel) {
  EXPECT_FALSE(expectation_of(chat_on_vllm(), "", true));
  auto nameless = chat_on_vllm();
  nameless.model.id_or_path = "/models/ours";
  EXPECT_FALSE(expectation_of(nameless, "NVIDIA H100 80GB HBM3", true));
  const auto unknown = expectation_of(chat_on_vllm(), "Some Accelerator 9000", true);
  EXPECT_TRUE(!unknown || !unknown({{"tensor-parallel-size", 4}}));
}

}  // namespace
}  // namespace autotuner::tuning
