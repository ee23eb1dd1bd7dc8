#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "search/strategy.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto state = base::parse_json(fuzz::text_of(data, size));
  if (!state) return 0;
  const auto trials = search::trials_from_state(*state);
  if (!trials) fuzz::require(!trials.error().message.empty(), "a refused state says why");
  return 0;
}
