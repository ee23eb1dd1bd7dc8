#include "hosts/readiness.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <poll.h>

#include "base/text.hpp"
#include "hosts/socket_owner.hpp"
#include "hosts/stop_event.hpp"

namespace autotuner::hosts {
namespace {

using namespace std::chrono_literals;
using Outcome = Readiness::Outcome;

constexpr auto progress_pause = 5s;

/// "GET /health: 503; GET /v1/models: Couldn't connect to server"
std::string describe(const std::vector<std::string>& paths, const std::vector<ProbeReply>& replies) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    const auto& reply = replies[i];
    parts.push_back(fmt::format("GET {}: {}", paths[i],
                                reply.error.empty() ? std::to_string(reply.status) : reply.error));
  }
  return base::join(parts, "; ");
}

std::string last_line(const EngineLog& log) {
  const auto tail = log.tail(1);
  return std::string(base::trim(tail)).substr(0, 200);
}

class Wait {
 public:
  Wait(const ReadinessPlan& plan, const Process& process, const std::stop_token& stop)
      : plan_(plan),
        process_(process),
        stop_(stop),
        stopped_(stop),
        wake_{process.exit_event(), stopped_.get()} {
    for (const auto& path : plan.health_paths)
      urls_.push_back(fmt::format("http://127.0.0.1:{}{}", plan.port, path));
  }

  /// What ends the wait without looking at the engine's answers.
  std::optional<Readiness> verdict() const {
    if (const auto status = process_.exit_status()) return Readiness{Outcome::exited, {}, status, 0};
    if (stop_.stop_requested()) return Readiness{Outcome::cancelled, {}, {}, 0};
    if (std::chrono::steady_clock::now() >= plan_.deadline) return Readiness{Outcome::timeout, last_, {}, 0};
    return std::nullopt;
  }

  std::optional<Readiness> ask(HttpProbe& probe) {
    const auto replies = probe.get(urls_, std::min(plan_.probe_limit, left()), wake_);
    last_ = describe(plan_.health_paths, replies);
    if (std::ranges::none_of(replies, [](const auto& reply) { return reply.status == 200; }))
      return std::nullopt;
    // An engine that could not bind its port dies while a stranger answers in its place: look before
    // trusting.
    if (auto ended = verdict(); ended && ended->outcome != Outcome::timeout) return ended;
    const auto ownership = owner_of_port(plan_.port, process_.tree());
    switch (ownership.owner) {
      case SocketOwner::ours:
      case SocketOwner::unknown:
        return Readiness{Outcome::ready, {}, {}, 0};
      case SocketOwner::stranger:
        return Readiness{Outcome::stranger, ownership.who, {}, 0};
      case SocketOwner::nobody:
        return std::nullopt;
    }
    return std::nullopt;
  }

  void pause(std::chrono::milliseconds time) const {
    std::array<pollfd, 2> events{{{wake_[0], POLLIN, 0}, {wake_[1], POLLIN, 0}}};
    ::poll(events.data(), events.size(), static_cast<int>(std::min(time, left()).count()));
  }

 private:
  std::chrono::milliseconds left() const {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(plan_.deadline - std::chrono::steady_clock::now());
    return std::max(left, std::chrono::milliseconds(1));
  }

  const ReadinessPlan& plan_;
  const Process& process_;
  const std::stop_token& stop_;
  StopEvent stopped_;
  std::array<int, 2> wake_;
  std::vector<std::string> urls_;
  std::string last_;
};

}  // namespace

std::chrono::milliseconds pause_after(int round) {
  return std::min(std::chrono::milliseconds(10) * (1 << std::clamp(round, 0, 10)),
                  std::chrono::milliseconds(1000));
}

Readiness wait_until_ready(const ReadinessPlan& plan, const Process& process, const EngineLog& log,
                           HttpProbe& probe, const std::stop_token& stop,
                           const std::function<void(std::string detail)>& progress) {
  const auto start = std::chrono::steady_clock::now();
  auto told = start;
  Wait wait(plan, process, stop);
  for (int round = 0;; ++round) {
    auto result = wait.verdict();
    if (!result) result = wait.ask(probe);
    const auto now = std::chrono::steady_clock::now();
    if (result) {
      result->seconds = base::Seconds(now - start).count();
      return *result;
    }
    if (progress && now - told >= progress_pause) {
      told = now;
      progress(fmt::format("loading for {}: {}", base::to_duration_text(now - start), last_line(log)));
    }
    wait.pause(pause_after(round));
  }
}

}  // namespace autotuner::hosts
