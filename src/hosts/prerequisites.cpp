#include "hosts/prerequisites.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "base/text.hpp"
#include "hosts/capture.hpp"
#include "hosts/gpu_choice.hpp"

namespace autotuner::hosts {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using engine::RuntimeId;

constexpr auto version_limit = std::chrono::seconds(10);
// What shells, env and the dynamic linker end with when a program can't be executed or found.
constexpr int cannot_execute = 126;
constexpr int not_found = 127;

/// The interpreter that a script's first line names as a path, when there is no such file: a virtual
/// environment that was moved leaves such scripts. Empty = nothing is missing.
std::string missing_interpreter(const std::string& program) {
  std::ifstream in(program, std::ios::binary);
  std::string line(256, '\0');
  in.read(line.data(), static_cast<std::streamsize>(line.size()));
  line.resize(static_cast<std::size_t>(in.gcount()));
  if (!line.starts_with("#!")) return {};
  const auto words = base::trim(std::string_view(line).substr(2, line.find('\n') - 2));
  const std::string interpreter(words.substr(0, words.find_first_of(" \t")));
  std::error_code error;
  return interpreter.starts_with("/") && !fs::exists(interpreter, error) ? interpreter : std::string();
}

std::string last_line(const std::string& text) {
  const auto trimmed = base::trim(text);
  const auto end = trimmed.rfind('\n');
  return std::string(end == std::string::npos ? trimmed : trimmed.substr(end + 1)).substr(0, 200);
}

/// Wrong architecture, missing libraries, missing interpreter: found without loading a model.
base::Result<void> check_executable(RuntimeId runtime, const std::vector<std::string>& command,
                                    const ProgramSettings& settings) {
  const auto& program = command.front();
  const auto& title = engine::runtime(runtime).title;
  if (const auto interpreter = missing_interpreter(program); !interpreter.empty()) {
    return base::fail(ErrorKind::unavailable,
                      "{} can't run here: {} needs {}, which does not exist; install the engine again", title,
                      program, interpreter);
  }
  // The Python engines take half a minute to tell their version.
  if (runtime != RuntimeId::llamacpp) return {};
  const auto tried = capture({program, "--version"}, settings.environment, version_limit);
  if (!tried) {
    if (tried.error().kind == ErrorKind::timed_out) return {};
    return base::fail(ErrorKind::unavailable, "{} can't run here: {}", title, tried.error().message);
  }
  const auto& status = tried->status;
  if (status.signal == 0 && status.code != cannot_execute && status.code != not_found) return {};
  const auto words = last_line(tried->output);
  return base::fail(ErrorKind::unavailable, "{} can't run here: `{} --version` ended with {}{}{}", title,
                    program, engine::to_text(status), words.empty() ? "" : ": ", words);
}

base::Result<void> check_program(RuntimeId runtime, const ProgramSettings& settings) {
  const auto command = find_program(runtime, settings);
  if (!command) {
    const auto path = settings.environment.find("PATH");
    return base::fail(ErrorKind::unavailable, "{} (PATH is {})", command.error().message,
                      path == settings.environment.end() || path->second.empty() ? "empty" : path->second);
  }
  return check_executable(runtime, *command, settings);
}

base::Result<void> check_device(RuntimeId runtime, const std::string& gpu_type,
                                const ProgramSettings& settings) {
  // Of the other engines there are builds that compute on a CPU.
  if (runtime == RuntimeId::sim || (runtime != RuntimeId::tensorrt_llm && gpu_type.empty())) return {};
  auto devices = list_gpus(settings.environment);
  // What can't be asked may still work.
  if (!devices || !of_type(*devices, gpu_type).empty()) return {};
  if (!gpu_type.empty()) {
    std::vector<std::string> names;
    for (const auto& device : *devices) names.push_back(device.name);
    return base::fail(ErrorKind::unavailable,
                      "the task runs on GPUs of type '{}' only, and here {}; run it where one is, or leave "
                      "gpu_type out",
                      gpu_type, names.empty() ? "is no GPU" : "are: " + base::join(names, ", "));
  }
  return base::fail(ErrorKind::unavailable,
                    "{} computes on NVIDIA GPUs only, and nvidia-smi lists none here; `autotuner gpus` shows "
                    "what engines can use",
                    engine::runtime(runtime).title);
}

base::Result<void> check_model(RuntimeId runtime, const std::string& model, const ModelFolders& folders) {
  if (needs_download(runtime, model, folders)) return {};
  const auto found = find_model(runtime, model, folders);
  if (!found) return tl::unexpected(found.error());
  std::error_code error;
  if (runtime == RuntimeId::sim || !fs::is_directory(found->argument, error)) return {};
  const fs::path folder(found->argument);
  // Mistral's own format has the second name.
  if (fs::exists(folder / "config.json", error) || fs::exists(folder / "params.json", error)) return {};
  return base::fail(ErrorKind::not_found,
                    "model folder {} holds no config.json, so {} can't load it; give the folder that holds "
                    "config.json and the weights, or a Hugging Face id (org/name)",
                    folder.string(), engine::runtime(runtime).title);
}

}  // namespace

base::Result<void> check_prerequisites(const tuning::EngineRequest& request, const ProgramSettings& programs,
                                       const ModelFolders& models) {
  if (auto checked = check_program(request.runtime, programs); !checked) return checked;
  if (auto checked = check_device(request.runtime, request.gpu_type, programs); !checked) return checked;
  return check_model(request.runtime, request.model.id_or_path, models);
}

}  // namespace autotuner::hosts
