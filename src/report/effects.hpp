#pragma once

#include <string>
#include <vector>

#include "report/importance.hpp"

/// What each value of a parameter is worth, as the trees of the importance see it.
namespace autotuner::report {

/// "By value: threads best at 4 (120 tokens/s), worst at 1 (30 tokens/s, -75 %)", of parameters that explain
/// at least 5 %; `with_method` = and how that is known. Empty when none does.
std::string effect_sentence(const MetricImportance& found, bool with_method);

/// A small plot for each parameter that explains at least 5 % of the objective or of a limited metric, at
/// most 6 in all; those that were varied together carry a mark of caution.
std::string effect_figures(const std::vector<MetricImportance>& importances);

}  // namespace autotuner::report
