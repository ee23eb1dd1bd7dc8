#include "hosts/local_host.hpp"

#include <csignal>
#include <filesystem>
#include <future>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include "hosts/cpu_facts.hpp"
#include "hosts/http_probe.hpp"
#include "hosts/process_table.hpp"
#include "hosts/system_files.hpp"
#include "tests/support/fake_process.hpp"
#include "tests/support/files.hpp"

namespace autotuner::hosts {
namespace {

using namespace std::chrono_literals;
using engine::FailureClass;
using engine::FailureCode;
using testing::HasSubstr;
using tests::in;
using tests::write_file;

/// Runs a coroutine to its end.
template <class T>
T finish(base::Awaitable<T> work) {
  boost::asio::io_context context;
  std::optional<T> value;
  auto step = [&]() -> base::Awaitable<void> { value.emplace(co_await std::move(work)); };
  boost::asio::co_spawn(context, step, [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  });
  context.run();
  return std::move(*value);
}

/// A host on which llama-server is the fake engine.
class LocalHostTest : public testing::Test {
 protected:
  LocalHostTest() {
    std::filesystem::create_directories(folder_ / "bin");
    std::filesystem::create_symlink(tests::fake_engine(), folder_ / "bin/llama-server");
    write_file(folder_ / "model.gguf", "");
    settings_.run_folder = folder_ / "run";
    settings_.environment = {{"PATH", folder_ / "bin"}, {"HOME", folder_.path()}};
    settings_.first_port = 31400;
    settings_.last_port = 31500;
    request_.runtime = engine::RuntimeId::llamacpp;
    request_.model.id_or_path = folder_ / "model.gguf";
    request_.service_name = "default-test-exp1-" + std::to_string(::getpid());
    request_.log_path = folder_ / "engine.log";
    request_.ready_by = in(30s);
  }
  void behave(const char* word) { request_.resolved.flags.set("behave", word); }
  tuning::Started start(const std::stop_token& stop = {}) {
    const auto listen = [this](const std::string& phase, const std::string& detail) {
      phases_.push_back(phase);
      if (on_phase_) on_phase_(phase);
      static_cast<void>(detail);
    };
    return finish(host().start(request_, stop, listen));
  }
  LocalHost& host() {
    if (!host_) host_ = std::make_unique<LocalHost>(settings_, pool_);
    return *host_;
  }
  engine::Failure failure(const std::stop_token& stop = {}) {
    const auto started = start(stop);
    EXPECT_FALSE(started);
    if (started) return {};
    return started.error();
  }
  static void tell(const tuning::RunningEngine& engine, const std::string& path) {
    HttpProbe probe;
    const std::array<std::string, 1> url{engine.url() + path};
    const auto replies = probe.get(url, 2000ms, {});
    EXPECT_EQ(replies[0].status, 0);
  }
  /// Processes of this test's engine, wherever they are.
  int left() const {
    int count = 0;
    for (const auto& process : all_processes()) {
      const auto tag = environment_of(process.pid, "AUTOTUNER_ENGINE");
      count += tag && tag->ends_with(":" + request_.service_name) && process.state != 'Z';
    }
    return count;
  }

