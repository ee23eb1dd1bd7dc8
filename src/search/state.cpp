#include "search/state.hpp"

#include <cmath>
#include <limits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace autotuner::search {
namespace {

/// A score as stored: Python writes infinities as bare words, which some readers turn into text.
base::Result<std::optional<double>> score_from(const base::Json& entry, const std::string& path) {
  const auto found = entry.find("objective_score");
  if (found == entry.end() || found->is_null()) return std::optional<double>();
  if (found->is_number()) {
    const auto number = found->get<double>();
    return std::isfinite(number) ? std::optional(number) : std::nullopt;
  }
  for (const auto* word : {"Infinity", "-Infinity", "inf", "-inf", "NaN", "nan"}) {
    if (*found == word) return std::optional<double>();
  }
  return base::invalid_input("{}.objective_score is {}; must be a number or null", path,
                             base::to_compact_text(*found));
}

/// An integer member, or `fallback` if it is absent or null.
base::Result<int> integer_from(const base::Json& entry, const std::string& path, const char* key,
                               int fallback) {
  const auto found = entry.find(key);
  if (found == entry.end() || found->is_null()) return fallback;
  const auto number =
      found->is_number_integer() ? found->get<std::int64_t>() : std::numeric_limits<std::int64_t>::min();
  if (number < std::numeric_limits<int>::min() || number > std::numeric_limits<int>::max()) {
    return base::invalid_input("{}.{} is {}; must be an integer", path, key, base::to_compact_text(*found));
  }
  return static_cast<int>(number);
}

/// What the reference recorded: it tells failures only by missing metrics and by scores that are penalties.
void judge(const base::Json& entry, std::optional<double> score, Trial& trial) {
  const auto metrics = entry.find("metrics");
  const bool measured = metrics == entry.end() || (metrics->is_object() && !metrics->empty());
  trial.finished = true;
  trial.rank = score && measured ? TrialClass::met : TrialClass::failed;
  if (trial.rank == TrialClass::met) {
    trial.score = score;
  } else {
    trial.penalty = std::max(score.value_or(0), 0.0);
  }
}

base::Result<Trial> trial_from(const base::Json& entry, const std::string& path, int position) {
  if (!entry.is_object()) return base::invalid_input("{} must be an object, not {}", path, entry.type_name());
  Trial trial;
  const auto parameters = entry.find("parameters");
  if (parameters == entry.end()) return base::invalid_input("{}.parameters is missing", path);
  auto point = space::point_from_json(*parameters);
  if (!point) return base::invalid_input("{}.parameters: {}", path, point.error().message);
  trial.point = std::move(*point);
  const auto number = integer_from(entry, path, "experiment_id", position);
  if (!number) return tl::unexpected(number.error());
  trial.number = *number;
  const auto score = score_from(entry, path);
  if (!score) return tl::unexpected(score.error());
  const auto rank = integer_from(entry, path, "class", -1);
  if (!rank) return tl::unexpected(rank.error());
  if (*rank == -1) {
    judge(entry, *score, trial);
    return trial;
  }
  if (*rank < 0 || *rank > 3) return base::invalid_input("{}.class is {}; must be 0 to 3", path, *rank);
  const auto stage = integer_from(entry, path, "stage", 0);
  if (!stage) return tl::unexpected(stage.error());
  const auto finished = entry.find("finished");
  trial.finished = finished == entry.end() || *finished != false;
  trial.rank = static_cast<TrialClass>(*rank);
  trial.score = *rank <= 1 ? *score : std::nullopt;
  trial.penalty = base::number_at(entry, "penalty").value_or(0);
  trial.stage = *stage;
  return trial;
}

}  // namespace

base::Json history_of(const std::map<int, Trial>& trials) {
  base::Json history = base::Json::array();
  for (const auto& [number, trial] : trials) {
    base::Json entry{{"parameters", space::to_json(trial.point)},
                     {"objective_score", base::number_or_null(trial.score)},
                     {"metrics", base::Json::object()},
                     {"experiment_id", number},
                     {"class", static_cast<int>(trial.rank)},
                     {"penalty", base::number_or_null(trial.penalty)},
                     {"stage", trial.stage}};
    if (!trial.finished) entry["finished"] = false;
    history.push_back(std::move(entry));
  }
  return history;
}

base::Result<std::vector<Trial>> trials_from_state(const base::Json& state) {
  if (!state.is_object())
    return base::invalid_input("strategy state must be an object, not {}", state.type_name());
  const auto history = state.find("history");
  if (history == state.end()) return base::invalid_input("strategy state: history is missing");
  if (!history->is_array())
    return base::invalid_input("strategy state: history must be a list, not {}", history->type_name());
  std::vector<Trial> trials;
  for (std::size_t i = 0; i < history->size(); ++i) {
    auto trial =
        trial_from((*history)[i], fmt::format("strategy state: history[{}]", i), static_cast<int>(i) + 1);
    if (!trial) return tl::unexpected(trial.error());
    trials.push_back(std::move(*trial));
  }
  return trials;
}

}  // namespace autotuner::search
