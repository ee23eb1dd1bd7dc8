#include "cli/metric_reference.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "metrics/registry.hpp"

namespace autotuner::cli {
namespace {

const char* direction_text(metrics::Direction direction) {
  switch (direction) {
    case metrics::Direction::lower:
      return "lower";
    case metrics::Direction::higher:
      return "higher";
    case metrics::Direction::none:
      return "";
  }
  return "";
}

std::string cell(std::string_view text) {
  return base::replace_all(std::string(text), "|", "\\|");
}

}  // namespace

std::string metrics_markdown() {
  std::string text =
      "# Metrics\n\nEvery name that results, exports and limits use. `docs/metrics.md` says how each figure "
      "is taken.\n\n"
      "| name | label | stored in | shown in | better | meaning |\n| --- | --- | --- | --- | --- | --- |\n";
  for (const auto& metric : metrics::all_metrics()) {
    text +=
        fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", metric.name, cell(metric.label), cell(metric.unit),
                    cell(metric.display_unit), direction_text(metric.direction), cell(metric.help));
  }
  return text;
}

}  // namespace autotuner::cli
