#pragma once

#include <functional>
#include <optional>
#include <string>

#include "predict/estimate.hpp"
#include "search/strategy.hpp"
#include "spec/task.hpp"
#include "tuning/premises.hpp"

/// What arithmetic expects of a task's points before anything is measured. A prediction: strategies hold it
/// against what they measure and drop it where it misleads.
namespace autotuner::tuning {

/// Estimates the task's points: with its first scenario at its highest level, on the premises' GPU; the
/// model's sizes come from its name where nothing better is known. Nothing without any size of the model.
std::optional<predict::Estimator> estimator_of(const spec::Task& task, const Premises& premises);

/// Completes premises that know GPU and model with kernels that were measured for them; an empty source has
/// none. Errors: as KernelSource; not_found without GPU or model, and for an engine that only pretends.
base::Result<void> add_kernels(Premises& premises, const spec::Task& task, const KernelSource& source);

/// By registry name: p90_ttft, mean_tpot, p50_e2e_latency, mean_total_throughput; nothing for metrics that
/// are not predicted.
std::optional<double> expected_metric(const predict::Prediction& prediction, const std::string& metric);

/// Values for the metrics that `problem_of` names, and the memory margin. Empty where the facts don't
/// suffice: no GPU that is known, no size of the model, a load without token counts, an engine that only
/// pretends.
std::function<std::optional<search::PriorEstimate>(const space::Point&)> expectation_of(
    const spec::Task& task, const Premises& premises, bool per_gpu);

}  // namespace autotuner::tuning
