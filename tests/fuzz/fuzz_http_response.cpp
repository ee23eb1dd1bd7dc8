#include <string>

#include "net/http_response.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

namespace {

struct Heard {
  bool ok = true;
  int status = 0;
  bool done = false;
  std::string body;
};

Heard hear(std::string_view text, std::size_t piece) {
  net::HttpResponseReader reader({.header_bytes = 1024, .body_bytes = 4096});
  Heard heard;
  for (std::size_t at = 0; at < text.size() && heard.ok && !reader.done(); at += piece) {
    heard.ok = reader.feed(text.substr(at, piece), heard.body).has_value();
  }
  if (heard.ok && !reader.done()) heard.ok = reader.close().has_value();
  heard.status = reader.status();
  heard.done = reader.done();
  if (reader.has_header()) (void)reader.header("Content-Type");
  (void)reader.reusable();
  return heard;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto at_once = hear(text, text.size() + 1);
  const auto by_byte = hear(text, 1);
  if (at_once.ok && by_byte.ok) {
    fuzz::require(at_once.status == by_byte.status, "the status does not depend on where bytes are split");
    fuzz::require(at_once.body == by_byte.body, "the body does not depend on where bytes are split");
  }
  if (at_once.ok) fuzz::require(by_byte.ok, "what is read at once is read byte by byte");
  fuzz::require(at_once.body.size() <= 4096, "the body keeps its limit");
  return 0;
}
