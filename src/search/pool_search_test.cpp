#include "search/pool_search.hpp"

#include <gtest/gtest.h>

namespace autotuner::search {
namespace {

TEST(PredictionText, SaysAFactorWhereLittleIsKnown) {
  EXPECT_EQ(prediction_text({0.05, 0.02}, 0.98),
            "predicted +5.1 % against the best so far, give or take 2.0 %, 98 % likely to run");
  EXPECT_EQ(prediction_text({-1, 3}, 1),
            "predicted -63.2 % against the best so far, give or take a factor of 20, 100 % likely to run");
  EXPECT_EQ(prediction_text({-1, 9}, 0.5),
            "predicted -63.2 % against the best so far, give or take anything, 50 % likely to run");
}

}  // namespace
}  // namespace autotuner::search
