#include "tuning/loop.hpp"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/loop_fixture.hpp"
#include "tuning/outline.hpp"

namespace autotuner::tuning {
namespace {

using test::await;
using test::by_flags;
using test::fake_batch;
using test::MemoryTaskStore;

constexpr auto scenario = test::loop_scenario;

spec::Task task_of_four() {
  return test::grid_of_four("four");
}

class TuningLoopTest : public test::LoopFixture {};

TEST_F(TuningLoopTest, MeasuresTheDefaultsFirstAndThenEveryPointOfAGrid) {
  const auto result = run(task_of_four());
  ASSERT_EQ(result.experiments.size(), 5U);
  EXPECT_EQ(result.state, TaskState::completed);
  EXPECT_EQ(result.stop_reason, "space_exhausted");
  for (int n = 0; n < 5; ++n) EXPECT_EQ(result.experiments[static_cast<std::size_t>(n)].number, n);
  EXPECT_EQ(result.experiments[0].phase_of_search, "baseline");
  EXPECT_EQ(host.alive, 0);
  const auto choice = choose(result);
  ASSERT_TRUE(choice.best);
  EXPECT_EQ(space::to_text(find(result, *choice.best)->parameters), "tensor-parallel-size=1 max-num-seqs=64");
}

TEST_F(TuningLoopTest, HandsOutAWholeRunThoughItPutsDetailsAwayMeanwhile) {
  const auto result = run(task_of_four());
  const auto stored = await(store.find("four"));
  ASSERT_TRUE(stored);
  EXPECT_EQ(result.experiments, stored->experiments);
  for (const auto& experiment : result.experiments) {
    EXPECT_FALSE(experiment.command.empty());
    EXPECT_FALSE(experiment.phases.empty());
    ASSERT_TRUE(experiment.metrics);
    EXPECT_FALSE(experiment.metrics->kept.front().stats.empty());
  }
}

TEST_F(TuningLoopTest, KeepsWhatTheStoreDoesNotHave) {
  on_event = [this](const Event& event) {
    const auto* begun = std::get_if<ExperimentStarted>(&event);
    if (begun != nullptr && begun->number == 2) store.forget("four");
  };
  const auto result = run(task_of_four());
  ASSERT_EQ(result.experiments.size(), 3U);
  EXPECT_TRUE(result.experiments[1].score.value) << "the choice still has it";
  EXPECT_THAT(notices, testing::Contains(testing::HasSubstr("can't be read back")));
}

TEST_F(TuningLoopTest, CountsNoGpusForAnEngineOnAHostWithoutAny) {
  auto task = task_of_four();
  task.base_runtime = "vllm";
  task.runtime = engine::RuntimeId::vllm;
  task.space.parameters = {{"max-num-seqs", space::Choices{{32, 64}}}};
  const auto on_cores = run(task, {.host_gpus = 0});
  for (const auto& experiment : on_cores.experiments) {
    EXPECT_EQ(experiment.gpus, 0);
    ASSERT_TRUE(experiment.metrics);
    EXPECT_EQ(experiment.metrics->gpus, 0);
  }
  const auto on_a_gpu = run(task, {.host_gpus = 1});
  for (const auto& experiment : on_a_gpu.experiments) EXPECT_EQ(experiment.gpus, 1);
}

TEST_F(TuningLoopTest, EndsWithACheckpointThatHoldsTheWholeSearch) {
  const auto task = task_of_four();
  run(task);
  const auto text = await(store.checkpoint(task.name));
  ASSERT_TRUE(text);
  const auto checkpoint = base::parse_json(*text).value();
  EXPECT_EQ(checkpoint["iteration"], 4);
  const auto log = search::trials_from_state(checkpoint["strategy_state"]);
  ASSERT_TRUE(log) << log.error().message;
  EXPECT_EQ(log->size(), 4U);
}

/// 640 points whose best keeps the limit by a little: throughput rises with all three, so does TTFT with one.
spec::Task task_of_hundreds() {
  auto task = task_of_four();
  std::vector<space::Value> budgets;
  for (int budget = 256; budget <= 8192; budget *= 2) budgets.emplace_back(budget);
  std::vector<space::Value> sequences;
  for (int n = 8; n <= 1024; n *= 2) sequences.emplace_back(n);
  task.space.parameters = {{"max-num-seqs", space::Choices{sequences}},
                           {"max-num-batched-tokens", space::Choices{budgets}},
                           {"tensor-parallel-size", space::Choices{{1, 2, 4}}},
                           {"block-size", space::Choices{{8, 16, 32, 64}}}};
  task.search.kind = search::Kind::gp;
  task.search.max_iterations = 25;
  metrics::Limit ttft;
  ttft.name = "ttft";
  ttft.threshold = 1.0;
  task.goal.slo.limits = {ttft};
  return task;
}

LoadResult by_many_flags(const LoadRequest& /*request*/, const space::Point& flags) {
  const auto log_of = [&](const char* name) {
    const auto* value = flags.find(name);
    return value == nullptr ? 5.0 : std::log2(value->as_number().value_or(32));
  };
  const double sequences = log_of("max-num-seqs");
  const double budget = log_of("max-num-batched-tokens");
  const double tp = log_of("tensor-parallel-size");
  LoadResult result;
  result.batches = {fake_batch(scenario, 4, 100 * (1 + sequences) * (1 + 0.1 * budget) * std::exp2(0.8 * tp),
                               0.08 * sequences + 0.03 * budget)};
  return result;
}

TEST_F(TuningLoopTest, FindsWithGaussianProcessesTheBestThatKeepsTheLimitInTwentyFiveTrials) {
  load.behaviour = by_many_flags;
  const auto result = run(task_of_hundreds());
  const auto choice = choose(result);
  ASSERT_TRUE(choice.best);
  const auto& best = *find(result, *choice.best);
  EXPECT_EQ(best.score.slo.verdict, metrics::SloVerdict::met);
  // The best that keeps it: per GPU one GPU, 512 sequences (0.72 s) and 512 tokens (0.27 s), 1,900 tokens/s.
  EXPECT_GE(*best.score.value, 0.95 * 1900);
  const auto modelled = std::ranges::count(result.experiments, "model", &Experiment::phase_of_search);
  EXPECT_GE(modelled, 15);
}

TEST_F(TuningLoopTest, BeginsWithWhatArithmeticExpectsOfAKnownGpu) {
  auto task = task_of_four();
  task.model.id_or_path = "meta-llama/Llama-3.1-70B-Instruct";
  task.base_runtime = "vllm";
  task.runtime = engine::RuntimeId::vllm;
  task.space.parameters = {{"tensor-parallel-size", space::Choices{{1, 2, 4, 8}}},
                           {"max-num-seqs", space::Choices{{32, 64, 128, 256}}}};
  task.search.kind = search::Kind::gp;
  task.search.max_iterations = 2;
  const auto result = run(task, {.baseline = false, .host_gpus = 8, .gpu = {"NVIDIA H100 80GB HBM3"}});
  ASSERT_EQ(result.experiments.size(), 2U);
  EXPECT_NE(result.experiments[0].reason.find("prior"), std::string::npos) << result.experiments[0].reason;
  EXPECT_GT(result.experiments[0].parameters.find("tensor-parallel-size")->as_number().value_or(0), 1)
      << "141 GB of weights don't fit into one GPU of 80 GB";
}

/// Sizes of a model whose weights take 141 GB.
base::Json config_of_70b() {
  return {{"num_hidden_layers", 80},  {"hidden_size", 8192},        {"num_attention_heads", 64},
          {"num_key_value_heads", 8}, {"intermediate_size", 28672}, {"vocab_size", 128256},
          {"torch_dtype", "bfloat16"}};
}

TEST_F(TuningLoopTest, ResumesWithThePremisesThatItBeganWith) {
  auto task = task_of_four();
  task.model.id_or_path = "/models/ours";
  task.base_runtime = "vllm";
  task.runtime = engine::RuntimeId::vllm;
  host.config = config_of_70b();
  std::stop_source stop;
  on_event = [&](const Event& event) {
    if (std::holds_alternative<ExperimentFinished>(event)) stop.request_stop();
  };
  const auto first = run(task, {.host_gpus = 2, .gpu = {"NVIDIA H100 80GB HBM3", 79.6}}, stop.get_token());
  ASSERT_TRUE(first.premises);
  ASSERT_TRUE(first.premises->model);
  EXPECT_EQ(first.premises->model->layers, 80);
  on_event = nullptr;
  host.config = nullptr;  // the model was moved, the GPU replaced
  const auto resumed = run(task, {.resume = true, .host_gpus = 2, .gpu = {"NVIDIA B200", 178}});
  EXPECT_EQ(resumed.premises, first.premises);
  EXPECT_EQ(resumed.state, TaskState::completed);
}

/// Kernels of which only all-reduces are known.
base::Result<predict::MeasuredKernels> slow_links(const predict::ModelShape& shape,
                                                  const predict::Device& device, predict::Engine engine) {
  predict::KernelTables tables;
  for (const double gpus : {2.0, 4.0}) tables.reduce[gpus] = predict::Curve({{1, 10}});
  return predict::MeasuredKernels{"tables of a test", predict::model_kernels(tables, shape, engine, device)};
}

TEST_F(TuningLoopTest, ExpectsByMeasuredKernelsAndKeepsThemForAResume) {
  auto task = task_of_four();
  task.model.id_or_path = "/models/ours";
  task.base_runtime = "vllm";
  task.runtime = engine::RuntimeId::vllm;
  task.space.parameters = {{"tensor-parallel-size", space::Choices{{2, 4}}},
                           {"pipeline-parallel-size", space::Choices{{1, 2, 4}}}};
  host.config = config_of_70b();
  std::string notice;
  std::stop_source stop;
  on_event = [&](const Event& event) {
    if (const auto* said = std::get_if<Notice>(&event)) notice += said->text;
    if (std::holds_alternative<ExperimentFinished>(event)) stop.request_stop();
  };
  LoopOptions options{.host_gpus = 8, .gpu = {"NVIDIA H100 80GB HBM3", 79.6}, .kernels = slow_links};
  const auto first = run(task, options, stop.get_token());
  ASSERT_TRUE(first.premises && first.premises->kernels);
  EXPECT_EQ(first.premises->kernels->source, "tables of a test");
  EXPECT_NE(notice.find("predicts with kernel tables: tables of a test"), std::string::npos) << notice;
  on_event = nullptr;
  options.resume = true;
  options.kernels = nullptr;  // the package is gone
  const auto resumed = run(task, options);
  EXPECT_EQ(resumed.premises, first.premises);
}

TEST_F(TuningLoopTest, SaysWhyKernelTablesCantBeRead) {
  auto task = task_of_four();
  task.base_runtime = "vllm";
  task.runtime = engine::RuntimeId::vllm;
  host.config = config_of_70b();
  std::vector<std::string> warnings;
  on_event = [&](const Event& event) {
    const auto* said = std::get_if<Notice>(&event);
    if (said != nullptr && said->warning) warnings.push_back(said->text);
  };
  base::Error error{base::ErrorKind::not_found, "nothing is installed"};
  LoopOptions options{.host_gpus = 2, .gpu = {"NVIDIA H100 80GB HBM3", 79.6}};
  options.kernels = [&](const auto&, const auto&, auto) -> base::Result<predict::MeasuredKernels> {
    return tl::unexpected(error);
  };
  EXPECT_FALSE(run(task, options).premises->kernels);
  EXPECT_TRUE(warnings.empty()) << "nobody needs them";
  error = {base::ErrorKind::invalid_input, "the folder holds no package"};
  EXPECT_FALSE(run(task, options).premises->kernels);
  EXPECT_EQ(warnings,
            (std::vector<std::string>{"predicts without kernel tables: the folder holds no package"}));
}

TEST_F(TuningLoopTest, ExpectsByTheSizesInTheModelsConfig) {
  auto task = task_of_four();
  task.model.id_or_path = "/models/ours";
  task.base_runtime = "vllm";
  task.runtime = engine::RuntimeId::vllm;
  task.space.parameters = {{"tensor-parallel-size", space::Choices{{1, 2, 4, 8}}},
                           {"max-num-seqs", space::Choices{{32, 64, 128, 256}}}};
  task.search.kind = search::Kind::gp;
  task.search.max_iterations = 1;
  host.config = config_of_70b();
  const auto result = run(task, {.baseline = false, .host_gpus = 8, .gpu = {"NVIDIA H100 80GB HBM3"}});
  ASSERT_EQ(result.experiments.size(), 1U);
  EXPECT_NE(result.experiments[0].reason.find("prior"), std::string::npos) << result.experiments[0].reason;
  EXPECT_GT(result.experiments[0].parameters.find("tensor-parallel-size")->as_number().value_or(0), 1);
}

TEST_F(TuningLoopTest, StartsFromAnEarlierTaskThatIsGoneWhenItIsResumed) {
  load.behaviour = by_many_flags;
  auto earlier = task_of_hundreds();
  earlier.name = "chat-a";
  run(earlier);
  auto task = task_of_hundreds();
  task.name = "chat-b";
  task.running.warm_start = true;
  task.search.max_iterations = 12;
  // The whole study in one session, from the same earlier task; what comes after knows nothing of it.
  const auto in_one = run(task, {.baseline = false});
  store.forget("chat-b");
  std::stop_source stop;
  on_event = [&](const Event& event) {
    const auto* finished = std::get_if<ExperimentFinished>(&event);
    if (finished != nullptr && finished->experiment.number == 6) stop.request_stop();
  };
  notices.clear();
  const auto first = run(task, {.baseline = false}, stop.get_token());
  EXPECT_EQ(notices.front().rfind("starts from 1 earlier task: chat-a (25 trials", 0), 0U) << notices.front();
  EXPECT_NE(first.experiments.front().reason.find("prior"), std::string::npos);
  EXPECT_GT(*first.experiments.front().score.value, 0.8 * 1900) << "where the earlier task had its best";
  on_event = nullptr;
  store.forget("chat-a");
  const auto resumed = run(task, {.baseline = false, .resume = true});
  EXPECT_EQ(resumed.premises, first.premises);
  ASSERT_EQ(in_one.experiments.size(), resumed.experiments.size());
  for (std::size_t i = 0; i < resumed.experiments.size(); ++i)
    EXPECT_EQ(in_one.experiments[i].parameters, resumed.experiments[i].parameters) << "experiment " << i + 1;
}

TEST_F(TuningLoopTest, StartsFromNothingUnlessTheTaskAsksForMore) {
  load.behaviour = by_many_flags;
  auto earlier = task_of_hundreds();
  earlier.name = "chat-a";
  earlier.search.max_iterations = 10;
  run(earlier);
  auto task = task_of_hundreds();
  task.search.max_iterations = 1;
  const auto result = run(task);
  ASSERT_TRUE(result.premises);
  EXPECT_TRUE(result.premises->earlier.empty());
  task.name = "chat-c";
  task.running.warm_start = true;
  EXPECT_EQ(run(task).premises->earlier.size(), 1U);
}

TEST_F(TuningLoopTest, GoesOnWithGaussianProcessesAsIfItHadNotBeenStopped) {
  load.behaviour = by_many_flags;
  std::stop_source stop;
  on_event = [&](const Event& event) {
    const auto* finished = std::get_if<ExperimentFinished>(&event);
    if (finished != nullptr && finished->experiment.number == 8) stop.request_stop();
  };
  auto task = task_of_hundreds();
  task.search.max_iterations = 16;
  run(task, {}, stop.get_token());
  on_event = nullptr;
  const auto resumed = run(task, {.resume = true});
  MemoryTaskStore fresh_store;
  TuningLoop unbroken(fresh_store, host, load, clock, [](const Event&) {});
  const auto whole = await(unbroken.run(task, {}, {}));
  ASSERT_TRUE(whole);
  ASSERT_EQ(resumed.experiments.size(), whole->experiments.size());
  for (std::size_t i = 0; i < whole->experiments.size(); ++i)
    EXPECT_EQ(resumed.experiments[i].parameters, whole->experiments[i].parameters) << "trial " << i;
}

TEST_F(TuningLoopTest, LeavesTheBaselineOutWhenAsked) {
  const auto result = run(task_of_four(), {.baseline = false});
  EXPECT_EQ(result.experiments.size(), 4U);
  EXPECT_EQ(result.experiments.front().number, 1);
}

TEST_F(TuningLoopTest, RetriesATransientFailureOnceAndNothingElse) {
  int failures_left = 1;
  host.behaviour = [&](const EngineRequest&) -> std::optional<engine::Failure> {
    if (failures_left-- > 0)
      return engine::Failure{engine::FailureCode::deploy_failed, engine::FailureClass::connection,
                             "port taken", true};
    return std::nullopt;
  };
  auto result = run(task_of_four());
  EXPECT_EQ(result.experiments[0].status, ExperimentStatus::success);
  EXPECT_EQ(result.experiments[0].attempt, 2);
  EXPECT_EQ(host.starts.size(), 6U);

  host.starts.clear();
  host.behaviour = [](const EngineRequest&) -> std::optional<engine::Failure> {
    return engine::Failure{engine::FailureCode::not_ready, engine::FailureClass::oom, "out of memory", false};
  };
  result = run(task_of_four());
  EXPECT_EQ(host.starts.size(), 5U);
  EXPECT_EQ(result.state, TaskState::failed);
  EXPECT_EQ(result.experiments[1].stage, 1);
  EXPECT_GT(result.experiments[1].penalty, 0);
  EXPECT_FALSE(result.experiments[1].score.score);
}

TEST_F(TuningLoopTest, RecordsOfAFailedStartWhatItRecordsOfASuccess) {
  host.behaviour = [](const EngineRequest&) -> std::optional<engine::Failure> {
    return engine::Failure{engine::FailureCode::not_ready, engine::FailureClass::exited, "exit code 1",
                           false};
  };
  const auto result = run(task_of_four());
  const auto& failed = result.experiments[1];
  EXPECT_EQ(failed.failure->cls, engine::FailureClass::exited);
  EXPECT_EQ(failed.command, (std::vector<std::string>{"fake-engine", "--api-key", "$API_KEY"}));
  EXPECT_EQ(failed.endpoint, "http://127.0.0.1:1");
  EXPECT_EQ(failed.engine_version, "1");
  EXPECT_EQ(failed.log_tail, "last words");
  EXPECT_EQ(failed.memory_limit_gib, 1.5);
}

TEST_F(TuningLoopTest, StopsWhenTheFirstTrialDiesOfAnUnknownFlag) {
  host.behaviour = [](const EngineRequest&) -> std::optional<engine::Failure> {
    return engine::Failure{engine::FailureCode::not_ready, engine::FailureClass::bad_flag,
                           "unknown argument: --max-num-seqs", false};
  };
  const auto result = run(task_of_four(), {.baseline = false});
  EXPECT_EQ(result.experiments.size(), 1U);
  EXPECT_EQ(result.stop_reason, "unknown_flag");
  EXPECT_EQ(result.error_message, "unknown argument: --max-num-seqs");
}

TEST_F(TuningLoopTest, StoresATaskWhoseEngineCanNotBeStartedAsFailedBeforeTheFirstTrial) {
  host.checked = base::fail(base::ErrorKind::unavailable, "llama-server is not installed here");
  TuningLoop loop(store, host, load, clock, [](const Event&) {});
  const auto result = await(loop.run(task_of_four(), {}, {}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, base::ErrorKind::unavailable);
  EXPECT_EQ(result.error().message, "llama-server is not installed here");
  EXPECT_TRUE(host.starts.empty());
  const auto stored = await(store.find("four"));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->state, TaskState::failed);
  EXPECT_EQ(stored->stop_reason, "error");
  EXPECT_EQ(stored->error_message, "llama-server is not installed here");
  EXPECT_TRUE(stored->experiments.empty());
}

TEST_F(TuningLoopTest, FetchesWhatAllTrialsNeedBeforeTheFirstOne) {
  std::vector<std::string> order;
  on_event = [&](const Event& event) {
    if (const auto* preparing = std::get_if<Preparing>(&event)) order.push_back(preparing->detail);
    if (std::holds_alternative<ExperimentStarted>(event)) order.emplace_back("trial");
  };
  run(task_of_four());
  ASSERT_GE(order.size(), 2U);
  EXPECT_EQ(order[0], "fetching");
  EXPECT_EQ(order[1], "trial");
  host.starts.clear();
  host.fetched = base::fail(base::ErrorKind::cancelled, "the download was stopped");
  TuningLoop loop(store, host, load, clock, [](const Event&) {});
  ASSERT_FALSE(await(loop.run(task_of_four(), {}, {})));
  EXPECT_TRUE(host.starts.empty());
  EXPECT_EQ(await(store.find("four"))->state, TaskState::cancelled);
}

TEST_F(TuningLoopTest, LeavesAStoredRunAsItIsWhenItsEngineIsGoneAtTheTimeOfResuming) {
  std::stop_source stop;
  on_event = [&](const Event& event) {
    if (std::holds_alternative<ExperimentFinished>(event)) stop.request_stop();
  };
  const auto interrupted = run(task_of_four(), {}, stop.get_token());
  on_event = nullptr;
  host.checked = base::fail(base::ErrorKind::not_found, "model path /m does not exist");
  TuningLoop loop(store, host, load, clock, [](const Event&) {});
  ASSERT_FALSE(await(loop.run(task_of_four(), {.resume = true}, {})));
  const auto stored = await(store.find("four"));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->state, TaskState::cancelled);
  EXPECT_EQ(stored->experiments.size(), interrupted.experiments.size());
  host.checked = {};
  EXPECT_EQ(run(task_of_four(), {.resume = true}).state, TaskState::completed);
}

TEST_F(TuningLoopTest, CopiesTheBaselinesResultForAPointWithItsFlags) {
  auto task = task_of_four();
  task.space.parameters = {{"max-num-seqs", space::Choices{{space::Value(), 64}}}};
  const auto result = run(task);
  ASSERT_EQ(result.experiments.size(), 3U);
  EXPECT_EQ(result.experiments[1].same_as, 0);
  EXPECT_TRUE(result.experiments[1].score.value) << "the choice still has it";
  EXPECT_EQ(host.starts.size(), 2U);
}

TEST_F(TuningLoopTest, EndsCleanlyOnAStopRequestAndResumesWithoutADuplicate) {
  std::stop_source stop;
  on_event = [&](const Event& event) {
    const auto* finished = std::get_if<ExperimentFinished>(&event);
    if (finished != nullptr && finished->experiment.number == 2) stop.request_stop();
  };
  const auto interrupted = run(task_of_four(), {}, stop.get_token());
  EXPECT_EQ(interrupted.state, TaskState::cancelled);
  EXPECT_EQ(interrupted.experiments.size(), 3U);
  EXPECT_EQ(host.alive, 0);

  on_event = nullptr;
  const auto resumed = run(task_of_four(), {.resume = true});
  MemoryTaskStore fresh_store;
  TuningLoop unbroken(fresh_store, host, load, clock, [](const Event&) {});
  const auto whole = await(unbroken.run(task_of_four(), {}, {}));
  ASSERT_TRUE(whole);
  ASSERT_EQ(resumed.experiments.size(), whole->experiments.size());
  for (std::size_t i = 0; i < whole->experiments.size(); ++i) {
    EXPECT_EQ(resumed.experiments[i].number, whole->experiments[i].number);
    EXPECT_EQ(resumed.experiments[i].parameters, whole->experiments[i].parameters);
    EXPECT_EQ(resumed.experiments[i].score.score, whole->experiments[i].score.score);
  }
}

TEST_F(TuningLoopTest, MeasuresATrialThatWasCutOffAgainUnderItsNumber) {
  std::stop_source stop;
  load.behaviour = [&](const LoadRequest& request, const space::Point& flags) {
    if (request.experiment == 2) stop.request_stop();
    return by_flags(request, flags);
  };
  const auto interrupted = run(task_of_four(), {}, stop.get_token());
  ASSERT_EQ(interrupted.experiments.size(), 3U);
  EXPECT_EQ(interrupted.experiments[2].failure->code, engine::FailureCode::cancelled);

  load.behaviour = by_flags;
  const auto resumed = run(task_of_four(), {.resume = true});
  ASSERT_EQ(resumed.experiments.size(), 5U);
  EXPECT_EQ(resumed.experiments[2].status, ExperimentStatus::success);
  EXPECT_EQ(resumed.experiments[2].attempt, 2);
}

TEST_F(TuningLoopTest, ResumesWhateverOrderAStoreGivesTheMembersOfTheDocument) {
  auto task = task_of_four();
  task.document = R"({"deployment_mode":"local","parameters":{"b":[1],"a":[2]},"constraints":[]})";
  run(task);
  task.document = R"({"parameters":{"b":[1],"a":[2]},"constraints":[],"deployment_mode":"local"})";
  EXPECT_EQ(run(task, {.resume = true}).experiments.size(), 5U);
  task.document = R"({"parameters":{"a":[2],"b":[1]},"constraints":[],"deployment_mode":"local"})";
  TuningLoop loop(store, host, load, clock, [](const Event&) {});
  EXPECT_FALSE(await(loop.run(task, {.resume = true}, {})))
      << "the order of parameters is that of the search";
}

TEST_F(TuningLoopTest, RefusesToResumeARunOfAnotherDocument) {
  run(task_of_four());
  auto other = task_of_four();
  other.document = R"({"parameters":{"max-num-seqs":[1]}})";
  TuningLoop loop(store, host, load, clock, [](const Event&) {});
  const auto result = await(loop.run(other, {.resume = true}, {}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, base::ErrorKind::conflict);
  EXPECT_NE(result.error().message.find("another task document"), std::string::npos);
}

TEST_F(TuningLoopTest, RepeatsTheBestPointsRoundByRoundWithoutTellingTheSearch) {
  auto task = task_of_four();
  task.running.repeat_best = {2, 2};
  const auto result = run(task);
  ASSERT_EQ(result.experiments.size(), 9U);
  EXPECT_EQ(result.planned, 8U);
  std::vector<int> repeated;
  for (std::size_t i = 5; i < 9; ++i) repeated.push_back(result.experiments[i].repeat_of.value_or(-1));
  EXPECT_EQ(repeated, (std::vector{2, 1, 2, 1}));
}

TEST_F(TuningLoopTest, StopsAfterPatienceWithoutImprovement) {
  auto task = task_of_four();
  task.running.patience = 2;
  load.behaviour = [](const LoadRequest&, const space::Point&) {
    LoadResult result;
    result.batches = {fake_batch(scenario, 4, 100, 0.5)};
    return result;
  };
  const auto result = run(task, {.baseline = false});
  EXPECT_EQ(result.experiments.size(), 3U);
  EXPECT_EQ(result.stop_reason, "patience");
}

/// A hundred points of a smooth function, to be searched by a model.
spec::Task smooth_task() {
  auto task = task_of_four();
  task.space.parameters = {{"max-num-seqs", space::Choices{{1, 2, 4, 8, 16, 32, 64, 128, 256, 512}}},
                           {"max-num-batched-tokens", space::Choices{{512, 1024, 2048, 4096, 8192, 16384,
                                                                      32768, 65536, 131072, 262144}}}};
  task.strategy = "bayesian";
  task.search.kind = search::Kind::gp;
  task.search.max_iterations = 40;
  return task;
}

LoadResult smooth(const LoadRequest& /*request*/, const space::Point& flags) {
  const auto log_of = [&](const char* name, double otherwise) {
    const auto* value = flags.find(name);
    return std::log2(value == nullptr ? otherwise : value->as_number().value_or(otherwise));
  };
  const double x = log_of("max-num-seqs", 16) - 6;
  const double y = log_of("max-num-batched-tokens", 1024) - 13;
  LoadResult result;
  result.batches = {fake_batch(scenario, 4, 1000 * std::exp(-x * x / 40 - y * y / 60), 0.5)};
  return result;
}

TEST_F(TuningLoopTest, StopsWhenLittleIsLeftToGainIfTheTaskSaysSo) {
  load.behaviour = smooth;
  auto task = smooth_task();
  task.running.stop_when_converged = true;
  const auto result = run(task);
  EXPECT_EQ(result.stop_reason, "converged");
  EXPECT_EQ(result.state, TaskState::completed);
  EXPECT_LT(result.experiments.size(), 35U);
  EXPECT_EQ(space::to_text(find(result, *choose(result).best)->parameters),
            "max-num-seqs=64 max-num-batched-tokens=8192");
  ASSERT_FALSE(notices.empty());
  EXPECT_NE(notices.back().find("chance that an untried configuration is more than 1 % better"),
            std::string::npos);
  task.running.stop_when_converged = false;
  EXPECT_EQ(run(task).stop_reason, "max_iterations");
}

TEST_F(TuningLoopTest, StartsNothingNewAfterTheWholeTasksTimeLimit) {
  auto task = task_of_four();
  task.running.total_timeout = std::chrono::seconds(100);
  load.behaviour = [this](const LoadRequest& request, const space::Point& flags) {
    clock.advance(std::chrono::seconds(60));
    return by_flags(request, flags);
  };
  const auto result = run(task, {.baseline = false});
  EXPECT_EQ(result.experiments.size(), 2U);
  EXPECT_EQ(result.stop_reason, "total_timeout");
  EXPECT_EQ(result.state, TaskState::completed);
}

TEST_F(TuningLoopTest, RunsSeveralTrialsAtOnceWhenTheTaskAllowsIt) {
  auto task = task_of_four();
  task.running.max_parallel_experiments = 3;
  const auto result = run(task);
  EXPECT_EQ(result.experiments.size(), 5U);
  EXPECT_EQ(host.starts.size(), 5U);
  EXPECT_EQ(host.alive, 0);
}

TEST_F(TuningLoopTest, ReportsAHardViolationWithItsMetricsButWithoutAScore) {
  auto task = task_of_four();
  task.goal.slo.limits = {{.name = "ttft", .threshold = 0.1, .hard_fail = true, .fail_ratio = 0.5}};
  const auto result = run(task);
  EXPECT_EQ(result.state, TaskState::completed);
  for (const auto& experiment : result.experiments) {
    EXPECT_EQ(experiment.rank(), 2);
    EXPECT_TRUE(experiment.metrics);
    EXPECT_FALSE(experiment.score.score);
    EXPECT_EQ(experiment.failure->code, engine::FailureCode::slo_hard_violation);
  }
  const auto choice = choose(result);
  EXPECT_FALSE(choice.best);
  EXPECT_TRUE(choice.nearest_miss);
}

TEST_F(TuningLoopTest, StopsWhenAResultCanNotBeStored) {
  on_event = [this](const Event& event) {
    if (std::holds_alternative<ExperimentStarted>(event)) store.refuse_writes("disk full");
  };
  const auto result = run(task_of_four());
  EXPECT_EQ(result.state, TaskState::failed);
  EXPECT_EQ(result.stop_reason, "error");
  EXPECT_NE(result.error_message.find("disk full"), std::string::npos);
  EXPECT_EQ(host.alive, 0);
}

TEST(Outline, RaisesTheBudgetForEnginesThatCompileTheirKernels) {
  auto task = task_of_four();
  task.running.timeout_per_iteration = std::chrono::seconds(600);
  engine::Resolved resolved;
  EXPECT_EQ(budget_of(task, resolved), std::chrono::seconds(600));
  resolved.flags.set("enable-torch-compile", true);
  EXPECT_EQ(budget_of(task, resolved), std::chrono::seconds(900));
  resolved.world_size = 2;
  EXPECT_EQ(budget_of(task, resolved), std::chrono::seconds(1200));
  task.running.timeout_per_iteration = std::chrono::seconds(1800);
  EXPECT_EQ(budget_of(task, resolved), std::chrono::seconds(1800));
}

}  // namespace
}  // namespace autotuner::tuning
