#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "search/acquisition.hpp"
#include "search/log_score.hpp"
#include "search/neighbours.hpp"
#include "search/pool_search.hpp"
#include "search/random_forest.hpp"
#include "search/tree_columns.hpp"

namespace autotuner::search {
namespace {

/// Sequential model-based optimisation with a random forest (Hutter, Hoos and Leyton-Brown 2011): the
/// candidate with the largest logarithm of expected improvement of the score's logarithm, times its chance to
/// run.
class ForestSearch final : public PoolSearch {
 public:
  ForestSearch(const space::Space& space, Region region, const Options& options,
               std::shared_ptr<const GpGround> ground)
      : PoolSearch("ForestStrategy", space, std::move(region), options, std::move(ground)),
        columns_(this->ground().features()) {
    std::vector<double> features(this->ground().features().columns());
    const auto& candidates = *this->ground().candidates();
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      candidates.copy(i, features);
      columns_.append(features, pool_);
    }
  }

 protected:
  std::optional<Suggestion> pick(std::uint64_t k) override {
    base::Random random(options().seed, k);
    learn();
    const auto starts = static_cast<std::size_t>(options().initial_random);
    if (targets_.size() < start_successes || journal().finished() < starts || columns_.size() == 0)
      return random_start(random, knows_failures() ? start_draws : 1, knows_failures(), starts);
    return by_model(k, random);
  }

 private:
  static constexpr std::size_t start_successes = 3;
  static constexpr int start_draws = 24;
  static constexpr double safe = 0.5;           ///< points less likely to run are left to the end
  static constexpr std::size_t weighed = 1500;  ///< candidates whose chance to run is reckoned
  static constexpr std::size_t origins =
      8;  ///< points whose neighbours are looked at, where the pool is not all there is
  static constexpr int rounds = 3;  ///< of neighbours of neighbours
  /// A leaf of one observation knows nothing of noise.
  static constexpr double least_deviation = 1e-3;

  struct Choice {
    std::size_t index = 0;
    double value = -std::numeric_limits<double>::infinity();
    double probability = 1;
    Gaussian belief = {};
  };

  void learn() {
    samples_.clear();
    std::vector<const Trial*> finished;
    ranked_ = ranked_trials();
    for (const auto& [number, trial] : ranked_) {
      if (!trial.finished) continue;
      samples_.push_back({&trial, &prospect(trial.point)});
      finished.push_back(&trial);
    }
    feasibility().learn(samples_);
    for (const auto* prospect : pending()) feasibility().believe(*prospect);
    feasibility().judge();
    const LogScore score(ground().problem(), finished);
    cells_.clear();
    targets_.clear();
    scored_.clear();
    for (const auto& sample : samples_) {
      const auto value = score.of(*sample.trial);
      if (!value) continue;
      columns_.append(sample.prospect->features, cells_);
      targets_.push_back(*value);
      scored_.push_back(sample.trial);
    }
  }

  RandomForest grown(std::uint64_t k) const {
    RandomForest::Settings settings;
    settings.seed = options().seed;
    settings.stream = k;
    return {TreeTable(columns_.categories(), cells_, targets_), settings};
  }

  /// Pending points count as observed at what the forest expects of them (Ginsbourger et al. 2010).
  RandomForest model(std::uint64_t k) {
    auto forest = grown(k);
    const auto running = pending();
    if (running.empty()) return forest;
    for (const auto* prospect : running) {
      std::vector<double> row;
      columns_.append(prospect->features, row);
      targets_.push_back(forest.at(row).mean);
      cells_.insert(cells_.end(), row.begin(), row.end());
    }
    return grown(k);
  }

  bool knows_failures() const { return feasibility().has_failures() || !ground().margins().empty(); }

  static double improvement(const Gaussian& belief, double best) {
    return log_expected_improvement({belief.mean, std::max(belief.deviation, least_deviation)}, best);
  }

