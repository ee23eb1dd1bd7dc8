#pragma once

#include <string>

#include "base/json.hpp"
#include "tuning/forecast.hpp"

/// The predicted part of `plan`: always called a prediction.
namespace autotuner::cli {

/// Which measured kernels a forecast was made with.
struct KernelWords {
  std::string source{};   ///< empty = with none
  std::string problem{};  ///< why not
};

/// A few lines and a table, each ending with a newline.
std::string to_text(const tuning::Forecast& forecast, const spec::Task& task, const KernelWords& kernels);
/// Latencies in ms; secrets masked.
base::Json to_json(const tuning::Forecast& forecast, const spec::Task& task, const KernelWords& kernels);

}  // namespace autotuner::cli
