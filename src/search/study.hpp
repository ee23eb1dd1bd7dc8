#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "search/study_space.hpp"

namespace autotuner::search {

/// What a trial of a study brought.
struct Report {
  space::Point point;
  Failure failure = Failure::none;
  std::map<std::string, double> metrics = {};
  std::optional<double> score = {};  ///< larger is better; where the problem names no objective
  double start_seconds = 0;
  double bench_seconds = 0;
  double fidelity = 1;  ///< share of the load that was measured
};

/// A strategy as others drive it: asked for points, told of any points in any order.
class Study {
 public:
  Study(std::unique_ptr<Strategy> strategy, const Problem& problem);

  /// Up to `count` points that may be tried at once; fewer or none when nothing is left.
  std::vector<Suggestion> ask(std::size_t count) { return strategy_->suggest(count); }
  void tell(const Report& report);
  std::optional<StopAdvice> stop_advice() { return strategy_->stop_advice(); }

 private:
  std::unique_ptr<Strategy> strategy_;
  Problem problem_;
  int told_ = 0;
};

}  // namespace autotuner::search
