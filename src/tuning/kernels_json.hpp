#pragma once

#include <optional>

#include "base/json.hpp"
#include "predict/model_kernels.hpp"

namespace autotuner::tuning {

/// As stored with a run. A curve is a list of sizes and seconds in turn; a surface lists its second sizes
/// with a curve each.
base::Json to_json(const predict::MeasuredKernels& measured);
/// Nothing when a part that stands there is of the wrong kind.
std::optional<predict::MeasuredKernels> kernels_from_json(const base::Json& json);

}  // namespace autotuner::tuning
