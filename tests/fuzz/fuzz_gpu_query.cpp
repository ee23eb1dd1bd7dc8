#include "gpu/device.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  std::vector<std::string> unreadable;
  const auto devices = gpu::parse_query(text, &unreadable);
  if (!devices) {
    fuzz::require(!devices.error().message.empty(), "a refused list says why");
    return 0;
  }
  (void)gpu::visible(*devices, text);
  (void)gpu::select(*devices, 2);
  return 0;
}
