#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "simulator/options.hpp"
#include "simulator/server.hpp"

namespace autotuner::tests {

/// Options of an engine that is ready at once and quick.
inline simulator::Options quick_options(const std::vector<std::string>& more = {}) {
  std::vector<std::string> args{"--port", "0", "--startup-s", "0", "--ttft-ms", "1", "--tpot-ms", "0.1"};
  args.insert(args.end(), more.begin(), more.end());
  const auto options = simulator::parse_options(args);
  EXPECT_TRUE(options) << options.error().message;
  return options.value_or(simulator::Options{});
}

/// A server in a thread of its own for as long as this lives.
class RunningSimulator {
 public:
  explicit RunningSimulator(const simulator::Options& options) {
    std::promise<std::uint16_t> listening;
    auto port = listening.get_future();
    auto outcome = std::make_shared<std::promise<base::Result<void>>>();
    ended_ = outcome->get_future();
    thread_ = std::jthread([options, &listening, outcome](const std::stop_token& stop) {
      outcome->set_value(
          simulator::serve(options, stop, [&listening](std::uint16_t taken) { listening.set_value(taken); }));
    });
    port_ = port.get();
  }
  std::uint16_t port() const { return port_; }
  void stop() { thread_.request_stop(); }
  /// How it ended, waiting for that.
  base::Result<void> outcome() {
    EXPECT_EQ(ended_.wait_for(std::chrono::seconds(10)), std::future_status::ready);
    return ended_.get();
  }

 private:
  std::uint16_t port_ = 0;
  std::future<base::Result<void>> ended_;
  std::jthread thread_;
};

inline constexpr std::string_view short_chat =
    R"({"messages":[{"role":"user","content":"hi"}],"max_tokens":3,"ignore_eos":true})";
inline constexpr std::string_view streamed =
    R"({"prompt":[1,2],"max_tokens":5,"ignore_eos":true,"stream":true,"stream_options":{"include_usage":true}})";

}  // namespace autotuner::tests
