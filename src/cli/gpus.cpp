#include "cli/gpus.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "cli/exit_code.hpp"

namespace autotuner::cli {
namespace {

template <class T>
base::Json value_or_null(const std::optional<T>& value) {
  return value ? base::Json(*value) : base::Json(nullptr);
}

base::Json text_or_null(const std::string& text) {
  return text.empty() ? base::Json(nullptr) : base::Json(text);
}

}  // namespace

std::string gpu_line(const gpu::Device& device) {
  auto text = device.name.empty() ? std::string("unnamed GPU") : device.name;
  if (device.memory_free_mb && device.memory_total_mb) {
    text += fmt::format(", {} of {} MiB free", base::to_readable_number(*device.memory_free_mb, 6),
                        base::to_readable_number(*device.memory_total_mb, 6));
  } else if (device.memory_total_mb) {
    text += fmt::format(", {} MiB", base::to_readable_number(*device.memory_total_mb, 6));
  }
  if (device.utilization_gpu) text += fmt::format(", {} % busy", *device.utilization_gpu);
  if (device.temperature) text += fmt::format(", {} C", *device.temperature);
  if (device.power_draw && device.power_limit)
    text += fmt::format(", {:.0f} of {:.0f} W", *device.power_draw, *device.power_limit);
  if (device.compute_mode == "Prohibited") text += ", compute mode Prohibited: not used";
  return text;
}

std::string gpus_text(const std::vector<gpu::Device>& devices, const engine::Hardware& hardware) {
  auto text =
      fmt::format("cpu    {} cores, {:.1f} GiB memory for an engine\n", hardware.cores, hardware.memory_gib);
  for (const auto& device : devices) text += fmt::format("gpu {:<2} {}\n", device.index, gpu_line(device));
  return text;
}

std::string gpus_json(const std::vector<gpu::Device>& devices, const engine::Hardware& hardware) {
  base::Json gpus = base::Json::array();
  for (const auto& device : devices) {
    gpus.push_back({{"index", device.index},
                    {"uuid", text_or_null(device.uuid)},
                    {"name", text_or_null(device.name)},
                    {"memory_total_mb", value_or_null(device.memory_total_mb)},
                    {"memory_free_mb", value_or_null(device.memory_free_mb)},
                    {"memory_used_mb", value_or_null(device.memory_used_mb)},
                    {"utilization_gpu", value_or_null(device.utilization_gpu)},
                    {"temperature", value_or_null(device.temperature)},
                    {"power_draw", value_or_null(device.power_draw)},
                    {"power_limit", value_or_null(device.power_limit)},
                    {"compute_mode", text_or_null(device.compute_mode)}});
  }
  return base::to_pretty_text({{"cpu", {{"cores", hardware.cores}, {"memory_gib", hardware.memory_gib}}},
                               {"gpus", std::move(gpus)}}) +
         "\n";
}

void add_gpus(CLI::App& app, GpusParts parts, int& exit_code) {
  auto json = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("gpus", "list the devices that engines can compute on here");
  command->add_flag("--json", *json, "as JSON; unknown numbers are null");
  command->footer(
      "GPUs are those that nvidia-smi lists and CUDA_VISIBLE_DEVICES lets through.\n\n"
      "Examples:\n  autotuner gpus\n  autotuner gpus --json | jq '.gpus[].memory_free_mb'");
  command->callback([json, parts = std::move(parts), &exit_code] {
    const auto devices = parts.gpus();
    if (!devices) {
      fmt::print(stderr, "error: {}\n", devices.error().message);
      exit_code = exit_code_of(devices.error());
      return;
    }
    fmt::print("{}", *json ? gpus_json(*devices, parts.hardware()) : gpus_text(*devices, parts.hardware()));
    if (devices->empty())
      fmt::print(stderr,
                 "No GPU: nvidia-smi is not on PATH or lists none. llamacpp and sim run on the CPU.\n");
    exit_code = success;
  });
}

}  // namespace autotuner::cli
