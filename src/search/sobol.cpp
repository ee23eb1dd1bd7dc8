#include <nlohmann/json.hpp>

#include "search/logged_strategy.hpp"
#include "search/sobol_sequence.hpp"

namespace autotuner::search {
namespace {

/// Points of the sequence that an open region may refuse per suggestion, on average.
constexpr std::uint64_t open_misses = 10'000;

std::size_t varying(const Domain& domain) {
  std::size_t count = 0;
  for (const auto& dimension : domain.dimensions()) count += dimension.varies() ? 1 : 0;
  return count;
}

/// The points that a Sobol sequence meets, in its order; those that are taken or can't run are passed over.
class SobolSearch final : public LoggedStrategy {
 public:
  SobolSearch(const space::Space& space, Region region, const Options& options)
      : LoggedStrategy("SobolStrategy", space, std::move(region), options),
        sequence_(varying(this->region().domain()), options.seed) {}

 protected:
  std::optional<Suggestion> pick(std::uint64_t k) override {
    if (auto met = next(k)) return suggestion(std::move(*met), k);
    // What a finite region has left after its sequence came round many times: the order no longer matters.
    base::Random random(options().seed, k);
    const auto free = region().free_candidates(1, random);
    return free.empty() ? std::nullopt : std::optional(suggestion(*free.front(), k));
  }

  void describe(base::Json& state) const override {
    state["trial_count"] = journal().used();
    state["max_iterations"] = options().max_iterations;
  }

 private:
  Suggestion suggestion(space::Candidate candidate, std::uint64_t k) const {
    return {std::move(candidate.point), std::move(candidate.covers), "sobol " + progress(k), "random"};
  }

  /// The position is only a shortcut: everything before it is taken or invalid, as a search from 0 would
  /// find.
  std::optional<space::Candidate> next(std::uint64_t k) {
    if (cleared_ != region().times_cleared()) position_ = 0;
    cleared_ = region().times_cleared();
    const std::uint64_t end =
        region().is_finite() ? 16 * std::uint64_t{region().size()} + 1024 : k * open_misses;
    for (; position_ < end; ++position_) {
      if (auto candidate = region().admit(at(position_))) return candidate;
    }
    return std::nullopt;
  }

  space::Point at(std::uint64_t position) const {
    const auto u = sequence_.point(position);
    space::Point point;
    std::size_t i = 0;
    for (const auto& dimension : region().domain().dimensions()) {
      point.set(dimension.name(), dimension.value(dimension.quantile(dimension.varies() ? u[i++] : 0)));
    }
    return point;
  }

  SobolSequence sequence_;
  std::uint64_t position_ = 0;
  std::size_t cleared_ = 0;
};

}  // namespace

std::unique_ptr<Strategy> make_sobol(const space::Space& space, Region region, const Options& options) {
  return std::make_unique<SobolSearch>(space, std::move(region), options);
}

}  // namespace autotuner::search
