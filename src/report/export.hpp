#pragma once

#include <string>

#include "report/answer.hpp"

namespace autotuner::report {

/// {"schema": 1, "task", "experiments", "points", "analysis"} as text; every number of the run.
std::string export_json(const tuning::Run& run, const Answer& answer);

/// One row per operating point (or per experiment): header "name [unit]", a column `simulated`.
std::string export_csv_points(const tuning::Run& run);
std::string export_csv_experiments(const tuning::Run& run);

/// The task document as YAML, without secrets; `best` fixes every parameter to the best experiment's value.
base::Result<std::string> export_yaml(const tuning::Run& run, const Answer& answer, bool best);

/// How to run the load again that measured the shown point: an `autotuner bench` command line.
std::string benchmark_command(const tuning::Run& run, const Answer& answer);

}  // namespace autotuner::report
