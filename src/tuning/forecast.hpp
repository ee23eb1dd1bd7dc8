#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "space/space.hpp"
#include "spec/task.hpp"
#include "tuning/premises.hpp"

namespace autotuner::tuning {

/// What a point is expected to measure.
struct ForecastPoint {
  space::Point point{};
  double gpus = 1;                    ///< of one engine; a CPU counts 1
  double ttft = 0, tpot = 0;          ///< means, s
  double tokens_per_second = 0;       ///< input and output, of all GPUs
  double memory_margin = 0;           ///< share of a device's memory that is left at the tightest place
  std::vector<std::string> broken{};  ///< limits that it would break, by registry name
  bool operator==(const ForecastPoint&) const = default;
};

/// A task's space as arithmetic sees it before anything is measured. A prediction, never a result.
struct Forecast {
  std::string device{};                    ///< as it is known: "NVIDIA H100 SXM", "CPU"
  bool model_from_name = false;            ///< sizes of the model from its name alone
  std::uint64_t distinct = 0;              ///< points of the space that may run, equal ones once
  std::uint64_t looked_at = 0;             ///< of them
  std::uint64_t without_room = 0;          ///< of those looked at: the memory model expects them to fail
  std::uint64_t keeping_limits = 0;        ///< of those with room: no limit that can be predicted is broken
  std::vector<std::string> unpredicted{};  ///< limits that nothing can be said about
  std::uint64_t not_dominated = 0;         ///< points that no other beats in throughput per GPU and TPOT
  std::vector<ForecastPoint> frontier{};   ///< at most 12 of them, evenly spread, fastest token first
};

inline constexpr std::uint64_t most_forecast_points = 50'000;
inline constexpr std::size_t most_frontier_points = 12;

/// The first scenario at its highest level, for points that may run, equal ones once. Of more than `most`
/// evenly spread ones are looked at. Nothing where the size of the model or the device isn't known, there are
/// no points, or the engine only pretends.
std::optional<Forecast> forecast_of(const spec::Task& task, const Premises& premises,
                                    std::span<const space::Candidate> candidates,
                                    std::uint64_t most = most_forecast_points);

}  // namespace autotuner::tuning
