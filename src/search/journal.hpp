#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "search/strategy.hpp"

namespace autotuner::search {

/// The log of a search: the trials by number, and the suggestions that no trial was recorded for yet.
class Journal {
 public:
  enum class News {
    nothing_new,  ///< the point was known
    new_point,    ///< one more point is used
    other_point,  ///< a point believed to run did not: what is used has to be counted anew
  };

  void suggested(const space::Point& point);
  News record(const Trial& trial);

  const std::map<int, Trial>& trials() const { return trials_; }
  /// Suggested, not recorded, oldest first.
  std::vector<space::Point> pending() const;
  /// Iterations used: trials numbered from 1, and pending suggestions.
  std::uint64_t used() const { return counted_ + pending_.size(); }
  /// Trials with a result.
  std::size_t finished() const;
  /// Of these, those numbered from 1: neither a baseline nor what is known from elsewhere.
  std::size_t finished_iterations() const;

 private:
  struct Pending {
    int number = 0;  ///< the one it gets if the loop counts as we do
    space::Point point;
  };

  std::map<int, Trial> trials_;
  std::vector<Pending> pending_;
  std::uint64_t counted_ = 0;
};

}  // namespace autotuner::search
