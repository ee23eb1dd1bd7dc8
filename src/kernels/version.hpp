#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace autotuner::kernels {

/// Whether one version of a Python package comes before another: "0.9" < "0.10", "1.3.0rc20" < "1.3.0" <
/// "1.3.0.post1". What stands after a plus doesn't count.
bool is_older(std::string_view a, std::string_view b);

/// Those that are not above `wanted`, newest first, then the others, oldest first; where nothing is wanted
/// all, newest first.
std::vector<std::string> by_nearness(std::vector<std::string> versions, std::string_view wanted);

}  // namespace autotuner::kernels
