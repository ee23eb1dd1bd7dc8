#include "hosts/local_engine.hpp"

#include <algorithm>
#include <array>
#include <csignal>

#include <fmt/format.h>
#include <poll.h>

#include "base/text.hpp"
#include "hosts/shared_memory.hpp"
#include "hosts/stop_event.hpp"
#include "hosts/system_files.hpp"

namespace autotuner::hosts {
namespace {

using namespace std::chrono_literals;
using engine::Failure;
using engine::FailureClass;
using engine::FailureCode;

constexpr auto facts_limit = 5s;
constexpr auto port_release_limit = 5s;
constexpr auto gpu_release_limit = 30s;
constexpr auto log_settle_limit = 200ms;

std::uint64_t kernel_kills() {
  return static_cast<std::uint64_t>(
      number_after(read_text("/proc/vmstat").value_or(""), "oom_kill").value_or(0));
}

/// What programs print when an allocation fails under a limit of the address space.
bool speaks_of_failed_allocation(std::string_view log) {
  constexpr std::array<std::string_view, 5> words = {
      "std::bad_alloc", "Cannot allocate memory", "MemoryError", "failed to allocate", "unable to allocate"};
  return std::ranges::any_of(words, [&](auto word) { return log.find(word) != std::string_view::npos; });
}

}  // namespace

tl::expected<std::unique_ptr<LocalEngine>, Failure> LocalEngine::launch(LocalEngineParts parts,
                                                                        boost::asio::thread_pool& pool) {
  const auto kills = kernel_kills();
  const auto fail = [&](const base::Error& error) {
    return tl::unexpected(Failure{FailureCode::deploy_failed, FailureClass::other, error.message, false});
  };
  auto process = Process::start(parts.spec);
  if (!process) {
    discard(parts.memory);
    return fail(process.error());
  }
  auto log = EngineLog::open(parts.log_path, (*process)->take_output(), {}, parts.secrets);
  if (!log) return fail(log.error());
  return std::unique_ptr<LocalEngine>(
      new LocalEngine(std::move(parts), std::move(*process), std::move(*log), kills, pool));
}

LocalEngine::LocalEngine(LocalEngineParts parts, std::unique_ptr<Process> process,
                         std::unique_ptr<EngineLog> log, std::uint64_t killed_before,
                         boost::asio::thread_pool& pool)
    : parts_(std::move(parts)),
      process_(std::move(process)),
      log_(std::move(log)),
      killed_before_(killed_before),
      pool_(pool),
      usage_(parts_.engine_cores) {}

LocalEngine::~LocalEngine() {
  const auto left = stop_now(std::chrono::duration<double>::zero());
  static_cast<void>(left);
}

std::string LocalEngine::url() const {
  return fmt::format("http://127.0.0.1:{}", parts_.port.port());
}

Failure LocalEngine::classify(const engine::ExitStatus& status, bool ready) const {
  log_->settle(log_settle_limit);
  const auto log = log_->tail(0);
  const bool allocation_failed =
      parts_.memory.means == MemoryLimit::Means::address_space && speaks_of_failed_allocation(log);
  const bool killed_by_kernel = status.signal == SIGKILL && kernel_kills() > killed_before_;
  auto failure = engine::classify_exit(status, log, parts_.runtime, ready,
                                       parts_.memory.was_hit() || allocation_failed || killed_by_kernel);
  const auto limit = memory_limit_gib();
  if (failure.cls == FailureClass::oom && limit) {
    failure.message += fmt::format("; this engine was limited to {:.3g} GiB of memory", *limit);
  }
  return failure;
}

std::optional<Failure> LocalEngine::failure_of(const Readiness& readiness, base::SteadyTime began) const {
  const auto waited = base::to_duration_text(std::chrono::steady_clock::now() - began);
  switch (readiness.outcome) {
    case Readiness::Outcome::ready:
      return std::nullopt;
    case Readiness::Outcome::cancelled:
      return Failure{FailureCode::cancelled, FailureClass::cancelled, "Cancelled by user", false};
    case Readiness::Outcome::exited:
      return classify(*readiness.status, false);
    case Readiness::Outcome::stranger:
      return Failure{
          FailureCode::not_ready, FailureClass::other,
          fmt::format("port {} is answered by {}, not by the engine", parts_.port.port(), readiness.detail),
          true};
    case Readiness::Outcome::timeout: {
      const auto log = log_->tail(0);
      auto line = engine::telling_line(log);
      if (line.empty()) line = base::trim(log_->tail(1)).substr(0, 200);
      const auto said = line.empty() ? std::string("the engine printed nothing") : "its log says: " + line;
      return Failure{FailureCode::not_ready, FailureClass::timeout,
                     fmt::format("not ready after {} ({}); {}", waited,
                                 readiness.detail.empty() ? "no probe was answered" : readiness.detail, said),
                     false};
    }
  }
  return std::nullopt;
}

void LocalEngine::read_facts(HttpProbe& probe, const std::stop_token& stop) {
  const std::array<std::string, 3> urls{url() + "/v1/models", url() + "/props", url() + "/version"};
  const bool llamacpp = parts_.runtime == engine::RuntimeId::llamacpp;
  const auto asked = llamacpp ? std::span(urls).first(2) : std::span(urls);
  const StopEvent stopped(stop);
  const std::array<int, 2> wake{process_->exit_event(), stopped.get()};
  const auto replies = probe.get(asked, facts_limit, wake);
  if (replies[0].status == 200) facts_ = engine::facts_from_models(replies[0].body);
  if (llamacpp && replies[1].status == 200) {
    const auto id = facts_.served_id;
    facts_ = engine::facts_from_props(replies[1].body);
    if (!id.empty()) facts_.served_id = id;
  }
  if (!llamacpp && replies[2].status == 200 && facts_.version.empty()) {
    const auto& body = replies[2].body;
    // {"version":"0.32.0"} of vLLM; anything else is no version.
    const auto key = body.find("\"version\"");
    const auto open = key == std::string::npos ? key : body.find('"', body.find(':', key));
    const auto close = open == std::string::npos ? open : body.find('"', open + 1);
    if (close != std::string::npos)
      facts_.version = body.substr(open + 1, std::min<std::size_t>(close - open - 1, 100));
  }
}

std::optional<Failure> LocalEngine::get_ready(base::SteadyTime ready_by, std::optional<int> longest_context,
                                              const std::stop_token& stop,
                                              const std::function<void(std::string detail)>& progress) {
  ReadinessPlan plan;
  plan.port = parts_.port.port();
  plan.deadline = ready_by;
  for (const auto path : engine::runtime(parts_.runtime).health_paths) plan.health_paths.emplace_back(path);
  HttpProbe probe;
  const auto began = std::chrono::steady_clock::now();
  const auto readiness = wait_until_ready(plan, *process_, *log_, probe, stop, progress);
  auto failure = failure_of(readiness, began);
  if (!failure) {
    read_facts(probe, stop);
    if (const auto status = process_->exit_status())
      failure = classify(*status, false);
    else if (stop.stop_requested())
      failure = failure_of({Readiness::Outcome::cancelled, {}, {}, 0}, began);
  }
  if (!failure) {
    if (const auto why = engine::why_unfit(facts_, longest_context)) {
      failure = Failure{FailureCode::invalid_point, FailureClass::other, *why, false};
    }
  }
  if (!failure) return std::nullopt;
  if (const auto stopped = stop_now(0s); !stopped) failure->message += "; " + stopped.error().message;
  return failure;
}

std::optional<Failure> LocalEngine::death() const {
  const std::lock_guard lock(mutex_);
  if (!death_ && !stopping_) {
    if (const auto status = process_->exit_status()) death_ = classify(*status, true);
  }
  return death_;
}

std::optional<Failure> LocalEngine::death_within(std::chrono::milliseconds limit) const {
  process_->wait_for_exit(std::chrono::steady_clock::now() + limit);
  return death();
}

base::Result<void> LocalEngine::stop_now(std::chrono::duration<double> grace) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_ && *stopped_) return *stopped_;
    stopping_ = true;
  }
  const auto segments = shared_memory_of(process_->tree());
  auto result = process_->stop(grace);
  if (result) {
    remove_abandoned(segments);
    result = wait_for_release();
  }
  const std::lock_guard lock(mutex_);
  if (result) {
    parts_.gpus = GpuLease();
    parts_.port.release();
  }
  stopped_ = result;
  return result;
}

base::Result<void> LocalEngine::wait_for_release() const {
  const auto stopped = std::chrono::steady_clock::now();
  while (!is_port_free(parts_.port.port())) {
    if (std::chrono::steady_clock::now() - stopped >= port_release_limit) {
      return base::fail(base::ErrorKind::unavailable, "port {} is still in use after the engine was stopped",
                        parts_.port.port());
    }
    ::poll(nullptr, 0, 10);
  }
  while (const auto held = held_gpu_memory(parts_.gpus.devices(), parts_.spec.environment)) {
    if (std::chrono::steady_clock::now() - stopped >= gpu_release_limit) {
      return base::fail(base::ErrorKind::unavailable,
                        "GPU memory is not free after the engine was stopped: {}", *held);
    }
    ::poll(nullptr, 0, 250);
  }
  return {};
}

base::Awaitable<base::Result<void>> LocalEngine::stop(std::chrono::duration<double> grace) {
  auto work = [this, grace] { return stop_now(grace); };
  co_return co_await base::run_blocking(pool_, work);
}

}  // namespace autotuner::hosts
