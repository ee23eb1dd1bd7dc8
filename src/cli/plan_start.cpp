#include "cli/plan_start.hpp"

#include <fmt/format.h>

#include "tuning/earlier.hpp"
#include "tuning/outline.hpp"

namespace autotuner::cli {
namespace {

/// What stands for the device where engines compute on cores.
constexpr auto cores = "CPU";

}  // namespace

tuning::GpuFacts device_of(const spec::Task& task, const engine::Hardware& hardware) {
  if (hardware.gpus > 0) return {hardware.gpu_name, hardware.gpu_memory_gib};
  if (!task.gpu_type.empty()) return {task.gpu_type, 0};
  const bool on_cores =
      task.runtime == engine::RuntimeId::llamacpp || task.deployment_mode == spec::DeploymentMode::local;
  return on_cores ? tuning::GpuFacts{cores, hardware.memory_gib} : tuning::GpuFacts{};
}

std::vector<tuning::EarlierTask> earlier_tasks(const spec::Task& task, tuning::Premises premises,
                                               int host_gpus, const PlanParts& parts) {
  const auto runs = parts.finished_runs(task.runtime);
  if (!runs) {
    fmt::print(stderr, "warning: earlier tasks can't be read: {}\n", runs.error().message);
    return {};
  }
  // A run names no device where the host has no GPU.
  if (host_gpus == 0) premises.gpu = {};
  const auto mode = task.deployment_mode.value_or(spec::DeploymentMode::local);
  const bool per_gpu = tuning::is_per_gpu(task, tuning::setting_of(task, host_gpus), mode);
  return tuning::earlier_tasks(task, premises, per_gpu, *runs);
}

std::string start_line(tuning::Premises premises) {
  if (premises.gpu.name == cores) premises.gpu = {};
  const auto words = tuning::starting_words(premises);
  return fmt::format("Start: {}\n", words.empty() ? "from nothing, no earlier task is alike" : words);
}

}  // namespace autotuner::cli
