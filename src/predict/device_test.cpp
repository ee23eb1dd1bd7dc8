#include "predict/device.hpp"

#include <gtest/gtest.h>

namespace autotuner::predict {
namespace {

std::string_view name_of(std::string_view label) {
  const auto device = find_device(label);
  return device ? device->name : "nothing";
}

TEST(FindDevice, KnowsTheNamesThatDriversAndTablesUse) {
  EXPECT_EQ(name_of("NVIDIA H100 80GB HBM3"), "NVIDIA H100 SXM");
  EXPECT_EQ(name_of("h100_sxm"), "NVIDIA H100 SXM");
  EXPECT_EQ(name_of("NVIDIA H100 PCIe"), "NVIDIA H100 PCIe");
  EXPECT_EQ(name_of("h200_sxm"), "NVIDIA H200");
  EXPECT_EQ(name_of("b200_sxm"), "NVIDIA B200");
  EXPECT_EQ(name_of("gb200"), "NVIDIA GB200");
  EXPECT_EQ(name_of("NVIDIA A100-SXM4-80GB"), "NVIDIA A100 80GB");
  EXPECT_EQ(name_of("NVIDIA A100-PCIE-40GB"), "NVIDIA A100 40GB PCIe");
  EXPECT_EQ(name_of("Nvidia-A100"), "NVIDIA A100 80GB");
  EXPECT_EQ(name_of("NVIDIA A10G"), "NVIDIA A10");
  EXPECT_EQ(name_of("NVIDIA L40S"), "NVIDIA L40S");
  EXPECT_EQ(name_of("NVIDIA L4"), "NVIDIA L4");
  EXPECT_EQ(name_of("AMD Instinct MI300X OAM"), "AMD MI300X");
  EXPECT_EQ(name_of("Habana-Gaudi2"), "Intel Gaudi2");
  EXPECT_EQ(name_of("CPU"), "CPU");
}

TEST(FindDevice, TakesNoDeviceForAnotherWhoseNameBeginsAlike) {
  EXPECT_EQ(name_of("NVIDIA A1000"), "nothing");
  EXPECT_EQ(name_of("NVIDIA L40"), "nothing");
  EXPECT_EQ(name_of("Quadro T400"), "nothing");
  EXPECT_EQ(name_of("cuda"), "nothing");
  EXPECT_EQ(name_of(""), "nothing");
}

TEST(FindDevice, TakesTheMemoryThatTheDriverSays) {
  const gpu::Device seen{.name = "NVIDIA H100 80GB HBM3", .memory_total_mb = 81559};
  EXPECT_DOUBLE_EQ(find_device(seen)->memory, 81559.0 * 1024 * 1024);
  EXPECT_EQ(find_device(gpu::Device{.name = "Matrox G200"}), std::nullopt);
}

TEST(Devices, HaveASpeedForEveryFigureThatTheRooflineDividesBy) {
  for (const auto& device : devices()) {
    EXPECT_GT(device.memory, 1e9) << device.name;
    EXPECT_GT(device.bandwidth, 1e10) << device.name;
    EXPECT_GT(device.flops_16bit, 1e12) << device.name;
    EXPECT_GT(device.link, 1e9) << device.name;
    EXPECT_EQ(find_device(device.name)->name, device.name);
  }
}

}  // namespace
}  // namespace autotuner::predict
