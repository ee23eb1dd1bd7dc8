#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace autotuner::search {

/// Which values of a failed point are to blame. Every conjunction of at most three of its values (`pp = 4`,
/// `pp = 4 and quantization = fp8`) that holds for no success is a hypothesis; simpler ones weigh more. A point
/// is suspect by the share of the hypotheses that hold for it: a concept learner over conjunctions (Mitchell
/// 1982, version spaces), which asks for one crash per rule that nobody listed, not for one per combination.
class Suspicion {
 public:
  /// Of at most 24 parameters; further ones are not looked at.
  static constexpr std::size_t most_parameters = 24;
  /// By parameter, whether a point has the value of the failed one.
  using Mask = std::uint32_t;

  explicit Suspicion(std::size_t parameters);

  /// Rules out what holds for a success.
  void absolve(Mask shared_with_success);
  /// Chance in [0, 1) that a point fails for the same reason.
  double operator()(Mask shared) const;

 private:
  struct Hypothesis {
    Mask values = 0;
    double weight = 0;
  };
  std::vector<Hypothesis> hypotheses_;
  double total_ = 0;
};

}  // namespace autotuner::search
