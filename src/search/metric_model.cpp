#include "search/metric_model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace autotuner::search {
namespace {

/// Beyond this many observations hyperparameters hardly move any more; they are fitted to an even choice.
constexpr std::size_t most_fitted = 100;
constexpr double outlier = 3.5;  ///< in deviations of a leave-one-out prediction
constexpr double tail = 2;       ///< the bad tail is cut at this many deviations
/// With fewer observations than this, their spread says little: quantities vary by at least `few_scale`.
constexpr std::size_t few = 4;
constexpr double few_scale = 0.5;
constexpr std::array length_factors{0.25, 0.5, 1.0, 2.0, 4.0};
constexpr double negligible = 0.01;  ///< share of belief below which a kernel is left out
constexpr int first_iterations = 40;
constexpr int more_iterations = 12;

struct Spread {
  double mean = 0;
  double deviation = 0;
};

Spread spread_of(std::span<const double> values) {
  Spread spread;
  for (const double v : values) spread.mean += v / static_cast<double>(values.size());
  for (const double v : values)
    spread.deviation += (v - spread.mean) * (v - spread.mean) / static_cast<double>(values.size());
  spread.deviation = std::sqrt(spread.deviation);
  return spread;
}

}  // namespace

MetricModel::MetricModel(const Features& features, Settings settings)
    : groups_(features.groups()), group_count_(features.group_count()), settings_(std::move(settings)) {}

std::size_t MetricModel::next_fit(std::size_t observations) {
  return observations + std::max<std::size_t>(1, observations / 4);
}

double MetricModel::noise_mean(double scale) const {
  return std::clamp(std::log(settings_.noise / scale), -6.0, 0.0);
}

double MetricModel::evidence() const {
  return fits_.empty() ? -std::numeric_limits<double>::infinity() : fits_.back().evidence;
}

double MetricModel::expected(const Fit& fit, double expectation) const {
  return settings_.expects ? (expectation - fit.expected_center) / fit.scale : 0;
}

double MetricModel::target(const Fit& fit, const Observation& observation) const {
  const double value = settings_.larger_is_worse ? std::min(observation.value, fit.worst)
                                                 : std::max(observation.value, fit.worst);
  return (value - fit.center) / fit.scale - settings_.trust * expected(fit, observation.expectation);
}

TrainingSet MetricModel::training_set(const Fit& fit, std::span<const Observation> observations) const {
  TrainingSet set;
  set.groups = groups_;
  set.group_count = group_count_;
  for (std::size_t i = 0; i < observations.size(); ++i) {
    const auto& observation = observations[i];
    set.rows.insert(set.rows.end(), observation.features.begin(), observation.features.end());
    set.expectations.push_back(expected(fit, observation.expectation));
    set.targets.push_back(target(fit, observation));
    set.noise_scales.push_back(observation.noise_scale * (i < fit.tempering.size() ? fit.tempering[i] : 1));
  }
  return set;
}

