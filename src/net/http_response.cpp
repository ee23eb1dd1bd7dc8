#include "net/http_response.hpp"

#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>

namespace autotuner::net {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::core::string_view;
using boost::system::error_code;

constexpr std::string_view shortest_last_chunk = "0\r\n\r\n";
/// A chunk header or trailer that has not ended by then is none: the parser keeps it all until its end.
constexpr std::size_t most_unparsed = 1024UL * 1024;

/// Beast's parser as it stands, with the body handed on instead of stored.
class Parser final : public http::basic_parser<false> {
 public:
  explicit Parser(const HttpLimits& limits) {
    header_limit(limits.header_bytes);
    body_limit(limits.body_bytes);
    eager(true);
  }

  std::string* body = nullptr;
  int status = 0;
  bool header_complete = false;
  std::vector<std::pair<std::string, std::string>> fields;

 private:
  void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int code, string_view, int, error_code&) override { status = code; }
  void on_field_impl(http::field, string_view name, string_view value, error_code&) override {
    fields.emplace_back(std::string(name), std::string(value));
  }
  void on_header_impl(error_code&) override { header_complete = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view bytes, error_code&) override {
    body->append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code&) override {
    body->append(bytes.data(), bytes.size());
    return bytes.size();
  }
  void on_finish_impl(error_code&) override {}
};

}  // namespace

struct HttpResponseReader::State {
  HttpLimits limits;
  std::optional<Parser> parser;
  std::string leftover;  ///< bytes the parser wants to see again with more behind them
  bool started = false;
  bool surplus = false;  ///< bytes came behind the end of the response
  bool peer_closed = false;

  /// Beast 1.81 aborts (in debug builds) when it sees the beginning of a last chunk again with fewer than
  /// five bytes, which is what "0\r\n" and one byte more are, whatever that byte is.
  bool too_short_for_last_chunk(std::string_view bytes) const {
    return parser->header_complete && parser->chunked() && bytes.front() == '0' &&
           bytes.size() < shortest_last_chunk.size();
  }

  base::Result<std::size_t> put(std::string_view bytes, std::string& body) {
    std::size_t used = 0;
    while (used < bytes.size() && !parser->is_done()) {
      parser->body = &body;
      error_code error;
      const auto taken = parser->put(boost::asio::buffer(bytes.data() + used, bytes.size() - used), error);
      used += taken;
      if (error == http::error::need_more) break;
      if (error) return base::invalid_input("malformed HTTP response: {}", error.message());
      if (taken == 0) break;
      if (parser->is_done() && parser->status >= 100 && parser->status < 200) parser.emplace(limits);
    }
    return used;
  }
};

HttpResponseReader::HttpResponseReader(HttpLimits limits) : state_(std::make_unique<State>()) {
  state_->limits = limits;
  state_->parser.emplace(limits);
}
HttpResponseReader::~HttpResponseReader() = default;
HttpResponseReader::HttpResponseReader(HttpResponseReader&&) noexcept = default;
HttpResponseReader& HttpResponseReader::operator=(HttpResponseReader&&) noexcept = default;

void HttpResponseReader::reset() {
  state_->parser.emplace(state_->limits);
  state_->leftover.clear();
  state_->started = state_->surplus = state_->peer_closed = false;
}

base::Result<void> HttpResponseReader::feed(std::string_view bytes, std::string& body) {
  auto& state = *state_;
  if (bytes.empty()) return {};
  state.started = true;
  if (state.parser->is_done()) {
    state.surplus = true;
    return {};
  }
  std::string joined;
  if (!state.leftover.empty()) {
    joined = std::move(state.leftover);
    joined.append(bytes);
    state.leftover.clear();
    bytes = joined;
    if (state.too_short_for_last_chunk(bytes)) {
      state.leftover = std::move(joined);
      return {};
    }
  }
  const auto used = state.put(bytes, body);
  if (!used) return tl::unexpected(used.error());
  if (state.parser->is_done()) {
    state.surplus = *used < bytes.size();
  } else {
    state.leftover.assign(bytes.substr(*used));
    if (state.leftover.size() > most_unparsed) {
      return base::invalid_input("malformed HTTP response: a chunk header or trailer is longer than {} bytes",
                                 most_unparsed);
    }
  }
  return {};
}

base::Result<void> HttpResponseReader::close() {
  auto& state = *state_;
  state.peer_closed = true;
  if (state.parser->is_done()) return {};
  if (!state.parser->header_complete) {
    return base::fail(base::ErrorKind::unavailable, "the server closed the connection {}",
                      state.started ? "inside the response header" : "without a response");
  }
  error_code error;
  state.parser->put_eof(error);
  if (error)
    return base::fail(base::ErrorKind::unavailable, "the server closed the connection inside the response");
  return {};
}

bool HttpResponseReader::started() const {
  return state_->started;
}
bool HttpResponseReader::has_header() const {
  return state_->parser->header_complete && status() >= 200;
}
bool HttpResponseReader::done() const {
  return state_->parser->is_done();
}
int HttpResponseReader::status() const {
  return state_->parser->header_complete ? state_->parser->status : 0;
}

std::string_view HttpResponseReader::header(std::string_view name) const {
  for (const auto& [field, value] : state_->parser->fields) {
    if (beast::iequals(string_view(field), string_view(name.data(), name.size()))) return value;
  }
  return {};
}

bool HttpResponseReader::reusable() const {
  return done() && state_->parser->keep_alive() && !state_->surplus && !state_->peer_closed;
}

}  // namespace autotuner::net
