#include "gpu/device.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "base/text.hpp"

namespace autotuner::gpu {
namespace {

constexpr std::size_t columns = 11;

/// A number that nvidia-smi knows; "[N/A]", "[Not Supported]", "[Unknown Error]" are none.
std::optional<double> number(std::string_view text) {
  const auto value = base::to_number(base::trim(text));
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::optional<int> count(std::string_view text) {
  const auto value = number(text);
  if (!value || *value < 0 || *value > std::numeric_limits<int>::max()) return std::nullopt;
  return static_cast<int>(*value);
}

std::string word(std::string_view text) {
  const auto trimmed = base::trim(text);
  return trimmed.starts_with('[') || trimmed == "N/A" ? std::string() : std::string(trimmed);
}

/// Nothing when the line is none of ours: without index, UUID or some column.
std::optional<Device> parse_line(std::string_view line) {
  const auto cells = base::split(line, ',');
  if (cells.size() < columns) return std::nullopt;
  const auto index = count(cells[0]);
  const auto uuid = word(cells[2]);
  if (!index || uuid.empty()) return std::nullopt;
  return Device{.index = *index,
                .uuid = uuid,
                .name = word(cells[1]),
                .memory_total_mb = count(cells[3]),
                .memory_free_mb = count(cells[5]),
                .memory_used_mb = count(cells[4]),
                .utilization_gpu = count(cells[6]),
                .temperature = count(cells[7]),
                .power_draw = number(cells[8]),
                .power_limit = number(cells[9]),
                .compute_mode = word(cells[10])};
}

/// Smaller is freer. Unknown memory counts as none, unknown utilization as busy.
std::tuple<int, int, int> busyness(const Device& device) {
  return {-device.memory_free_mb.value_or(0), device.utilization_gpu.value_or(100), device.index};
}

}  // namespace

std::vector<std::string> query_arguments() {
  return {
      "--query-gpu=index,name,uuid,memory.total,memory.used,memory.free,utilization.gpu,temperature.gpu,"
      "power.draw,power.limit,compute_mode",
      "--format=csv,noheader,nounits"};
}

base::Result<std::vector<Device>> parse_query(std::string_view csv, std::vector<std::string>* unreadable) {
  std::vector<Device> devices;
  std::optional<std::string> first_bad;
  for (const auto& line : base::split(csv, '\n')) {
    const auto text = base::trim(line);
    if (text.empty()) continue;
    if (auto device = parse_line(text)) {
      devices.push_back(std::move(*device));
      continue;
    }
    if (!first_bad) first_bad = std::string(text.substr(0, 200));
    if (unreadable != nullptr) unreadable->emplace_back(text);
  }
  if (devices.empty() && first_bad) {
    return base::invalid_input("nvidia-smi printed '{}'; expected {} values with index and UUID", *first_bad,
                               columns);
  }
  return devices;
}

std::vector<Device> visible(const std::vector<Device>& devices, std::optional<std::string_view> list) {
  if (!list || base::trim(*list) == "all") return devices;
  std::vector<Device> seen;
  for (const auto& part : base::split(*list, ',')) {
    const std::string wanted(base::trim(part));
    const auto found = std::ranges::find_if(devices, [&](const Device& device) {
      const bool by_uuid = wanted.starts_with("GPU-") && device.uuid.starts_with(wanted);
      return by_uuid || wanted == std::to_string(device.index);
    });
    // The driver stops at the first entry that names no device.
    if (wanted.empty() || found == devices.end()) break;
    if (std::ranges::find(seen, *found) == seen.end()) seen.push_back(*found);
  }
  return seen;
}

base::Result<std::vector<Device>> select(std::vector<Device> devices, int wanted) {
  std::erase_if(devices, [](const Device& device) { return device.compute_mode == "Prohibited"; });
  std::ranges::sort(devices, {}, busyness);
  if (wanted < 0) return base::invalid_input("{} GPUs asked for; must be at least 0", wanted);
  if (devices.size() < static_cast<std::size_t>(wanted)) {
    return base::fail(base::ErrorKind::unavailable, "{} GPU{} needed, {} free", wanted,
                      wanted == 1 ? "" : "s", devices.size());
  }
  devices.resize(static_cast<std::size_t>(wanted));
  return devices;
}

}  // namespace autotuner::gpu
