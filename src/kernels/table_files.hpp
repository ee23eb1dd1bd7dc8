#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "predict/deployment.hpp"
#include "predict/device.hpp"
#include "predict/kernel_tables.hpp"

namespace autotuner::kernels {

/// What tables of a package say, and where it stood.
struct LoadedTables {
  predict::KernelTables tables{};
  std::string system{};                 ///< folder of the device: "h100_sxm"
  std::string engine{};                 ///< folder of the engine: "vllm"
  std::vector<std::string> versions{};  ///< of the engine, nearest first
  std::vector<std::string> problems{};  ///< tables that can't be read, and why
};

/// Reads what has been measured on such a device with such an engine. `package` is the folder
/// aiconfigurator_core of an installed package. Of each kind of kernel the version counts that is nearest to
/// the engine's (`by_nearness`). A table that can't be read is left out. Errors: not_found where no table of
/// that device and engine can be read.
base::Result<LoadedTables> load_tables(const std::filesystem::path& package, const predict::Device& device,
                                       predict::Engine engine, std::string_view engine_version);

/// Whether a folder is that of such a package.
bool is_package(const std::filesystem::path& folder);

/// Folders of the devices that a package has tables of.
std::vector<std::string> systems_of(const std::filesystem::path& package);

}  // namespace autotuner::kernels
