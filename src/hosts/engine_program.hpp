#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/runtime.hpp"

namespace autotuner::hosts {

/// Setting `runtimes.<key>`: where an engine is installed. Empty = looked for on PATH.
struct RuntimeProgram {
  std::string binary;  ///< llama-server, vllm, trtllm-serve
  std::string python;  ///< interpreter that has the engine's package
};

struct ProgramSettings {
  std::map<std::string, RuntimeProgram, std::less<>> runtimes;  ///< by runtime key
  std::map<std::string, std::string> environment;               ///< PATH is taken from here
  std::string own_executable;                                   ///< for the simulated engine
};

/// What starts an engine, up to where its own arguments begin: {"/usr/bin/llama-server"},
/// {"/venv/bin/vllm", "serve"}, {"/venv/bin/python", "-m", "sglang.launch_server"}. Errors: not_found, with
/// how to install it or where to say where it is.
base::Result<std::vector<std::string>> find_program(engine::RuntimeId runtime,
                                                    const ProgramSettings& settings);

}  // namespace autotuner::hosts
