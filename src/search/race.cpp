#include "search/race.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>

#include "base/student.hpp"

namespace autotuner::search {
namespace {

constexpr int strikes_out = 2;
/// One-sided share beyond an interval of 95 %.
constexpr double widest_tail = 0.025;

/// Scores as numbers of which a smaller one is better and a difference is a relative one.
class Scale {
 public:
  explicit Scale(const std::vector<double>& scores) {
    gains_ = !scores.empty() && std::ranges::all_of(scores, [](double s) { return s < 0; });
    losses_ = !scores.empty() && std::ranges::all_of(scores, [](double s) { return s > 0; });
    for (const double score : scores) largest_ = std::max(largest_, std::abs(score));
  }
  double of(double score) const {
    if (gains_) return -std::log(-score);
    if (losses_) return std::log(score);
    return largest_ > 0 ? score / largest_ : 0;
  }
  double as_fraction(double difference) const {
    return gains_ || losses_ ? std::expm1(difference) : difference;
  }

 private:
  bool gains_ = false, losses_ = false;
  double largest_ = 0;
};

struct Runner {
  const RaceEntrant* entrant = nullptr;
  std::vector<std::optional<double>> scores;  ///< by whole round; nothing where it was not measured well
  int failures = 0, misses = 0;
  double mean = 0;  ///< over the rounds common to those in
  RacePlace place;
  bool in() const { return place.exit == RaceExit::none; }
  std::pair<int, double> standing() const { return {place.strikes, mean}; }
};

/// What a look says of the noise.
struct Noise {
  double deviation = 0;
  double quantile = 0;  ///< of t, at the level of the look
};

class Judge {
 public:
  Judge(const std::vector<RaceEntrant>& entrants, const RaceRules& rules) : rules_(rules) {
    for (const auto& entrant : entrants) {
      Runner runner;
      runner.entrant = &entrant;
      runner.place.number = entrant.number;
      runners_.push_back(std::move(runner));
    }
  }

  RaceResult run() {
    while (rounds_ < rules_.rounds && count_in() > 1 && is_whole(rounds_)) {
      take_scores(rounds_++);
      strike_out();
      look();
    }
    return result();
  }

 private:
  std::vector<Runner*> those_in() {
    std::vector<Runner*> in;
    for (auto& runner : runners_) {
      if (runner.in()) in.push_back(&runner);
    }
    return in;
  }

  std::ptrdiff_t count_in() const { return std::ranges::count_if(runners_, &Runner::in); }

  bool is_whole(int round) const {
    return std::ranges::all_of(runners_, [&](const Runner& runner) {
      return !runner.in() || runner.entrant->heats.size() > static_cast<std::size_t>(round);
    });
  }

  /// A heat counts when nobody else in did better by class, or by audit inside that; who did worse by class
  /// gets a strike.
  void take_scores(int round) {
    const auto heat_of = [&](const Runner& runner) -> const Heat& {
      return runner.entrant->heats[static_cast<std::size_t>(round)];
    };
    const auto group_of = [](const Heat& heat) { return std::pair(heat.rank, !heat.valid); };
    auto best_group = std::pair(TrialClass::failed, true);
    for (const auto* runner : those_in()) best_group = std::min(best_group, group_of(heat_of(*runner)));
    const auto best = best_group.first;
    for (auto* runner : those_in()) {
      const auto& heat = heat_of(*runner);
      const bool counts = group_of(heat) == best_group && best <= TrialClass::missed && heat.score;
      runner->place.counted.push_back(counts);
      runner->scores.push_back(counts ? heat.score : std::nullopt);
      if (heat.rank > best) ++(heat.rank == TrialClass::failed ? runner->failures : runner->misses);
      runner->place.strikes = runner->failures + runner->misses;
    }
  }

  void leave(Runner& runner, RaceExit exit) const {
    runner.place.exit = exit;
    runner.place.left_after = rounds_;
  }

  void strike_out() {
    for (auto* runner : those_in()) {
      if (runner->place.strikes < strikes_out) continue;
      leave(*runner, runner->failures >= runner->misses ? RaceExit::failed : RaceExit::limits);
    }
  }

  std::vector<std::size_t> common_rounds(const std::vector<Runner*>& in) const {
    std::vector<std::size_t> rounds;
    for (std::size_t r = 0; r < static_cast<std::size_t>(rounds_); ++r) {
      if (std::ranges::all_of(in, [&](const Runner* runner) { return runner->scores[r].has_value(); }))
        rounds.push_back(r);
    }
    return rounds;
  }

  void look() {
    const auto in = those_in();
    const auto rounds = common_rounds(in);
    rank(in, rounds);
    if (in.size() < 2 || rounds.size() < 2) return;
    noise_ = noise_of(in, rounds);
    if (rounds.size() < static_cast<std::size_t>(first_look)) return;
    const auto& leader = **std::ranges::min_element(in, {}, [](const Runner* r) { return r->standing(); });
    const double reach =
        noise_->quantile * noise_->deviation * std::sqrt(2.0 / static_cast<double>(rounds.size()));
    for (auto* runner : in) {
      if (runner == &leader || runner->mean - leader.mean <= reach) continue;
      runner->place.gap = gap(*runner, leader);
      leave(*runner, RaceExit::slower);
    }
  }

