#include "engine/failure.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  for (const auto& facts : {engine::facts_from_props(text), engine::facts_from_models(text)}) {
    for (const std::optional<int> longest : {std::optional<int>(), std::optional<int>(4096)}) {
      const auto why = engine::why_unfit(facts, longest);
      if (why) fuzz::require(!why->empty(), "a misfit has words");
    }
  }
  return 0;
}
