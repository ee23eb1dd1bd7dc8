#include "search/pool_search.hpp"

#include <cmath>
#include <numbers>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace autotuner::search {

std::string prediction_text(const Gaussian& against_best, double probability) {
  constexpr double doubled = std::numbers::ln2;
  const double spread = against_best.deviation;
  const auto uncertainty = spread < doubled ? fmt::format("{:.1f} %", 100 * std::expm1(spread))
                           : spread < 5     ? fmt::format("a factor of {:.0f}", std::exp(spread))
                                            : std::string("anything");
  return fmt::format("predicted {:+.1f} % against the best so far, give or take {}, {:.0f} % likely to run",
                     100 * std::expm1(std::min(against_best.mean, 5.0)), uncertainty, 100 * probability);
}

PoolSearch::PoolSearch(std::string class_name, const space::Space& space, Region region,
                       const Options& options, std::shared_ptr<const GpGround> ground)
    : LoggedStrategy(std::move(class_name), space, std::move(region), options, ground->problem().objectives),
      ground_(std::move(ground)),
      feasibility_(*ground_) {}

const Prospect& PoolSearch::prospect(const space::Point& point) {
  const auto [found, is_new] = prospects_.try_emplace(space::identity(point));
  if (is_new) found->second = ground_->prospect(point);
  return found->second;
}

std::vector<const Prospect*> PoolSearch::pending() {
  std::vector<const Prospect*> prospects;
  for (const auto& [number, trial] : journal().trials()) {
    if (!trial.finished) prospects.push_back(&prospect(trial.point));
  }
  for (const auto& point : journal().pending()) prospects.push_back(&prospect(point));
  return prospects;
}

std::vector<std::size_t> PoolSearch::open_positions() {
  std::vector<bool> taken(ground_->pool().size(), false);
  if (region().is_finite()) {
    for (std::size_t i = 0; i < taken.size(); ++i) taken[i] = !region().is_free(ground_->items()[i]);
  } else {
    for (const auto& identity : region().taken_identities()) {
      if (const auto position = ground_->position_of(identity)) taken[*position] = true;
    }
  }
  std::vector<std::size_t> positions;
  positions.reserve(taken.size());
  for (std::size_t i = 0; i < taken.size(); ++i) {
    if (!taken[i] && !feasibility_.rules_out(i)) positions.push_back(i);
  }
  return positions;
}

std::optional<Suggestion> PoolSearch::suggestion(std::size_t position, std::string reason,
                                                 std::string phase) {
  auto candidate = region().is_finite() ? std::optional(region().item(ground_->items()[position]))
                                        : region().admit(ground_->pool()[position]);
  if (!candidate) return std::nullopt;
  return Suggestion{std::move(candidate->point), std::move(candidate->covers), std::move(reason),
                    std::move(phase)};
}

std::optional<Suggestion> PoolSearch::random_start(base::Random& random, int draws, bool known,
                                                   std::size_t starts) {
  const auto open = open_positions();
  if (open.empty()) return anything(random);
  std::size_t best = 0;
  double most = -1;
  for (int i = 0; i < draws; ++i) {
    const auto at =
        open[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(open.size()) - 1))];
    const double p = known ? feasibility_.probability(at) : 1;
    if (p <= most) continue;
    most = p;
    best = at;
  }
  return suggestion(best, fmt::format("random start, {} of {} results known", journal().finished(), starts),
                    "random");
}

std::optional<Suggestion> PoolSearch::anything(base::Random& random) {
  auto drawn = region().draw(random);
  if (!drawn) return std::nullopt;
  return Suggestion{std::move(drawn->point), std::move(drawn->covers), "what is left, by chance", "random"};
}

void PoolSearch::describe(base::Json& state) const {
  state["trial_count"] = journal().used();
  state["max_iterations"] = options().max_iterations;
  state["n_initial_random"] = options().initial_random;
}

}  // namespace autotuner::search