  void rank(const std::vector<Runner*>& in, const std::vector<std::size_t>& rounds) {
    std::vector<double> scores;
    for (const auto* runner : in) {
      for (const auto r : rounds) scores.push_back(*runner->scores[r]);
    }
    scale_ = Scale(scores);
    for (auto* runner : in) {
      double sum = 0;
      for (const auto r : rounds) sum += scale_.of(*runner->scores[r]);
      runner->mean = rounds.empty() ? 0 : sum / static_cast<double>(rounds.size());
    }
  }

  /// Residuals of the two-way layout y_ir = m_i + b_r + e_ir.
  Noise noise_of(const std::vector<Runner*>& in, const std::vector<std::size_t>& rounds) const {
    const auto k = static_cast<double>(in.size());
    double grand = 0;
    for (const auto* runner : in) grand += runner->mean / k;
    double squares = 0;
    for (const auto r : rounds) {
      double round_mean = 0;
      for (const auto* runner : in) round_mean += scale_.of(*runner->scores[r]) / k;
      for (const auto* runner : in) {
        const double residual = scale_.of(*runner->scores[r]) - runner->mean - round_mean + grand;
        squares += residual * residual;
      }
    }
    const auto degrees = (in.size() - 1) * (rounds.size() - 1);
    const double deviation = std::sqrt(squares / static_cast<double>(degrees));
    return {std::max(deviation, rules_.least_noise), base::student_quantile(tail(), degrees)};
  }

  /// a_r of the present round; before the first look that of a plain 95 % interval.
  double tail() const {
    if (rounds_ < first_look) return widest_tail;
    double sum = 0;
    for (int q = first_look; q <= rules_.rounds; ++q) sum += (q - 1.0) * (q - 1.0);
    const double share = (rounds_ - 1.0) * (rounds_ - 1.0) / sum;
    return std::min(widest_tail, rules_.error * share / static_cast<double>(runners_.size() - 1));
  }

  std::optional<RaceGap> gap(const Runner& behind, const Runner& leader) const {
    RaceGap gap{.against = leader.place.number, .rounds = 0, .ahead = 0, .behind = 0, .interval = {}};
    double sum = 0;
    for (std::size_t r = 0; r < std::min(behind.scores.size(), leader.scores.size()); ++r) {
      if (!behind.scores[r] || !leader.scores[r]) continue;
      const double difference = scale_.of(*behind.scores[r]) - scale_.of(*leader.scores[r]);
      sum += difference;
      ++gap.rounds;
      gap.ahead += difference > 0 ? 1 : 0;
    }
    if (gap.rounds == 0) return std::nullopt;
    const double mean = sum / gap.rounds;
    gap.behind = scale_.as_fraction(mean);
    if (!noise_ || gap.rounds < 2) return gap;
    const double reach = noise_->quantile * noise_->deviation * std::sqrt(2.0 / gap.rounds);
    const double high = scale_.as_fraction(mean + reach);
    if (std::isfinite(high)) gap.interval = {scale_.as_fraction(mean - reach), high};
    return gap;
  }

  RaceResult result() {
    auto in = those_in();
    std::ranges::stable_sort(in, {}, [](const Runner* runner) { return runner->standing(); });
    for (auto* runner : in) {
      if (runner != in.front()) runner->place.gap = gap(*runner, *in.front());
    }
    std::vector<Runner*> all = std::move(in);
    const auto first_out = static_cast<std::ptrdiff_t>(all.size());
    for (auto& runner : runners_) {
      if (!runner.in()) all.push_back(&runner);
    }
    std::ranges::stable_sort(all.begin() + first_out, all.end(), {}, [](const Runner* runner) {
      const auto& gap = runner->place.gap;
      return std::tuple(-runner->place.left_after, !gap.has_value(), gap ? gap->behind : 0.0);
    });
    RaceResult result;
    result.rounds = rounds_;
    result.decided = first_out == 1 && runners_.size() > 1;
    result.over = result.decided || rounds_ >= rules_.rounds || runners_.size() < 2;
    for (const auto* runner : all) result.order.push_back(runner->place);
    return result;
  }

  const RaceRules& rules_;
  std::vector<Runner> runners_;
  int rounds_ = 0;
  Scale scale_{{}};
  std::optional<Noise> noise_;  ///< of the last look that could tell
};

}  // namespace

const char* to_text(RaceExit exit) {
  switch (exit) {
    case RaceExit::none:
      return "in";
    case RaceExit::slower:
      return "slower";
    case RaceExit::limits:
      return "limits";
    case RaceExit::failed:
      return "failed";
  }
  return "in";
}

std::size_t RaceResult::still_in() const {
  return static_cast<std::size_t>(std::ranges::count(order, RaceExit::none, &RacePlace::exit));
}

RaceResult judge_race(const std::vector<RaceEntrant>& entrants, const RaceRules& rules) {
  return Judge(entrants, rules).run();
}

}  // namespace autotuner::search
