#pragma once

#include <string>

#include "base/json.hpp"
#include "tuning/forecast.hpp"

/// The predicted part of `plan`: always called a prediction.
namespace autotuner::cli {

/// A few lines and a table, each ending with a newline.
std::string to_text(const tuning::Forecast& forecast, const spec::Task& task);
/// Latencies in ms; secrets masked.
base::Json to_json(const tuning::Forecast& forecast, const spec::Task& task);

}  // namespace autotuner::cli
