#pragma once

#include <string_view>

namespace autotuner::report {

/// The style sheet of the HTML report: light and dark by the reader's preference, one column below 720 px.
std::string_view page_style();

}  // namespace autotuner::report
