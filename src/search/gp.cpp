#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "search/aim.hpp"
#include "search/cost_model.hpp"
#include "search/neighbours.hpp"
#include "search/pool_search.hpp"
#include "search/stop_rule.hpp"

namespace autotuner::search {
namespace {

/// Random trials before the model, where there is no prior: the fewest; a tenth of the budget, within these
/// bounds, where configurations may not run, which has to be learnt, too.
constexpr std::size_t most_starts = 6;
constexpr std::size_t fewest_starts = 2;
constexpr std::size_t start_share = 10;
constexpr int start_draws = 24;
constexpr double safe = 0.5;          ///< points less likely to run are left to the end
constexpr std::size_t weighed = 800;  ///< candidates of which the improvement is reckoned at all
constexpr std::size_t refined = 64;   ///< of these, whose limits are integrated, not approximated
constexpr double crash_cost =
    0.1;  ///< of a server, in the logarithm of the score: a failed start costs as much as 10 % of it
/// Trials from which on some suggestions ignore the prior: every second, or every eighth once leave-one-out
/// predictions are better with it by this many nats.
constexpr std::size_t guarded_from = 5;
constexpr std::size_t mutated = 6;  ///< best trials whose neighbours are looked at
constexpr double decisive = 6;
constexpr std::uint64_t often = 2;
constexpr std::uint64_t seldom = 8;

constexpr double unlikely = 0.05;  ///< a chance to gain that is not worth going on
/// Trials of its own without which a search does not advise to stop: length scales fitted to fewer say little
/// of what was not looked at, however certain the model is of it.
constexpr std::size_t fewest_before_stop = 8;
constexpr std::size_t compared = 200;  ///< untried points that are compared with the incumbent

/// A candidate and what speaks for it.
struct Choice {
  std::size_t index = 0;
  double value = -std::numeric_limits<double>::infinity();
  double probability = 1;
  double price = 0;  ///< what its seconds take off the value
};

class GpSearch final : public PoolSearch {
 public:
  GpSearch(const space::Space& space, Region region, const Options& options,
           std::shared_ptr<const GpGround> ground)
      : PoolSearch("BayesianStrategy", space, std::move(region), options, std::move(ground)),
        model_(this->ground()),
        costs_(this->ground()),
        aim_(aim_of(model_, this->ground().problem())) {}

  std::optional<StopAdvice> stop_advice() override {
    if (journal().finished_iterations() < fewest_before_stop) return std::nullopt;
    learn();
    feasibility().judge();
    if (model_.successes() < fewest_starts) return std::nullopt;
    base::Random random(options().seed, journal().finished());
    double chance = 0;
    for (const auto outlook : {Outlook::guarded, Outlook::unbiased})
      chance = std::max(chance, chance_left(outlook, random));
    return StopAdvice{
        chance, chance <= unlikely,
        fmt::format("{:.0f} % chance that an untried configuration {}", 100 * chance, aim_->gain_words())};
  }

 protected:
  std::optional<Suggestion> pick(std::uint64_t k) override {
    base::Random random(options().seed, k);
    learn();
    for (const auto* prospect : pending()) {
      model_.believe(*prospect);
      feasibility().believe(*prospect);
    }
    feasibility().judge();
    const bool has_prior = ground().expects_metrics();
    if (model_.successes() == 0 && has_prior) {
      if (auto suggestion = expected_best()) return suggestion;
    }
    const auto starts = start_trials();
    const bool starting = model_.successes() < fewest_starts || journal().finished() < starts;
    if (model_.successes() == 0 || (starting && !has_prior))
      return random_start(random, start_draws, feasibility().has_failures(), starts);
    return by_model(k, random);
  }

 private:
  static std::unique_ptr<Aim> aim_of(const GpModel& model, const Problem& problem) {
    return problem.objectives.empty() ? make_score_aim(model) : make_frontier_aim(model, problem.objectives);
  }

  std::size_t budget() const {
    return static_cast<std::size_t>(options().horizon > 0 ? options().horizon : options().max_iterations);
  }

  std::size_t start_trials() const {
    const bool all_run = !ground().is_server() && !feasibility().has_failures();
    return all_run ? fewest_starts : most_starts_of_budget();
  }

