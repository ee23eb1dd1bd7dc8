#include "search/cost_model.hpp"

#include <algorithm>
#include <cmath>

namespace autotuner::search {
namespace {

/// A setting changes a time by half, give or take, and a time strays by a tenth from what its settings say.
constexpr double usual_effect = 0.4;
constexpr double usual_error = 0.1;

/// Whether the engine that runs one point serves the other, too.
bool same_server(const Problem& problem, const space::Point& a, const space::Point& b) {
  return std::ranges::all_of(a, [&](const auto& entry) {
    const auto* knob = problem.find(entry.first);
    if (knob != nullptr && knob->scope == Scope::client) return true;
    const auto* other = b.find(entry.first);
    return other != nullptr && *other == entry.second;
  });
}

}  // namespace

LogLinearModel::LogLinearModel(std::size_t columns, std::span<const double> rows,
                               std::span<const double> values) {
  const auto n = values.size();
  for (const double value : values) center_ += std::log(value) / static_cast<double>(n);
  // (X'X + s I) w = X'y with s = (error / effect)^2
  const double ridge = usual_error * usual_error / (usual_effect * usual_effect);
  CholeskyFactor factor;
  std::vector<double> right(columns, 0.0);
  for (std::size_t i = 0; i < columns; ++i) {
    std::vector<double> row(i + 1, 0.0);
    for (std::size_t t = 0; t < n; ++t) {
      const auto x = rows.subspan(t * columns, columns);
      for (std::size_t j = 0; j <= i; ++j) row[j] += (x[i] - 0.5) * (x[j] - 0.5);
      right[i] += (x[i] - 0.5) * (std::log(values[t]) - center_);
    }
    row[i] += ridge;
    factor.append(row);
  }
  for (std::size_t i = 0; i < columns; ++i) {
    const auto l = factor.row(i);
    for (std::size_t j = 0; j < i; ++j) right[i] -= l[j] * right[j];
    right[i] /= l[i];
  }
  for (std::size_t i = columns; i-- > 0;) {
    for (std::size_t j = i + 1; j < columns; ++j) right[i] -= factor.row(j)[i] * right[j];
    right[i] /= factor.row(i)[i];
  }
  weights_ = std::move(right);
}

double LogLinearModel::operator()(std::span<const double> features) const {
  double sum = center_;
  for (std::size_t i = 0; i < weights_.size(); ++i) sum += weights_[i] * (features[i] - 0.5);
  return sum;
}

CostModel::CostModel(const GpGround& ground) : ground_(ground), features_(ground.features().columns()) {
  for (const auto& name : ground.parameters()) {
    const auto* knob = ground.problem().find(name);
    is_server_.push_back(knob == nullptr || knob->scope == Scope::server);
  }
}

void CostModel::learn(std::span<const Sample> samples) {
  start_.reset();
  bench_.reset();
  running_.reset();
  const auto columns = ground_.features().columns();
  const auto model_of = [&](double Trial::* seconds) -> std::optional<LogLinearModel> {
    std::vector<double> rows;
    std::vector<double> values;
    for (const auto& [trial, prospect] : samples) {
      const double value = trial->*seconds;
      if (!(value > 0) || !std::isfinite(value) || trial->rank == TrialClass::failed) continue;
      rows.insert(rows.end(), prospect->features.begin(), prospect->features.end());
      values.push_back(value);
    }
    return values.empty() ? std::nullopt : std::optional(LogLinearModel(columns, rows, values));
  };
  bench_ = model_of(&Trial::bench_seconds);
  if (!bench_) return;
  start_ = model_of(&Trial::start_seconds);
  const auto& last = *samples.back().trial;
  if (last.rank == TrialClass::failed) return;
  running_ = last.point;
  numbers_ = ground_.numbers_of(last.point);
}

double CostModel::log_seconds(const space::Point& point, std::span<const double> features) const {
  return log_seconds(features, running_ && same_server(ground_.problem(), point, *running_));
}

double CostModel::log_seconds(std::size_t position) const {
  if (!bench_) return 0;
  ground_.candidates()->copy(position, features_);
  const auto row = ground_.value_numbers().subspan(position * is_server_.size(), is_server_.size());
  bool runs = running_.has_value();
  for (std::size_t i = 0; runs && i < row.size(); ++i) runs = !is_server_[i] || row[i] == numbers_[i];
  return log_seconds(features_, runs);
}

double CostModel::log_seconds(std::span<const double> features, bool runs) const {
  if (!bench_) return 0;
  const double bench = (*bench_)(features);
  if (!start_ || runs) return bench;
  const double start = (*start_)(features);
  return std::max(bench, start) + std::log1p(std::exp(-std::abs(bench - start)));
}

}  // namespace autotuner::search
