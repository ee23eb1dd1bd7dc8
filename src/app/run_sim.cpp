#include "app/run_sim.hpp"

#include <csignal>
#include <stop_token>
#include <thread>

#include <fmt/format.h>
#include <pthread.h>

#include "cli/exit_code.hpp"
#include "simulator/cost_model.hpp"
#include "simulator/options.hpp"
#include "simulator/server.hpp"

namespace autotuner::app {
namespace {

/// Waits for a signal that asks us to end. Signals are blocked before any thread starts, so that this one
/// gets them.
class SignalWaiter {
 public:
  SignalWaiter() {
    sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR2}) sigaddset(&signals_, signal);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    thread_ = std::jthread([this] {
      int received = 0;
      sigwait(&signals_, &received);
      stop_.request_stop();
    });
  }
  ~SignalWaiter() {
    // The server ended by itself: wake the waiter so that it can be joined.
    pthread_kill(thread_.native_handle(), SIGUSR2);
  }
  std::stop_token token() const { return stop_.get_token(); }

 private:
  sigset_t signals_{};
  std::stop_source stop_;
  std::jthread thread_;
};

}  // namespace

int run_sim(const std::vector<std::string>& arguments) {
  const auto options = simulator::parse_options(arguments);
  if (!options) {
    fmt::print(stderr, "error: {}\n", options.error().message);
    return cli::bad_usage;
  }
  if (options->help) {
    fmt::print("{}", simulator::help_text());
    return cli::success;
  }
  const SignalWaiter signals;
  fmt::print("{}\n", simulator::banner(*options));
  std::fflush(stdout);
  const auto served = simulator::serve(*options, signals.token(), [&](std::uint16_t port) {
    fmt::print("Simulated: serving {} on http://{}:{}\n", options->model, options->host, port);
    std::fflush(stdout);
  });
  if (!served) {
    fmt::print(stderr, "error: {}\n", served.error().message);
    return cli::work_failed;
  }
  return cli::success;
}

}  // namespace autotuner::app