  std::size_t most_starts_of_budget() const {
    return std::clamp(budget() / start_share, fewest_starts, most_starts);
  }

  /// Improvement counts per second at first and by itself at the end, when nothing is left to save for: the
  /// exponent of the cost (Lee et al. 2020, "Cost-aware Bayesian optimization", cost cooling).
  double thrift() const {
    return std::max(0.0, 1 - static_cast<double>(journal().finished()) / static_cast<double>(budget()));
  }

  void learn() {
    samples_.clear();
    for (const auto& [number, trial] : journal().trials()) {
      if (!trial.finished) continue;
      samples_.push_back({&trial, &prospect(trial.point)});
    }
    model_.learn(samples_);
    feasibility().learn(samples_);
    costs_.learn(samples_);
  }

  /// Before anything has run: what the prior expects most of, among what fits the memory; of several
  /// objectives, their product.
  std::optional<Suggestion> expected_best() {
    const auto& problem = ground().problem();
    std::vector<double> values(ground().pool().size(), 0);
    auto objectives = problem.objectives;
    if (objectives.empty() && problem.objective) objectives.push_back(*problem.objective);
    bool knows = false;
    for (const auto& objective : objectives) {
      const auto expected = ground().expected(objective.metric);
      knows = knows || !expected.empty();
      const double sign = objective.direction == Direction::minimize ? -1 : 1;
      for (std::size_t i = 0; i < expected.size(); ++i) values[i] += sign * expected[i];
    }
    if (!knows) return std::nullopt;
    Choice best;
    for (const auto i : open_positions()) {
      double value = values[i];
      for (const auto& slo : problem.slos) {
        const auto expected = ground().expected(slo.metric);
        if (!expected.empty()) value -= slo.exponent * std::max(0.0, expected[i] - std::log(slo.max));
      }
      value += std::log(std::max(feasibility().probability(i), 1e-6));
      const double margin = ground().margins().empty() ? 0 : ground().margins()[i];
      if (margin < 0) value += 100 * margin;
      if (value > best.value) best = {.index = i, .value = value};
    }
    if (best.value == -std::numeric_limits<double>::infinity()) return std::nullopt;
    return suggestion(best.index, "prior: expected to be best", "model");
  }

  /// That an untried point gains enough over what is reached.
  double chance_left(Outlook outlook, base::Random& random) {
    model_.judge(outlook);
    aim_->look(samples_, outlook);
    if (aim_->incumbents().empty()) return 1;
    auto choices = likely_positions(outlook);
    for (auto& choice : choices)
      choice.value = choice.probability * aim_->chance(model_.belief(choice.index, outlook));
    std::ranges::sort(choices, std::greater(), &Choice::value);
    if (choices.size() > compared) choices.resize(compared);
    std::vector<Contender> contenders;
    contenders.reserve(choices.size());
    for (const auto& choice : choices)
      contenders.push_back({ground().prospect(ground().pool()[choice.index]), choice.probability});
    return chance_of_gain(model_, outlook, *aim_, contenders, random);
  }

  /// Orders candidates by what a trial is worth: P EI - (1 - P) c. Where that is positive, its logarithm;
  /// below, something smaller than all of these.
  double utility(double log_improvement, double probability) const {
    const double gain = log_improvement + std::log(std::max(probability, 1e-9));
    if (!ground().is_server()) return gain;
    const double loss = std::log(crash_cost * std::max(1 - probability, 1e-12));
    if (loss < gain) return gain + std::log1p(-std::exp(std::min(loss - gain, -1e-9)));
    return -1e4 - loss;
  }

  Outlook outlook_of(std::uint64_t k) const {
    const auto period = model_.evidence_for_prior() > decisive ? seldom : often;
    const bool informed = journal().finished() >= guarded_from;
    return k % period == 1 && informed ? Outlook::unbiased : Outlook::guarded;
  }

  double worth(const ScoreBelief& belief, double probability, bool exact) const {
    return utility(aim_->log_gain(belief, exact), probability);
  }

