#include "spec/load_task.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto loaded =
      spec::load_task(fuzz::text_of(data, size), spec::Format::json, {.strict = false, .host_gpus = 2});
  fuzz::require(loaded.task.has_value() || !loaded.problems.empty(), "a refused document says why");
  for (const auto& problem : loaded.problems)
    fuzz::require(!spec::to_text(problem, "task.json").empty(), "a problem has words");
  return 0;
}
