#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metrics/batch.hpp"
#include "metrics/registry.hpp"

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

/// Numbers by registry name, in the registry's order. A run keeps thousands of these, hence no map.
class MetricValues {
 public:
  MetricValues() = default;
  MetricValues(std::initializer_list<std::pair<std::string_view, double>> values);
  /// A name that the registry doesn't have is not kept.
  void set(std::string_view name, double value);
  std::optional<double> find(std::string_view name) const;
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }
  bool operator==(const MetricValues&) const = default;

 private:
  std::vector<std::pair<const MetricInfo*, double>> values_;
};

/// All that was measured of one experiment: its batches and, by registry name, the values over the kept ones.
struct Metrics {
  MetricValues values;  ///< absent = not measured
  std::vector<Batch> kept;
  std::vector<DroppedBatch> dropped;
  std::vector<FailedBatch> failed;
  /// One per scenario, in scenario order. aggregate() knows no objective and takes the SLO verdict, then the
  /// total throughput; Score::best_points are those of the goal and belong here once there is one.
  std::vector<OperatingPoint> best_points;
  int gpus = 0;  ///< 0 = no per-GPU values
  std::optional<double> compliant_fraction;
  std::optional<int> max_compliant_concurrency;
  bool partial = false;
  std::string generator = "native";
  std::string client_warning;
  std::string benchmark_name;
  double elapsed_time = 0;
  bool simulated = false;

  /// By registry name; nothing when not measured.
  std::optional<double> value(const std::string& name) const;
  Audit audit() const;  ///< worst of the kept batches
  /// Every operating point, kept and dropped, by scenario order then level.
  std::vector<const Batch*> points() const;
  bool operator==(const Metrics&) const = default;
};

OperatingPoint point_of(const Batch& batch);

/// Applies the batch filter of `slo`, labels each batch with its verdict, aggregates, adds per-GPU values
/// (gpus > 0). Scenarios keep their order of first appearance, levels are sorted inside them.
Metrics aggregate(std::vector<Batch> batches, std::vector<FailedBatch> failed, const Slo& slo, int gpus);

/// The same aggregate keys over that one batch: an operating point's metrics.
Metrics of_point(const Batch& batch, int gpus);

/// The mean over any batches (an aggregate without filter and verdicts).
Metrics aggregate_of(std::vector<Batch> batches, int gpus);

/// The `metrics` object of a result: values by registry name, raw_results, dropped_batches, failed_batches,
/// ...
base::Json to_json(const Metrics& metrics);
/// Reads that object, ours or the reference's. Errors: invalid_input when it or a part of it has the wrong
/// type.
base::Result<Metrics> metrics_from_json(const base::Json& json);

}  // namespace autotuner::metrics
