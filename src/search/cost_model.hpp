#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "search/feasibility.hpp"
#include "search/gp_ground.hpp"

namespace autotuner::search {

/// ln y = w_0 + sum of w_i x_i with independent normal priors on w (ridge regression, which is the mean of
/// the posterior; Rasmussen and Williams 2006, 2.8). Enough for times, which are products of what each
/// setting does to them.
class LogLinearModel {
 public:
  /// `rows`: features, row after row; `values` above 0.
  LogLinearModel(std::size_t columns, std::span<const double> rows, std::span<const double> values);
  /// ln y
  double operator()(std::span<const double> features) const;

 private:
  std::vector<double> weights_;
  double center_ = 0;
};

/// What a trial will take: starting the engine, unless only parameters of the load generator differ from what
/// is running, and the benchmark. Learned from the seconds of finished trials; without any, all trials cost
/// the same.
class CostModel {
 public:
  explicit CostModel(const GpGround& ground);

  /// Finished trials, by ascending number; the engine of the last one is running if it succeeded.
  void learn(std::span<const Sample> samples);
  /// ln of the seconds of a trial of this point; 0 while nothing is known.
  double log_seconds(const space::Point& point, std::span<const double> features) const;
  /// Of a point of the pool.
  double log_seconds(std::size_t position) const;

 private:
  double log_seconds(std::span<const double> features, bool runs) const;

  const GpGround& ground_;
  std::optional<LogLinearModel> start_;
  std::optional<LogLinearModel> bench_;
  std::optional<space::Point> running_;
  std::vector<bool> is_server_;           ///< by parameter of the ground
  std::vector<std::uint32_t> numbers_;    ///< of the values of `running_`
  mutable std::vector<double> features_;  ///< room for one row
};

}  // namespace autotuner::search
