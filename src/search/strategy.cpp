#include "search/strategy.hpp"

#include <cmath>
#include <limits>

#include "search/logged_strategy.hpp"

namespace autotuner::search {
namespace {

double score_of(const Trial& trial) {
  const bool scored = trial.rank == TrialClass::met || trial.rank == TrialClass::missed;
  if (!scored || !trial.score || std::isnan(*trial.score)) return std::numeric_limits<double>::infinity();
  return *trial.score;
}

double penalty_of(const Trial& trial) {
  return std::isnan(trial.penalty) ? std::numeric_limits<double>::infinity() : trial.penalty;
}

}  // namespace

bool better(const Trial& a, const Trial& b) {
  if (a.rank != b.rank) return a.rank < b.rank;
  const double x = score_of(a);
  const double y = score_of(b);
  if (x != y) return x < y;
  if (a.stage != b.stage) return a.stage > b.stage;
  return penalty_of(a) < penalty_of(b);
}

struct Blueprint::Parts {
  space::Space space;
  Options options;
  Region region;
  Problem problem;
  std::shared_ptr<const GpGround> ground;  ///< of gp and forest
};

base::Result<Blueprint> Blueprint::make(const space::Space& space, const space::PointRules& rules,
                                        const Options& options, const Problem& problem) {
  if (options.max_iterations < 1) {
    return base::invalid_input("max_iterations is {}; must be at least 1", options.max_iterations);
  }
  if (options.initial_random < 0) {
    return base::invalid_input("n_initial_random is {}; must be at least 0", options.initial_random);
  }
  if (const auto n = problem.objectives.size(); n == 1 || n > 3) {
    return base::invalid_input("{} objectives; must be two or three, or none beside the objective itself", n);
  }
  const bool is_grid = options.kind == Kind::grid_search;
  auto region = is_grid ? Region::grid(space, rules, options) : Region::sampled(space, rules, options);
  if (!region) return tl::unexpected(region.error());
  std::shared_ptr<const GpGround> ground;
  if (options.kind == Kind::gp || options.kind == Kind::forest)
    ground = make_gp_ground(space, *region, problem);
  Blueprint blueprint;
  blueprint.parts_ =
      std::make_shared<const Parts>(Parts{space, options, std::move(*region), problem, ground});
  return blueprint;
}

std::unique_ptr<Strategy> Blueprint::strategy(std::uint64_t seed) const {
  auto options = parts_->options;
  options.seed = seed;
  auto region = parts_->region;
  switch (options.kind) {
    case Kind::grid_search:
      return make_grid(parts_->space, std::move(region), options);
    case Kind::random:
      return make_random(parts_->space, std::move(region), options);
    case Kind::sobol:
      return make_sobol(parts_->space, std::move(region), options);
    case Kind::gp:
      return make_gp(parts_->space, std::move(region), options, parts_->ground);
    case Kind::forest:
      return make_forest(parts_->space, std::move(region), options, parts_->ground);
    case Kind::hill_climb:
      return make_hill_climb(parts_->space, std::move(region), options, parts_->problem);
    case Kind::tpe:
      break;
  }
  return make_tpe(parts_->space, std::move(region), options, parts_->problem);
}

base::Result<std::unique_ptr<Strategy>> make_strategy(const space::Space& space,
                                                      const space::PointRules& rules, const Options& options,
                                                      const Problem& problem) {
  const auto blueprint = Blueprint::make(space, rules, options, problem);
  if (!blueprint) return tl::unexpected(blueprint.error());
  return blueprint->strategy(options.seed);
}

}  // namespace autotuner::search
