#include "search/suspicion.hpp"

#include <algorithm>

namespace autotuner::search {
namespace {

/// How much all conjunctions of one, two and three values weigh together. What remains to one is the chance that
/// nothing of the kind is to blame.
constexpr double weight_of_one = 0.5;
constexpr double weight_of_two = 0.3;
constexpr double weight_of_three = 0.15;
constexpr double no_blame = 0.05;

}  // namespace

Suspicion::Suspicion(std::size_t parameters) {
  const auto n = std::min(parameters, most_parameters);
  const auto count = static_cast<double>(n);
  const auto bit = [](std::size_t i) { return Mask{1} << i; };
  for (std::size_t a = 0; a < n; ++a) {
    hypotheses_.push_back({bit(a), weight_of_one / count});
    for (std::size_t b = a + 1; b < n; ++b) {
      hypotheses_.push_back({bit(a) | bit(b), weight_of_two / (count * (count - 1) / 2)});
      for (std::size_t c = b + 1; c < n; ++c) {
        hypotheses_.push_back(
            {bit(a) | bit(b) | bit(c), weight_of_three / (count * (count - 1) * (count - 2) / 6)});
      }
    }
  }
  total_ = no_blame;
  for (const auto& hypothesis : hypotheses_) total_ += hypothesis.weight;
}

void Suspicion::absolve(Mask shared_with_success) {
  std::erase_if(hypotheses_, [&](const Hypothesis& h) { return (h.values & ~shared_with_success) == 0; });
  total_ = no_blame;
  for (const auto& hypothesis : hypotheses_) total_ += hypothesis.weight;
}

double Suspicion::operator()(Mask shared) const {
  double sum = 0;
  for (const auto& hypothesis : hypotheses_) {
    if ((hypothesis.values & ~shared) == 0) sum += hypothesis.weight;
  }
  return sum / total_;
}

}  // namespace autotuner::search
