#include "predict/kernel_tables.hpp"

#include <cmath>
#include <iterator>
#include <set>

namespace autotuner::predict {
namespace {

/// Two neighbours in a list of sizes, and where between them a size lies (in logarithms). `beyond`: how many
/// times the size is what the list reaches.
struct Between {
  double below = 0, above = 0, share = 0, beyond = 1;
};

Between find_between(const std::set<double>& sizes, double size) {
  const auto above = sizes.lower_bound(size);
  if (above == sizes.end()) return {*sizes.rbegin(), *sizes.rbegin(), 0, size / *sizes.rbegin()};
  if (above == sizes.begin() || *above == size) return {*above, *above, 0, 1};
  const auto below = std::prev(above);
  return {*below, *above, std::log(size / *below) / std::log(*above / *below), 1};
}

}  // namespace

Curve product(const KernelTables& tables, double n, double k) {
  const auto& table = tables.products;
  if (table.empty()) return {};
  std::set<double> widths, depths;
  for (const auto& [sizes, curve] : table) {
    widths.insert(sizes.first);
    depths.insert(sizes.second);
  }
  const auto at_n = find_between(widths, n), at_k = find_between(depths, k);
  const auto corner = [&](double width, double depth) {
    const auto curve = table.find({width, depth});
    return curve == table.end() ? Curve{} : curve->second;
  };
  const auto row = [&](double width) {
    return between(corner(width, at_k.below), corner(width, at_k.above), at_k.share);
  };
  return scaled(between(row(at_n.below), row(at_n.above), at_n.share), 1, at_n.beyond * at_k.beyond);
}

}  // namespace autotuner::predict
