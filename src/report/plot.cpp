#include "report/plot.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"

namespace autotuner::report {
namespace {

// The drawing is 520 wide: two stand side by side on a desktop, and one still reads on a phone.
constexpr double width = 520, height = 300;
constexpr double left = 76, right = 14, top = 14, bottom = 46;
constexpr double log_ratio = 20;
constexpr double mark_reach = 7;  ///< from the middle of a mark

bool leaves_frame(const Box& box) {
  return box.left < left || box.right > width - right || box.top < 0 || box.bottom > height - bottom;
}

double nice_step(double span, int wanted) {
  const double raw = span / wanted;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double m : {1.0, 2.0, 5.0}) {
    if (raw <= m * power) return m * power;
  }
  return 10 * power;
}

std::vector<std::pair<double, std::string>> linear_ticks(double low, double high) {
  std::vector<std::pair<double, std::string>> ticks;
  const double step = nice_step(high - low, 5);
  for (double value = std::ceil(low / step) * step; value <= high + step * 1e-9; value += step) {
    const double clean = std::abs(value) < step * 1e-9 ? 0 : value;
    ticks.emplace_back(clean, base::to_readable_number(clean, 3));
  }
  return ticks;
}

std::vector<std::pair<double, std::string>> log_ticks(double low, double high) {
  std::vector<std::pair<double, std::string>> ticks;
  for (double power = std::pow(10, std::floor(std::log10(low))); power <= high; power *= 10) {
    for (const double m : {1.0, 2.0, 5.0}) {
      if (m * power >= low && m * power <= high)
        ticks.emplace_back(m * power, base::to_readable_number(m * power, 3));
    }
  }
  return ticks;
}

double along(const Axis& axis, double value) {
  const double v = std::clamp(value, axis.low, axis.high);
  if (axis.log) return (std::log(v) - std::log(axis.low)) / (std::log(axis.high) - std::log(axis.low));
  return (v - axis.low) / (axis.high - axis.low);
}

}  // namespace

