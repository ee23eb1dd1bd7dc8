#include "net/url.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto url = net::parse_url(fuzz::text_of(data, size));
  if (!url) {
    fuzz::require(!url.error().message.empty(), "a refused URL says why");
    return 0;
  }
  const auto again = net::parse_url(url->text());
  fuzz::require(again.has_value(), "what a URL prints can be read");
  fuzz::require(*again == *url, "what a URL prints means the same");
  (void)url->is_local();
  return 0;
}
