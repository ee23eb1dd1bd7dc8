#pragma once

#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "search/features.hpp"
#include "search/surrogate.hpp"

namespace autotuner::search {

/// One measured value of one trial, as a model takes it in.
struct Observation {
  int number = 0;                         ///< of the trial
  std::span<const double> features = {};  ///< must stay alive while the model learns from it
  double expectation = 0;                 ///< in the units of the value
  double value = 0;
  double noise_scale = 1;  ///< its noise variance in units of the others'
};

/// What a model believes of the noise-free quantity, in its units, without how sure it is.
class MeanFunction {
 public:
  MeanFunction(const Process& process, double center, double scale)
      : mean_(process), center_(center), scale_(scale) {}
  double at(std::span<const double> features) const { return center_ + scale_ * mean_.at(features); }

 private:
  PosteriorMean mean_;
  double center_;
  double scale_;
};

/// A Gaussian process over one quantity that keeps itself fitted. What it believes is a function of the
/// observations in the order of their numbers alone, not of the order in which it met them, so a search that
/// is taken up again goes on as it would have: hyperparameters are fitted to the first 1, 2, ... 8, 10, 12,
/// 15, ... observations (a quarter more each time), each fit from the one before it; rows between two fits
/// are appended.
class MetricModel {
 public:
  struct Settings {
    KernelPrior prior;
    double noise = 0.02;           ///< expected, in units of the value
    bool larger_is_worse = false;  ///< which tail is cut at two deviations
    bool standardize = true;       ///< else values are taken as they are, around `center`
    double center = 0;
    double constant = 1;   ///< uncertainty of the level
    bool expects = false;  ///< uses the expectations of observations and candidates
    double trust = 0.8;    ///< how much of an expected difference is believed beforehand
    double doubt = 0.2;    ///< deviation of that share
  };

  /// `features` must outlive the model.
  MetricModel(const Features& features, Settings settings);

  /// All observations there are, by ascending number.
  void learn(std::span<const Observation> observations);
  std::size_t size() const { return known_.size(); }
  /// At the last fit, the sum of the logarithms of what leave-one-out predictions gave the observed values.
  double evidence() const;
  const Kernel& kernel() const { return process_.kernel(); }

  /// Pending points are believed until forgotten.
  void believe(std::span<const double> features, double expectation);
  void forget_beliefs();

  /// Of the noise-free quantity, in its units.
  Gaussian at(std::span<const double> features, double expectation) const;

  /// at() without the deviation, for many points; of a model that has observations and no expectations. Lives
  /// on its own.
  MeanFunction mean_function() const { return {process_, fits_.back().center, fits_.back().scale}; }

  /// A belief under one kernel, and the share of belief that this kernel has.
  struct Weighted {
    double weight = 1;
    JointGaussian belief;
  };
  /// Of several points at once, `features` row after row, under every kernel that the observations leave room
  /// for: all length scales of the fitted one times a common factor, weighted by their posterior density over
  /// factors in geometric steps. With few observations the fitted lengths alone would be too sure of what
  /// lies between and beyond them.
  std::vector<Weighted> jointly(std::span<const double> features, std::span<const double> expectations) const;

  /// Brings the posterior over the candidates up to date. Expectations by candidate in units of the value,
  /// empty = none. The set must be the same every time; another one starts over.
  void judge(const std::shared_ptr<const CandidateSet>& candidates, std::span<const double> expectations);
  Gaussian candidate(std::size_t index) const;
  /// mean + `deviations` * deviation of every candidate.
  std::vector<float> bounds(double deviations) const;
  /// The same for a few points that come and go.
  std::vector<Gaussian> judge_once(const CandidateSet& candidates,
                                   std::span<const double> expectations) const;

 private:
  struct Known {
    int number = 0;
    double value = 0;
    double noise_scale = 1;
    bool operator==(const Known&) const = default;
  };
  struct Fit {
    std::size_t observations = 0;
    double center = 0;
    double scale = 1;
    double expected_center = 0;
    double worst = 0;  ///< values are cut here
    Kernel kernel;
    std::vector<double> tempering;  ///< by observation, on top of its own noise scale; beyond its end 1
    double evidence = 0;
  };

  static std::size_t next_fit(std::size_t observations);
  double noise_mean(double scale) const;
  Fit fitted(std::span<const Observation> observations, const Fit* before) const;
  std::vector<std::pair<double, Process>> plausible_processes() const;
  JointGaussian natural(JointGaussian standard, std::span<const double> expectations) const;
  TrainingSet training_set(const Fit& fit, std::span<const Observation> observations) const;
  double target(const Fit& fit, const Observation& observation) const;
  double expected(const Fit& fit, double expectation) const;
  Gaussian natural(const Gaussian& standard, double expectation) const;
  std::vector<float> scaled(std::span<const double> expectations) const;

  std::span<const std::size_t> groups_;
  std::size_t group_count_;
  Settings settings_;
  std::vector<Known> known_;
  std::vector<Fit> fits_;
  Process process_;
  std::size_t believed_ = 0;
  CandidatePosterior posterior_;
  const CandidateSet* judged_ = nullptr;
  std::vector<double> candidate_expectations_;
};

}  // namespace autotuner::search
