#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "predict/device.hpp"
#include "predict/model_kernels.hpp"

/// Measured kernels from the tables that NVIDIA's Python package aiconfigurator-core holds (Apache-2.0),
/// where it is installed. No Python is run.
namespace autotuner::kernels {

/// Where Python packages are looked for.
struct PackagePlaces {
  std::string wish{};                   ///< the package's folder or one that holds it; empty = look around
  std::vector<std::string> programs{};  ///< paths of interpreters, and of scripts that lie beside one
  std::string home{};                   ///< of the user's own packages
};

/// The folder aiconfigurator_core, the wished one or the first that is found. Errors: not_found when it is
/// installed nowhere; invalid_input when the wished folder holds none.
base::Result<std::filesystem::path> find_package(const PackagePlaces& places);

/// The version of the package in that folder, from the metadata beside it; empty when there is none.
std::string package_version(const std::filesystem::path& package);

/// The version of a distribution ("vllm") that an interpreter or a script beside it uses; empty when it isn't
/// installed there.
std::string distribution_version(std::string_view program, std::string_view distribution);

/// What is asked of the tables.
struct Question {
  predict::ModelShape shape{};
  predict::Device device{};
  predict::Engine engine = predict::Engine::vllm;
  std::string engine_version{};  ///< empty = the newest tables
};

/// The kernels of a model, from the package in that folder; takes some 50 ms. Errors: not_found where nothing
/// was measured for that device and engine, or tables don't help with such a model.
base::Result<predict::MeasuredKernels> read_kernels(const std::filesystem::path& package,
                                                    const Question& question);

/// One line about the package for people: its version, its folder, and the devices it has tables of.
std::string describe(const std::filesystem::path& package);

}  // namespace autotuner::kernels
