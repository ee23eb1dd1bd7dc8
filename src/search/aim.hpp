#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "search/gp_model.hpp"

namespace autotuner::search {

/// Joint draws of what a model believes at some points: by part (objectives, then limits) and point.
using Draw = std::vector<std::vector<double>>;

/// What a search is after and how much nearer a trial would bring it: one score (expected improvement), or
/// several objectives (expected hypervolume improvement).
class Aim {
 public:
  explicit Aim(const GpModel& model) : model_(model) {}
  Aim(const Aim&) = delete;
  Aim& operator=(const Aim&) = delete;
  virtual ~Aim() = default;

  /// The finished trials that did best, best first; only those measured whole.
  virtual std::vector<const Sample*> best(std::span<const Sample> samples, std::size_t most) const = 0;
  /// Takes in what is reached, by what the model believes of the best trials: what a single lucky run
  /// measured is no incumbent. Needs judge().
  virtual void look(std::span<const Sample> samples, Outlook outlook) = 0;
  /// Those beliefs' prospects; empty while nothing is reached.
  virtual const std::vector<const Prospect*>& incumbents() const = 0;

  /// Of every point of the pool, what would not surprise, on the scale of log_gain or one that orders alike.
  virtual std::vector<float> hopes(Outlook outlook) const = 0;
  /// ln of the expected gain of a trial that runs, times its chance to keep the limits that count
  /// absolutely. `exact` = limits are integrated, not approximated.
  virtual double log_gain(const ScoreBelief& belief, bool exact) const = 0;
  /// Chance that a point gains more than a hundredth, by itself.
  virtual double chance(const ScoreBelief& belief) const = 0;
  /// Whether in a draw at the incumbents, then at other points, one of these gains more than a hundredth and
  /// `runs`.
  virtual bool gains(const Draw& draw, const std::vector<bool>& runs) const = 0;
  virtual std::string gain_words() const = 0;  ///< "is more than 1 % better"

  /// Whether the point is expected to gain, and what is predicted of it, in words.
  virtual bool exploits(const ScoreBelief& belief) const = 0;
  virtual std::string prediction(const ScoreBelief& belief, double probability) const = 0;

 protected:
  const GpModel& model() const { return model_; }

 private:
  const GpModel& model_;
};

constexpr double worthwhile = 0.01;  ///< gain that is worth going on

std::unique_ptr<Aim> make_score_aim(const GpModel& model);
/// `objectives` must outlive it.
std::unique_ptr<Aim> make_frontier_aim(const GpModel& model, std::span<const Objective> objectives);

}  // namespace autotuner::search
