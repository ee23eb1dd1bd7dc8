#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "metrics/aggregate.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = base::parse_json(fuzz::text_of(data, size));
  if (!json) return 0;
  const auto metrics = metrics::metrics_from_json(*json);
  if (!metrics) {
    fuzz::require(!metrics.error().message.empty(), "refused metrics say why");
    return 0;
  }
  const auto read = base::parse_json(base::to_compact_text(metrics::to_json(*metrics)));
  fuzz::require(read.has_value(), "what is written is JSON");
  fuzz::require(metrics::metrics_from_json(*read).has_value(), "what is written can be read");
  return 0;
}
