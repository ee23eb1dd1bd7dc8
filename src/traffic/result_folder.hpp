#pragma once

#include <span>
#include <string>

#include "base/result.hpp"
#include "load/plan.hpp"
#include "metrics/batch.hpp"

namespace autotuner::traffic {

/// What a result folder says of its run besides the batches.
struct ResultHead {
  std::string url;
  std::string model;
  std::string runtime;
  std::string version;
};

/// One experiment's result files, laid out as genai-bench lays them out. An empty path writes nothing.
class ResultFolder {
 public:
  explicit ResultFolder(std::string path) : path_(std::move(path)) {}

  /// Makes the folder and takes away result files of an earlier run in it, no others.
  /// Errors: unavailable with the path and the reason.
  base::Result<void> open(const load::Workload& workload, const ResultHead& head) const;
  /// pass 0 and pooled batches lie in the folder itself, pass k in rep{k+1}.
  base::Result<void> write_batch(const metrics::Batch& batch, std::span<const load::LevelRun> passes,
                                 const std::string& task, int pass = 0) const;
  base::Result<void> write_failed(const load::Scenario& scenario, const load::Level& level,
                                  const std::string& reason) const;

 private:
  std::string path_;
};

}  // namespace autotuner::traffic
