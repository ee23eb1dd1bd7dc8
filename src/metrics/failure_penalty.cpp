#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "metrics/score.hpp"

namespace autotuner::metrics {
namespace {

/// The further it came, the milder.
double penalty_by_progress(double elapsed, double timeout) {
  const double completion = timeout > 0 ? std::min(elapsed / timeout, 1.0) : 0;
  if (completion < 0.20) return 1000;
  if (completion < 0.60) return 500;
  if (completion < 0.95) return 200;
  return 100;
}

}  // namespace

double failure_penalty(const FailureFacts& facts) {
  const double base = penalty_by_progress(facts.elapsed, facts.timeout);
  if (facts.code == "deploy_failed" || facts.code == "no_endpoint") return base * 1.2;
  if (facts.cls == "oom") return base * 1.5;
  if (facts.cls == "timeout" || facts.cls == "connection" || facts.code == "benchmark_timeout")
    return base * 0.8;
  return base;
}

double reference_penalty(double elapsed, double timeout, std::string_view error_text) {
  struct Row {
    std::string_view word;
    double factor;
  };
  static constexpr std::array<Row, 7> rows{{{"deploy", 1.2},
                                            {"not found", 1.2},
                                            {"oom", 1.5},
                                            {"memory", 1.5},
                                            {"cuda", 1.5},
                                            {"connection", 0.8},
                                            {"timeout", 0.8}}};
  const auto text = base::to_lower(error_text);
  const auto* const row =
      std::ranges::find_if(rows, [&](const Row& r) { return text.find(r.word) != std::string::npos; });
  return penalty_by_progress(elapsed, timeout) * (row == rows.end() ? 1 : row->factor);
}

}  // namespace autotuner::metrics
