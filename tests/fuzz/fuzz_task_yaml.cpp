#include "spec/load_task.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto loaded =
      spec::load_task(fuzz::text_of(data, size), spec::Format::yaml, {.strict = true, .host_gpus = 2});
  fuzz::require(loaded.task.has_value() || !loaded.problems.empty(), "a refused document says why");
  return 0;
}
