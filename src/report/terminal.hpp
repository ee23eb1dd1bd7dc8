#pragma once

#include <string>

#include "report/answer.hpp"

namespace autotuner::report {

struct TextStyle {
  bool colour = false;
  int width = 80;  ///< columns; tables drop their last parameter columns below it
};

/// The verdict in words: sentence, limits with headroom, what differs from the defaults, runner-up,
/// confidence.
std::string verdict_text(const tuning::Run& run, const Answer& answer, const TextStyle& style);

/// One line a trial: number, what varies, the objective, TTFT, TPOT, limits, how it went.
std::string trials_table(const tuning::Run& run, const Answer& answer, const TextStyle& style);

/// "For throughput alone: #7, 67 tokens/s at concurrency 4", a line each.
std::string alternatives_text(const Answer& answer);

}  // namespace autotuner::report
