#include "predict/curve.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>

#include <fmt/format.h>

namespace autotuner::predict {
namespace {

double line(double x0, double y0, double x1, double y1, double x) {
  return y0 + (y1 - y0) * (x - x0) / (x1 - x0);
}

/// A function of both at the sizes of either.
template <class Join>
Curve joined(const Curve& a, const Curve& b, Join join) {
  if (a.empty() || b.empty()) return {};
  std::vector<Curve::Place> places;
  places.reserve(a.places().size() + b.places().size());
  for (const auto& [size, seconds] : a.places()) places.push_back({size, join(seconds, b.at(size))});
  for (const auto& [size, seconds] : b.places()) places.push_back({size, join(a.at(size), seconds)});
  return Curve(std::move(places));
}

/// The nearest double of a text with 4 digits, which writes and reads back as that.
double rounded(double value) {
  return std::strtod(fmt::format("{:.3e}", value).c_str(), nullptr);
}

}  // namespace

Curve::Curve(std::vector<Place> places) : places_(std::move(places)) {
  std::erase_if(places_, [](const Place& p) {
    return !(p.size > 0) || !(p.seconds > 0) || !std::isfinite(p.size) || !std::isfinite(p.seconds);
  });
  std::ranges::sort(places_, [](const Place& a, const Place& b) {
    return std::pair(a.size, a.seconds) < std::pair(b.size, b.seconds);
  });
  const auto same = std::ranges::unique(places_, {}, &Place::size);
  places_.erase(same.begin(), same.end());
}

double Curve::at(double size) const {
  const auto above = std::ranges::lower_bound(places_, size, {}, &Place::size);
  if (above == places_.begin()) return above->seconds;
  const auto below = std::prev(above);
  if (above == places_.end()) return below->seconds * size / below->size;
  return line(below->size, below->seconds, above->size, above->seconds, size);
}

Curve operator+(const Curve& a, const Curve& b) {
  return joined(a, b, [](double x, double y) { return x + y; });
}

Curve between(const Curve& a, const Curve& b, double share) {
  if (share <= 0) return a;
  if (share >= 1) return b;
  return joined(a, b, [&](double x, double y) { return std::pow(x, 1 - share) * std::pow(y, share); });
}

Curve scaled(const Curve& curve, double size, double seconds) {
  auto places = curve.places();
  for (auto& place : places) place = {place.size * size, place.seconds * seconds};
  return Curve(std::move(places));
}

Curve rounded(const Curve& curve) {
  auto places = curve.places();
  for (auto& place : places) place = {rounded(place.size), rounded(place.seconds)};
  return Curve(std::move(places));
}

Surface::Surface(std::vector<std::pair<double, Curve>> rows) : rows_(std::move(rows)) {
  std::erase_if(rows_, [](const auto& row) { return row.second.empty() || !(row.first > 0); });
  std::ranges::sort(rows_, {}, &std::pair<double, Curve>::first);
}

double Surface::at(double row, double size) const {
  const auto above = std::ranges::lower_bound(rows_, row, {}, &std::pair<double, Curve>::first);
  if (above == rows_.begin()) return above->second.at(size);
  const auto below = std::prev(above);
  const double seconds = below->second.at(size);
  if (above == rows_.end()) return seconds * row / below->first;
  return line(below->first, seconds, above->first, above->second.at(size), row);
}

Surface rounded(const Surface& surface) {
  auto rows = surface.rows();
  for (auto& [size, curve] : rows) curve = rounded(curve);
  return Surface(std::move(rows));
}

}  // namespace autotuner::predict