  std::optional<Suggestion> by_model(std::uint64_t k, base::Random& random) {
    const auto open = open_positions();
    if (open.empty()) return anything(random);
    const double best = *std::ranges::max_element(
        targets_.begin(), targets_.begin() + static_cast<std::ptrdiff_t>(scored_.size()));
    const auto forest = model(k);
    std::vector<double> cells;
    cells.reserve(open.size() * columns_.size());
    for (const auto i : open) {
      const auto row = std::span(pool_).subspan(i * columns_.size(), columns_.size());
      cells.insert(cells.end(), row.begin(), row.end());
    }
    const auto beliefs = forest.at_all(cells);
    std::vector<Choice> choices;
    for (std::size_t i = 0; i < open.size(); ++i) {
      const double innocence = std::log(feasibility().innocence(open[i]) + 1e-9);
      choices.push_back({open[i], improvement(beliefs[i], best) + innocence, 1, beliefs[i]});
    }
    const auto chosen = likeliest(std::move(choices), best, random);
    if (!ground().holds_all()) {
      if (auto better = by_neighbours(forest, chosen, best, random)) return better;
    }
    return suggestion(chosen.index, reason(chosen, best), "model");
  }

  /// The best of those that likely run, if any do; of equals one by chance.
  Choice likeliest(std::vector<Choice> choices, double best, base::Random& random) {
    for (std::size_t i = choices.size() - 1; i > 0; --i)
      std::swap(choices[i],
                choices[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(i)))]);
    const auto count = std::min(weighed, choices.size());
    std::ranges::nth_element(choices, choices.begin() + static_cast<std::ptrdiff_t>(count), std::greater(),
                             &Choice::value);
    choices.resize(count);
    const bool knows = knows_failures();
    for (auto& choice : choices) {
      choice.probability = knows ? feasibility().probability(choice.index) : 1;
      choice.value = improvement(choice.belief, best) + std::log(std::max(choice.probability, 1e-9));
    }
    const auto runs = [](const Choice& choice) { return choice.probability >= safe; };
    if (std::ranges::any_of(choices, runs)) std::erase_if(choices, std::not_fn(runs));
    return *std::ranges::max_element(choices, {}, &Choice::value);
  }

  /// Local search from `chosen` and the best trials; nothing if it finds nothing worth more.
  std::optional<Suggestion> by_neighbours(const RandomForest& forest, const Choice& chosen, double best,
                                          base::Random& random) {
    auto ranked = scored_;
    std::ranges::stable_sort(ranked, [](const Trial* a, const Trial* b) { return better(*a, *b); });
    std::vector<space::Point> from{ground().pool()[chosen.index]};
    for (const auto* trial : ranked) {
      if (from.size() < origins) from.push_back(trial->point);
    }
    Choice most = chosen;
    std::optional<Suggestion> result;
    for (int round = 0; round < rounds; ++round) {
      bool found = false;
      for (auto& candidate : neighbours(region(), from, random)) {
        if (feasibility().rules_out(candidate.point)) continue;
        const auto there = ground().prospect(candidate.point);
        std::vector<double> row;
        columns_.append(there.features, row);
        const double p =
            feasibility().has_failures() || there.memory_margin ? feasibility().probability(there) : 1;
        const Choice choice{0, improvement(forest.at(row), best) + std::log(std::max(p, 1e-9)), p,
                            forest.at(row)};
        if (p < safe || choice.value <= most.value) continue;
        most = choice;
        result = Suggestion{std::move(candidate.point), std::move(candidate.covers), reason(choice, best),
                            "model"};
        found = true;
      }
      if (!found) break;
      from.assign(1, result->point);
    }
    return result;
  }

  static std::string reason(const Choice& choice, double best) {
    return fmt::format(
        "forest, {}: {}", choice.belief.mean > best ? "exploitation" : "exploration",
        prediction_text({choice.belief.mean - best, choice.belief.deviation}, choice.probability));
  }

  TreeColumns columns_;
  std::vector<double> pool_;  ///< cells, row after row
  std::map<int, Trial> ranked_;
  std::vector<Sample> samples_;
  std::vector<const Trial*> scored_;
  std::vector<double> cells_;    ///< of the scored trials, then of those running
  std::vector<double> targets_;  ///< ln of their scores
};

}  // namespace

std::unique_ptr<Strategy> make_forest(const space::Space& space, Region region, const Options& options,
                                      std::shared_ptr<const GpGround> ground) {
  return std::make_unique<ForestSearch>(space, std::move(region), options, std::move(ground));
}

}  // namespace autotuner::search
