#include <algorithm>
#include <cmath>
#include <limits>

#include "search/aim.hpp"
#include "search/pool_search.hpp"

namespace autotuner::search {
namespace {

constexpr std::size_t considered = 12;  ///< best trials of which one is the incumbent
/// What breaking a hard limit takes off a drawn score: more than anything else could give.
constexpr double forbidden = 100;

class ScoreAim final : public Aim {
 public:
  using Aim::Aim;

  std::vector<const Sample*> best(std::span<const Sample> samples, std::size_t most) const override {
    std::vector<std::pair<double, const Sample*>> scored;
    for (const auto& sample : samples) {
      if (sample.trial->fidelity < 1) continue;
      if (const auto score = model().observed(*sample.trial)) scored.emplace_back(-*score, &sample);
    }
    std::ranges::stable_sort(scored, {}, &std::pair<double, const Sample*>::first);
    if (scored.size() > most) scored.resize(most);
    std::vector<const Sample*> best;
    best.reserve(scored.size());
    for (const auto& [score, sample] : scored) best.push_back(sample);
    return best;
  }

  void look(std::span<const Sample> samples, Outlook outlook) override {
    reached_ = -std::numeric_limits<double>::infinity();
    incumbents_.clear();
    for (const auto* sample : best(samples, considered)) {
      const double mean = moments(model().belief(*sample->prospect, outlook), model().exponents()).mean;
      if (!(mean > reached_)) continue;
      reached_ = mean;
      incumbents_.assign(1, sample->prospect);
    }
  }

  const std::vector<const Prospect*>& incumbents() const override { return incumbents_; }

  std::vector<float> hopes(Outlook outlook) const override {
    auto scores = model().optimistic_values(0, outlook);
    model().subtract_optimistic_losses(scores, outlook);
    return scores;
  }

  double log_gain(const ScoreBelief& belief, bool exact) const override {
    const auto exponents = model().exponents();
    const double improvement = exact && !exponents.empty()
                                   ? log_expected_improvement(belief, exponents, reached_)
                                   : log_expected_improvement(moments(belief, exponents), reached_);
    return improvement + hard_limits(belief);
  }

  double chance(const ScoreBelief& belief) const override {
    const auto score = moments(belief, model().exponents());
    return normal_cdf((score.mean - reached_ - std::log1p(worthwhile)) / score.deviation);
  }

  bool gains(const Draw& draw, const std::vector<bool>& runs) const override {
    const double wanted = score_of(draw, 0) + std::log1p(worthwhile);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (runs[i] && score_of(draw, i + 1) > wanted) return true;
    }
    return false;
  }

  std::string gain_words() const override { return "is more than 1 % better"; }

  bool exploits(const ScoreBelief& belief) const override {
    return moments(belief, model().exponents()).mean > reached_;
  }

  std::string prediction(const ScoreBelief& belief, double probability) const override {
    const auto score = moments(belief, model().exponents());
    return prediction_text({score.mean - reached_, score.deviation}, probability);
  }

 private:
  double score_of(const Draw& draw, std::size_t point) const {
    double score = draw[0][point];
    for (std::size_t i = 0; i + 1 < draw.size(); ++i) {
      const double exponent = model().is_hard()[i] ? forbidden : model().exponents()[i];
      score -= exponent * std::max(0.0, draw[i + 1][point]);
    }
    return score;
  }

  /// ln P of keeping the hard limits.
  double hard_limits(const ScoreBelief& belief) const {
    double sum = 0;
    for (std::size_t i = 0; i < belief.excess.size(); ++i) {
      if (!model().is_hard()[i]) continue;
      sum += std::log(std::max(normal_cdf(-belief.excess[i].mean / belief.excess[i].deviation), 1e-12));
    }
    return sum;
  }

  double reached_ = -std::numeric_limits<double>::infinity();
  std::vector<const Prospect*> incumbents_;
};

}  // namespace

std::unique_ptr<Aim> make_score_aim(const GpModel& model) {
  return std::make_unique<ScoreAim>(model);
}

}  // namespace autotuner::search