  tests::TemporaryFolder folder_;
  boost::asio::thread_pool pool_{2};
  LocalHostSettings settings_;
  tuning::EngineRequest request_;
  std::vector<std::string> phases_;
  std::function<void(const std::string&)> on_phase_;
  std::unique_ptr<LocalHost> host_;
};

TEST_F(LocalHostTest, StartsAnEngineReadsItsFactsAndStopsIt) {
  request_.resolved.flags.set("ctx-size", 4096);
  const auto started = start();
  ASSERT_TRUE(started) << started.error().message;
  auto& engine = **started;
  EXPECT_THAT(phases_, testing::ElementsAre("deploy", "ready"));
  EXPECT_THAT(engine.url(), testing::StartsWith("http://127.0.0.1:31"));
  EXPECT_EQ(engine.facts().served_id, request_.service_name);
  EXPECT_EQ(engine.facts().context_per_request, 4096);
  EXPECT_EQ(engine.facts().slots, 4);
  EXPECT_THAT(engine.command(), testing::Contains("--ctx-size"));
  EXPECT_EQ(engine.command().front(), folder_ / "bin/llama-server");
  EXPECT_GT(engine.memory_limit_gib().value_or(0), 0.01);
  EXPECT_FALSE(engine.death());
  EXPECT_THAT(engine.log_tail(10), HasSubstr("listening on"));
  EXPECT_GT(engine.usage().engine_cores, 0);
  EXPECT_EQ(left(), 1);
  EXPECT_TRUE(finish(engine.stop(5s)));
  EXPECT_EQ(left(), 0);
  EXPECT_TRUE(finish(engine.stop(5s)));
  EXPECT_THAT(read_text(request_.log_path).value_or(""), HasSubstr("fake engine starts"));
}

TEST_F(LocalHostTest, ReusesThePortOfAStoppedEngine) {
  const auto first = start();
  ASSERT_TRUE(first);
  const auto second = start();
  ASSERT_TRUE(second);
  EXPECT_NE((*first)->url(), (*second)->url());
  ASSERT_TRUE(finish((*first)->stop(5s)));
  const auto third = start();
  ASSERT_TRUE(third);
  EXPECT_EQ((*third)->url(), (*first)->url());
}

TEST_F(LocalHostTest, LeavesNothingWhenTheEngineIsDestroyed) {
  behave("escape");
  {
    const auto started = start();
    ASSERT_TRUE(started);
    EXPECT_EQ(left(), 2);
  }
  EXPECT_EQ(left(), 0);
}

TEST_F(LocalHostTest, NamesAMissingProgram) {
  std::filesystem::remove(folder_ / "bin/llama-server");
  const auto failed = failure();
  EXPECT_EQ(failed.code, FailureCode::deploy_failed);
  EXPECT_THAT(failed.message, HasSubstr("is not installed here"));
  const auto checked = finish(host().check(request_));
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(checked.error().message, testing::StartsWith(failed.message));
}

TEST_F(LocalHostTest, NamesAMissingModel) {
  EXPECT_TRUE(finish(host().check(request_)));
  request_.model.id_or_path = "/no/such/model.gguf";
  EXPECT_EQ(failure().message, "model path /no/such/model.gguf does not exist");
  EXPECT_EQ(finish(host().check(request_)).error().kind, base::ErrorKind::not_found);
}

TEST_F(LocalHostTest, ReportsAnEngineThatExitsAtOnceWithItsLastWords) {
  behave("exit-at-once");
  const auto failed = failure();
  EXPECT_EQ(failed.code, FailureCode::not_ready);
  EXPECT_EQ(failed.cls, FailureClass::exited);
  EXPECT_THAT(failed.message, HasSubstr("exit code 3"));
  EXPECT_THAT(failed.message, HasSubstr("the model file is broken"));
  EXPECT_EQ(left(), 0);
}

TEST_F(LocalHostTest, TellsOfAFailedStartWhatItTellsOfARunningEngine) {
  behave("exit-at-once");
  const auto started = start();
  ASSERT_FALSE(started);
  const auto& failed = started.error();
  EXPECT_EQ(failed.command.front(), folder_ / "bin/llama-server");
  EXPECT_THAT(failed.command, testing::Contains("exit-at-once"));
  EXPECT_THAT(failed.url, testing::StartsWith("http://127.0.0.1:31"));
  EXPECT_THAT(failed.log_tail, HasSubstr("Error: the model file is broken"));
  EXPECT_GT(failed.memory_limit_gib.value_or(0), 0.01);
}

TEST_F(LocalHostTest, TellsARefusedFlagFromOutOfMemory) {
  behave("bad-flag");
  EXPECT_EQ(failure().cls, FailureClass::bad_flag);
  behave("oom");
  EXPECT_EQ(failure().cls, FailureClass::oom);
}

TEST_F(LocalHostTest, EndsAMemoryEaterAsOutOfMemory) {
  settings_.memory_limit = 200U << 20;
  behave("eat");
  const auto failed = failure();
  EXPECT_EQ(failed.code, FailureCode::not_ready);
  EXPECT_EQ(failed.cls, FailureClass::oom) << failed.message;
  EXPECT_EQ(left(), 0);
}

TEST_F(LocalHostTest, GivesUpAtTheDeadline) {
  behave("never-ready");
  request_.ready_by = in(2s);
  const auto failed = failure();
  EXPECT_EQ(failed.code, FailureCode::not_ready);
  EXPECT_EQ(failed.cls, FailureClass::timeout);
  EXPECT_THAT(failed.message, HasSubstr("GET /health: 503"));
  EXPECT_EQ(left(), 0);
}

TEST_F(LocalHostTest, EndsTheWaitAtAStopRequest) {
  behave("never-ready");
  std::stop_source source;
  on_phase_ = [&](const std::string& phase) {
    if (phase == "ready") source.request_stop();
  };
  const auto failed = failure(source.get_token());
  EXPECT_EQ(failed.code, FailureCode::cancelled);
  EXPECT_EQ(failed.message, "Cancelled by user");
  EXPECT_EQ(left(), 0);
  phases_.clear();
  EXPECT_EQ(failure(source.get_token()).code, FailureCode::cancelled);
  EXPECT_TRUE(phases_.empty());
}

TEST_F(LocalHostTest, HoldsTheContextAgainstTheWorkload) {
  request_.longest_context = 5000;  // the fake serves 2048
  const auto failed = failure();
  EXPECT_EQ(failed.code, FailureCode::invalid_point);
  EXPECT_THAT(failed.message, HasSubstr("2048"));
  EXPECT_EQ(left(), 0);
}

TEST_F(LocalHostTest, SeesHowAReadyEngineDies) {
  for (const auto& [path, text] :
       std::vector<std::pair<std::string, std::string>>{{"/die/exit/3", "exit code 3"},
                                                        {"/die/signal/4", "SIGILL"},
                                                        {"/die/signal/9", "signal 9"},
                                                        {"/die/signal/11", "SIGSEGV"}}) {
    const auto started = start();
    ASSERT_TRUE(started) << started.error().message;
    tell(**started, path);
    ASSERT_TRUE((*started)->death_within(20s));
    EXPECT_THAT((*started)->death()->message, HasSubstr(text));
    EXPECT_TRUE(finish((*started)->stop(1s)));
  }
  EXPECT_EQ(left(), 0);
}

TEST_F(LocalHostTest, PassesOnTheEnvironmentOfAPoint) {
  write_file(folder_ / "show/llama-server",
             "#!/bin/sh\necho wait=$OMP_WAIT_POLICY home=$HOME cuda=[$CUDA_VISIBLE_DEVICES]\nexit 1\n", true);
  settings_.environment["PATH"] = folder_ / "show";
  request_.resolved.environment["OMP_WAIT_POLICY"] = "passive";
  EXPECT_EQ(failure().code, FailureCode::not_ready);
  EXPECT_THAT(read_text(request_.log_path).value_or(""),
              HasSubstr("wait=passive home=" + folder_.path() + " cuda=[]"));
}

TEST_F(LocalHostTest, KeepsAnEngineOnItsCpusAndItsDefaultThreadsToThem) {
  settings_.engine_cpus = {allowed_cpus().front()};
  const auto started = start();
  ASSERT_TRUE(started) << started.error().message;
  EXPECT_THAT((*started)->command(), testing::IsSupersetOf({"--threads", "1"}));
  EXPECT_EQ((*started)->usage().engine_cores, std::min(1.0, usable_cores({})));
  for (const auto& process : all_processes()) {
    const auto tag = environment_of(process.pid, "AUTOTUNER_ENGINE");
    if (!tag || !tag->ends_with(":" + request_.service_name)) continue;
    cpu_set_t mask;
    ASSERT_EQ(::sched_getaffinity(process.pid, sizeof mask, &mask), 0);
    EXPECT_EQ(CPU_COUNT(&mask), 1);
  }
  request_.resolved.flags.set("threads", 2);
  const auto wished = start();
  ASSERT_TRUE(wished);
  EXPECT_THAT((*wished)->command(), testing::IsSupersetOf({"--threads", "2"}));
}

TEST_F(LocalHostTest, HandsProxiesAndTheCacheFolderToEngines) {
  write_file(folder_ / "show/llama-server", "#!/bin/sh\nenv\nexit 1\n", true);
  settings_.environment["PATH"] = std::string(folder_ / "show") + ":/usr/bin:/bin";
  settings_.environment["HTTP_PROXY"] = "http://old:1";
  settings_.network.http_proxy = "http://proxy:3128";
  settings_.network.no_proxy = "corp,localhost,127.0.0.1";
  settings_.hf_home = folder_ / "cache";
  failure();
  const auto log = read_text(request_.log_path).value_or("");
  for (const std::string line : {"HTTP_PROXY=http://proxy:3128\n", "http_proxy=http://proxy:3128\n",
                                 "no_proxy=corp,localhost,127.0.0.1\n"}) {
    EXPECT_THAT(log, HasSubstr(line));
  }
  EXPECT_THAT(log, HasSubstr("HF_HOME=" + settings_.hf_home + "\n"));
}

TEST_F(LocalHostTest, WritesNoSecretIntoTheLog) {
  write_file(folder_ / "show/llama-server", "#!/bin/sh\necho token=$HF_TOKEN args=$@\nexit 1\n", true);
  settings_.environment["PATH"] = std::string(folder_ / "show") + ":/usr/bin:/bin";
  request_.model.hf_token = "hf_geheim";
  request_.resolved.flags.set("api-key", "sk-geheim");
  const auto started = start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().log_tail, HasSubstr("token=***"));
  const auto log = read_text(request_.log_path).value_or("");
  EXPECT_THAT(log, HasSubstr("token=*** args="));
  EXPECT_THAT(log, HasSubstr("--api-key ***"));
  EXPECT_THAT(log, testing::Not(HasSubstr("geheim")));
}

TEST_F(LocalHostTest, RemovesSharedMemoryThatAKilledEngineLeft) {
  behave("segment");
  const auto started = start();
  ASSERT_TRUE(started);
  const auto log = (*started)->log_tail(0);
  const auto at = log.find("/dev/shm/");
  const auto segment = log.substr(at, log.find('\n', at) - at);
  EXPECT_TRUE(std::filesystem::exists(segment)) << segment;
  EXPECT_TRUE(finish((*started)->stop(0s)));
  EXPECT_FALSE(std::filesystem::exists(segment));
}

TEST_F(LocalHostTest, GivesEachEngineGpusOfItsOwn) {
  write_file(folder_ / "bin/nvidia-smi",
             "#!/bin/sh\n"
             "echo 0, X, GPU-aa, 80000, 100, 79900, 0, 30, 60, 400, Default\n"
             "echo 1, X, GPU-bb, 80000, 90, 79910, 0, 30, 60, 400, Default\n",
             true);
  request_.resolved.world_size = 1;
  const auto first = start();
  ASSERT_TRUE(first) << first.error().message;
  const auto pid_of = [&](const std::string& uuid) {
    for (const auto& process : all_processes()) {
      const auto tag = environment_of(process.pid, "AUTOTUNER_ENGINE");
      if (tag && tag->ends_with(":" + request_.service_name) &&
          environment_of(process.pid, "CUDA_VISIBLE_DEVICES") == uuid) {
        return process.pid;
      }
    }
    return 0;
  };
  EXPECT_NE(pid_of("GPU-bb"), 0);  // the freest
  EXPECT_EQ((*first)->usage().engine_cores, 0);
  const auto second = start();
  ASSERT_TRUE(second);
  EXPECT_NE(pid_of("GPU-aa"), 0);
  const auto third = failure();
  EXPECT_EQ(third.code, FailureCode::deploy_failed);
  EXPECT_EQ(third.message, "1 GPU needed, 0 free");
  ASSERT_TRUE(finish((*first)->stop(5s)));
  EXPECT_TRUE(start());
}

TEST_F(LocalHostTest, SaysWhenGpuMemoryIsNotReleased) {
  write_file(folder_ / "bin/nvidia-smi",
             "#!/bin/sh\necho 0, X, GPU-aa, 80000, 5000, 75000, 0, 30, 60, 400, Default\n", true);
  gpu::Device before;
  before.uuid = "GPU-aa";
  before.memory_used_mb = 100;
  EXPECT_EQ(held_gpu_memory({before}, settings_.environment), "GPU 0 has 4900 MiB more in use than before");
  before.memory_used_mb = 4900;
  EXPECT_FALSE(held_gpu_memory({before}, settings_.environment));
}

}  // namespace
}  // namespace autotuner::hosts
