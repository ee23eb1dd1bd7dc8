#include "search/feasibility.hpp"

#include <algorithm>
#include <cmath>

#include "search/acquisition.hpp"

namespace autotuner::search {
namespace {

/// What an untried point is believed to be, between -1 (fails) and 1 (runs).
constexpr double optimism = 0.6;
constexpr double threshold_variance = 0.1;

MetricModel::Settings classifier_settings() {
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
  return settings;
}

bool ran_out(const Trial& trial) {
  switch (trial.failure) {
    case Failure::no_cache_room:
    case Failure::no_graph_room:
    case Failure::out_of_memory:
    case Failure::out_of_memory_load:
      return true;
    case Failure::none:
    case Failure::invalid:
    case Failure::timeout:
    case Failure::unhealthy:
    case Failure::other:
      break;
  }
  return false;
}

Suspicion::Mask shared(const std::uint32_t* a, const std::vector<std::uint32_t>& b) {
  Suspicion::Mask mask = 0;
  for (std::size_t i = 0; i < b.size(); ++i) mask |= Suspicion::Mask{a[i] == b[i] ? 1U : 0U} << i;
  return mask;
}

}  // namespace

Feasibility::Feasibility(const GpGround& ground)
    : ground_(ground), model_(ground.features(), classifier_settings()) {
  innocence_.assign(ground.pool().size(), 1);
  ruled_out_.assign(ground.pool().size(), false);
}

void Feasibility::suspect(std::span<const Sample> samples) {
  threshold_ = MemoryThreshold();
  suspects_.clear();
  std::vector<std::vector<std::uint32_t>> successes;
  for (const auto& sample : samples) {
    const auto& trial = *sample.trial;
    const auto margin = sample.prospect->memory_margin;
    const bool failed = trial.rank == TrialClass::failed;
    if (margin && !failed) threshold_.ran(*margin);
    if (margin && failed && ran_out(trial)) threshold_.ran_out(*margin);
    if (!failed) {
      successes.push_back(ground_.numbers_of(trial.point));
    } else if (trial.failure == Failure::invalid || (!margin && ran_out(trial))) {
      suspects_.push_back({ground_.numbers_of(trial.point), Suspicion(ground_.parameters().size())});
    }
  }
  for (auto& suspect : suspects_) {
    for (const auto& success : successes) suspect.suspicion.absolve(shared(success.data(), suspect.values));
  }
  const auto margins = ground_.margins();
  const auto values = ground_.value_numbers();
  const auto width = ground_.parameters().size();
  // By ten-thousandths of the memory; below 0 = not reckoned yet.
  constexpr long finest = 10'000;
  std::vector<double> chances(2 * finest + 1, -1);
  for (std::size_t i = 0; i < innocence_.size(); ++i) {
    innocence_[i] = 1;
    if (margins.empty() || std::isnan(margins[i])) continue;
    const auto key = std::lround(std::clamp(margins[i], -1.0, 1.0) * finest);
    auto& chance = chances[static_cast<std::size_t>(key + finest)];
    if (chance < 0) chance = threshold_(static_cast<double>(key) / finest);
    innocence_[i] *= chance;
  }
  for (const auto& suspect : suspects_) {
    std::unordered_map<Suspicion::Mask, double> known;
    Suspicion::Mask last = 0;  // neighbours in the pool mostly share the same values
    double innocent = 1 - suspect.suspicion(last);
    for (std::size_t i = 0; i < innocence_.size(); ++i) {
      const auto mask = shared(&values[i * width], suspect.values);
      if (mask != last) {
        const auto [found, is_new] = known.try_emplace(mask, 0);
        if (is_new) found->second = 1 - suspect.suspicion(mask);
        last = mask;
        innocent = found->second;
      }
      innocence_[i] *= innocent;
    }
  }
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
    observations.push_back({trial.number, sample.prospect->features, 0, failed ? -1.0 : 1.0});
    if (!failed) continue;
    ++failures_;
    const bool tells = trial.failure == Failure::no_cache_room || trial.failure == Failure::no_graph_room ||
                       trial.failure == Failure::out_of_memory_load;
    if (tells) failures.push_back({ground_.footprint(trial.point), trial.failure});
  }
  model_.learn(observations);
  suspect(samples);
  const bool grew = failures.size() >= out_of_memory_.size() &&
                    std::equal(out_of_memory_.begin(), out_of_memory_.end(), failures.begin());
  if (!grew) ruled_out_.assign(ruled_out_.size(), false);
  const auto width = ground_.memory_axes().size();
  for (std::size_t f = grew ? out_of_memory_.size() : 0; f < failures.size(); ++f) {
    for (std::size_t i = 0; i < ruled_out_.size(); ++i) {
      if (!ruled_out_[i] && dominated(ground_.footprints().data() + (i * width), failures[f]))
        ruled_out_[i] = true;
    }
  }
  out_of_memory_ = std::move(failures);
}

void Feasibility::judge() {
  if (model_.size() > 0) model_.judge(ground_.candidates(), {});
}

double Feasibility::probability_of(const Gaussian& belief) {
  return normal_cdf(belief.mean / std::sqrt(threshold_variance + belief.deviation * belief.deviation));
}

double Feasibility::probability(std::size_t index) const {
  return innocence_[index] * (failures_ > 0 ? probability_of(model_.candidate(index)) : 1);
}

bool Feasibility::rules_out(const space::Point& point) const {
  const auto row = ground_.footprint(point);
  return std::ranges::any_of(out_of_memory_,
                             [&](const Failed& failed) { return dominated(row.data(), failed); });
}

double Feasibility::probability(const Prospect& prospect) const {
  return innocence(prospect) * (failures_ > 0 ? probability_of(model_.at(prospect.features, 0)) : 1);
}

std::vector<double> Feasibility::probabilities(std::span<const Prospect> prospects) const {
  std::vector<double> chances;
  chances.reserve(prospects.size());
  for (const auto& prospect : prospects) chances.push_back(innocence(prospect));
  if (failures_ == 0) return chances;
  const auto beliefs = model_.judge_once(candidates_of(ground_.features(), prospects), {});
  for (std::size_t i = 0; i < chances.size(); ++i) chances[i] *= probability_of(beliefs[i]);
  return chances;
}

double Feasibility::innocence(const Prospect& prospect) const {
  double chance = 1;
  if (prospect.memory_margin) chance *= threshold_(*prospect.memory_margin);
  const auto values = ground_.numbers_of(prospect.point);
  for (const auto& suspect : suspects_)
    chance *= 1 - suspect.suspicion(shared(values.data(), suspect.values));
  return chance;
}

}  // namespace autotuner::search
