#include "engine/failure.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto log = fuzz::text_of(data, size);
  for (const auto& runtime : engine::all_runtimes()) {
    for (const bool ready : {false, true}) {
      const auto failure = engine::classify_exit({.code = 1, .signal = 0}, log, runtime.id, ready, false);
      fuzz::require(!failure.message.empty(), "a failure has words");
    }
    (void)engine::has_out_of_memory(log, runtime.id);
  }
  fuzz::require(engine::telling_line(log).size() <= 1024, "the telling line is cut");
  // Empty = a flag was refused and the log does not say which.
  if (const auto flag = engine::refused_flag(log)) {
    fuzz::require(flag->size() <= log.size(), "a refused flag stands in the log");
  }
  return 0;
}