  std::optional<Suggestion> by_model(std::uint64_t k, base::Random& random) {
    const auto outlook = outlook_of(k);
    model_.judge(outlook);
    aim_->look(samples_, outlook);
    auto choices = likely_positions(outlook);
    if (choices.empty()) return anything(random);
    const double share = thrift();
    for (auto& choice : choices) {
      choice.price = share * costs_.log_seconds(choice.index);
      choice.value = worth(model_.belief(choice.index, outlook), choice.probability, false) - choice.price;
    }
    const auto count = std::min(refined, choices.size());
    std::ranges::partial_sort(choices, choices.begin() + static_cast<std::ptrdiff_t>(count), std::greater(),
                              &Choice::value);
    choices.resize(count);
    if (!model_.exponents().empty()) {
      for (auto& choice : choices)
        choice.value = worth(model_.belief(choice.index, outlook), choice.probability, true) - choice.price;
    }
    const auto chosen = *std::ranges::max_element(choices, {}, &Choice::value);
    if (!ground().holds_all()) {
      if (auto better = by_neighbours(chosen, outlook, random)) return better;
    }
    const auto why = reason(model_.belief(chosen.index, outlook), chosen.probability, outlook);
    return suggestion(chosen.index, why, "model");
  }

  /// The positions that may be suggested and would not surprise by being best, and how likely they run.
  std::vector<Choice> likely_positions(Outlook outlook) {
    const auto hopes = aim_->hopes(outlook);
    std::vector<Choice> choices;
    for (const auto i : open_positions())
      choices.push_back({.index = i, .value = hopes[i] + std::log(feasibility().innocence(i) + 1e-9)});
    const auto count = std::min(weighed, choices.size());
    std::ranges::nth_element(choices, choices.begin() + static_cast<std::ptrdiff_t>(count), std::greater(),
                             &Choice::value);
    choices.resize(count);
    for (auto& choice : choices) choice.probability = feasibility().probability(choice.index);
    const auto runs = [](const Choice& choice) { return choice.probability >= safe; };
    if (std::ranges::any_of(choices, runs)) std::erase_if(choices, std::not_fn(runs));
    return choices;
  }

  /// Changes of one to three coordinates of the best trials and of `chosen`, where the pool is only a part of
  /// the space: the best of them, if it is worth more than `chosen`.
  std::optional<Suggestion> by_neighbours(const Choice& chosen, Outlook outlook, base::Random& random) {
    std::vector<space::Point> origins{ground().pool()[chosen.index]};
    for (const auto* sample : aim_->best(samples_, mutated)) origins.push_back(sample->trial->point);
    auto candidates = neighbours(region(), origins, random);
    std::erase_if(candidates,
                  [&](const auto& candidate) { return feasibility().rules_out(candidate.point); });
    std::vector<Prospect> prospects;
    prospects.reserve(candidates.size());
    for (const auto& candidate : candidates) prospects.push_back(ground().prospect(candidate.point));
    const auto chances = feasibility().probabilities(prospects);
    const auto beliefs = model_.beliefs(prospects, outlook);
    double most = chosen.value;
    std::optional<Suggestion> result;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (chances[i] < safe) continue;
      const double value = worth(beliefs[i], chances[i], true) -
                           thrift() * costs_.log_seconds(candidates[i].point, prospects[i].features);
      if (value <= most) continue;
      most = value;
      result = Suggestion{std::move(candidates[i].point), std::move(candidates[i].covers),
                          reason(beliefs[i], chances[i], outlook), "model"};
    }
    return result;
  }

  std::string reason(const ScoreBelief& belief, double probability, Outlook outlook) const {
    const bool listens = outlook == Outlook::guarded && model_.prior_holds();
    return fmt::format("{}{}: {}", listens ? "prior and model, " : "model, ",
                       aim_->exploits(belief) ? "exploitation" : "exploration",
                       aim_->prediction(belief, probability));
  }

  GpModel model_;
  CostModel costs_;
  std::unique_ptr<Aim> aim_;
  std::vector<Sample> samples_;
};

}  // namespace

std::unique_ptr<Strategy> make_gp(const space::Space& space, Region region, const Options& options,
                                  std::shared_ptr<const GpGround> ground) {
  return std::make_unique<GpSearch>(space, std::move(region), options, std::move(ground));
}

}  // namespace autotuner::search
