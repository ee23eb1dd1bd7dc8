#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "metrics/batch.hpp"

namespace autotuner::metrics {

struct FailedBatch {
  std::string scenario;
  load::Level level;
  std::string reason;
  bool operator==(const FailedBatch&) const = default;
};

struct DroppedBatch {
  Batch batch;
  std::vector<std::string> reasons;
  bool operator==(const DroppedBatch&) const = default;
};

/// (scenario, level) of one batch.
struct OperatingPoint {
  std::string scenario;
  load::Level level;
  bool operator==(const OperatingPoint&) const = default;
};

/// All that was measured of one experiment: its batches and, by registry name, the values over the kept ones.
struct Metrics {
  std::map<std::string, double> values;  ///< absent = not measured
  std::vector<Batch> kept;
  std::vector<DroppedBatch> dropped;
  std::vector<FailedBatch> failed;
  std::vector<OperatingPoint> best_points;  ///< one per scenario
  int gpus = 0;  ///< 0 = no per-GPU values
  std::optional<double> compliant_fraction;
  std::optional<int> max_compliant_concurrency;
  bool partial = false;
  std::string generator = "native";
  std::string client_warning;
  std::string benchmark_name;
  double elapsed_time = 0;
  bool simulated = false;

  std::optional<double> value(const std::string& name) const;
  Audit audit() const;  ///< worst of the kept batches
  /// Every operating point, kept and dropped, by scenario order then level.
  std::vector<const Batch*> points() const;
  bool operator==(const Metrics&) const = default;
};

/// Applies the batch filter of `slo`, aggregates, adds per-GPU values (gpus > 0).
Metrics aggregate(std::vector<Batch> batches, std::vector<FailedBatch> failed, const Slo& slo, int gpus);

/// The same aggregate keys over that one batch: an operating point's metrics.
Metrics of_point(const Batch& batch, int gpus);

base::Json to_json(const Metrics& metrics);
base::Result<Metrics> metrics_from_json(const base::Json& json);

}  // namespace autotuner::metrics
