#include "traffic/level_runner.hpp"

#include <algorithm>
#include <barrier>
#include <memory>
#include <thread>
#include <utility>

#include <pthread.h>
#include <sched.h>

#include "traffic/host_meter.hpp"
#include "traffic/lane.hpp"

namespace autotuner::traffic {
namespace {

Nanoseconds percentile_99(std::vector<Nanoseconds> values) {
  if (values.empty()) return Nanoseconds(0);
  const auto rank = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) * 99 / 100);
  std::ranges::nth_element(values, rank);
  return *rank;
}

/// Keeps the calling thread off the engine's CPUs. Where that is refused, the thread runs as it is.
void run_on(const std::vector<int>& cpus) {
  if (cpus.empty()) return;
  cpu_set_t mask;
  CPU_ZERO(&mask);
  for (const int cpu : cpus) {
    if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(static_cast<std::size_t>(cpu), &mask);
  }
  ::pthread_setaffinity_np(::pthread_self(), sizeof mask, &mask);
}

/// Connects all lanes, starts the clock once, runs them to their end.
void run_lanes(std::vector<std::unique_ptr<Lane>>& lanes, LevelState& state, const std::vector<int>& cpus) {
  auto begin = [&state]() noexcept { state.set_start(std::chrono::steady_clock::now()); };
  std::barrier ready(static_cast<std::ptrdiff_t>(lanes.size()), begin);
  auto guarded = [&state](auto&& work) {
    try {
      work();
    } catch (const std::exception& error) {
      state.report_fault(error.what());
    }
  };
  std::vector<std::jthread> threads;
  threads.reserve(lanes.size());
  for (const auto& lane : lanes) {
    threads.emplace_back([&lane, &ready, &guarded, &cpus] {
      run_on(cpus);
      guarded([&lane] { lane->connect(); });
      ready.arrive_and_wait();
      guarded([&lane] { lane->run(); });
    });
  }
}

load::LevelRun collect(std::vector<std::unique_ptr<Lane>>& lanes, const LevelState& state,
                       base::SteadyTime end) {
  load::LevelRun run;
  std::vector<Nanoseconds> lags;
  for (const auto& lane : lanes) {
    for (auto& record : lane->take_records()) run.records.push_back(std::move(record));
    const auto some = lane->take_lags();
    lags.insert(lags.end(), some.begin(), some.end());
    run.client.cpu_busy = std::max(run.client.cpu_busy, lane->busy_share());
    run.client.events += lane->events();
    run.client.coalesced_events += lane->coalesced_events();
  }
  std::ranges::sort(run.records, {}, &load::RequestRecord::sent);
  for (const auto& record : run.records)
    run.duration = std::max(run.duration, record.end.value_or(Nanoseconds(0)));
  if (run.duration == Nanoseconds(0)) run.duration = state.since_start(end);
  run.client.loop_lag_p99 = percentile_99(std::move(lags));
  run.client.peak_in_flight = state.peak_in_flight();
  run.stopped = state.reason().empty() ? "max_requests" : state.reason();
  return run;
}

}  // namespace

base::Result<load::LevelRun> run_level(const LevelPlan& plan, std::stop_token stop) {
  auto peer = find_peer(plan.endpoint);
  if (!peer) return tl::unexpected(peer.error());
  LevelState state;
  state.set_start(std::chrono::steady_clock::now());
  std::vector<std::unique_ptr<Lane>> lanes;
  const int count = std::clamp(plan.threads, 1, std::max(plan.users, 1));
  lanes.reserve(static_cast<std::size_t>(count));
  for (int first = 0; first < count; ++first)
    lanes.push_back(std::make_unique<Lane>(plan, *peer, state, first, count));

  const auto ticks_before = read_host_ticks();
  {
    const std::stop_callback on_stop(std::move(stop), [&state, &lanes] {
      state.stop("cancelled");
      for (const auto& lane : lanes) lane->interrupt();
    });
    run_lanes(lanes, state, plan.cpus);
  }
  if (!state.fault().empty())
    return base::fail(base::ErrorKind::internal, "load generator: {}", state.fault());
  auto run = collect(lanes, state, std::chrono::steady_clock::now());
  run.client.stolen = stolen_share(ticks_before, read_host_ticks());
  return run;
}

}  // namespace autotuner::traffic
