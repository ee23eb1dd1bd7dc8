#include "simulator/cost_model.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>

#include "base/text.hpp"

namespace autotuner::simulator {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0;
}

/// The digits with at most one point that end right before `end`.
std::string_view number_before(std::string_view text, std::size_t end) {
  std::size_t begin = end;
  bool point = false;
  while (begin > 0 && (is_digit(text[begin - 1]) || (text[begin - 1] == '.' && !point))) {
    point = point || text[begin - 1] == '.';
    --begin;
  }
  while (begin < end && text[begin] == '.') ++begin;
  return text.substr(begin, end - begin);
}

double weight_factor(const Options& options) {
  return options.quantization == "fp8" ? 0.5 : 1.0;
}
double cache_factor(const Options& options) {
  return options.kv_cache_dtype == "fp8" ? 0.5 : 1.0;
}

double memory_bytes(const Options& options) {
  const auto gpus = static_cast<double>(options.tensor_parallel_size * options.pipeline_parallel_size);
  return options.constants.gpu_memory_gb * 1e9 * gpus * options.gpu_memory_utilization;
}

double weight_bytes(const Options& options) {
  return options.constants.weight_gb_per_billion * 1e9 * billions_of(options.model) * weight_factor(options);
}

}  // namespace

double billions_of(std::string_view model) {
  const auto text = base::to_lower(model);
  for (std::size_t unit = 1; unit < text.size(); ++unit) {
    if (text[unit] != 'b' && text[unit] != 'm') continue;
    if (unit + 1 < text.size() && (is_letter(text[unit + 1]) || is_digit(text[unit + 1]))) continue;
    const auto digits = number_before(text, unit);
    const auto size = base::to_number(digits);
    if (!size || *size <= 0 || *size > 1e6) continue;
    const auto start = unit - digits.size();
    double experts = 1;
    if (start > 1 && text[start - 1] == 'x') {
      experts = base::to_number(number_before(text, start - 1)).value_or(1);
    }
    const double billions = std::max(experts, 1.0) * *size * (text[unit] == 'm' ? 0.001 : 1.0);
    return std::min(billions, 1e6);
  }
  return 8;
}

std::int64_t kv_room_tokens(const Options& options) {
  const double per_token =
      options.constants.kv_kb_per_billion * 1e3 * billions_of(options.model) * cache_factor(options);
  const double room = (memory_bytes(options) - weight_bytes(options)) / per_token;
  return static_cast<std::int64_t>(std::floor(std::clamp(room, -1e15, 1e15)));
}

base::Result<void> check_memory(const Options& options) {
  if (kv_room_tokens(options) >= 1) return {};
  return base::fail(
      base::ErrorKind::unavailable,
      "out of memory (simulated): the weights need {:.1f} GB, {} GPU(s) of {} GB give {:.1f} GB at "
      "--gpu-memory-utilization {}, which leaves no room for the KV cache",
      weight_bytes(options) / 1e9, options.tensor_parallel_size * options.pipeline_parallel_size,
      options.constants.gpu_memory_gb, memory_bytes(options) / 1e9, options.gpu_memory_utilization);
}

std::chrono::nanoseconds step_duration(const Options& options, const StepWork& work, double z) {
  const auto& c = options.constants;
  const double cost = c.weight_ms_per_billion * weight_factor(options) +
                      c.sequence_ms_per_billion * static_cast<double>(work.sequences) +
                      c.prompt_ms_per_billion * static_cast<double>(work.prompt_tokens);
  const double speed_up = std::pow(static_cast<double>(options.tensor_parallel_size), c.tp_exponent) *
                          std::pow(static_cast<double>(options.pipeline_parallel_size), c.pp_exponent);
  // A noise of 1 would make some factors negative; time does not run backwards.
  const double factor = std::max(0.1, 1 + options.noise * z);
  const double ms = factor * (options.step_ms + billions_of(options.model) * cost / speed_up);
  return std::chrono::nanoseconds(std::llround(std::min(ms, 1e9) * 1e6));
}

std::string banner(const Options& options) {
  const auto gpus =
      options.tensor_parallel_size * options.pipeline_parallel_size * options.data_parallel_size;
  const auto pace = options.ttft_ms
                        ? fmt::format("fixed delays, first token after {} ms, then one every {} ms",
                                      *options.ttft_ms, *options.tpot_ms)
                        : fmt::format("steps of {} ms and more, noise {}", options.step_ms, options.noise);
  return fmt::format(
      "simulated engine: {} taken as {} billion parameters on {} simulated GPU(s) of {} GB; KV cache of {} "
      "tokens per "
      "copy; {}; fail {}; seed {}. Requests are real, the speed is invented.",
      options.model, billions_of(options.model), gpus, options.constants.gpu_memory_gb,
      kv_room_tokens(options), pace, to_text(options.fail), options.seed);
}

}  // namespace autotuner::simulator