std::string escaped(const std::string& text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

Axis Axis::holding(std::string label, const std::vector<double>& values) {
  Axis axis;
  axis.label = std::move(label);
  if (values.empty()) return axis;
  const auto [low, high] = std::ranges::minmax(values);
  if (low > 0 && high / low > log_ratio) {
    axis.log = true;
    axis.low = low / 1.3;
    axis.high = high * 1.3;
    return axis;
  }
  const double margin = std::max((high - low) * 0.1, std::max(std::abs(high), 1e-9) * 0.05);
  axis.low = low >= 0 && low - margin < high * 0.35 ? 0 : low - margin;
  axis.high = high + margin;
  return axis;
}

Axis Axis::of_levels(std::string label, const std::vector<int>& levels) {
  Axis axis;
  axis.label = std::move(label);
  axis.log = true;
  const auto [low, high] = std::ranges::minmax(levels);
  axis.low = low / 1.2;
  axis.high = high * 1.2;
  for (const int level : levels) axis.ticks.emplace_back(level, std::to_string(level));
  return axis;
}

Axis Axis::of_numbers(std::string label, int first, int last) {
  Axis axis;
  axis.label = std::move(label);
  axis.low = first - 0.5;
  axis.high = last + 0.5;
  const int step = std::max(1, static_cast<int>(nice_step(last - first + 1, 12)));
  for (int n = first; n <= last; n += step)
    axis.ticks.emplace_back(n, n == 0 ? "defaults" : std::to_string(n));
  return axis;
}

Plot::Plot(Axis x, Axis y, std::string title) : x_(std::move(x)), y_(std::move(y)), title_(std::move(title)) {
  for (auto* axis : {&x_, &y_}) {
    if (axis->ticks.empty())
      axis->ticks = axis->log ? log_ticks(axis->low, axis->high) : linear_ticks(axis->low, axis->high);
  }
}

double Plot::at_x(double value) const {
  return left + along(x_, value) * (width - left - right);
}
double Plot::at_y(double value) const {
  return height - bottom - along(y_, value) * (height - top - bottom);
}

void Plot::line(const std::vector<std::pair<double, double>>& points, const std::string& css_class) {
  if (points.size() < 2) return;
  std::string path;
  for (const auto& [x, y] : points)
    path += fmt::format("{}{:.1f},{:.1f}", path.empty() ? "M" : "L", at_x(x), at_y(y));
  body_ += fmt::format(R"(<path class="line {}" d="{}"/>)", css_class, path);
}

void Plot::steps(const std::vector<std::pair<double, double>>& points, const std::string& css_class) {
  std::vector<std::pair<double, double>> corners;
  for (const auto& [x, y] : points) {
    if (!corners.empty()) corners.emplace_back(x, corners.back().second);
    corners.emplace_back(x, y);
  }
  line(corners, css_class);
}

void Plot::mark(double x, double y, Shape shape, const std::string& css_class, const std::string& hint) {
  const double cx = at_x(x);
  const double cy = at_y(y);
  marks_.push_back({cx - mark_reach, cy - mark_reach, cx + mark_reach, cy + mark_reach});
  std::string drawn;
  switch (shape) {
    case Shape::dot:
      drawn = fmt::format(R"(<circle class="mark {}" cx="{:.1f}" cy="{:.1f}" r="4.5">)", css_class, cx, cy);
      break;
    case Shape::ring:
      drawn = fmt::format(R"(<circle class="mark hollow {}" cx="{:.1f}" cy="{:.1f}" r="4.5">)", css_class, cx,
                          cy);
      break;
    case Shape::diamond:
      drawn = fmt::format(R"(<path class="mark {}" d="M{:.1f},{:.1f}l6.5,6.5l-6.5,6.5l-6.5,-6.5z">)",
                          css_class, cx, cy - 6.5);
      break;
    case Shape::cross:
      drawn = fmt::format(R"(<path class="mark cross {0}" d="M{1:.1f},{2:.1f}l8,8m-8,0l8,-8">)", css_class,
                          cx - 4, cy - 4);
      break;
    case Shape::star: {
      std::string path;
      for (int i = 0; i < 10; ++i) {
        const double radius = i % 2 == 0 ? 9.5 : 4.0;
        const double angle = -std::acos(-1.0) / 2 + i * std::acos(-1.0) / 5;
        path += fmt::format("{}{:.1f},{:.1f}", i == 0 ? "M" : "L", cx + radius * std::cos(angle),
                            cy + radius * std::sin(angle));
      }
      drawn = fmt::format(R"(<path class="mark {}" d="{}z">)", css_class, path);
      break;
    }
  }
  const char* closing = drawn.starts_with("<circle") ? "</circle>" : "</path>";
  body_ += fmt::format("{}<title>{}</title>{}", drawn, escaped(hint), closing);
}

void Plot::text(double x, double y, const std::string& label, const std::string& css_class) {
  const double px = at_x(x);
  const double py = at_y(y);
  // Near the right edge a label grows to the left.
  const bool to_left = px > width - 130;
  Label placed{label, css_class, {}};
  for (const double down : {-8.0, 16.0, 4.5, -22.0, 30.0, -36.0}) {
    const double baseline = py + down;
    if (baseline < top + 12 || baseline > height - bottom - 4) continue;
    placed.places.push_back({px + (to_left ? -10 : 10), baseline, to_left});
    placed.places.push_back({px + (to_left ? 10 : -10), baseline, !to_left});
  }
  std::erase_if(placed.places, [&](const LabelPlace& place) { return leaves_frame(box_of(place, label)); });
  if (placed.places.empty())
    placed.places.push_back({px + (to_left ? -10 : 10), std::max(top + 12, py - 8), to_left});
  labels_.push_back(std::move(placed));
}

void Plot::limit_x(double value, const std::string& label, bool beyond_is_above) {
  if (value < x_.low || value > x_.high) return;
  const double x = at_x(value);
  const double from = beyond_is_above ? x : left;
  const double to = beyond_is_above ? width - right : x;
  shades_ += fmt::format(R"(<rect class="beyond" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>)", from, top,
                         to - from, height - top - bottom);
  limits_ += fmt::format(R"(<line class="limit" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>)", x, top,
                         height - bottom);
  const bool to_left = x > width / 2;
  Label placed{label, "limit-text", {}};
  for (const double y : {height - bottom - 6, top + 12, (top + height - bottom) / 2, height - bottom - 30}) {
    placed.places.push_back({x + (to_left ? -5 : 5), y, to_left});
    placed.places.push_back({x + (to_left ? 5 : -5), y, !to_left});
  }
  std::erase_if(placed.places, [&](const LabelPlace& place) {
    return place.ends_there != to_left && leaves_frame(box_of(place, label));
  });
  labels_.push_back(std::move(placed));
}

void Plot::limit_y(double value, const std::string& label, bool beyond_is_above) {
  if (value < y_.low || value > y_.high) return;
  const double y = at_y(value);
  const double from = beyond_is_above ? top : y;
  const double to = beyond_is_above ? y : height - bottom;
  shades_ += fmt::format(R"(<rect class="beyond" x="{}" y="{:.1f}" width="{}" height="{:.1f}"/>)", left, from,
                         width - left - right, to - from);
  limits_ += fmt::format(R"(<line class="limit" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>)", left,
                         width - right, y, y);
  Label placed{label, "limit-text", {}};
  for (const double x :
       {width - right - 4, left + (width - left - right) * 2 / 3, left + (width - left - right) / 3 + 40}) {
    if (y - 5 >= top + 10) placed.places.push_back({x, y - 5, true});
    if (y + 14 < height - bottom) placed.places.push_back({x, y + 14, true});
  }
  labels_.push_back(std::move(placed));
}

std::string Plot::labels() const {
  auto taken = marks_;
  std::string text;
  for (const auto& label : labels_) {
    const auto place = free_place(label.places, label.text, taken);
    taken.push_back(box_of(place, label.text));
    text += fmt::format(R"(<text class="label {}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>)",
                        label.css_class, place.x, place.y, place.ends_there ? "end" : "start",
                        escaped(label.text));
  }
  return text;
}

