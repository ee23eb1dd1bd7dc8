#pragma once

#include <string>

#include "report/answer.hpp"

namespace autotuner::report {

/// Fills sentence, further, confidence and what_would_help from the rest of the answer.
void write_sentences(const tuning::Run& run, Answer& answer);

/// "TTFT P90 0.67 s (limit 1 s)".
std::string limit_text(const metrics::LimitCheck& check);

/// "default 4", "instead of the engine's default".
std::string default_clause(const Change& change);

/// A parameter as people know it: without the prefix that folding gave it.
std::string display_name(const std::string& parameter);

/// "+23 %", "-4.1 %".
std::string percent_text(double fraction);

/// "Simulated: " and "INVALID: " where they belong, else empty.
std::string label(bool simulated, metrics::Trust trust);

}  // namespace autotuner::report
