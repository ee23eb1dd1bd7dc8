#include "tests/fuzz/require.hpp"
#include "traffic/stream_event.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  traffic::EventReader reader;
  const auto event = reader.read(text);
  if (!event.readable) fuzz::require(!event.has_text && !event.usage, "what can't be read says nothing");
  if (event.error) (void)event.error->message.size();
  (void)traffic::error_text(text);
  return 0;
}
