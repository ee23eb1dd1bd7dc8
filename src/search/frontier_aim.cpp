#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "search/aim.hpp"
#include "search/frontier.hpp"

namespace autotuner::search {
namespace {

/// The reference point is at least this far below what was measured, in the logarithm: a first trial must
/// leave room for trade-offs on all its sides.
constexpr double least_room = 0.5;
/// Trials on the frontier that a draw of all of them is made for.
constexpr std::size_t most_incumbents = 24;

class FrontierAim final : public Aim {
 public:
  FrontierAim(const GpModel& model, std::span<const Objective> objectives)
      : Aim(model), objectives_(objectives) {}

  std::vector<const Sample*> best(std::span<const Sample> samples, std::size_t most) const override {
    auto front = frontier_of(samples, true);
    if (front.empty()) front = frontier_of(samples, false);
    if (front.size() > most) front.resize(most);
    return front;
  }

  void look(std::span<const Sample> samples, Outlook outlook) override {
    incumbents_.clear();
    std::vector<Values> all;
    for (const auto& sample : samples) {
      if (log_values(*sample.trial, objectives_).empty()) continue;
      all.push_back(means(model().belief(*sample.prospect, outlook)));
    }
    std::vector<Values> kept;
    std::vector<const Prospect*> owners;
    for (const auto* sample : frontier_of(samples, true)) {
      kept.push_back(means(model().belief(*sample->prospect, outlook)));
      owners.push_back(sample->prospect);
    }
    for (const auto i : non_dominated(kept)) {
      if (incumbents_.size() < most_incumbents) incumbents_.push_back(owners[i]);
    }
    auto reference = reference_below(all, least_room);
    if (reference.empty()) reference.assign(objectives_.size(), 0);
    frontier_.emplace(std::move(kept), std::move(reference));
  }

  const std::vector<const Prospect*>& incumbents() const override { return incumbents_; }

  std::vector<float> hopes(Outlook outlook) const override {
    std::vector<std::vector<float>> values;
    values.reserve(objectives_.size());
    for (std::size_t k = 0; k < objectives_.size(); ++k)
      values.push_back(model().optimistic_values(k, outlook));
    std::vector<float> hopes(values.front().size());
    Values row(objectives_.size());
    for (std::size_t i = 0; i < hopes.size(); ++i) {
      for (std::size_t k = 0; k < row.size(); ++k) row[k] = static_cast<double>(values[k][i]);
      hopes[i] = static_cast<float>(std::log(std::max(frontier_->improvement(row), 1e-30)));
    }
    model().subtract_optimistic_losses(hopes, outlook);
    return hopes;
  }

  double log_gain(const ScoreBelief& belief, bool /*exact*/) const override {
    double sum = frontier_->log_expected_improvement(objectives_of(belief));
    for (const auto& excess : belief.excess)
      sum += std::log(std::max(normal_cdf(-excess.mean / excess.deviation), 1e-12));
    return sum;
  }

  double chance(const ScoreBelief& belief) const override {
    // Markov's bound, to order candidates by; draws decide.
    return std::min(1.0, std::exp(log_gain(belief, true)) / (worthwhile * volume()));
  }

  bool gains(const Draw& draw, const std::vector<bool>& runs) const override {
    const auto known = incumbents_.size();
    std::vector<Values> rows;
    rows.reserve(known);
    for (std::size_t i = 0; i < known; ++i) rows.push_back(values_at(draw, i));
    const Frontier reached(std::move(rows), frontier_->reference());
    for (std::size_t i = 0; i < runs.size(); ++i) {
      if (!runs[i] || !keeps_limits(draw, known + i)) continue;
      if (reached.improvement(values_at(draw, known + i)) > worthwhile * reached.hypervolume()) return true;
    }
    return false;
  }

  std::string gain_words() const override { return "enlarges the hypervolume by more than 1 %"; }

  bool exploits(const ScoreBelief& belief) const override {
    return frontier_->improvement(means(belief)) > 0;
  }

  std::string prediction(const ScoreBelief& belief, double probability) const override {
    const auto beliefs = objectives_of(belief);
    std::vector<std::string> parts;
    for (std::size_t k = 0; k < objectives_.size(); ++k) {
      const double sign = objectives_[k].direction == Direction::maximize ? 1 : -1;
      parts.push_back(fmt::format("{} {:.4g}", objectives_[k].metric, std::exp(sign * beliefs[k].mean)));
    }
    const double gained = frontier_->improvement(means(belief)) / volume();
    return fmt::format("predicted {}, {} hypervolume, {:.0f} % likely to run", fmt::join(parts, ", "),
                       gained > 0 ? fmt::format("{:+.1f} %", 100 * gained) : "no more", 100 * probability);
  }

 private:
  /// Of the samples measured whole that keep the limits, or of all of those, the ones that none of them
  /// dominates as measured.
  std::vector<const Sample*> frontier_of(std::span<const Sample> samples, bool met) const {
    std::vector<Values> rows;
    std::vector<const Sample*> owners;
    for (const auto& sample : samples) {
      if (sample.trial->fidelity < 1 || (met && sample.trial->rank != TrialClass::met)) continue;
      auto values = log_values(*sample.trial, objectives_);
      if (values.empty()) continue;
      rows.push_back(std::move(values));
      owners.push_back(&sample);
    }
    std::vector<const Sample*> front;
    for (const auto i : non_dominated(rows)) front.push_back(owners[i]);
    return front;
  }

  static std::vector<Gaussian> objectives_of(const ScoreBelief& belief) {
    std::vector<Gaussian> all{belief.objective};
    all.insert(all.end(), belief.further.begin(), belief.further.end());
    return all;
  }

  static Values means(const ScoreBelief& belief) {
    Values values{belief.objective.mean};
    for (const auto& objective : belief.further) values.push_back(objective.mean);
    return values;
  }

  Values values_at(const Draw& draw, std::size_t point) const {
    Values values;
    for (std::size_t k = 0; k < objectives_.size(); ++k) values.push_back(draw[k][point]);
    return values;
  }

  bool keeps_limits(const Draw& draw, std::size_t point) const {
    for (std::size_t part = objectives_.size(); part < draw.size(); ++part) {
      if (draw[part][point] > 0) return false;
    }
    return true;
  }

  double volume() const { return std::max(frontier_->hypervolume(), 1e-12); }

  std::span<const Objective> objectives_;
  std::optional<Frontier> frontier_;  ///< from look() on
  std::vector<const Prospect*> incumbents_;
};

}  // namespace

std::unique_ptr<Aim> make_frontier_aim(const GpModel& model, std::span<const Objective> objectives) {
  return std::make_unique<FrontierAim>(model, objectives);
}

}  // namespace autotuner::search
