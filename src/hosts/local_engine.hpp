#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "hosts/engine_log.hpp"
#include "hosts/gpu_choice.hpp"
#include "hosts/host_usage.hpp"
#include "hosts/memory_limit.hpp"
#include "hosts/port_finder.hpp"
#include "hosts/process.hpp"
#include "hosts/readiness.hpp"

namespace autotuner::hosts {

/// GPUs that are given back at the end.
class GpuLease {
 public:
  GpuLease() = default;
  GpuLease(GpuPool& pool, std::vector<gpu::Device> devices) : pool_(&pool), devices_(std::move(devices)) {}
  GpuLease(GpuLease&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)), devices_(std::move(other.devices_)) {}
  GpuLease& operator=(GpuLease&& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(devices_, other.devices_);
    return *this;
  }
  GpuLease(const GpuLease&) = delete;
  GpuLease& operator=(const GpuLease&) = delete;
  ~GpuLease() {
    if (pool_ != nullptr) pool_->give_back(devices_);
  }
  const std::vector<gpu::Device>& devices() const { return devices_; }

 private:
  GpuPool* pool_ = nullptr;
  std::vector<gpu::Device> devices_;
};

/// What an engine process is started with and holds while it lives.
struct LocalEngineParts {
  engine::RuntimeId runtime = engine::RuntimeId::sim;
  std::string name;
  ProcessSpec spec;
  std::string log_path;
  std::vector<std::string> secrets;  ///< must not reach the log
  PortLease port;
  GpuLease gpus;
  MemoryLimit memory;
  double engine_cores = 0;  ///< 0 = it does not compute on the CPU
};

/// One engine process of this host, from its start on. All functions but stop() are plain and blocking.
class LocalEngine final : public tuning::RunningEngine {
 public:
  /// Starts the process; it is not ready yet. Errors: deploy_failed.
  static tl::expected<std::unique_ptr<LocalEngine>, engine::Failure> launch(LocalEngineParts parts,
                                                                            boost::asio::thread_pool& pool);
  ~LocalEngine() override;

  /// Waits until it is ready, reads what it says about itself, and holds that against the workload. On
  /// failure it is stopped already.
  std::optional<engine::Failure> get_ready(base::SteadyTime ready_by, std::optional<int> longest_context,
                                           const std::stop_token& stop,
                                           const std::function<void(std::string detail)>& progress);
  base::Result<void> stop_now(std::chrono::duration<double> grace);

  std::string url() const override;
  const engine::EngineFacts& facts() const override { return facts_; }
  std::vector<std::string> command() const override { return parts_.spec.command; }
  std::optional<double> memory_limit_gib() const override { return parts_.memory.gib(); }
  std::optional<engine::Failure> death() const override;
  std::optional<engine::Failure> death_within(std::chrono::milliseconds limit) const override;
  std::string log_tail(std::size_t lines) const override { return log_->tail(lines); }
  void begin_usage() override { usage_.begin(); }
  tuning::HostUsage usage() const override { return usage_.usage(); }
  base::Awaitable<base::Result<void>> stop(std::chrono::duration<double> grace) override;

 private:
  LocalEngine(LocalEngineParts parts, std::unique_ptr<Process> process, std::unique_ptr<EngineLog> log,
              std::uint64_t killed_before, boost::asio::thread_pool& pool);
  engine::Failure classify(const engine::ExitStatus& status, bool ready) const;
  std::optional<engine::Failure> failure_of(const Readiness& readiness, base::SteadyTime began) const;
  base::Result<void> wait_for_release() const;
  void read_facts(HttpProbe& probe, const std::stop_token& stop);

  LocalEngineParts parts_;
  std::unique_ptr<Process> process_;
  std::unique_ptr<EngineLog> log_;
  const std::uint64_t killed_before_;  ///< processes that the kernel had killed for want of memory
  boost::asio::thread_pool& pool_;
  UsageMeter usage_;
  engine::EngineFacts facts_;

  mutable std::mutex mutex_;
  mutable std::optional<engine::Failure> death_;
  bool stopping_ = false;
  std::optional<base::Result<void>> stopped_;
};

}  // namespace autotuner::hosts
