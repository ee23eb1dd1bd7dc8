#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "net/proxies.hpp"
#include "traffic/tokens.hpp"
#include "tuning/ports/load_runner.hpp"

namespace autotuner::traffic {

struct NativeOptions {
  int sender_threads = 1;
  std::string dataset_cache;  ///< folder; needed for workloads with a data set
  net::Proxies proxies;       ///< for fetching data sets
  std::vector<int> cpus;      ///< sender threads run on these only; empty = wherever we may
  std::string ca_file;        ///< https endpoints
  bool verify_peer = true;
};

/// The built-in load generator: warm-up, calibration of prompt lengths, then every level, each measured by
/// sender threads of its own. Works without an engine, too (a foreign endpoint). Remembers how words relate
/// to tokens from run to run, so that the trials of a task are calibrated once.
class NativeLoadRunner final : public tuning::LoadRunner {
 public:
  /// Runs block a thread of `pool`.
  NativeLoadRunner(boost::asio::thread_pool& pool, NativeOptions options);

  base::Awaitable<tuning::LoadResult> run(tuning::LoadRequest request, tuning::RunningEngine* engine,
                                          std::stop_token stop, tuning::LoadWatcher watcher) override;

  /// The same, blocking: for a caller without an event loop.
  tuning::LoadResult run_blocking(const tuning::LoadRequest& request, tuning::RunningEngine* engine,
                                  std::stop_token stop, const tuning::LoadWatcher& watcher);

 private:
  boost::asio::thread_pool& pool_;
  NativeOptions options_;
  std::mutex mutex_;
  std::map<std::string, TokenFit> fits_;  ///< by model and tokenizer, guarded by mutex_
};

}  // namespace autotuner::traffic