MetricModel::Fit MetricModel::fitted(std::span<const Observation> observations, const Fit* before) const {
  Fit fit;
  fit.observations = observations.size();
  std::vector<Observation> chosen(observations.begin(), observations.end());
  std::vector<double> values;
  for (const auto& observation : observations) values.push_back(observation.value);
  const double sign = settings_.larger_is_worse ? 1 : -1;
  fit.worst = sign * std::numeric_limits<double>::infinity();
  fit.center = settings_.center;
  if (settings_.standardize) {
    auto spread = spread_of(values);
    fit.worst = spread.mean + sign * tail * spread.deviation;
    for (auto& v : values) v = settings_.larger_is_worse ? std::min(v, fit.worst) : std::max(v, fit.worst);
    spread = spread_of(values);
    fit.center = spread.mean;
    fit.scale = std::max(spread.deviation, values.size() < few ? few_scale : 2 * settings_.noise);
  }
  for (const auto& o : observations)
    fit.expected_center += o.expectation / static_cast<double>(observations.size());
  if (!settings_.standardize) fit.expected_center = 0;

  if (chosen.size() > most_fitted) {
    const auto n = chosen.size();
    for (std::size_t i = 0; i < most_fitted; ++i) chosen[i] = chosen[i * n / most_fitted];
    chosen.resize(most_fitted);
  }
  auto set = training_set(fit, chosen);
  auto prior = settings_.prior;
  prior.noise_mean = noise_mean(fit.scale);
  Kernel start;
  for (std::size_t g = 0; g < group_count_; ++g) start.log_lengths.push_back(prior.length_mean_of(g));
  start.log_signal = prior.signal_mean;
  start.log_noise = prior.noise_mean;
  if (before != nullptr) start = before->kernel;
  start.constant = settings_.constant;
  start.slope = settings_.expects ? settings_.doubt : 0;
  fit.kernel = search::fit(set, start, prior, before == nullptr ? first_iterations : more_iterations);
  auto left_out = leave_one_out(set, fit.kernel);
  std::vector<double> tempering(chosen.size(), 1.0);
  bool tempered = false;
  if (settings_.standardize && chosen.size() == observations.size() && chosen.size() >= 8) {
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const double z = sign * left_out.residuals[i] / left_out.deviations[i];
      if (z <= outlier) continue;
      tempering[i] = std::min(z * z * 4, 400.0);
      set.noise_scales[i] = chosen[i].noise_scale * tempering[i];
      tempered = true;
    }
  }
  if (tempered) {
    fit.kernel = search::fit(set, fit.kernel, prior, more_iterations);
    left_out = leave_one_out(set, fit.kernel);
    fit.tempering = std::move(tempering);
  }
  fit.evidence = left_out.log_likelihood;
  return fit;
}

void MetricModel::learn(std::span<const Observation> observations) {
  forget_beliefs();
  std::size_t common = 0;
  while (common < known_.size() && common < observations.size() &&
         known_[common] ==
             Known{observations[common].number, observations[common].value, observations[common].noise_scale})
    ++common;
  bool starts_over = common < known_.size();
  while (!fits_.empty() && fits_.back().observations > common) fits_.pop_back();
  known_.clear();
  for (const auto& o : observations) known_.push_back({o.number, o.value, o.noise_scale});
  if (observations.empty()) {
    process_ = Process();
    judged_ = nullptr;
    return;
  }
  while (true) {
    const auto next = fits_.empty() ? 1 : next_fit(fits_.back().observations);
    if (next > observations.size()) break;
    auto fit = fitted(observations.first(next), fits_.empty() ? nullptr : &fits_.back());
    fits_.push_back(std::move(fit));
    starts_over = true;
  }
  const auto& fit = fits_.back();
  if (starts_over) {
    process_ = Process(fit.kernel, training_set(fit, observations));
    judged_ = nullptr;
    return;
  }
  for (std::size_t i = process_.size(); i < observations.size(); ++i) {
    const auto& o = observations[i];
    process_.append(o.features, expected(fit, o.expectation), target(fit, o), o.noise_scale);
  }
}

void MetricModel::believe(std::span<const double> features, double expectation) {
  if (fits_.empty()) return;
  process_.imagine(features, expected(fits_.back(), expectation));
  ++believed_;
}

void MetricModel::forget_beliefs() {
  if (believed_ == 0) return;
  process_.truncate(process_.size() - believed_);
  posterior_.truncate(process_.size());
  believed_ = 0;
}

Gaussian MetricModel::natural(const Gaussian& standard, double expectation) const {
  const auto& fit = fits_.back();
  const double expected_part = settings_.trust * expected(fit, expectation);
  return {fit.center + fit.scale * (standard.mean + expected_part), fit.scale * standard.deviation};
}

Gaussian MetricModel::at(std::span<const double> features, double expectation) const {
  return natural(process_.at(features, expected(fits_.back(), expectation)), expectation);
}

