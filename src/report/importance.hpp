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

/// Of the objective and each limited metric, over the successful trials; copies of another trial's result and
/// repeats don't count. Empty with fewer than 10.
std::vector<MetricImportance> importance(const tuning::Run& run, const std::string& objective_metric);

/// "What mattered for throughput: threads 72 %, ctx-size 9 % of the variation over 24 trials (functional
/// ANOVA over a forest of 64 trees)", with a caution where parameters moved together; the objective's first.
std::vector<std::string> importance_sentences(const std::vector<MetricImportance>& importances);

/// Bars by parameter for each metric, the method in the caption; empty if there is nothing to show.
std::string importance_figure(const std::vector<MetricImportance>& importances);

}  // namespace autotuner::report
