#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "tuning/ports/engine_host.hpp"
#include "tuning/ports/load_runner.hpp"

/// Stand-ins for the world around the tuning loop: no process, no socket, no waiting.
namespace autotuner::test {

/// Time that moves when told.
class ManualClock final : public base::Clock {
 public:
  base::SteadyTime steady() const override { return base::SteadyTime{} + elapsed_; }
  base::SystemTime system() const override {
    return base::SystemTime{} + std::chrono::hours(500000) +
           std::chrono::duration_cast<base::SystemTime::duration>(elapsed_);
  }
  void advance(std::chrono::duration<double> span) {
    elapsed_ += std::chrono::duration_cast<std::chrono::nanoseconds>(span);
  }

 private:
  std::chrono::nanoseconds elapsed_{1'000'000'000};
};

/// An engine that is up at once.
class FakeEngine final : public tuning::RunningEngine {
 public:
  FakeEngine(int& alive, space::Point flags) : alive_(alive), flags_(std::move(flags)) { ++alive_; }
  ~FakeEngine() override { release(); }
  std::string url() const override { return "http://127.0.0.1:1"; }
  const engine::EngineFacts& facts() const override { return facts_; }
  std::vector<std::string> command() const override { return {"fake-engine", "--port", "1"}; }
  std::optional<double> memory_limit_gib() const override { return 1.0; }
  std::optional<engine::Failure> death() const override { return death_; }
  std::optional<engine::Failure> death_within(std::chrono::milliseconds /*limit*/) const override {
    return death_;
  }
  std::string log_tail(std::size_t /*lines*/) const override { return "fake log"; }
  void begin_usage() override {}
  tuning::HostUsage usage() const override { return {}; }
  base::Awaitable<base::Result<void>> stop(std::chrono::duration<double> /*grace*/) override {
    release();
    co_return base::Result<void>{};
  }
  const space::Point& flags() const { return flags_; }
  void die(engine::Failure failure) { death_ = std::move(failure); }

 private:
  void release() {
    if (std::exchange(held_, false)) --alive_;
  }
  int& alive_;
  bool held_ = true;
  space::Point flags_;
  engine::EngineFacts facts_{.served_id = "fake", .version = "1"};
  std::optional<engine::Failure> death_;
};

class FakeHost final : public tuning::EngineHost {
 public:
  /// What a start does; by default it succeeds.
  std::function<std::optional<engine::Failure>(const tuning::EngineRequest&)> behaviour;
  std::function<void(FakeEngine&)> on_start;  ///< of each engine that is up
  std::vector<tuning::EngineRequest> starts;
  base::Result<void> checked;  ///< what check() says
  base::Result<void> fetched;  ///< what fetch() says
  base::Json config;           ///< what model_config() says
  int checks = 0;
  int alive = 0;

  base::Awaitable<tuning::Started> start(tuning::EngineRequest request, std::stop_token /*stop*/,
                                         std::function<void(std::string, std::string)> progress) override {
    starts.push_back(request);
    if (behaviour) {
      if (auto failure = behaviour(request)) {
        co_return tl::unexpected(tuning::FailedStart{
            *failure, {"fake-engine", "--api-key", "s3cret"}, "http://127.0.0.1:1", "1", "last words", 1.5});
      }
    }
    progress("ready", "");
    auto engine = std::make_unique<FakeEngine>(alive, request.resolved.flags);
    if (on_start) on_start(*engine);
    co_return engine;
  }
  base::Awaitable<base::Result<void>> check(const tuning::EngineRequest& /*request*/) override {
    ++checks;
    co_return checked;
  }
  base::Awaitable<base::Result<void>> fetch(const tuning::EngineRequest& /*request*/,
                                            std::stop_token /*stop*/,
                                            std::function<void(std::string)> progress) override {
    progress("fetching");
    co_return fetched;
  }
  base::Awaitable<base::Json> model_config(const tuning::EngineRequest& /*request*/) override {
    co_return config;
  }
};

/// A measured level of plain figures: tokens/s in total and TTFT as wanted, everything else consistent with
/// them.
inline metrics::Batch fake_batch(const std::string& scenario, int concurrency, double total_throughput,
                                 double ttft) {
  metrics::Batch batch;
  batch.scenario = scenario;
  batch.num_concurrency = concurrency;
  batch.run_duration = 10;
  batch.mean_total_throughput = total_throughput;
  batch.mean_output_throughput = total_throughput / 2;
  batch.mean_input_throughput = total_throughput / 2;
  batch.num_requests = batch.num_completed_requests = 100;
  batch.requests_per_second = 10;
  const auto constant = [](double value) {
    metrics::Statistics s;
    s.count = 100;
    s.min = s.max = s.mean = s.p25 = s.p50 = s.p75 = s.p90 = s.p95 = s.p99 = value;
    s.sum = value * 100;
    return s;
  };
  batch.stats["ttft"] = constant(ttft);
  batch.stats["tpot"] = constant(0.02);
  batch.stats["e2e_latency"] = constant(ttft + 1);
  return batch;
}

class FakeLoad final : public tuning::LoadRunner {
 public:
  /// What a level of these flags measures.
  std::function<tuning::LoadResult(const tuning::LoadRequest&, const space::Point& flags)> behaviour;
  std::vector<tuning::LoadRequest> runs;

  base::Awaitable<tuning::LoadResult> run(tuning::LoadRequest request, tuning::RunningEngine* engine,
                                          std::stop_token /*stop*/, tuning::LoadWatcher watcher) override {
    runs.push_back(request);
    watcher.phase("level", "");
    auto result = behaviour(request, static_cast<FakeEngine*>(engine)->flags());
    for (const auto& batch : result.batches) watcher.level_finished(batch);
    co_return result;
  }
};

}  // namespace autotuner::test
