#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/label_place.hpp"

/// Small SVG plots without a script: axes, marks, limits. Colours come from CSS classes of the page, so that
/// light and dark need one drawing.
namespace autotuner::report {

/// Escapes text for HTML and SVG content and attributes.
std::string escaped(const std::string& text);

struct Axis {
  std::string label;
  double low = 0;
  double high = 1;
  bool log = false;
  std::vector<std::pair<double, std::string>> ticks;  ///< empty = chosen

  /// An axis that holds all values with a margin; logarithmic when they span more than a factor of 20 and are
  /// positive; starts at zero when that is near.
  static Axis holding(std::string label, const std::vector<double>& values);
  /// One tick per value, evenly spaced as on a log2 scale: concurrency levels.
  static Axis of_levels(std::string label, const std::vector<int>& levels);
  /// One tick per number, thinned when there are many: trials.
  static Axis of_numbers(std::string label, int first, int last);
};

enum class Shape { dot, ring, diamond, cross, star };

/// A drawing surface with two axes. Values outside the axes are clamped to the frame's edge. Labels take a
/// place where they cover no mark and no other label, if there is one.
class Plot {
 public:
  Plot(Axis x, Axis y, std::string title);

  void line(const std::vector<std::pair<double, double>>& points, const std::string& css_class);
  /// A best-so-far curve: horizontal, then vertical.
  void steps(const std::vector<std::pair<double, double>>& points, const std::string& css_class);
  /// `hint` is shown on hover and read by screen readers.
  void mark(double x, double y, Shape shape, const std::string& css_class, const std::string& hint);
  void text(double x, double y, const std::string& label, const std::string& css_class);
  /// A limit on an axis; the side that breaks it is shaded.
  void limit_x(double value, const std::string& label, bool beyond_is_above);
  void limit_y(double value, const std::string& label, bool beyond_is_above);
  /// A whole <figure> with caption.
  std::string figure(const std::string& caption) const;

 private:
  struct Label {
    std::string text, css_class;
    std::vector<LabelPlace> places;  ///< best first
  };

  double at_x(double value) const;
  double at_y(double value) const;
  std::string axes() const;
  std::string labels() const;

  Axis x_, y_;
  std::string title_;
  std::string shades_, body_, limits_;
  std::vector<Label> labels_;
  std::vector<Box> marks_;
};

}  // namespace autotuner::report