std::string Plot::axes() const {
  std::string text;
  for (const auto& [value, label] : y_.ticks) {
    const double y = at_y(value);
    text += fmt::format(R"(<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>)", left,
                        width - right, y, y);
    text += fmt::format(R"(<text class="tick" x="{}" y="{:.1f}" text-anchor="end">{}</text>)", left - 7,
                        y + 4.5, escaped(label));
  }
  for (const auto& [value, label] : x_.ticks) {
    const double x = at_x(value);
    text += fmt::format(R"(<line class="grid" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>)", x, x, top,
                        height - bottom);
    text += fmt::format(R"(<text class="tick" x="{:.1f}" y="{}" text-anchor="middle">{}</text>)", x,
                        height - bottom + 17, escaped(label));
  }
  text +=
      fmt::format(R"(<path class="frame" d="M{0},{1}V{2}H{3}"/>)", left, top, height - bottom, width - right);
  text += fmt::format(R"(<text class="axis" x="{}" y="{}" text-anchor="middle">{}</text>)",
                      (left + width - right) / 2, height - 8, escaped(x_.label));
  // At the larger letters of a narrow page a long label would reach beyond the picture.
  constexpr std::size_t most_letters = 30;
  text += fmt::format(
      R"x(<text class="axis{}" transform="translate(15,{}) rotate(-90)" text-anchor="middle">{}</text>)x",
      y_.label.size() > most_letters ? " long" : "", (top + height - bottom) / 2, escaped(y_.label));
  return text;
}

std::string Plot::figure(const std::string& caption) const {
  return fmt::format(
      "<figure><h3>{0}</h3><svg viewBox=\"0 0 {1} {2}\" role=\"img\" aria-label=\"{0}\">{3}{4}{5}{6}</svg>"
      "<figcaption>{7}</figcaption></figure>\n",
      escaped(title_), width, height, shades_, axes(), body_, limits_ + labels(), caption);
}

}  // namespace autotuner::report
