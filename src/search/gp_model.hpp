#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/acquisition.hpp"
#include "search/feasibility.hpp"
#include "search/gp_ground.hpp"
#include "search/metric_model.hpp"

namespace autotuner::search {

/// Whether a suggestion listens to the prior.
enum class Outlook { guarded, unbiased };

/// What is believed of the score of points: one process for the logarithm of each objective's metric and one
/// for that of each limited metric, each with a twin whose mean is the prior. Where trials carry no metrics,
/// one process for the score.
class GpModel {
 public:
  explicit GpModel(const GpGround& ground);

  /// Finished trials, by ascending number.
  void learn(std::span<const Sample> samples);
  void believe(const Prospect& prospect);
  void forget_beliefs();
  /// Brings the judgement over the pool up to date.
  void judge(Outlook outlook);

  std::size_t successes() const { return successes_; }
  /// Whether leave-one-out predictions of the objective are better with the prior than without.
  bool prior_holds() const;
  /// By how many nats they are better, over all parts; 0 without a prior.
  double evidence_for_prior() const;
  /// Of a success with a score: ln of it, as observed.
  std::optional<double> observed(const Trial& trial) const;
  std::size_t objective_count() const { return objectives_; }

  /// Of every point of the pool, ln of what would not surprise of an objective: better than its mean by two
  /// deviations. Cheap; needs judge().
  std::vector<float> optimistic_values(std::size_t objective, Outlook outlook) const;
  /// Takes off what the limits cost, every one of them better than its mean by two deviations.
  void subtract_optimistic_losses(std::vector<float>& scores, Outlook outlook) const;
  ScoreBelief belief(std::size_t index, Outlook outlook) const;
  /// Of any point.
  ScoreBelief belief(const Prospect& prospect, Outlook outlook) const;
  /// Of a few points at once.
  std::vector<ScoreBelief> beliefs(std::span<const Prospect> prospects, Outlook outlook) const;
  /// The objectives, then the excess of each limit, of points that vary together, under each kernel that the
  /// trials leave room for.
  std::vector<std::vector<MetricModel::Weighted>> joint_beliefs(std::span<const Prospect> prospects,
                                                                Outlook outlook) const;
  std::span<const double> exponents() const { return exponents_; }
  /// By limit, whether nothing is left of the score beyond it.
  const std::vector<bool>& is_hard() const { return hard_; }

 private:
  struct Part {
    std::string metric;  ///< empty = the score
    double sign = 1;     ///< -1: ln metric counts as a loss
    double limit = 0;    ///< ln of it; subtracted
    MetricModel plain;
    std::optional<MetricModel> expecting;
  };

  bool is_success(const Trial& trial) const;
  Gaussian oriented(std::size_t part, Gaussian natural) const;
  ScoreBelief gathered(std::span<const Gaussian> by_part) const;
  Part make_part(const std::string& metric, bool larger_is_worse) const;
  std::vector<Observation> observations(const Part& part, std::span<const Sample> samples) const;
  double expectation(const Part& part, const Prospect& prospect) const;
  const MetricModel& chosen(const Part& part, Outlook outlook) const;
  void see_form_of_scores(std::span<const Sample> samples);

  const GpGround& ground_;
  std::vector<Part> parts_;  ///< the objectives, then the limits
  std::size_t objectives_ = 1;
  std::vector<double> exponents_;
  std::vector<bool> hard_;
  bool by_score_ = false;
  enum class ScoreForm { gains, losses, plain };  ///< all above 0, all below, or neither
  ScoreForm score_form_ = ScoreForm::plain;
  double score_scale_ = 1;
  std::size_t successes_ = 0;
};

}  // namespace autotuner::search
