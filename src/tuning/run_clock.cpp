#include "tuning/run_clock.hpp"

namespace autotuner::tuning {

using std::chrono::duration;

void RunClock::begin(double earlier_s, std::optional<duration<double>> limit) {
  began_ = clock_.steady();
  earlier_s_ = earlier_s;
  limit_ = limit;
}

double RunClock::elapsed() const {
  return earlier_s_ + duration<double>(clock_.steady() - began_).count();
}

std::optional<base::SteadyTime> RunClock::deadline() const {
  if (!limit_) return std::nullopt;
  const auto left = *limit_ - duration<double>(earlier_s_);
  return began_ + std::chrono::duration_cast<base::SteadyTime::duration>(left);
}

std::optional<double> RunClock::left() const {
  const auto end = deadline();
  if (!end) return std::nullopt;
  return duration<double>(*end - clock_.steady()).count();
}

bool RunClock::has_left(double reserve_s) const {
  const auto seconds = left();
  return !seconds || *seconds > reserve_s;
}

}  // namespace autotuner::tuning
