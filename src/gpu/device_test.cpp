#include "gpu/device.hpp"

#include <gtest/gtest.h>

namespace autotuner::gpu {
namespace {

constexpr std::string_view a100 =
    "0, NVIDIA A100-SXM4-80GB, GPU-aa, 81920, 2048, 79872, 3, 35, 62.50, 400.00, Default";
constexpr std::string_view bare = "1, X, GPU-bb, 24564, 0, 24564, [N/A], 40, [N/A], [Not Supported], Default";

TEST(ParseQuery, ReadsEveryColumn) {
  const auto devices = parse_query(a100).value();
  ASSERT_EQ(devices.size(), 1U);
  const Device expected{.index = 0,
                        .uuid = "GPU-aa",
                        .name = "NVIDIA A100-SXM4-80GB",
                        .memory_total_mb = 81920,
                        .memory_free_mb = 79872,
                        .memory_used_mb = 2048,
                        .utilization_gpu = 3,
                        .temperature = 35,
                        .power_draw = 62.5,
                        .power_limit = 400.0,
                        .compute_mode = "Default"};
  EXPECT_EQ(devices[0], expected);
}

TEST(ParseQuery, LeavesUnknownNumbersAbsent) {
  const auto device = parse_query(bare).value().at(0);
  EXPECT_EQ(device.utilization_gpu, std::nullopt);
  EXPECT_EQ(device.power_draw, std::nullopt);
  EXPECT_EQ(device.power_limit, std::nullopt);
  EXPECT_EQ(device.temperature, 40);
}

TEST(ParseQuery, LosesOnlyTheGpuWhoseLineIsBad) {
  std::vector<std::string> unreadable;
  const auto devices =
      parse_query(std::string(a100) + "\nUnable to query\r\n\n" + std::string(bare), &unreadable).value();
  EXPECT_EQ(devices.size(), 2U);
  EXPECT_EQ(unreadable, std::vector<std::string>{"Unable to query"});
}

TEST(ParseQuery, OfNothingIsNoGpu) {
  EXPECT_TRUE(parse_query("").value().empty());
  EXPECT_TRUE(parse_query("\n \n").value().empty());
}

TEST(ParseQuery, NamesTheLineWhenNoneCanBeRead) {
  EXPECT_EQ(parse_query("NVIDIA-SMI has failed").error().message,
            "nvidia-smi printed 'NVIDIA-SMI has failed'; expected 11 values with index and UUID");
}

TEST(ParseQuery, BearsAnyPrefix) {
  const auto text = std::string(a100) + "\n" + std::string(bare) + "\n\xff,,,,,,,,,,,1e999";
  for (std::size_t size = 0; size <= text.size(); ++size)
    (void)parse_query(std::string_view(text).substr(0, size));
}

Device device(int index, std::optional<int> free, std::optional<int> busy, std::string mode = "Default") {
  return {.index = index,
          .uuid = "GPU-" + std::to_string(index),
          .memory_free_mb = free,
          .utilization_gpu = busy,
          .compute_mode = std::move(mode)};
}

std::vector<int> indices(const std::vector<Device>& devices) {
  std::vector<int> numbers;
  for (const auto& one : devices) numbers.push_back(one.index);
  return numbers;
}

TEST(Select, TakesTheFreestThenTheIdlestThenTheFirst) {
  const std::vector<Device> devices = {device(0, 1000, 0),         device(1, 8000, 50),
                                       device(2, 8000, 5),         device(3, 8000, 5),
                                       device(4, std::nullopt, 0), device(5, 9000, 0, "Prohibited")};
  EXPECT_EQ(indices(select(devices, 3).value()), (std::vector<int>{2, 3, 1}));
  EXPECT_EQ(indices(select(devices, 5).value()), (std::vector<int>{2, 3, 1, 0, 4}));
  EXPECT_TRUE(select(devices, 0).value().empty());
}

TEST(Select, SaysHowManyThereAre) {
  const auto missing = select({device(0, 1, 1)}, 2);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error(), (base::Error{base::ErrorKind::unavailable, "2 GPUs needed, 1 free"}));
}

TEST(Visible, FollowsIndicesUuidsAndTheirOrder) {
  const std::vector<Device> devices = {device(0, 1, 1), device(1, 1, 1), device(2, 1, 1)};
  EXPECT_EQ(indices(visible(devices, std::nullopt)), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(indices(visible(devices, "all")), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(indices(visible(devices, "2, GPU-0")), (std::vector<int>{2, 0}));
  EXPECT_EQ(indices(visible(devices, "1,1")), (std::vector<int>{1}));
  EXPECT_EQ(indices(visible(devices, "1,-1,0")), (std::vector<int>{1}));
  EXPECT_TRUE(visible(devices, "").empty());
  EXPECT_TRUE(visible(devices, "none").empty());
}

}  // namespace
}  // namespace autotuner::gpu
