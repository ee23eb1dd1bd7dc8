#include "search/suspicion.hpp"

#include <algorithm>

namespace autotuner::search {
namespace {

/// How much all conjunctions of one, two and three values weigh together. What remains to one is the chance that
/// nothing of the kind is to blame.
constexpr double singles = 0.5;
constexpr double pairs = 0.3;
constexpr double triples = 0.15;
constexpr double chance = 0.05;

}  // namespace

Suspicion::Suspicion(std::size_t parameters) {
  const auto n = std::min(parameters, most_parameters);
  const auto count = static_cast<double>(n);
  const auto bit = [](std::size_t i) { return Mask{1} << i; };
  for (std::size_t a = 0; a < n; ++a) {
    hypotheses_.push_back({bit(a), singles / count});
    for (std::size_t b = a + 1; b < n; ++b) {
      hypotheses_.push_back({bit(a) | bit(b), pairs / (count * (count - 1) / 2)});
      for (std::size_t c = b + 1; c < n; ++c) {
        hypotheses_.push_back(
            {bit(a) | bit(b) | bit(c), triples / (count * (count - 1) * (count - 2) / 6)});
      }
    }
  }
  total_ = chance;
  for (const auto& hypothesis : hypotheses_) total_ += hypothesis.weight;
}

void Suspicion::absolve(Mask shared_with_success) {
  std::erase_if(hypotheses_, [&](const Hypothesis& h) { return (h.values & ~shared_with_success) == 0; });
  total_ = chance;
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
