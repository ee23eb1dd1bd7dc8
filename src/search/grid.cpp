#include <nlohmann/json.hpp>

#include "search/logged_strategy.hpp"

namespace autotuner::search {
namespace {

/// The points of the grid, one after the other.
class GridSearch final : public LoggedStrategy {
 public:
  GridSearch(const space::Space& space, Region region, const Options& options)
      : LoggedStrategy("GridSearchStrategy", space, std::move(region), options) {
    base::Random unused(0);
    for (const auto* candidate : this->region().free_candidates(this->region().size(), unused)) {
      if (grid_.size() >= planned()) break;
      grid_.push_back(candidate->point);
    }
  }

 protected:
  std::optional<Suggestion> pick(std::uint64_t k) override {
    const auto* next = region().first_free();
    return Suggestion{next->point, next->covers, "grid " + progress(k), "grid"};
  }

  void describe(base::Json& state) const override { state["current_index"] = journal().used(); }

  void describe_lists(base::Json& state) const override {
    base::Json grid = base::Json::array();
    for (const auto& point : grid_) grid.push_back(space::to_json(point));
    state["param_grid"] = std::move(grid);
  }

 private:
  std::vector<space::Point> grid_;  ///< cut to what will run
};

}  // namespace

std::unique_ptr<Strategy> make_grid(const space::Space& space, Region region, const Options& options) {
  return std::make_unique<GridSearch>(space, std::move(region), options);
}

}  // namespace autotuner::search
