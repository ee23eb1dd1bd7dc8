#include "search/remaining_gain.hpp"

#include <algorithm>

namespace autotuner::search {
namespace {

constexpr int joint_draws = 400;

}  // namespace

double chance_of_gain(const GpModel& model, Outlook outlook, const Prospect& incumbent,
                      std::span<const Contender> contenders, double gain, base::Random& random) {
  std::vector<Prospect> points{incumbent};
  for (const auto& contender : contenders) points.push_back(contender.prospect);
  const auto parts = model.joint_beliefs(points, outlook);
  const auto exponents = model.exponents();
  int better = 0;
  std::vector<double> normal(points.size());
  std::vector<double> scores(points.size());
  for (int draw = 0; draw < joint_draws; ++draw) {
    for (std::size_t p = 0; p < parts.size(); ++p) {
      for (auto& z : normal) z = random.normal(0, 1);
      for (std::size_t i = 0; i < points.size(); ++i) {
        double value = parts[p].means[i];
        const auto row = parts[p].row(i);
        for (std::size_t j = 0; j < row.size(); ++j) value += row[j] * normal[j];
        if (p == 0)
          scores[i] = value;
        else
          scores[i] -= (model.is_hard()[p - 1] ? 100 : exponents[p - 1]) * std::max(0.0, value);
      }
    }
    bool gains = false;
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      const bool runs = random.uniform() < contenders[i].probability;
      gains = gains || (runs && scores[i + 1] > scores[0] + gain);
    }
    better += gains ? 1 : 0;
  }
  return static_cast<double>(better) / joint_draws;
}

}  // namespace autotuner::search
