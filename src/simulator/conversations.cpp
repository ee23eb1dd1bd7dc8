#include "simulator/conversations.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "simulator/answer.hpp"
#include "simulator/ask.hpp"
#include "simulator/exchange.hpp"
#include "simulator/routes.hpp"

namespace autotuner::simulator {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Request = http::request<http::string_body>;
using ErrorCode = boost::system::error_code;

constexpr auto quiet = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t body_limit = 64ULL * 1024 * 1024;
constexpr std::uint32_t header_limit = 64U * 1024;
constexpr std::uint64_t oom_load_request = 5;
/// Streams of chance, apart from those of the copies' noise.
constexpr std::uint64_t error_stream = 1ULL << 62U;
constexpr std::uint64_t garbage_stream = 1ULL << 63U;

std::string garbage(base::Random& chance) {
  std::string bytes = "\xff\xfe{]";
  for (int i = 0; i < 60; ++i) {
    const auto byte = static_cast<char>(chance.integer(1, 255));
    if (byte != '\n' && byte != '\r') bytes += byte;
  }
  return bytes;
}

}  // namespace

class Conversations::Desk {
 public:
  Desk(const Options& options, LiveEngine& engine, std::function<void(std::string)> die)
      : options_(options),
        engine_(engine),
        die_(std::move(die)),
        id_(served_id(options)),
        errors_(static_cast<std::uint64_t>(options.seed), error_stream),
        garbage_(static_cast<std::uint64_t>(options.seed), garbage_stream) {}

  asio::awaitable<void> hold(tcp::socket socket);

 private:
  asio::awaitable<void> say_nothing(tcp::socket& socket);
  asio::awaitable<bool> answer(tcp::socket& socket, const Request& request, base::SteadyTime arrival);
  asio::awaitable<bool> answer_text(tcp::socket& socket, const Request& request, Endpoint endpoint,
                                    base::SteadyTime arrival);
  asio::awaitable<bool> generate(tcp::socket& socket, const Request& request, const Ask& ask,
                                 base::SteadyTime arrival);
  asio::awaitable<bool> send_garbage(tcp::socket& socket, const Request& request, bool stream);
  asio::awaitable<bool> send(tcp::socket& socket, std::string bytes, bool keep_alive);

  std::optional<Refusal> fault_refusal();
  Reply reply_to(const Request& request, Action action) const;
  bool is_started() const;

  const Options& options_;
  LiveEngine& engine_;
  const std::function<void(std::string)> die_;
  const std::string id_;
  base::Random errors_;
  base::Random garbage_;
  std::uint64_t text_requests_ = 0;
  const base::SteadyTime began_ = std::chrono::steady_clock::now();
  const std::int64_t created_ =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
};

bool Conversations::Desk::is_started() const {
  return std::chrono::steady_clock::now() - began_ >= base::Seconds(options_.startup_s);
}

asio::awaitable<void> Conversations::Desk::say_nothing(tcp::socket& socket) {
  std::array<char, 4096> ignored{};
  for (;;) {
    const auto [error, size] = co_await socket.async_read_some(asio::buffer(ignored), quiet);
    if (error) co_return;
  }
}

asio::awaitable<void> Conversations::Desk::hold(tcp::socket socket) {
  ErrorCode ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  if (options_.fail.kind == FaultKind::hang) co_return co_await say_nothing(socket);
  beast::flat_buffer buffer;
  for (;;) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(body_limit);
    parser.header_limit(header_limit);
    auto [error, size] = co_await http::async_read_header(socket, buffer, parser, quiet);
    if (!error && base::to_lower(parser.get()[http::field::expect]) == "100-continue") {
      const bool is_sent = co_await send(socket, "HTTP/1.1 100 Continue\r\n\r\n", true);
      if (!is_sent) co_return;
    }
    if (!error) std::tie(error, size) = co_await http::async_read(socket, buffer, parser, quiet);
    if (error) {
      const bool is_malformed =
          error.category() == http::make_error_code(http::error::end_of_stream).category() &&
          error != http::error::end_of_stream && error != http::error::partial_message;
      if (!is_malformed) co_return;
      const int status = error == http::error::body_limit ? 413 : 400;
      co_await send(socket,
                    render(reply_of({status, "the request is not HTTP: " + error.message(), ""}), false),
                    false);
      co_return;
    }
    const auto arrival = std::chrono::steady_clock::now();
    const bool goes_on = co_await answer(socket, parser.get(), arrival);
    if (!goes_on) co_return;
  }
}

/// True if the connection can serve another request.
asio::awaitable<bool> Conversations::Desk::send(tcp::socket& socket, std::string bytes, bool keep_alive) {
  const auto [error, size] = co_await asio::async_write(socket, asio::buffer(bytes), quiet);
  if (!error && !keep_alive) {
    ErrorCode ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
  }
  co_return !error && keep_alive;
}

Reply Conversations::Desk::reply_to(const Request& request, Action action) const {
  switch (action) {
    case Action::health:
      return {.content_type = "text/plain"};
    case Action::models:
      return {.body = models_body(options_, created_)};
    case Action::metrics:
      return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = engine_.metrics()};
    case Action::version:
      return {.body = R"({"version":"autotuner-sim","simulated":true})"};
    case Action::tokenize: {
      auto body = answer_tokenize(request.body(), options_);
      if (!body) return reply_of(body.error());
      return {.body = std::move(*body)};
    }
    case Action::completions:
    case Action::chat:
      break;
  }
  return reply_of({500, "no such action", ""});
}

