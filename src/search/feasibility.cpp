#include "search/feasibility.hpp"

#include <algorithm>
#include <cmath>

#include "base/random.hpp"
#include "search/acquisition.hpp"

namespace autotuner::search {
namespace {

/// What an untried point is believed to be, between -1 (fails) and 1 (runs), and how much a margin of memory
/// shifts it.
constexpr double optimism = 0.6;
constexpr double margin_scale = 0.05;  ///< a margin of 5 % of the memory is safe
constexpr double largest_shift = 1;
constexpr double threshold_variance = 0.1;

MetricModel::Settings classifier_settings(bool has_margins) {
  MetricModel::Settings settings;
  settings.prior.noise_deviation = 0.3;
  settings.prior.signal_mean = -0.2;
  settings.prior.signal_deviation = 0.3;
  settings.prior.length_mean = 0.3;
  settings.prior.length_deviation = 0.7;
  settings.noise = 0.2;
  settings.standardize = false;
  settings.center = optimism;
  settings.constant = 0.3;
  settings.expects = has_margins;
  settings.trust = 1;
  settings.doubt = 0.3;
  return settings;
}

double shift(double margin) {
  return std::isnan(margin) ? 0 : std::clamp(margin / margin_scale, -2.0, 1.0) * largest_shift;
}

/// Values that have no number are told apart by a hash, which only equality looks at.
double coordinate(const space::Value* value) {
  if (value == nullptr) return -1;
  if (const auto number = value->as_number()) return *number;
  return static_cast<double>(base::stable_hash(space::identity(*value)) >> 11);
}

}  // namespace

Feasibility::Feasibility(const GpGround& ground)
    : ground_(ground), model_(ground.features(), classifier_settings(!ground.margins().empty())) {
  for (const double margin : ground.margins()) margins_.push_back(shift(margin));
  for (const auto& point : ground.pool()) {
    const auto row = footprint(point);
    footprints_.insert(footprints_.end(), row.begin(), row.end());
  }
  ruled_out_.assign(ground.pool().size(), false);
}

double Feasibility::margin_of(const Prospect& prospect) {
  return prospect.memory_margin ? shift(*prospect.memory_margin) : 0;
}

Feasibility::Footprint Feasibility::footprint(const space::Point& point) const {
  Footprint footprint;
  for (const auto& axis : ground_.memory_axes()) footprint.push_back(coordinate(point.find(axis.parameter)));
  return footprint;
}

bool Feasibility::dominated(const double* footprint, const Failed& failed) const {
  const auto& axes = ground_.memory_axes();
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const double there = failed.footprint[i];
    double more = footprint[i] - there;
    if (axes[i].direction == 0) {
      if (more != 0) return false;
      continue;
    }
    if (axes[i].is_fraction && failed.failure == Failure::no_cache_room) more = -more;
    if (more * axes[i].direction < 0) return false;
  }
  return true;
}

void Feasibility::learn(std::span<const Sample> samples) {
  std::vector<Observation> observations;
  std::vector<Failed> failures;
  failures_ = 0;
  for (const auto& sample : samples) {
    const auto& trial = *sample.trial;
    const bool failed = trial.rank == TrialClass::failed;
    observations.push_back({trial.number, sample.prospect->features, margin_of(*sample.prospect), failed ? -1.0 : 1.0});
    if (!failed) continue;
    ++failures_;
    const bool tells = trial.failure == Failure::no_cache_room || trial.failure == Failure::no_graph_room ||
                       trial.failure == Failure::out_of_memory_load;
    if (tells) failures.push_back({footprint(trial.point), trial.failure});
  }
  model_.learn(observations);
  const bool grew = failures.size() >= out_of_memory_.size() &&
                    std::equal(out_of_memory_.begin(), out_of_memory_.end(), failures.begin());
  if (!grew) ruled_out_.assign(ruled_out_.size(), false);
  const auto width = ground_.memory_axes().size();
  for (std::size_t f = grew ? out_of_memory_.size() : 0; f < failures.size(); ++f) {
    for (std::size_t i = 0; i < ruled_out_.size(); ++i) {
      if (!ruled_out_[i] && dominated(&footprints_[i * width], failures[f])) ruled_out_[i] = true;
    }
  }
  out_of_memory_ = std::move(failures);
}

void Feasibility::judge() {
  if (model_.size() > 0) model_.judge(ground_.candidates(), margins_);
}

double Feasibility::probability_of(const Gaussian& belief) {
  return normal_cdf(belief.mean / std::sqrt(threshold_variance + belief.deviation * belief.deviation));
}

double Feasibility::probability(std::size_t index) const {
  return model_.size() > 0 ? probability_of(model_.candidate(index)) : 1;
}

bool Feasibility::rules_out(const space::Point& point) const {
  const auto row = footprint(point);
  return std::ranges::any_of(out_of_memory_,
                             [&](const Failed& failed) { return dominated(row.data(), failed); });
}

double Feasibility::probability(const Prospect& prospect) const {
  return model_.size() > 0 ? probability_of(model_.at(prospect.features, margin_of(prospect))) : 1;
}

}  // namespace autotuner::search
