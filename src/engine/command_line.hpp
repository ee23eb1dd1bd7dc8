#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/resolve.hpp"

namespace autotuner::engine {

/// Engine arguments of flags, in order, never through a shell. Names that begin with -- stay as they are.
std::vector<std::string> arguments(const space::Point& flags, RuntimeId runtime);

/// Where and as what an engine is started.
struct Invocation {
  std::vector<std::string> program;  ///< executable, or interpreter with -m module
  std::string model;                 ///< path or id as given to the engine
  std::string served_name;           ///< passed by the runtime's served-name flag unless the user set it
  std::string host = "127.0.0.1";
  int port = 0;
};

/// What starts the engine on a PATH that has it: {"vllm", "serve"}, {"llama-server"}, ...
std::vector<std::string> default_program(RuntimeId runtime);

/// The whole argument list, program first. vLLM's model is positional after `serve`, else --model.
std::vector<std::string> command_line(const Invocation& invocation, const space::Point& flags,
                                      RuntimeId runtime);

/// One shell line, quoted where needed, with environment in front: "OMP_WAIT_POLICY=passive llama-server
/// --model ...".
std::string shell_line(const std::map<std::string, std::string>& environment,
                       const std::vector<std::string>& command);
std::string shell_quote(std::string_view word);

/// True when a variable, flag or JSON member of that name holds a secret.
bool is_secret_name(std::string_view name);
/// A copy in which the values of secret parameters are `mask`.
space::Point masked(space::Point point, const std::string& mask = "***");
/// What of flags and variables must not turn up in a text: values of secret ones, and the user-info of URLs
/// in the others (a proxy's password). Values that do by chance are left out: those of fewer than four
/// characters, and true and false.
std::vector<std::string> secret_values(const space::Point& flags,
                                       const std::map<std::string, std::string>& variables);
/// The text with *** wherever one of secret_values() turns up.
std::string masked(std::string text, const space::Point& flags,
                   const std::map<std::string, std::string>& variables);
/// User-info inside URLs becomes ***; everything else is kept.
std::string mask_urls(std::string_view text);
/// Values of secret flags become $NAME (for launch commands) in a copy of the command.
std::vector<std::string> masked_command(const std::vector<std::string>& command);

/// Proxies, tokens and GPU selection; empty values set nothing. `offline` keeps engines off the model hub.
struct EnvironmentSettings {
  std::string http_proxy{}, https_proxy{}, no_proxy = "localhost,127.0.0.1", hf_token{}, hf_home{};
  std::vector<std::string> gpu_uuids{};
  bool offline = false;
};
std::map<std::string, std::string> environment(const EnvironmentSettings& settings);

/// Why a variable can't be a parameter (env.NAME): set by us, secret, or no name of a variable. Nothing = it
/// can.
std::optional<std::string> why_not_a_parameter(std::string_view variable);

enum class NameProfile { container, local, k8s };
/// Lower-case name of allowed characters; over the limit it ends in a hash of the original.
std::string sanitize_name(std::string_view text, NameProfile profile);
/// {ns}-{task}-exp{n}; without a name space {task}-exp{n}.
std::string service_name(std::string_view name_space, std::string_view task, int experiment,
                         NameProfile profile);

}  // namespace autotuner::engine
