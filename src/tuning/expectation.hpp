#pragma once

#include <functional>
#include <optional>
#include <string>

#include "predict/model_shape.hpp"
#include "search/strategy.hpp"
#include "spec/task.hpp"

/// What arithmetic expects of a task's points before anything is measured. A prediction: strategies hold it
/// against what they measure and drop it where it misleads.
namespace autotuner::tuning {

/// Model, device and load in the words of `predict`. `gpu` is the product name of the host's GPUs; the
/// model's sizes come from its name where nothing better is known.
predict::Facts facts_of(const spec::Task& task, const std::string& gpu);

/// Values for the metrics that `problem_of` names, and the memory margin. Empty where the facts don't
/// suffice: no GPU that is known, no size of the model, a load without token counts, an engine that only
/// pretends.
std::function<std::optional<search::PriorEstimate>(const space::Point&)> expectation_of(
    const spec::Task& task, const std::string& gpu, bool per_gpu);

}  // namespace autotuner::tuning
