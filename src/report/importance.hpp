#pragma once

#include <string>
#include <vector>

#include "search/importance.hpp"
#include "tuning/run.hpp"

namespace autotuner::report {

/// What mattered for one metric.
struct MetricImportance {
  std::string metric;  ///< registry name
  bool is_objective = false;
  search::Importance importance;
};

/// Parameters that explain less of a metric's variation than this are left out of texts and plots.
inline constexpr double worth_a_word = 0.05;
/// How the levels of an effect come about.
inline constexpr auto effect_method =
    "mean prediction of 64 trees with this parameter set to the value, all other parameters as in the trials";

/// Of the objective and each limited metric, over the successful trials; copies of another trial's result and
/// repeats don't count. Empty with fewer than 10. Values of levels are as people read them, secret ones
/// masked.
std::vector<MetricImportance> importance(const tuning::Run& run, const std::string& objective_metric);

/// "What mattered for throughput: threads 72 %, ctx-size 9 % of the variation over 24 trials (functional
/// ANOVA over a forest of 64 trees)", with a caution where parameters moved together; the objective's first.
/// Each is followed by what the values of these parameters are worth, best and worst.
std::vector<std::string> importance_sentences(const std::vector<MetricImportance>& importances);

/// Bars by parameter for each metric, the method in the caption; empty if there is nothing to show.
std::string importance_figure(const std::vector<MetricImportance>& importances);

}  // namespace autotuner::report
