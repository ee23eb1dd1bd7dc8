#include "traffic/bench.hpp"

#include <chrono>
#include <utility>

namespace autotuner::traffic {
namespace {

/// Warm-up and calibration beside the levels, generously.
constexpr std::chrono::minutes preparation{10};

}  // namespace

tuning::LoadResult run_bench(const BenchOptions& options, std::stop_token stop,
                             const tuning::LoadWatcher& watcher) {
  using std::chrono::duration_cast;
  using std::chrono::steady_clock;
  tuning::LoadRequest request;
  request.url = options.url;
  request.api_key = options.api_key;
  request.workload = options.workload;
  request.slo = options.slo;
  request.result_folder = options.result_folder;
  request.task_name = options.name;
  const auto stamp = std::chrono::system_clock::now().time_since_epoch().count();
  request.prompt_stream = options.prompt_stream.value_or(static_cast<std::uint64_t>(stamp));
  // levels are run a second time when the first was disturbed, and warmed before
  const auto limit = options.time_limit.value_or(3 * load::longest_duration(options.workload) + preparation);
  request.deadline = steady_clock::now() + duration_cast<steady_clock::duration>(limit);
  boost::asio::thread_pool pool(1);
  return NativeLoadRunner(pool, options.native).run_blocking(request, nullptr, std::move(stop), watcher);
}

}  // namespace autotuner::traffic
