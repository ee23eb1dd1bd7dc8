#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "search/logged_strategy.hpp"
#include "search/steps.hpp"

namespace autotuner::search {
namespace {

/// Neighbours of the best point, one parameter by one step; from a local optimum a new climb starts at
/// random.
///
/// Which trials belong to the climb under way follows from the log alone: in the order of numbers, a trial
/// starts a climb if it is no neighbour of the climb before it and that one was at its end: nothing of it
/// running and no neighbour of its best left untried.
class HillClimb final : public LoggedStrategy {
 public:
  HillClimb(const space::Space& space, Region region, const Options& options, const Problem& problem)
      : LoggedStrategy("HillClimbStrategy", space, std::move(region), options, problem.objectives),
        steps_(this->region().domain(), problem) {}

 protected:
  std::optional<Suggestion> pick(std::uint64_t k) override {
    base::Random random(options().seed, k);
    ranked_ = ranked_trials();
    const auto climb = current_climb();
    const auto starts = static_cast<std::uint64_t>(options().initial_random);
    if (k <= starts) return start(climb, random, fmt::format("random start {} of {}", k, starts));
    auto bases = climb.successes;
    std::ranges::sort(bases, ahead);
    if (!climb.running && bases.size() > 1) bases.resize(1);
    for (const auto* base : bases) {
      if (auto step = step_from(*base, base == bases.front(), random)) return step;
    }
    if (climb.successes.empty()) return start(climb, random, "random start, nothing has run yet");
    return start(climb, random,
                 climb.running ? "random start while the neighbours of the best run"
                               : "random restart: the best has no better neighbour");
  }

  void describe(base::Json& state) const override {
    state["trial_count"] = journal().used();
    state["max_iterations"] = options().max_iterations;
    state["n_initial_random"] = options().initial_random;
  }

 private:
  /// Draws in search of a start that is not next to the hill just climbed.
  static constexpr int start_draws = 24;

  struct Climb {
    std::set<std::string> reach;  ///< identities of the neighbours of its points
    std::vector<const Trial*> successes;
    const Trial* best = nullptr;
    bool running = false;
    bool empty = true;
  };

  struct Neighbour {
    std::string identity;
    space::Point point;
  };

  static bool ahead(const Trial* a, const Trial* b) {
    return better(*a, *b) || (!better(*b, *a) && a->number < b->number);
  }

  const std::vector<Neighbour>& neighbours_of(const std::string& identity, const space::Point& point) {
    const auto [found, is_new] = neighbours_.try_emplace(identity);
    if (is_new) {
      for (auto& neighbour : steps_.from(region().domain(), point)) {
        auto name = space::identity(neighbour);
        found->second.push_back({std::move(name), std::move(neighbour)});
      }
    }
    return found->second;
  }

  Climb current_climb() {
    std::set<std::string> all;
    for (const auto& [number, trial] : ranked_) all.insert(space::identity(trial.point));
    std::set<std::string> before;
    Climb climb;
    for (const auto& [number, trial] : ranked_) {
      const auto identity = space::identity(trial.point);
      if (number >= 1 && !climb.reach.contains(identity) && at_its_end(climb, before, all)) climb = {};
      join(climb, trial.finished ? &trial : nullptr, identity, trial.point);
      before.insert(identity);
    }
    for (const auto& point : journal().pending()) {
      const auto identity = space::identity(point);
      if (!climb.reach.contains(identity) && at_its_end(climb, before, all)) climb = {};
      join(climb, nullptr, identity, point);
      before.insert(identity);
    }
    return climb;
  }

  /// `trial`: null while it runs.
  void join(Climb& climb, const Trial* trial, const std::string& identity, const space::Point& point) {
    climb.empty = false;
    for (const auto& neighbour : neighbours_of(identity, point)) climb.reach.insert(neighbour.identity);
    climb.running = climb.running || trial == nullptr;
    if (trial == nullptr || trial->rank == TrialClass::failed) return;
    climb.successes.push_back(trial);
    if (climb.best == nullptr || ahead(trial, climb.best)) climb.best = trial;
  }

  bool at_its_end(const Climb& climb, const std::set<std::string>& before, const std::set<std::string>& all) {
    if (climb.empty || climb.running) return false;
    if (climb.best == nullptr) return true;
    return std::ranges::all_of(neighbours_of(space::identity(climb.best->point), climb.best->point),
                               [&](const Neighbour& neighbour) {
                                 if (before.contains(neighbour.identity)) return true;
                                 const bool came_later = all.contains(neighbour.identity);
                                 return !came_later && !region().admit(neighbour.point);
                               });
  }

  std::optional<Suggestion> step_from(const Trial& base, bool is_best, base::Random& random) {
    std::vector<space::Candidate> free;
    for (const auto& neighbour : neighbours_of(space::identity(base.point), base.point)) {
      if (auto candidate = region().admit(neighbour.point)) free.push_back(std::move(*candidate));
    }
    if (free.empty()) return std::nullopt;
    auto& chosen =
        free[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(free.size()) - 1))];
    const auto* what = is_best ? "the best of this climb" : "a good one of this climb";
    return Suggestion{std::move(chosen.point), std::move(chosen.covers),
                      fmt::format("one step from #{}, {}", base.number, what), "model"};
  }

  std::optional<Suggestion> start(const Climb& climb, base::Random& random, std::string reason) {
    auto drawn = region().draw(random);
    for (int i = 1; i < start_draws && drawn && climb.reach.contains(space::identity(drawn->point)); ++i)
      drawn = region().draw(random);
    if (!drawn) return std::nullopt;
    return Suggestion{std::move(drawn->point), std::move(drawn->covers), std::move(reason), "random"};
  }

  Steps steps_;
  std::map<int, Trial> ranked_;
  std::unordered_map<std::string, std::vector<Neighbour>> neighbours_;  ///< by identity; only spares work
};

}  // namespace

std::unique_ptr<Strategy> make_hill_climb(const space::Space& space, Region region, const Options& options,
                                          const Problem& problem) {
  return std::make_unique<HillClimb>(space, std::move(region), options, problem);
}

}  // namespace autotuner::search
