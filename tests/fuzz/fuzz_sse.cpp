#include <string>

#include "net/sse.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

namespace {

constexpr std::size_t max_line = 256;

/// All that a parser tells of `text` when it comes in pieces of `piece` bytes.
std::string told(std::string_view text, std::size_t piece, bool& whole) {
  net::SseParser parser(max_line);
  std::string told;
  const auto keep = [&told](std::string_view field, std::string_view value) {
    told.append(field).append(1, '\0').append(value).append(1, '\0');
  };
  whole = true;
  for (std::size_t at = 0; at < text.size() && whole; at += piece)
    whole = parser.feed(text.substr(at, piece), keep);
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  bool whole = false;
  bool split = false;
  const auto at_once = told(text, text.size() + 1, whole);
  const auto by_byte = told(text, 1, split);
  fuzz::require(at_once == by_byte && whole == split, "where the bytes are split does not matter");
  return 0;
}
