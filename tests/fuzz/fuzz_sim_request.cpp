#include "simulator/ask.hpp"
#include "simulator/options.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto body = fuzz::text_of(data, size);
  const simulator::Options options;
  for (const auto endpoint : {simulator::Endpoint::completions, simulator::Endpoint::chat}) {
    const auto ask = simulator::read_ask(endpoint, body, options);
    if (!ask) fuzz::require(ask.error().status >= 400 && !ask.error().message.empty(), "a refusal says why");
  }
  (void)simulator::answer_tokenize(body, options);
  (void)simulator::parse_profile(body);
  return 0;
}
