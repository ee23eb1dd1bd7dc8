#include "hosts/readiness.hpp"

#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hosts/port_finder.hpp"
#include "tests/support/fake_process.hpp"
#include "tests/support/listener.hpp"

namespace autotuner::hosts {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using tests::fake_engine;
using tests::in;
using Outcome = Readiness::Outcome;

/// A fake engine on a free port.
class ReadinessTest : public testing::Test {
 protected:
  void start(const std::vector<std::string>& options) {
    process_.reset();
    ProcessSpec spec;
    spec.command = {fake_engine(), "--port", std::to_string(lease_.port())};
    spec.command.insert(spec.command.end(), options.begin(), options.end());
    process_ = std::move(*Process::start(spec));
    log_ = std::move(*EngineLog::open("", process_->take_output()));
  }
  Readiness wait(base::SteadyTime deadline = in(20s), const std::stop_token& stop = {}, int port = 0) {
    ReadinessPlan plan;
    plan.port = port == 0 ? lease_.port() : port;
    plan.health_paths = paths_;
    plan.deadline = deadline;
    plan.probe_limit = probe_limit_;
    return wait_until_ready(plan, *process_, *log_, probe_, stop, {});
  }

  tests::TemporaryFolder folder_;
  PortLease lease_ = std::move(*PortFinder(31200, 31300, {}, folder_.path()).take());
  std::vector<std::string> paths_{"/health"};
  std::chrono::milliseconds probe_limit_{5000};
  std::unique_ptr<Process> process_;
  std::unique_ptr<EngineLog> log_;
  HttpProbe probe_;
};

TEST(PauseAfter, DoublesFromTenMillisecondsToOneSecond) {
  EXPECT_EQ(pause_after(0), 10ms);
  EXPECT_EQ(pause_after(1), 20ms);
  EXPECT_EQ(pause_after(6), 640ms);
  EXPECT_EQ(pause_after(7), 1000ms);
  EXPECT_EQ(pause_after(1000), 1000ms);
}

TEST_F(ReadinessTest, IsReadyWhenTheHealthPageSaysSo) {
  start({"--ready-after-ms", "200"});
  const auto result = wait();
  EXPECT_EQ(result.outcome, Outcome::ready);
  EXPECT_GE(result.seconds, 0.2);
}

TEST_F(ReadinessTest, OnePageWithout200DoesNotHideTheOther) {
  paths_ = {"/health", "/v1/models"};
  start({"--behave", "never-ready"});  // /health 503, /v1/models 200
  EXPECT_EQ(wait().outcome, Outcome::ready);
  paths_ = {"/health", "/no/such/page"};
  start({});
  EXPECT_EQ(wait().outcome, Outcome::ready);
}

TEST_F(ReadinessTest, TellsWhatTheLastProbesSaidWhenTimeIsUp) {
  start({"--behave", "never-ready"});
  const auto result = wait(in(300ms));
  EXPECT_EQ(result.outcome, Outcome::timeout);
  EXPECT_EQ(result.detail, "GET /health: 503");
}

TEST_F(ReadinessTest, TakesGarbageForNoAnswer) {
  start({"--behave", "garbage"});
  const auto result = wait(in(300ms));
  EXPECT_EQ(result.outcome, Outcome::timeout);
  EXPECT_THAT(result.detail, HasSubstr("GET /health: "));
  EXPECT_THAT(result.detail, testing::Not(HasSubstr("200")));
}

TEST_F(ReadinessTest, SeesAnExitThoughAProbeHangs) {
  probe_limit_ = 1h;                             // only the exit itself can end the wait
  const tests::Listener silent("127.0.0.1", 0);  // takes connections, never answers
  start({"--behave", "no-listen"});
  Readiness result;
  std::thread waiting([&] { result = wait(in(1h), {}, silent.port()); });
  EXPECT_TRUE(tests::comes_true([&] { return log_->tail(1) == "waiting\n"; }));
  ::kill(process_->pid(), SIGSEGV);
  waiting.join();
  EXPECT_EQ(result.outcome, Outcome::exited);
  EXPECT_EQ(result.status, (engine::ExitStatus{-1, SIGSEGV}));
}

TEST_F(ReadinessTest, ReportsAnImmediateExit) {
  start({"--behave", "exit-at-once"});
  const auto result = wait();
  EXPECT_EQ(result.outcome, Outcome::exited);
  EXPECT_EQ(result.status, (engine::ExitStatus{3, 0}));
}

TEST_F(ReadinessTest, EndsAtAStopRequestThoughAProbeHangs) {
  probe_limit_ = 1h;
  const tests::Listener silent("127.0.0.1", 0);
  start({"--behave", "no-listen"});
  std::stop_source source;
  Readiness result;
  std::thread waiting([&] { result = wait(in(1h), source.get_token(), silent.port()); });
  source.request_stop();
  waiting.join();
  EXPECT_EQ(result.outcome, Outcome::cancelled);
}

TEST_F(ReadinessTest, NeverTakesAStrangersServerForTheEngine) {
  ProcessSpec other;
  other.command = {fake_engine(), "--port", std::to_string(lease_.port())};
  const auto stranger = std::move(*Process::start(other));
  const auto stranger_log = std::move(*EngineLog::open("", stranger->take_output()));
  ASSERT_TRUE(
      tests::comes_true([&] { return stranger_log->tail(0).find("listening") != std::string::npos; }));
  start({"--behave", "no-listen"});
  const auto result = wait();
  EXPECT_EQ(result.outcome, Outcome::stranger);
  EXPECT_EQ(result.detail, "pid " + std::to_string(stranger->pid()) + " (fake_engine)");
}

}  // namespace
}  // namespace autotuner::hosts