std::vector<std::pair<double, Process>> MetricModel::plausible_processes() const {
  std::vector<std::pair<double, Process>> processes;
  if (process_.size() > most_fitted) {
    processes.emplace_back(1, process_);
    return processes;
  }
  auto prior = settings_.prior;
  prior.noise_mean = noise_mean(fits_.back().scale);
  const SquaredGaps gaps(process_.set());
  std::vector<double> losses;
  for (const double factor : length_factors) {
    auto kernel = process_.kernel();
    for (auto& length : kernel.log_lengths) length += std::log(factor);
    auto parameters = kernel.log_lengths;
    parameters.push_back(kernel.log_signal);
    parameters.push_back(kernel.log_noise);
    losses.push_back(fit_loss(process_.set(), gaps, kernel, prior, parameters, {}));
    processes.emplace_back(0, Process(std::move(kernel), process_.set()));
  }
  const double least = *std::ranges::min_element(losses);
  double sum = 0;
  for (std::size_t i = 0; i < losses.size(); ++i) sum += processes[i].first = std::exp(least - losses[i]);
  for (auto& [weight, process] : processes) weight /= sum;
  return processes;
}

JointGaussian MetricModel::natural(JointGaussian standard, std::span<const double> expectations) const {
  for (std::size_t i = 0; i < standard.means.size(); ++i)
    standard.means[i] = natural(Gaussian{standard.means[i], 1}, expectations[i]).mean;
  for (auto& entry : standard.factor) entry *= fits_.back().scale;
  return standard;
}

std::vector<MetricModel::Weighted> MetricModel::jointly(std::span<const double> features,
                                                        std::span<const double> expectations) const {
  std::vector<double> scaled;
  for (const double e : expectations) scaled.push_back(expected(fits_.back(), e));
  std::vector<Weighted> beliefs;
  for (const auto& [weight, process] : plausible_processes()) {
    if (weight > negligible)
      beliefs.push_back({weight, natural(process.jointly(features, scaled), expectations)});
  }
  return beliefs;
}

std::vector<float> MetricModel::scaled(std::span<const double> expectations) const {
  std::vector<float> result;
  if (!settings_.expects) return result;
  result.reserve(expectations.size());
  for (const double e : expectations) result.push_back(static_cast<float>(expected(fits_.back(), e)));
  return result;
}

void MetricModel::judge(const std::shared_ptr<const CandidateSet>& candidates,
                        std::span<const double> expectations) {
  if (judged_ != candidates.get()) {
    posterior_.restart(candidates, scaled(expectations), process_.kernel());
    if (settings_.expects) candidate_expectations_.assign(expectations.begin(), expectations.end());
    judged_ = candidates.get();
  }
  posterior_.follow(process_);
}

Gaussian MetricModel::candidate(std::size_t index) const {
  const double variance = std::max(posterior_.variances()[index], 1e-9F);
  const double expectation = settings_.expects ? candidate_expectations_[index] : 0;
  return natural({posterior_.means()[index], std::sqrt(variance)}, expectation);
}

std::vector<float> MetricModel::bounds(double deviations) const {
  const auto& fit = fits_.back();
  const auto means = posterior_.means();
  const auto variances = posterior_.variances();
  std::vector<float> bounds(judged_->size());
  const auto scale = static_cast<float>(fit.scale);
  const auto center = static_cast<float>(fit.center);
  const auto width = static_cast<float>(deviations * fit.scale);
  for (std::size_t i = 0; i < bounds.size(); ++i)
    bounds[i] = center + scale * means[i] + width * std::sqrt(std::max(variances[i], 1e-9F));
  if (settings_.expects) {
    for (std::size_t i = 0; i < bounds.size(); ++i)
      bounds[i] += static_cast<float>(settings_.trust * (candidate_expectations_[i] - fit.expected_center));
  }
  return bounds;
}

std::vector<Gaussian> MetricModel::judge_once(const CandidateSet& candidates,
                                              std::span<const double> expectations) const {
  CandidatePosterior posterior;
  const std::shared_ptr<const CandidateSet> borrowed(std::shared_ptr<const CandidateSet>(), &candidates);
  posterior.restart(borrowed, scaled(expectations), process_.kernel());
  posterior.follow(process_);
  std::vector<Gaussian> beliefs;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const double variance = std::max(posterior.variances()[i], 1e-9F);
    beliefs.push_back(
        natural({posterior.means()[i], std::sqrt(variance)}, settings_.expects ? expectations[i] : 0));
  }
  return beliefs;
}

}  // namespace autotuner::search
