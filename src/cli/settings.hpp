#pragma once

#include <map>
#include <string>

namespace autotuner::cli {

/// The process's surroundings, read once by app/ from the environment and from config.json.
struct Settings {
  std::string version;
  std::string own_executable;
  std::string data_folder;      ///< DATA_DIR, default ~/.local/share/autotuner
  std::string config_folder;    ///< AUTOTUNER_CONFIG_DIR, default ~/.config/autotuner
  std::string database_path;    ///< from DATABASE_URL, default data_folder/autotuner.db
  std::string deployment_mode;  ///< DEPLOYMENT_MODE; empty = not set
  std::string model_base_path;  ///< DOCKER_MODEL_PATH
  std::string path;             ///< PATH
  std::string hf_token;
  std::map<std::string, std::string> environment;  ///< all of it, for engines
  std::map<std::string, std::string> config;       ///< "runtimes.vllm.python" -> value
  bool stdout_is_terminal = false;
  bool stderr_is_terminal = false;
  bool stdin_is_terminal = false;
  bool colour = false;  ///< a terminal, no NO_COLOR, TERM is not dumb
  int columns = 80;
};

}  // namespace autotuner::cli
