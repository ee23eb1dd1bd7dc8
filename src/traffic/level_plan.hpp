#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "load/record.hpp"
#include "traffic/endpoint.hpp"

namespace autotuner::traffic {

using load::Nanoseconds;

/// A request ready to be written: no byte of it is made while the clock runs.
struct PreparedRequest {
  std::string bytes;
  int input_tokens = 0;   ///< as aimed at; replaced by what the server reports
  int output_tokens = 0;  ///< asked for, 0 = not limited
};

/// What is sent: request k is the k-th of the level. Read by several threads.
class RequestSource {
 public:
  virtual ~RequestSource() = default;
  virtual const PreparedRequest& request(std::size_t index) const = 0;
};

/// Requests held in memory.
class PreparedRequests final : public RequestSource {
 public:
  explicit PreparedRequests(std::vector<PreparedRequest> requests) : requests_(std::move(requests)) {}
  const PreparedRequest& request(std::size_t index) const override {
    return requests_[index % requests_.size()];
  }
  std::size_t size() const { return requests_.size(); }

 private:
  std::vector<PreparedRequest> requests_;
};

/// A user's turn: which request it sends and when.
struct Turn {
  std::size_t index = 0;
  Nanoseconds scheduled{0};  ///< since the level's start; in the past = at once
};

/// When: asked by every user before each of its requests. Thread-safe.
class Pacing {
 public:
  virtual ~Pacing() = default;
  /// Nothing = no request is left for this user.
  virtual std::optional<Turn> next(int user, Nanoseconds now) = 0;
  /// Latency counts from the scheduled time even when the request was sent later.
  virtual bool is_open_loop() const = 0;
};

/// Each user sends its next request when its last one ended; users start one after the other within `ramp`.
/// Exactly `max_requests` are issued.
class ClosedLoop final : public Pacing {
 public:
  ClosedLoop(int users, int max_requests, Nanoseconds ramp)
      : users_(users),
        max_requests_(static_cast<std::size_t>(max_requests)),
        ramp_(ramp),
        begun_(static_cast<std::size_t>(users)) {}

  std::optional<Turn> next(int user, Nanoseconds now) override {
    const auto index = issued_.fetch_add(1, std::memory_order_relaxed);
    if (index >= max_requests_) return std::nullopt;
    auto& begun = begun_[static_cast<std::size_t>(user)];
    const auto start = begun ? now : ramp_ * user / users_;
    begun = 1;
    return Turn{index, start};
  }
  bool is_open_loop() const override { return false; }

 private:
  int users_;
  std::size_t max_requests_;
  Nanoseconds ramp_;
  std::vector<char> begun_;  ///< one per user, each touched by its own thread alone
  std::atomic<std::size_t> issued_{0};
};

/// How a level stands while it runs.
struct LiveView {
  Nanoseconds elapsed{0};
  int finished = 0;
  int failed = 0;
  int in_flight = 0;
  std::int64_t output_tokens = 0;
  /// Finished requests of the asking thread; all there are when the level has one thread.
  std::span<const load::RequestRecord> records;
};

/// Until when: asked every 10 ms; a reason ends the level and aborts what is in flight. Called from sender
/// threads.
using StopRule = std::function<std::optional<std::string>(const LiveView&)>;

StopRule stop_after(Nanoseconds max_time);
StopRule stop_at(base::SteadyTime deadline);
/// Asks once a second; `is_dead` must not block.
StopRule stop_when_dead(std::function<bool()> is_dead);

/// One level: where, when, what, until when.
struct LevelPlan {
  Endpoint endpoint;
  int users = 1;  ///< connections, and the most requests in flight
  int threads = 1;
  std::vector<int> cpus;                    ///< threads run on these only; empty = wherever we may
  Pacing* pacing = nullptr;                 ///< outlives the run
  const RequestSource* requests = nullptr;  ///< outlives the run
  std::vector<StopRule> until;
  std::chrono::duration<double> request_timeout{600};
  /// Each half second, from a sender thread; may be empty.
  std::function<void(const LiveView&)> progress;
};

}  // namespace autotuner::traffic
