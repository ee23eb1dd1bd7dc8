#include <cmath>
#include <map>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "search/strategy.hpp"

namespace autotuner::search {
namespace {

using space::Choices;
using space::IntegerRange;
using space::RealRange;

Options random_options(int max_iterations, std::uint64_t seed = 1) {
  Options options;
  options.kind = Kind::random;
  options.max_iterations = max_iterations;
  options.seed = seed;
  return options;
}

TEST(RandomSearch, DrawsRepeatedValuesMoreOften) {
  int ones = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    const auto strategy =
        make_strategy({{{"a", Choices{{1, 1, 1, 2}}}}, {}}, {}, random_options(1, seed)).value();
    ones += strategy->suggest(1).front().point == space::Point{{"a", 1}} ? 1 : 0;
  }
  EXPECT_NEAR(ones, 300, 40);
}

TEST(RandomSearch, DrawsUniformlyAndInTheLogarithmWhereAsked) {
  const space::Space space{{{"m", RealRange{0, 1}},
                            {"k", IntegerRange{1, 10'000, true}},
                            {"n", IntegerRange{1, 4}},
                            {"x", RealRange{1e-4, 1, true}}},
                           {}};
  const auto suggestions = make_strategy(space, {}, random_options(2000)).value()->suggest(2000);
  ASSERT_EQ(suggestions.size(), 2000U);
  double m = 0;
  double log_k = 0;
  double log_x = 0;
  std::map<std::int64_t, int> n;
  for (const auto& [point, covers, reason, phase] : suggestions) {
    m += *point.find("m")->as_number() / 2000;
    log_k += std::log10(*point.find("k")->as_number()) / 2000;
    log_x += std::log10(*point.find("x")->as_number()) / 2000;
    ++n[*point.find("n")->as_integer()];
  }
  EXPECT_NEAR(m, 0.5, 0.03);
  // Uniform in ln over [0.5, 10000.5], then rounded.
  EXPECT_NEAR(log_k, (std::log10(0.5) + 4) / 2, 0.1);
  EXPECT_NEAR(log_x, -2, 0.1);
  ASSERT_EQ(n.size(), 4U);
  for (const auto& [value, times] : n) EXPECT_NEAR(times, 500, 80);
}

TEST(RandomSearch, WritesItsCounters) {
  const auto strategy = make_strategy({{{"a", Choices{{1, 2}}}}, {}}, {}, random_options(9)).value();
  const auto suggestion = strategy->suggest(1).front();
  EXPECT_EQ(suggestion.reason, "random 1 of 2");
  EXPECT_EQ(suggestion.phase, "random");
  const auto state = strategy->state();
  EXPECT_EQ(state["strategy_class"], "RandomSearchStrategy");
  EXPECT_EQ(state["trial_count"], 1);
  EXPECT_EQ(state["max_iterations"], 9);
}

TEST(RandomSearch, FindsTheLastFreePointsOfALargeListedSpace) {
  const space::Space space{{{"a", IntegerRange{1, 5000}}}, {}};
  const auto suggestions = make_strategy(space, {}, random_options(6000)).value()->suggest(6000);
  EXPECT_EQ(suggestions.size(), 5000U);
}

}  // namespace
}  // namespace autotuner::search
