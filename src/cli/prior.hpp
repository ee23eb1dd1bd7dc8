#pragma once

#include "search/study_space.hpp"

namespace autotuner::cli {

/// Gives the problem what a performance model expects of its points, as far as its facts name model, GPUs and
/// load; else leaves it as it is.
void add_prior(search::StudySpace& space);

}  // namespace autotuner::cli
