#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace autotuner::kernels {

/// Names of the folders in a folder, sorted; none of one that can't be read.
std::vector<std::string> folders_in(const std::filesystem::path& folder);

}  // namespace autotuner::kernels
