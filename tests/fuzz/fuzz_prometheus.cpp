#include <algorithm>

#include "net/prometheus.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto page = net::parse_prometheus(text);
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  fuzz::require(page.samples.size() + static_cast<std::size_t>(page.bad_lines) <= lines,
                "a line is one sample at most");
  for (const auto& sample : page.samples)
    fuzz::require(page.sum(sample.name, sample.labels).has_value(), "a sample is found by its name");
  return 0;
}
