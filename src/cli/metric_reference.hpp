#pragma once

#include <string>

namespace autotuner::cli {

/// Every metric by name with units, direction and meaning, from the registry that reports read, as Markdown.
std::string metrics_markdown();

}  // namespace autotuner::cli
