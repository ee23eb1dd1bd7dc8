#include "search/stop_rule.hpp"

namespace autotuner::search {
namespace {

constexpr int joint_draws = 400;

/// One of the kernels, by their shares of belief.
const JointGaussian& drawn_kernel(std::span<const MetricModel::Weighted> by_kernel, base::Random& random) {
  double left = random.uniform();
  for (const auto& kernel : by_kernel) {
    left -= kernel.weight;
    if (left < 0) return kernel.belief;
  }
  return by_kernel.back().belief;
}

}  // namespace

double chance_of_gain(const GpModel& model, Outlook outlook, const Aim& aim,
                      std::span<const Contender> contenders, base::Random& random) {
  std::vector<Prospect> points;
  for (const auto* incumbent : aim.incumbents()) points.push_back(*incumbent);
  for (const auto& contender : contenders) points.push_back(contender.prospect);
  const auto parts = model.joint_beliefs(points, outlook);
  Draw draw(parts.size(), std::vector<double>(points.size()));
  std::vector<double> normal(points.size());
  std::vector<bool> runs(contenders.size());
  int better = 0;
  for (int n = 0; n < joint_draws; ++n) {
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const auto& belief = drawn_kernel(parts[p], random);
      for (auto& z : normal) z = random.normal(0, 1);
      for (std::size_t i = 0; i < points.size(); ++i) {
        draw[p][i] = belief.means[i];
        const auto row = belief.row(i);
        for (std::size_t j = 0; j < row.size(); ++j) draw[p][i] += row[j] * normal[j];
      }
    }
    for (std::size_t i = 0; i < contenders.size(); ++i)
      runs[i] = random.uniform() < contenders[i].probability;
    better += aim.gains(draw, runs) ? 1 : 0;
  }
  return static_cast<double>(better) / joint_draws;
}

}  // namespace autotuner::search
