#pragma once

#include <functional>

#include "base/result.hpp"
#include "predict/estimate.hpp"
#include "search/study_space.hpp"

namespace autotuner::cli {

/// Gives the problem what a performance model expects of its points, as far as its facts name model, GPUs and
/// load; else leaves it as it is.
void add_prior(search::StudySpace& space);

/// Finds measured kernels for what an estimator knows of model, device and engine.
using KernelReader = std::function<base::Result<predict::MeasuredKernels>(const predict::Estimator&)>;

/// The same with measured kernels. Errors: those of the reader.
base::Result<void> add_prior_with_kernels(search::StudySpace& space, const KernelReader& kernels);

/// Ranks the knobs by the groups of the engine that the facts name, as far as it has these parameters.
void add_groups(search::StudySpace& space);

/// How a prior is made wrong, to see what that costs.
enum class Wrong {
  flipped,  ///< what is expected to be good is expected to be bad: 1 / value
  by_three  ///< each value of each point three times too large or too small, by chance
};

/// Spoils the metrics of a prior, if there is one; the memory margin stays.
void spoil_prior(search::StudySpace& space, Wrong wrong);

}  // namespace autotuner::cli