asio::awaitable<bool> Conversations::Desk::answer(tcp::socket& socket, const Request& request,
                                                  base::SteadyTime arrival) {
  const Inquiry inquiry{request.method_string(), request.target(), request[http::field::authorization]};
  const Route* const route = find_route(inquiry.target);
  if (const auto refused = refusal_of(inquiry, route, options_, is_started())) {
    auto reply = reply_of(*refused);
    if (refused->status == 405) reply.extra_headers = fmt::format("allow: {}\r\n", route->method);
    co_return co_await send(socket, render(reply, request.keep_alive()), request.keep_alive());
  }
  if (route->action == Action::completions) {
    co_return co_await answer_text(socket, request, Endpoint::completions, arrival);
  }
  if (route->action == Action::chat) co_return co_await answer_text(socket, request, Endpoint::chat, arrival);
  co_return co_await send(socket, render(reply_to(request, route->action), request.keep_alive()),
                          request.keep_alive());
}

std::optional<Refusal> Conversations::Desk::fault_refusal() {
  ++text_requests_;
  if (options_.fail.kind == FaultKind::oom_load && text_requests_ >= oom_load_request) {
    die_("out of memory (simulated): allocation failed under load");
    return Refusal{500, "out of memory (simulated)", ""};
  }
  if (options_.fail.kind == FaultKind::too_many) return Refusal{429, "too many requests (simulated)", ""};
  if (options_.fail.kind == FaultKind::unavailable) return Refusal{503, "unavailable (simulated)", ""};
  if (options_.fail.kind == FaultKind::error_rate && errors_.uniform() < options_.fail.value) {
    return Refusal{500, "internal error (simulated)", ""};
  }
  return std::nullopt;
}

asio::awaitable<bool> Conversations::Desk::answer_text(tcp::socket& socket, const Request& request,
                                                       Endpoint endpoint, base::SteadyTime arrival) {
  const bool keep_alive = request.keep_alive();
  if (const auto refused = fault_refusal()) {
    co_return co_await send(socket, render(reply_of(*refused), keep_alive), keep_alive);
  }
  const auto ask = read_ask(endpoint, request.body(), options_);
  if (!ask) co_return co_await send(socket, render(reply_of(ask.error()), keep_alive), keep_alive);
  if (options_.fail.kind == FaultKind::garbage) co_return co_await send_garbage(socket, request, ask->stream);
  co_return co_await generate(socket, request, *ask, arrival);
}

asio::awaitable<bool> Conversations::Desk::generate(tcp::socket& socket, const Request& request,
                                                    const Ask& ask, base::SteadyTime arrival) {
  const bool is_chunked = request.version() >= 11;
  const bool keep_alive = request.keep_alive() && (is_chunked || !ask.stream);
  const Job job{.prompt_tokens = ask.prompt_tokens,
                .output_tokens = ask.output_tokens,
                .kv_tokens = ask.prompt_tokens + ask.max_tokens};
  if (!engine_.fits(job)) {
    const Refusal refused{
        400,
        fmt::format("the request needs {} tokens of KV cache ({} in the prompt, {} to generate); "
                    "the engine has {}",
                    job.kv_tokens, ask.prompt_tokens, ask.max_tokens, engine_.longest_request()),
        "max_tokens"};
    co_return co_await send(socket, render(reply_of(refused), keep_alive), keep_alive);
  }
  if (ask.stream) {
    const bool is_sent = co_await send(socket, render_stream_head(is_chunked, keep_alive), true);
    if (!is_sent) co_return false;
  }
  AnswerWriter writer(ask, id_, text_requests_, created_);
  writer.set_chunked(is_chunked);
  Exchange exchange(socket, std::move(writer), options_.fail.kind, keep_alive);
  const auto id = engine_.submit(job, arrival, exchange);
  const bool is_complete = co_await exchange.finish();
  engine_.forget(id);
  ErrorCode ignored;
  if (exchange.is_cut()) {
    // Lingering for no time makes the kernel send a reset instead of an orderly end.
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
  } else if (is_complete && !keep_alive) {
    socket.shutdown(tcp::socket::shutdown_send, ignored);
  }
  co_return is_complete&& keep_alive;
}

asio::awaitable<bool> Conversations::Desk::send_garbage(tcp::socket& socket, const Request& request,
                                                        bool stream) {
  if (!stream) {
    co_return co_await send(socket, render({.body = garbage(garbage_)}, request.keep_alive()),
                            request.keep_alive());
  }
  auto bytes = render_stream_head(false, false);
  for (int i = 0; i < 8; ++i) bytes += "data: " + garbage(garbage_) + "\n\n";
  co_return co_await send(socket, std::move(bytes), false);
}

Conversations::Conversations(const Options& options, LiveEngine& engine, std::function<void(std::string)> die)
    : desk_(std::make_unique<Desk>(options, engine, std::move(die))) {}

Conversations::~Conversations() = default;

asio::awaitable<void> Conversations::hold(tcp::socket socket) {
  return desk_->hold(std::move(socket));
}

}  // namespace autotuner::simulator
