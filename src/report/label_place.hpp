#pragma once

#include <string_view>
#include <vector>

namespace autotuner::report {

/// A rectangle of a drawing in its units, y downwards.
struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
  bool meets(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

/// Where a line of text begins on its baseline, or ends.
struct LabelPlace {
  double x = 0, y = 0;
  bool ends_there = false;
};

/// What the text covers, by the mean width of a letter at 13 units.
Box box_of(const LabelPlace& place, std::string_view text);

/// The first of `places` (not empty) where the text covers nothing of `taken`; else the first that covers the
/// least many.
LabelPlace free_place(const std::vector<LabelPlace>& places, std::string_view text,
                      const std::vector<Box>& taken);

}  // namespace autotuner::report
