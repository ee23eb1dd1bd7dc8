#include "search/regression_tree.hpp"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "search/random_forest.hpp"

namespace autotuner::search {
namespace {

RegressionTree grown(const TreeTable& table, std::uint64_t seed = 0) {
  std::vector<std::uint32_t> all(table.rows());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint32_t>(i);
  base::Random random(seed);
  return {table, all, {.columns_tried = 1}, random};
}

/// y = 3 in the upper half of the first column, else what the category says.
struct Sampled {
  std::vector<double> cells;
  std::vector<double> targets;
};

double truth(const double* row) {
  return row[0] > 0.5 ? 3 : row[1] == 0 || row[1] == 2 ? 1 : 2;
}

Sampled sampled(std::size_t rows, std::uint64_t seed) {
  Sampled result;
  base::Random random(seed);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::array row{random.uniform(), static_cast<double>(random.integer(0, 3)), random.uniform()};
    result.cells.insert(result.cells.end(), row.begin(), row.end());
    result.targets.push_back(truth(row.data()));
  }
  return result;
}

const std::vector<std::size_t> kinds{0, 4, 0};

TEST(RegressionTree, RepeatsWhatItWasGrownFrom) {
  const auto data = sampled(50, 1);
  const auto tree = grown(TreeTable(kinds, data.cells, data.targets));
  for (std::size_t i = 0; i < data.targets.size(); ++i)
    EXPECT_DOUBLE_EQ(tree.leaf(&data.cells[i * 3]).mean, data.targets[i]) << i;
}

TEST(RegressionTree, PutsCategoriesOfSimilarMeanTogether) {
  const std::vector<double> cells{0, 1, 2, 3, 0, 1, 2, 3};
  const TreeTable table({4}, cells, {1, 9, 1, 9, 1, 9, 1, 9});
  const auto tree = grown(table);
  ASSERT_EQ(tree.nodes().size(), 3U);
  EXPECT_EQ(tree.nodes()[0].left_values & 0xFU, 0b0101U);
}

TEST(RegressionTree, SplitsWhereTheSumOfSquaresShrinksMost) {
  const std::vector<double> cells{0, 1, 2, 3, 4, 5};
  const auto tree = grown(TreeTable({0}, cells, {0, 0, 0, 0, 10, 10}));
  EXPECT_GE(tree.nodes()[0].threshold, 3);
  EXPECT_LT(tree.nodes()[0].threshold, 4);
}

TEST(RegressionTree, LeavesAConstantWhole) {
  const std::vector<double> cells{0, 1, 2, 3};
  EXPECT_EQ(grown(TreeTable({0}, cells, {5, 5, 5, 5})).nodes().size(), 1U);
}

TEST(RegressionTree, TakesManyRowsOfManyValuesAsItTakesFew) {
  // The two ways to gather the values of a column meet at the same split.
  std::vector<double> cells;
  std::vector<double> targets;
  for (int i = 0; i < 300; ++i) {
    cells.push_back(i);
    targets.push_back(i < 200 ? i % 3 : 50 + i % 3);
  }
  const auto tree = grown(TreeTable({0}, cells, targets));
  for (int i = 0; i < 300; ++i)
    EXPECT_DOUBLE_EQ(tree.leaf(&cells[static_cast<std::size_t>(i)]).mean,
                     targets[static_cast<std::size_t>(i)]);
}

TEST(RandomForest, FindsAFunctionOfNumbersAndCategories) {
  const auto data = sampled(200, 2);
  const RandomForest forest(TreeTable(kinds, data.cells, data.targets), {});
  const auto unseen = sampled(200, 3);
  double error = 0;
  for (const auto& belief : forest.at_all(unseen.cells)) EXPECT_TRUE(std::isfinite(belief.mean));
  const auto beliefs = forest.at_all(unseen.cells);
  for (std::size_t i = 0; i < beliefs.size(); ++i) error += std::abs(beliefs[i].mean - unseen.targets[i]);
  EXPECT_LT(error / 200, 0.15);
}

TEST(RandomForest, IsTheSameForTheSameSeedAndAnotherForAnother) {
  const auto data = sampled(60, 4);
  const TreeTable table(kinds, data.cells, data.targets);
  const auto unseen = sampled(30, 5);
  const auto a = RandomForest(table, {.trees = 20, .seed = 7}).at_all(unseen.cells);
  const auto b = RandomForest(table, {.trees = 20, .seed = 7}).at_all(unseen.cells);
  const auto c = RandomForest(table, {.trees = 20, .seed = 8}).at_all(unseen.cells);
  bool differs = false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].mean, b[i].mean);
    EXPECT_EQ(a[i].deviation, b[i].deviation);
    differs = differs || a[i].mean != c[i].mean;
  }
  EXPECT_TRUE(differs);
}

TEST(RandomForest, SaysTheSameOfARowAloneAndAmongOthers) {
  const auto data = sampled(60, 6);
  const RandomForest forest(TreeTable(kinds, data.cells, data.targets), {});
  const auto unseen = sampled(600, 7);
  const auto all = forest.at_all(unseen.cells);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto alone = forest.at(std::span(unseen.cells).subspan(i * 3, 3));
    EXPECT_NEAR(alone.mean, all[i].mean, 1e-12);
    EXPECT_NEAR(alone.deviation, all[i].deviation, 1e-6);
  }
}

TEST(RandomForest, IsLessSureWhereNothingWasObserved) {
  std::vector<double> cells;
  std::vector<double> targets;
  for (int i = 0; i <= 20; ++i) {
    if (i > 8 && i < 16) continue;
    cells.push_back(i / 20.0);
    targets.push_back(std::sin(i / 3.0));
  }
  const RandomForest forest(TreeTable({0}, cells, targets), {.trees = 200});
  EXPECT_GT(forest.at(std::vector{0.6}).deviation, 1.5 * forest.at(std::vector{0.15}).deviation);
}

TEST(RandomForest, KeepsItsVarianceFarFromZero) {
  const auto data = sampled(60, 8);
  auto shifted = data.targets;
  for (auto& target : shifted) target += 1e6;
  const RandomForest near(TreeTable(kinds, data.cells, data.targets), {});
  const RandomForest far(TreeTable(kinds, data.cells, shifted), {});
  const auto unseen = sampled(20, 9);
  const auto a = near.at_all(unseen.cells);
  const auto b = far.at_all(unseen.cells);
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i].deviation, b[i].deviation, 1e-3);
}

}  // namespace
}  // namespace autotuner::search
