#include <nlohmann/json.hpp>

#include "search/logged_strategy.hpp"

namespace autotuner::search {
namespace {

/// Independent draws per parameter, without repeating a point.
class RandomSearch final : public LoggedStrategy {
 public:
  RandomSearch(const space::Space& space, Region region, const Options& options)
      : LoggedStrategy("RandomSearchStrategy", space, std::move(region), options) {}

 protected:
  std::optional<Suggestion> pick(std::uint64_t k) override {
    base::Random random(options().seed, k);
    auto drawn = region().draw(random);
    if (!drawn) return std::nullopt;
    return Suggestion{std::move(drawn->point), std::move(drawn->covers), "random " + progress(k), "random"};
  }

  void describe(base::Json& state) const override {
    state["trial_count"] = journal().used();
    state["max_iterations"] = options().max_iterations;
  }
};

}  // namespace

std::unique_ptr<Strategy> make_random(const space::Space& space, Region region, const Options& options) {
  return std::make_unique<RandomSearch>(space, std::move(region), options);
}

}  // namespace autotuner::search
