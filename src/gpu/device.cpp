#include "gpu/device.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>

#include "base/text.hpp"

namespace autotuner::gpu {
namespace {

constexpr std::array<std::string_view, 9> columns = {
    "index",           "name",      "uuid", "memory.total", "memory.used", "memory.free", "utilization.gpu",
    "temperature.gpu", "power.draw"};

/// Spellings by which nvidia-smi says that a card does not tell.
bool is_absent(std::string_view text) {
  constexpr std::array<std::string_view, 5> words = {"", "N/A", "[N/A]", "[Not Supported]",
                                                     "[Unknown Error]"};
  return std::ranges::find(words, text) != words.end();
}

/// A number or nothing; `readable` becomes false for any other text.
std::optional<double> number(std::string_view text, bool& readable) {
  if (is_absent(text)) return std::nullopt;
  const auto value = base::to_number(text);
  if (!value) readable = false;
  return value;
}

std::optional<int> whole(std::string_view text, bool& readable) {
  const auto value = number(text, readable);
  return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}

std::optional<Device> parse_line(std::string_view line) {
  std::vector<std::string> fields;
  for (const auto& field : base::split(line, ',')) fields.emplace_back(base::trim(field));
  if (fields.size() < columns.size() + 1) return std::nullopt;
  bool readable = true;
  Device device;
  const auto index = whole(fields[0], readable);
  device.name = fields[1];
  device.uuid = fields[2];
  device.memory_total_mb = whole(fields[3], readable);
  device.memory_used_mb = whole(fields[4], readable);
  device.memory_free_mb = whole(fields[5], readable);
  device.utilization_gpu = whole(fields[6], readable);
  device.temperature = whole(fields[7], readable);
  device.power_draw = number(fields[8], readable);
  device.power_limit = number(fields[9], readable);
  if (!readable || !index || device.uuid.empty()) return std::nullopt;
  device.index = *index;
  return device;
}

/// Lower sorts first.
auto rank(const Device& device) {
  return std::tuple(-device.memory_free_mb.value_or(0), device.utilization_gpu.value_or(0), device.index);
}

}  // namespace

std::vector<std::string> query_arguments() {
  return {fmt::format("--query-gpu={},power.limit", fmt::join(columns, ",")),
          "--format=csv,noheader,nounits"};
}

base::Result<std::vector<Device>> parse_query(std::string_view csv) {
  std::vector<Device> devices;
  for (const auto& line : base::split(csv, '\n')) {
    if (base::trim(line).empty()) continue;
    auto device = parse_line(line);
    if (!device)
      return base::invalid_input("nvidia-smi printed a line that is no GPU: '{}'", base::trim(line));
    devices.push_back(std::move(*device));
  }
  return devices;
}

base::Result<std::vector<Device>> select(std::vector<Device> devices, int count) {
  const auto wanted = static_cast<std::size_t>(std::max(count, 0));
  if (devices.size() < wanted) {
    return base::fail(base::ErrorKind::unavailable, "{} GPU{} needed, {} free", count, count == 1 ? "" : "s",
                      devices.size());
  }
  std::ranges::sort(devices, {}, rank);
  devices.resize(wanted);
  return devices;
}

}  // namespace autotuner::gpu
