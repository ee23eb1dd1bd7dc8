#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "load/scenario.hpp"

namespace autotuner::load {

/// Load inside a scenario: closed loop with so many users, or open loop with so many requests per second.
struct Level {
  int concurrency = 1;
  std::optional<double> request_rate{};  ///< set = open loop
  bool operator==(const Level&) const = default;
};

/// "concurrency 64" or "4.5 requests/s".
std::string to_text(const Level& level);

enum class Api { chat, completions };

/// The `benchmark` object of a task, checked and in our units.
struct Workload {
  std::string task = "text-to-text";
  std::string model_name;       ///< empty = the id that the server reports
  std::string model_tokenizer;  ///< handed to genai-bench result metadata
  std::vector<Scenario> scenarios;
  std::vector<Level> levels;
  std::chrono::duration<double> max_time{600};  ///< per (scenario, level)
  int max_requests = 50;
  std::string additional_params = "{}";  ///< JSON object merged into each request body
  std::string dataset_url;
  bool dataset_deduplicate = true;
  int warmup_requests = 3;
  std::uint64_t seed = 42;
  bool ignore_eos = true;
  std::optional<int> prefix_len;
  std::optional<double> prefix_ratio;
  double warmup_ratio = 0;
  double cooldown_ratio = 0;
  std::chrono::duration<double> request_timeout{600};
  int repeat = 1;
  Api api = Api::chat;
  bool strict_audit = false;

  bool operator==(const Workload&) const = default;
};

/// The most tokens one request of the workload needs (input + output); nothing if a scenario can't tell.
std::optional<int> longest_context(const Workload& workload);

/// The same load for a share (above 0, at most 1) of its time and its requests. Every level keeps at least
/// two requests for each of its users, as far as the load has them: fewer would not be that level.
Workload shortened(Workload workload, double share);

/// Worst case of all measured levels: max_time * levels * scenarios * repeat.
std::chrono::duration<double> longest_duration(const Workload& workload);

}  // namespace autotuner::load
