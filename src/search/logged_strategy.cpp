#include "search/logged_strategy.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "search/frontier.hpp"
#include "search/state.hpp"

namespace autotuner::search {

LoggedStrategy::LoggedStrategy(std::string class_name, const space::Space& space, Region region,
                               Options options, std::vector<Objective> objectives)
    : class_name_(std::move(class_name)),
      parameters_(space.parameters),
      region_(std::move(region)),
      options_(std::move(options)),
      objectives_(std::move(objectives)) {}

std::map<int, Trial> LoggedStrategy::ranked_trials() const {
  return objectives_.empty() ? journal_.trials() : ranked_by_frontier(journal_.trials(), objectives_);
}

std::vector<Suggestion> LoggedStrategy::suggest(std::size_t count) {
  std::vector<Suggestion> suggestions;
  while (suggestions.size() < count && stop_reason().empty()) {
    auto suggestion = pick(journal_.used() + 1);
    if (!suggestion) {
      found_nothing_ = true;
      break;
    }
    journal_.suggested(suggestion->point);
    region_.take(suggestion->point);
    suggestions.push_back(std::move(*suggestion));
  }
  return suggestions;
}

void LoggedStrategy::record(std::span<const Trial> trials) {
  bool recount = false;
  for (const auto& trial : trials) {
    const auto news = journal_.record(trial);
    if (news == Journal::News::new_point) region_.take(trial.point);
    recount = recount || news == Journal::News::other_point;
  }
  found_nothing_ = false;
  if (!recount) return;
  region_.clear();
  for (const auto& [number, trial] : journal_.trials()) {
    if (number >= 1) region_.take(trial.point);
  }
  for (const auto& point : journal_.pending()) region_.take(point);
}

std::uint64_t LoggedStrategy::planned() const {
  const auto most = static_cast<std::uint64_t>(options_.max_iterations);
  const auto points =
      region_.is_finite() ? std::optional<std::uint64_t>(region_.size()) : region_.domain().size();
  return std::min(most, points.value_or(most));
}

std::string LoggedStrategy::stop_reason() const {
  if (found_nothing_ || (region_.is_finite() && region_.left() == 0)) return "space_exhausted";
  return journal_.used() >= static_cast<std::uint64_t>(options_.max_iterations) ? "max_iterations" : "";
}

base::Json LoggedStrategy::state(bool lists) const {
  base::Json state{{"strategy_class", class_name_}};
  base::Json specification = base::Json::object();
  for (const auto& parameter : parameters_) specification[parameter.name] = space::to_json(parameter);
  state["parameter_spec"] = std::move(specification);
  state["objective"] = options_.objective;
  if (lists) state["history"] = history_of(journal_.trials());
  state["seed"] = options_.seed;
  describe(state);
  if (lists) describe_lists(state);
  return state;
}

std::string LoggedStrategy::progress(std::uint64_t k) const {
  return fmt::format("{} of {}", k, std::max(k, planned()));
}

}  // namespace autotuner::search
