#include "report/label_place.hpp"

#include <algorithm>
#include <cstddef>
#include <ranges>

namespace autotuner::report {
namespace {

constexpr double letter_width = 7.5;
constexpr double ascent = 10;
constexpr double descent = 3;

}  // namespace

Box box_of(const LabelPlace& place, std::string_view text) {
  const double width = letter_width * static_cast<double>(text.size());
  const double left = place.ends_there ? place.x - width : place.x;
  return {left, place.y - ascent, left + width, place.y + descent};
}

LabelPlace free_place(const std::vector<LabelPlace>& places, std::string_view text,
                      const std::vector<Box>& taken) {
  const auto covered = [&](const LabelPlace& place) {
    return std::ranges::count_if(taken,
                                 [box = box_of(place, text)](const Box& other) { return box.meets(other); });
  };
  return *std::ranges::min_element(places, {}, covered);
}

}  // namespace autotuner::report
