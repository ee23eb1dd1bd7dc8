#include "simulator/server.hpp"

#include <chrono>
#include <csignal>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "base/clock.hpp"
#include "simulator/conversations.hpp"
#include "simulator/cost_model.hpp"
#include "simulator/live_engine.hpp"

namespace autotuner::simulator {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

class Server {
 public:
  explicit Server(const Options& options)
      : options_(options),
        conversations_(options_, engine_, [this](std::string why) { die(std::move(why)); }),
        engine_(io_, options),
        acceptor_(io_),
        life_(io_) {}

  base::Result<std::uint16_t> listen();
  base::Result<void> run(const std::stop_token& stop);

 private:
  asio::awaitable<void> accept_all();
  asio::awaitable<void> live_and_die();

  void spawn(asio::awaitable<void> work);
  void die(std::string message);

  Options options_;
  base::SteadyTime began_ = std::chrono::steady_clock::now();
  std::optional<base::Error> death_;
  Conversations conversations_;
  // Destroyed from the bottom: first what hangs on the context, then the context with all its coroutines.
  asio::io_context io_{1};
  LiveEngine engine_;
  tcp::acceptor acceptor_;
  asio::steady_timer life_;
};

base::Result<std::uint16_t> Server::listen() {
  const auto fail = [&](const ErrorCode& error) {
    return base::fail(base::ErrorKind::unavailable, "can't listen on {} port {}: {}", options_.host,
                      options_.port, error.message());
  };
  ErrorCode error;
  const auto found =
      tcp::resolver(io_).resolve(options_.host, std::to_string(options_.port),
                                 tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error || found.empty()) return fail(error);
  const auto endpoint = found.begin()->endpoint();
  if (acceptor_.open(endpoint.protocol(), error); error) return fail(error);
  if (acceptor_.set_option(tcp::acceptor::reuse_address(true), error); error) return fail(error);
  if (acceptor_.bind(endpoint, error); error) return fail(error);
  if (options_.fail.kind != FaultKind::refuse) {
    if (acceptor_.listen(asio::socket_base::max_listen_connections, error); error) return fail(error);
    spawn(accept_all());
  }
  return acceptor_.local_endpoint(error).port();
}

base::Result<void> Server::run(const std::stop_token& stop) {
  const std::stop_callback on_stop(stop, [this] { io_.stop(); });
  const auto work = asio::make_work_guard(io_);
  spawn(engine_.run());
  spawn(live_and_die());
  io_.run();
  if (death_) return tl::unexpected(*death_);
  return {};
}

void Server::spawn(asio::awaitable<void> work) {
  // What fails ends itself alone; a connection is closed by its socket's destructor.
  asio::co_spawn(io_, std::move(work), [](const std::exception_ptr&) {});
}

void Server::die(std::string message) {
  death_ = base::Error{base::ErrorKind::unavailable, std::move(message)};
  io_.stop();
}

asio::awaitable<void> Server::live_and_die() {
  if (options_.fail.kind != FaultKind::die_after) co_return;
  const base::Seconds life(options_.startup_s + options_.fail.value);
  life_.expires_at(began_ + std::chrono::duration_cast<std::chrono::nanoseconds>(life));
  co_await life_.async_wait(asio::as_tuple(asio::use_awaitable));
  if (options_.die_signal != 0) {
    const auto number = static_cast<int>(options_.die_signal);
    std::signal(number, SIG_DFL);
    std::raise(number);
  }
  die(fmt::format("died {} s after it was ready (simulated)", options_.fail.value));
}

asio::awaitable<void> Server::accept_all() {
  asio::steady_timer pause(io_);
  for (;;) {
    auto [error, socket] = co_await acceptor_.async_accept(asio::as_tuple(asio::use_awaitable));
    if (error) {
      // Out of descriptors: give the connections at hand time to end.
      pause.expires_after(std::chrono::milliseconds(10));
      co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
      continue;
    }
    spawn(conversations_.hold(std::move(socket)));
  }
}

base::Result<void> check_start(const Options& options) {
  if (options.fail.kind == FaultKind::start) {
    return base::fail(base::ErrorKind::unavailable, "failed to start (simulated)");
  }
  if (options.fail.kind == FaultKind::oom) {
    return base::fail(base::ErrorKind::unavailable, "out of memory (simulated)");
  }
  return check_memory(options);
}

}  // namespace

base::Result<void> serve(const Options& options, const std::stop_token& stop,
                         const std::function<void(std::uint16_t)>& on_listening) {
  if (const auto starts = check_start(options); !starts) return starts;
  Server server(options);
  const auto port = server.listen();
  if (!port) return tl::unexpected(port.error());
  if (on_listening) on_listening(*port);
  return server.run(stop);
}

}  // namespace autotuner::simulator
