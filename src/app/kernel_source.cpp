#include "app/kernel_source.hpp"

#include <vector>

#include "app/host_settings.hpp"
#include "hosts/capture.hpp"
#include "kernels/package.hpp"

namespace autotuner::app {
namespace {

std::string variable(const cli::Settings& settings, const std::string& name) {
  const auto found = settings.environment.find(name);
  return found == settings.environment.end() ? std::string() : found->second;
}

/// Interpreters and engines that may have the package, those that settings name first.
std::vector<std::string> python_programs(const cli::Settings& settings) {
  std::vector<std::string> names;
  for (const auto& [runtime, program] : engine_programs(settings)) {
    names.push_back(program.python);
    names.push_back(program.binary);
  }
  for (const auto* name : {"python3", "python", "vllm", "trtllm-serve"}) names.emplace_back(name);
  std::vector<std::string> programs;
  for (const auto& name : names) {
    auto program = name.empty() ? name : hosts::find_executable(name, settings.path);
    if (!program.empty()) programs.push_back(std::move(program));
  }
  return programs;
}

base::Result<std::filesystem::path> package_of(const cli::Settings& settings) {
  return kernels::find_package({.wish = setting_of(settings, "autotuner_kernel_tables"),
                                .programs = python_programs(settings),
                                .home = variable(settings, "HOME")});
}

std::string version_of(predict::Engine engine, const cli::Settings& settings) {
  // The engines' words are the names of their Python packages.
  for (const auto& program : python_programs(settings)) {
    auto version = kernels::distribution_version(program, predict::to_text(engine));
    if (!version.empty()) return version;
  }
  return "";
}

}  // namespace

tuning::KernelSource kernel_source(const cli::Settings& settings) {
  return [&settings](const predict::ModelShape& shape, const predict::Device& device,
                     predict::Engine engine) -> base::Result<predict::MeasuredKernels> {
    const auto package = package_of(settings);
    if (!package) return tl::unexpected(package.error());
    return kernels::read_kernels(*package, {shape, device, engine, version_of(engine, settings)});
  };
}

base::Result<std::string> describe_kernel_tables(const cli::Settings& settings) {
  const auto package = package_of(settings);
  if (!package) return tl::unexpected(package.error());
  return kernels::describe(*package);
}

cli::ReadKernels kernel_reader() {
  return [](const std::string& folder,
            const predict::Estimator& estimator) -> base::Result<predict::MeasuredKernels> {
    const auto package = kernels::find_package({.wish = folder});
    if (!package) return tl::unexpected(package.error());
    if (!estimator.device()) return base::invalid_input("the facts of the table name no GPU");
    return kernels::read_kernels(*package, {estimator.shape(), *estimator.device(), estimator.engine(), {}});
  };
}

}  // namespace autotuner::app
