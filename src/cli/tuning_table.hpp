#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "search/study.hpp"

namespace autotuner::cli {

/// How a factor of noise reaches a metric.
enum class NoiseKind { multiply, divide, none };

/// A frozen tuning problem: every configuration of a space with what happened when it was tried.
struct TuningTable {
  struct Row {
    space::Point point;
    std::string status;
    std::string detail;
    std::vector<double> metrics;  ///< in the order of `metrics`; empty if it failed
    double start_seconds = 0;
    double bench_seconds = 0;
    double truth = 0;  ///< its score without noise; 0 if it failed
  };
  struct Metric {
    std::string name;
    NoiseKind noise = NoiseKind::none;
  };

  std::string name;
  search::StudySpace space;
  std::vector<Metric> metrics;
  std::vector<int> budgets;
  double sigma = 0;
  double outlier_share = 0;
  std::array<double, 2> outlier_factor{1, 1};
  bool has_costs = false;
  std::vector<Row> rows;
  std::unordered_map<std::string, std::size_t> row_of;  ///< by identity of the point
  double best = 0;                                      ///< the largest truth
};

/// Errors: invalid_input naming the member, or the line and column of the rows.
base::Result<TuningTable> parse_tuning_table(const std::string& json, const std::string& csv);

/// Reads NAME.json and NAME.csv.gz (or NAME.csv); `path` may end in any of these or in none. Errors:
/// not_found, invalid_input.
base::Result<TuningTable> read_tuning_table(const std::string& path);

/// The factor of noise of one visit to a row: log-normal, with a share of outliers. Equal for all optimizers.
double noise_factor(const TuningTable& table, std::uint64_t seed, std::uint64_t row, std::uint64_t visit);

/// What one visit to a row reports, noise included; without costs. Of a share of the load the noise has 1 /
/// share times the variance, and another draw.
search::Report observe(const TuningTable& table, std::size_t row, std::uint64_t seed, std::uint64_t visit,
                       double share = 1);

}  // namespace autotuner::cli
