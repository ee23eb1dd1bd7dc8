#include "gpu/device.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace autotuner::gpu {
namespace {

TEST(ParseQuery, ReadsWhatNvidiaSmiPrints) {
  const auto devices =
      parse_query("0, NVIDIA A100-SXM4-80GB, GPU-aa, 81920, 2048, 79872, 3, 35, 62.50, 400.00\n");
  ASSERT_TRUE(devices);
  ASSERT_EQ(devices->size(), 1U);
  const auto& device = devices->front();
  EXPECT_EQ(device.name, "NVIDIA A100-SXM4-80GB");
  EXPECT_EQ(device.uuid, "GPU-aa");
  EXPECT_EQ(device.memory_total_mb, 81920);
  EXPECT_EQ(device.memory_used_mb, 2048);
  EXPECT_EQ(device.memory_free_mb, 79872);
  EXPECT_EQ(device.utilization_gpu, 3);
  EXPECT_EQ(device.temperature, 35);
  EXPECT_EQ(device.power_draw, 62.5);
  EXPECT_EQ(device.power_limit, 400);
}

TEST(ParseQuery, TakesWhatACardDoesNotTellAsAbsent) {
  const auto devices = parse_query("1, X, GPU-bb, 24564, 0, 24564, [N/A], 40, [Not Supported], [N/A]\n\n");
  ASSERT_TRUE(devices);
  EXPECT_FALSE(devices->front().utilization_gpu);
  EXPECT_FALSE(devices->front().power_draw);
  EXPECT_TRUE(parse_query("")->empty());
}

TEST(ParseQuery, NamesTheLineItCannotRead) {
  EXPECT_EQ(parse_query("No devices were found\n").error().message,
            "nvidia-smi printed a line that is no GPU: 'No devices were found'");
  EXPECT_FALSE(parse_query("0, X, GPU-aa, much, 0, 1, 0, 0, 0, 0"));
}

TEST(Select, TakesTheFreestThenTheIdlestThenTheFirst) {
  const auto device = [](int index, int free, int utilization) {
    Device made;
    made.index = index;
    made.memory_free_mb = free;
    made.utilization_gpu = utilization;
    return made;
  };
  const std::vector<Device> devices{device(0, 100, 0), device(1, 200, 50), device(2, 200, 10),
                                    device(3, 200, 10)};
  std::vector<int> indices;
  for (const auto& chosen : *select(devices, 3)) indices.push_back(chosen.index);
  EXPECT_THAT(indices, testing::ElementsAre(2, 3, 1));
  EXPECT_EQ(select(devices, 5).error().message, "5 GPUs needed, 4 free");
}

}  // namespace
}  // namespace autotuner::gpu
