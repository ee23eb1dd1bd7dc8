#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "search/logged_strategy.hpp"
#include "search/tpe_model.hpp"

namespace autotuner::search {
namespace {

/// Times that the model may propose what is taken or can't run, before the free points are judged themselves.
constexpr int model_draws = 10;
constexpr int open_model_draws = 50;
/// Free points that are judged then.
constexpr std::size_t max_judged = 2000;

class TpeSearch final : public LoggedStrategy {
 public:
  TpeSearch(const space::Space& space, Region region, const Options& options, const Problem& problem)
      : LoggedStrategy("BayesianStrategy", space, std::move(region), options, problem.objectives) {}

 protected:
  std::optional<Suggestion> pick(std::uint64_t k) override {
    base::Random random(options().seed, k);
    const auto finished = journal().finished();
    if (finished < static_cast<std::size_t>(options().initial_random)) {
      const auto reason =
          fmt::format("random start, {} of {} results known", finished, options().initial_random);
      return suggestion(region().draw(random), reason, "random");
    }
    const auto trials = split_trials(ranked_trials(), journal().pending());
    const TpeModel model(region().domain(), trials, options().multivariate);
    const int draws = region().is_finite() ? model_draws : open_model_draws;
    for (int i = 0; i < draws; ++i) {
      if (auto drawn = region().admit(model.draw(random))) {
        return suggestion(std::move(drawn), learned("most like the best", trials), "model");
      }
    }
    if (!region().is_finite()) {
      return suggestion(region().draw(random),
                        "random, because the model proposes only what is known or invalid", "random");
    }
    return suggestion(best_free(model, random), learned("of the points left, most like the best", trials),
                      "model");
  }

  void describe(base::Json& state) const override {
    state["trial_count"] = journal().used();
    state["max_iterations"] = options().max_iterations;
    state["n_initial_random"] = options().initial_random;
    state["multivariate"] = options().multivariate;
  }

  void describe_lists(base::Json& state) const override {
    base::Json tried = base::Json::array();
    for (const auto& [number, trial] : journal().trials()) tried.push_back(sorted_pairs(trial.point));
    for (const auto& point : journal().pending()) tried.push_back(sorted_pairs(point));
    state["tried_params"] = std::move(tried);
  }

 private:
  static std::optional<Suggestion> suggestion(std::optional<space::Candidate> candidate, std::string reason,
                                              std::string phase) {
    if (!candidate) return std::nullopt;
    return Suggestion{std::move(candidate->point), std::move(candidate->covers), std::move(reason),
                      std::move(phase)};
  }

  static std::string learned(std::string_view what, const SplitTrials& trials) {
    const auto best = trials.good.size();
    const auto rest = trials.other.size();
    return fmt::format("model: {} {} of {} so far", what, best == 1 ? "one" : std::to_string(best),
                       best + rest);
  }

  std::optional<space::Candidate> best_free(const TpeModel& model, base::Random& random) const {
    const space::Candidate* best = nullptr;
    double best_ratio = 0;
    for (const auto* candidate : region().free_candidates(max_judged, random)) {
      const double ratio = model.log_ratio(candidate->point);
      if (best != nullptr && !(ratio > best_ratio)) continue;
      best = candidate;
      best_ratio = ratio;
    }
    return best != nullptr ? std::optional(*best) : std::nullopt;
  }

  static base::Json sorted_pairs(const space::Point& point) {
    std::vector<space::Point::Entry> entries(point.begin(), point.end());
    std::ranges::sort(entries, {}, &space::Point::Entry::first);
    base::Json pairs = base::Json::array();
    for (const auto& [name, value] : entries)
      pairs.push_back(base::Json::array({name, space::to_json(value)}));
    return pairs;
  }
};

}  // namespace

std::unique_ptr<Strategy> make_tpe(const space::Space& space, Region region, const Options& options,
                                   const Problem& problem) {
  return std::make_unique<TpeSearch>(space, std::move(region), options, problem);
}

}  // namespace autotuner::search
