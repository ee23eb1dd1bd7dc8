#include "cli/prior.hpp"

namespace autotuner::cli {

void add_prior(search::StudySpace& /*space*/) {}

}  // namespace autotuner::cli
