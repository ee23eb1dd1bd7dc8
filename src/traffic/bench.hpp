#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "traffic/native_load_runner.hpp"

namespace autotuner::traffic {

/// A measurement of a server that somebody else runs.
struct BenchOptions {
  std::string url;  ///< http(s)://host[:port][/base], with or without /v1
  std::string api_key;
  load::Workload workload;
  metrics::Slo slo;
  std::optional<std::chrono::duration<double>> time_limit;  ///< absent = as long as the levels may take
  std::string result_folder;                                ///< empty = no files
  std::string name = "bench";
  /// Which texts are sent. Absent = new ones each time, so that a server's prefix cache knows none of them.
  std::optional<std::uint64_t> prompt_stream;
  NativeOptions native;
};

/// Blocks until measured. A stop request ends it within 100 ms and keeps finished levels.
tuning::LoadResult run_bench(const BenchOptions& options, std::stop_token stop,
                             const tuning::LoadWatcher& watcher);

}  // namespace autotuner::traffic
