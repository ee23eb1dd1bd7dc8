#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "metrics/batch.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = base::parse_json(fuzz::text_of(data, size));
  if (!json) return 0;
  const auto batch = metrics::batch_from_json(*json);
  if (!batch) {
    fuzz::require(!batch.error().message.empty(), "a refused batch says why");
    return 0;
  }
  (void)metrics::to_text_of_point(*batch);
  const auto written = base::to_compact_text(metrics::to_json(*batch));
  const auto read = base::parse_json(written);
  fuzz::require(read.has_value(), "what is written is JSON");
  fuzz::require(metrics::batch_from_json(*read).has_value(), "what is written can be read");
  return 0;
}
