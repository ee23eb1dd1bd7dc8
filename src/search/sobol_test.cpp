#include <bit>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "search/sobol_sequence.hpp"
#include "search/strategy.hpp"

namespace autotuner::search {
namespace {

TEST(SobolSequence, StartsAsPublished) {
  // Dimensions 1, 2, 3, 6, 40 and 64 of the first eight points for the direction numbers new-joe-kuo-6.
  const std::vector<std::vector<double>> expected{{0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
                                                  {0.5, 0.5, 0.5, 0.5, 0.5, 0.5},
                                                  {0.75, 0.25, 0.25, 0.75, 0.25, 0.75},
                                                  {0.25, 0.75, 0.75, 0.25, 0.75, 0.25},
                                                  {0.375, 0.375, 0.625, 0.125, 0.875, 0.125},
                                                  {0.875, 0.875, 0.125, 0.625, 0.375, 0.625},
                                                  {0.625, 0.125, 0.875, 0.875, 0.625, 0.875},
                                                  {0.125, 0.625, 0.375, 0.375, 0.125, 0.375}};
  const SobolSequence sequence(64);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto point = sequence.point(i);
    EXPECT_EQ((std::vector<double>{point[0], point[1], point[2], point[5], point[39], point[63]}),
              expected[i]);
  }
}

TEST(SobolSequence, FillsEveryDyadicIntervalOnceInEachDimensionWhateverTheSeed) {
  for (const auto& sequence : {SobolSequence(64), SobolSequence(64, 5)}) {
    std::vector<std::set<int>> cells(64);
    for (std::uint64_t i = 0; i < 1024; ++i) {
      const auto point = sequence.point(i);
      for (std::size_t d = 0; d < 64; ++d) cells[d].insert(static_cast<int>(point[d] * 1024));
    }
    for (const auto& cell : cells) EXPECT_EQ(cell.size(), 1024U);
  }
}

TEST(SobolSequence, GoesOnWithUniformNumbersBeyondItsTable) {
  const SobolSequence sequence(70, 3);
  double mean = 0;
  for (std::uint64_t i = 0; i < 500; ++i) {
    const auto point = sequence.point(i);
    ASSERT_EQ(point.size(), 70U);
    mean += point[69] / 500;
  }
  EXPECT_NEAR(mean, 0.5, 0.05);
}

TEST(SobolSearch, SpreadsEvenlyOverEveryValue) {
  Options options;
  options.kind = Kind::sobol;
  options.seed = 11;
  const space::Space space{
      {{"a", space::Choices{{1, 2, 3, 4}}}, {"fixed", space::Choices{{9}}}, {"m", space::RealRange{0, 1}}},
      {}};
  const auto strategy = make_strategy(space, {}, options).value();
  const auto suggestions = strategy->suggest(64);
  std::map<std::int64_t, int> times;
  for (const auto& suggestion : suggestions) ++times[*suggestion.point.find("a")->as_integer()];
  for (const auto& [value, count] : times) EXPECT_EQ(count, 16) << value;
  EXPECT_EQ(suggestions[0].reason, "sobol 1 of 100");
  EXPECT_EQ(strategy->state()["strategy_class"], "SobolStrategy");
  EXPECT_EQ(strategy->state()["trial_count"], 64);
}

}  // namespace
}  // namespace autotuner::search
