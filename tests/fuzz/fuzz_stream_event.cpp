#include "tests/fuzz/require.hpp"
#include "traffic/stream_event.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  traffic::EventReader reader;
  (void)reader.read(text);
  // The reader keeps its buffers: what it read last must not show in what it reads next.
  const auto nothing = reader.read("{}");
  fuzz::require(nothing.readable && !nothing.has_text && !nothing.usage && !nothing.error,
                "an empty object says nothing");
  (void)traffic::error_text(text);
  return 0;
}
