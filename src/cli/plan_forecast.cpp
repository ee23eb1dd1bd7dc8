#include "cli/plan_forecast.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/command_line.hpp"

namespace autotuner::cli {
namespace {

using base::Json;
using tuning::Forecast;
using tuning::ForecastPoint;

// Of 1,644 published rows the prediction of TPOT was off by 24 % on average and by a factor of two to three
// in its worst groups, that of TTFT by more (docs/prediction.md).
constexpr double usual_factor = 2, ttft_factor = 3;

bool on_cpu(const Forecast& forecast) {
  return forecast.device == "CPU";
}

std::string accuracy(const Forecast& forecast) {
  if (on_cpu(forecast)) return "never compared with a measurement on a CPU: good for the order at most";
  return fmt::format("give or take a factor of {:.0f}, TTFT of {:.0f}", usual_factor, ttft_factor);
}

/// The parameters that tell points of the space apart.
space::Point varied(const space::Point& point, const spec::Task& task) {
  space::Point few;
  for (const auto& parameter : task.space.parameters) {
    const auto* value = point.find(parameter.name);
    if (value != nullptr && !space::is_fixed(parameter)) few.set(parameter.name, *value);
  }
  return engine::masked(few, "********");
}

std::string load_of(const spec::Task& task) {
  int concurrency = 0;
  for (const auto& level : task.workload.levels) concurrency = std::max(concurrency, level.concurrency);
  return fmt::format("{} at {} streams", task.workload.scenarios.front().text(), concurrency);
}

std::string limits_of(const ForecastPoint& point, const spec::Task& task) {
  if (task.goal.slo.empty()) return "-";
  return point.broken.empty() ? "kept" : "broken: " + base::join(point.broken, ", ");
}

using Cells = std::vector<std::string>;

/// Columns as wide as their widest cell, numbers to the right, the last two as they are.
std::string aligned(const std::vector<Cells>& rows) {
  const auto columns = rows.front().size();
  std::vector<std::size_t> widths(columns, 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < columns; ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < columns; ++i) {
      if (i + 1 == columns) {
        text += row[i];
      } else if (i + 2 == columns) {
        text += fmt::format("{:<{}}  ", row[i], widths[i]);
      } else {
        text += fmt::format("{:>{}}  ", row[i], widths[i] + (i == 0 ? 2 : 0));
      }
    }
    text += "\n";
  }
  return text;
}

Cells row_of(const ForecastPoint& point, const spec::Task& task) {
  return {fmt::format("{:.1f} ms", point.tpot * 1e3),
          fmt::format("{:.0f} ms", point.ttft * 1e3),
          fmt::format("{:.0f}", point.tokens_per_second / std::max(1.0, point.gpus)),
          fmt::format("{:.0f}", point.tokens_per_second),
          fmt::format("{:.0f}", point.gpus),
          fmt::format("{:.0f} %", point.memory_margin * 100),
          limits_of(point, task),
          space::to_text(varied(point.point, task))};
}

std::string kernel_line(const KernelWords& kernels) {
  return kernels.source.empty() ? fmt::format("  kernel tables: none, {}\n", kernels.problem)
                                : fmt::format("  kernel tables: {}\n", kernels.source);
}

}  // namespace

std::string to_text(const Forecast& forecast, const spec::Task& task, const KernelWords& kernels) {
  auto text = fmt::format(
      "Predicted, not measured ({}): by arithmetic on public figures of {} and {}, {}\n", accuracy(forecast),
      on_cpu(forecast) ? "a server's CPU" : forecast.device,
      forecast.model_from_name ? "the size in the model's name" : "the sizes in the model's files",
      load_of(task));
  if (!on_cpu(forecast)) text += kernel_line(kernels);
  if (forecast.looked_at < forecast.distinct)
    text +=
        fmt::format("  looked at {} of {} points, evenly spread\n", forecast.looked_at, forecast.distinct);
  text += fmt::format("  no room in memory: {} of {} points\n", forecast.without_room, forecast.looked_at);
  if (!task.goal.slo.empty()) {
    text += fmt::format("  limits kept: {} of the other {}{}\n", forecast.keeping_limits,
                        forecast.looked_at - forecast.without_room,
                        forecast.unpredicted.empty()
                            ? ""
                            : fmt::format(" (not predicted: {})", base::join(forecast.unpredicted, ", ")));
  }
  if (forecast.frontier.empty()) return text;
  text += fmt::format("  what nothing beats in both TPOT and throughput per {} ({} of {}):\n",
                      on_cpu(forecast) ? "host" : "GPU", forecast.frontier.size(), forecast.not_dominated);
  std::vector<Cells> rows{{"TPOT", "TTFT", on_cpu(forecast) ? "tokens/s/host" : "tokens/s/GPU", "tokens/s",
                           on_cpu(forecast) ? "hosts" : "GPUs", "memory left", "limits", "point"}};
  for (const auto& point : forecast.frontier) rows.push_back(row_of(point, task));
  return text + aligned(rows);
}

Json to_json(const Forecast& forecast, const spec::Task& task, const KernelWords& kernels) {
  Json frontier = Json::array();
  for (const auto& point : forecast.frontier) {
    frontier.push_back({{"parameters", space::to_json(varied(point.point, task))},
                        {"gpus", on_cpu(forecast) ? 0 : point.gpus},
                        {"ttft_ms", point.ttft * 1e3},
                        {"tpot_ms", point.tpot * 1e3},
                        {"tokens_per_second", point.tokens_per_second},
                        {"tokens_per_second_per_gpu", point.tokens_per_second / std::max(1.0, point.gpus)},
                        {"memory_margin", point.memory_margin},
                        {"keeps_limits", point.broken.empty()},
                        {"broken", point.broken}});
  }
  return {{"measured", false},
          {"accuracy", accuracy(forecast)},
          {"device", forecast.device},
          {"kernel_tables", kernels.source.empty() ? Json(nullptr) : Json(kernels.source)},
          {"model_sizes", forecast.model_from_name ? "name" : "config"},
          {"load", load_of(task)},
          {"distinct", forecast.distinct},
          {"looked_at", forecast.looked_at},
          {"without_room", forecast.without_room},
          {"keeping_limits", forecast.keeping_limits},
          {"limits_not_predicted", forecast.unpredicted},
          {"not_dominated", forecast.not_dominated},
          {"frontier", frontier}};
}

}  // namespace autotuner::cli
