#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "tests/fuzz/require.hpp"
#include "tuning/experiment.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = base::parse_json(fuzz::text_of(data, size));
  if (!json) return 0;
  const auto experiment = tuning::experiment_from_json(*json);
  if (!experiment) {
    fuzz::require(!experiment.error().message.empty(), "a refused experiment says why");
    return 0;
  }
  const auto read = base::parse_json(base::to_compact_text(tuning::to_json(*experiment)));
  fuzz::require(read.has_value(), "what is written is JSON");
  fuzz::require(tuning::experiment_from_json(*read).has_value(), "what is written can be read");
  return 0;
}
