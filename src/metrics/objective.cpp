#include "metrics/objective.hpp"

#include <algorithm>
#include <array>

namespace autotuner::metrics {
namespace {

struct ObjectiveRow {
  Objective objective;
  const char* name;
  std::string_view metric;
  bool has_per_gpu;
};

constexpr std::array<ObjectiveRow, 5> objective_rows{{
    {Objective::minimize_latency, "minimize_latency", "mean_e2e_latency", false},
    {Objective::maximize_throughput, "maximize_throughput", "mean_total_throughput", true},
    {Objective::minimize_ttft, "minimize_ttft", "mean_ttft", false},
    {Objective::minimize_tpot, "minimize_tpot", "mean_tpot", false},
    {Objective::maximize_goodput, "maximize_goodput", "goodput", true},
}};

const ObjectiveRow& row_of(Objective objective) {
  return *std::ranges::find(objective_rows, objective, &ObjectiveRow::objective);
}

}  // namespace

const char* to_text(Objective objective) {
  return row_of(objective).name;
}

std::optional<Objective> objective_from_text(std::string_view text) {
  const auto* const found = std::ranges::find(
      objective_rows, text, [](const ObjectiveRow& row) { return std::string_view(row.name); });
  if (found == objective_rows.end()) return std::nullopt;
  return found->objective;
}

std::vector<std::string_view> objective_names() {
  std::vector<std::string_view> names;
  for (const auto& row : objective_rows) names.emplace_back(row.name);
  return names;
}

std::string objective_metric(Objective objective, bool per_gpu) {
  const auto& row = row_of(objective);
  return std::string(row.metric) + (per_gpu && row.has_per_gpu ? "_per_gpu" : "");
}

}  // namespace autotuner::metrics
