#include "kernels/package.hpp"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/parquet_file.hpp"
#include "tests/support/temporary_folder.hpp"

namespace autotuner::kernels {
namespace {

namespace fs = std::filesystem;

/// An environment with a package that has a table of all-reduces for two versions of vLLM on H100.
class Package : public testing::Test {
 protected:
  Package() {
    put(folder() / "systems/data/h100_sxm/comm/vllm/0.14.0/custom_allreduce_perf.parquet", reduce(1));
    put(folder() / "systems/data/h100_sxm/comm/vllm/0.24.0/custom_allreduce_perf.parquet", reduce(2));
    fs::create_directories(site() / "aiconfigurator_core-0.12.0.dist-info");
    fs::create_directories(site() / "vllm-0.19.1.dist-info");
    put(root() / "bin/python3", "");
  }

  fs::path root() const { return fs::path(temporary.path()) / "venv"; }
  fs::path site() const { return root() / "lib/python3.11/site-packages"; }
  fs::path folder() const { return site() / "aiconfigurator_core"; }

  static void put(const fs::path& path, const std::string& bytes) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }

  /// 2 GPUs, 8192 numbers: so many milliseconds.
  static std::string reduce(double milliseconds) {
    return test::ParquetFile()
        .integers("num_gpus", {2})
        .integers("message_size", {8192})
        .numbers("latency", {milliseconds})
        .bytes();
  }

  static Question question(const std::string& device = "h100", const std::string& version = "") {
    return {.shape = predict::shape_from_facts({{"model_parameters", 70e9},
                                                {"model_layers", 80},
                                                {"model_hidden", 8192},
                                                {"model_heads", 64},
                                                {"model_kv_heads", 8}})
                         .value(),
            .device = predict::find_device(device).value(),
            .engine = predict::Engine::vllm,
            .engine_version = version};
  }

  test::TemporaryFolder temporary;
};

TEST_F(Package, IsFoundBesideAnInterpreter) {
  EXPECT_EQ(find_package({.programs = {"/nowhere/bin/python3", (root() / "bin/python3").string()}}),
            folder());
  const auto link = fs::path(temporary.path()) / "bin/vllm";
  fs::create_directories(link.parent_path());
  fs::create_symlink(root() / "bin/python3", link);
  EXPECT_EQ(find_package({.programs = {link.string()}}), folder()) << "a link to a tool's own environment";
}

TEST_F(Package, IsFoundAmongTheUsersOwn) {
  const auto home = fs::path(temporary.path()) / "home";
  fs::create_directories(home / ".local/lib/python3.12");
  fs::rename(site(), home / ".local/lib/python3.12/site-packages");
  EXPECT_EQ(find_package({.home = home.string()}),
            home / ".local/lib/python3.12/site-packages/aiconfigurator_core");
}

TEST_F(Package, IsTheWishedOneOrNone) {
  EXPECT_EQ(find_package({.wish = folder().string()}), folder());
  EXPECT_EQ(find_package({.wish = site().string()}), folder());
  const auto refused =
      find_package({.wish = root().string(), .programs = {(root() / "bin/python3").string()}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "the folder of kernel tables " + root().string() + " holds no aiconfigurator_core");
  const auto missing = find_package({.programs = {"/nowhere/bin/python3"}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, base::ErrorKind::not_found);
}

TEST_F(Package, TellsItsVersionAndTheEngines) {
  EXPECT_EQ(package_version(folder()), "0.12.0");
  EXPECT_EQ(distribution_version((root() / "bin/vllm").string(), "vllm"), "0.19.1");
  EXPECT_EQ(distribution_version((root() / "bin/vllm").string(), "sglang"), "");
  EXPECT_EQ(describe(folder()), "aiconfigurator-core 0.12.0 in " + folder().string() + ": h100_sxm");
}

TEST_F(Package, GivesTheTablesNearestToTheEngine) {
  const auto newest = read_kernels(folder(), question());
  ASSERT_TRUE(newest) << newest.error().message;
  EXPECT_EQ(newest->source, "aiconfigurator-core 0.12.0, h100_sxm, vllm 0.24.0");
  EXPECT_DOUBLE_EQ(newest->kernels.widths.at(2).reduce.at(1), 2e-3) << "one token of 8192 numbers";
  const auto older = read_kernels(folder(), question("h100", "0.19.1"));
  ASSERT_TRUE(older);
  EXPECT_EQ(older->source, "aiconfigurator-core 0.12.0, h100_sxm, vllm 0.14.0");
  EXPECT_DOUBLE_EQ(older->kernels.widths.at(2).reduce.at(1), 1e-3);
}

TEST_F(Package, PassesOverATableThatCantBeRead) {
  put(folder() / "systems/data/h100_sxm/comm/vllm/0.24.0/custom_allreduce_perf.parquet", "damaged");
  const auto kernels = read_kernels(folder(), question());
  ASSERT_TRUE(kernels);
  EXPECT_EQ(kernels->source, "aiconfigurator-core 0.12.0, h100_sxm, vllm 0.14.0");
  put(folder() / "systems/data/h100_sxm/comm/vllm/0.14.0/custom_allreduce_perf.parquet", "damaged");
  const auto none = read_kernels(folder(), question());
  ASSERT_FALSE(none);
  EXPECT_NE(none.error().message.find("it is no Parquet file"), std::string::npos) << none.error().message;
}

TEST_F(Package, HasNothingForOtherDevicesEnginesAndModels) {
  auto of_llamacpp = question(), with_experts = question();
  of_llamacpp.engine = predict::Engine::llamacpp;
  with_experts.shape.experts = 8;
  for (const auto& asked : {question("a100"), of_llamacpp, with_experts}) {
    const auto none = read_kernels(folder(), asked);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().kind, base::ErrorKind::not_found) << none.error().message;
  }
}

}  // namespace
}  // namespace autotuner::kernels
