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
  const auto expect = expectation_of(task, {.gpu = {"NVIDIA H100 80GB HBM3"}}, true);
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
  const auto expect = expectation_of(chat_on_vllm(), {.gpu = {"NVIDIA H100 80GB HBM3"}}, true);
  const auto prior = expect({{"tensor-parallel-size", 1}});
  ASSERT_TRUE(prior);
  EXPECT_LT(*prior->memory_margin, 0);
}

TEST(Expectation, IsSilentWithoutAGpuThatItKnowsOrASizeOfTheModel) {
  EXPECT_FALSE(expectation_of(chat_on_vllm(), {}, true));
  auto nameless = chat_on_vllm();
  nameless.model.id_or_path = "/models/ours";
  EXPECT_FALSE(expectation_of(nameless, {.gpu = {"NVIDIA H100 80GB HBM3"}}, true));
  const auto unknown = expectation_of(chat_on_vllm(), {.gpu = {"Some Accelerator 9000"}}, true);
  EXPECT_TRUE(!unknown || !unknown({{"tensor-parallel-size", 4}}));
}

/// All-reduces of ten seconds each, and nothing else.
base::Result<predict::MeasuredKernels> slow_links(const predict::ModelShape& shape,
                                                  const predict::Device& device, predict::Engine engine) {
  predict::KernelTables tables;
  tables.reduce[4] = predict::Curve({{1, 10}});
  return predict::MeasuredKernels{"a test", predict::model_kernels(tables, shape, engine, device)};
}

TEST(Expectation, ReckonsWithMeasuredKernels) {
  const auto task = chat_on_vllm();
  Premises premises{.gpu = {"NVIDIA H100 80GB HBM3"}};
  const space::Point point{{"tensor-parallel-size", 4}};
  const auto plain = expectation_of(task, premises, true)(point)->metrics.at("objective");
  ASSERT_TRUE(add_kernels(premises, task, slow_links));
  EXPECT_EQ(premises.kernels->kernels.device, "NVIDIA H100 SXM");
  EXPECT_LT(expectation_of(task, premises, true)(point)->metrics.at("objective"), plain / 1000);
}

TEST(Expectation, AsksForKernelsOnlyWhereSomethingIsPredicted) {
  auto task = chat_on_vllm();
  Premises nowhere;
  EXPECT_EQ(add_kernels(nowhere, task, slow_links).error().kind, base::ErrorKind::not_found);
  Premises h100{.gpu = {"NVIDIA H100 80GB HBM3"}};
  EXPECT_EQ(add_kernels(h100, task, {}).error().kind, base::ErrorKind::not_found);
  task.runtime = engine::RuntimeId::sim;
  EXPECT_FALSE(add_kernels(h100, task, slow_links)) << "it only pretends";
  EXPECT_FALSE(h100.kernels);
}

TEST(Expectation, PrefersTheModelsOwnSizesAndTheDriversMemory) {
  auto nameless = chat_on_vllm();
  nameless.model.id_or_path = "/models/ours";
  Premises premises{.gpu = {"NVIDIA H100 80GB HBM3", 79.6}};
  premises.model = predict::shape_from_facts({{"model", "Llama-3.1-8B"}});
  const auto margin = [&] {
    const auto expect = expectation_of(nameless, premises, true);
    return expect ? expect({}).value_or(search::PriorEstimate{}).memory_margin : std::nullopt;
  };
  const auto whole = margin();
  ASSERT_TRUE(whole);
  EXPECT_GT(*whole, 0) << "16 GB of weights fit into 80 GB";
  premises.gpu.memory_gib = 10;  // a slice of it
  ASSERT_TRUE(margin());
  EXPECT_LT(*margin(), 0);
}

}  // namespace
}  // namespace autotuner::tuning
