#include "app/settings.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/json.hpp"
#include "base/text.hpp"

extern char** environ;

namespace autotuner::app {
namespace {

std::map<std::string, std::string> whole_environment() {
  std::map<std::string, std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

std::string value_of(const std::map<std::string, std::string>& environment, const std::string& name,
                     const std::string& otherwise) {
  const auto found = environment.find(name);
  return found == environment.end() || found->second.empty() ? otherwise : found->second;
}

/// sqlite:///path, sqlite+aiosqlite:///path or a bare path; other databases are a later matter.
std::string path_of_database(const std::string& url, const std::string& otherwise) {
  if (url.empty()) return otherwise;
  for (const auto* scheme : {"sqlite+aiosqlite:///", "sqlite:///"}) {
    if (url.starts_with(scheme)) return url.substr(std::string_view(scheme).size());
  }
  if (url.find("://") == std::string::npos) return url;
  fmt::print(stderr,
             "warning: DATABASE_URL names another database than SQLite, which this version does not speak; "
             "using {}\n",
             otherwise);
  return otherwise;
}

void flatten(const base::Json& value, const std::string& prefix, std::map<std::string, std::string>& out) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.items())
      flatten(member, prefix.empty() ? key : fmt::format("{}.{}", prefix, key), out);
  } else if (!prefix.empty()) {
    out[prefix] = value.is_string() ? value.get<std::string>() : value.dump();
  }
}

std::map<std::string, std::string> read_config(const std::string& folder) {
  std::map<std::string, std::string> config;
  std::ifstream in(folder + "/config.json");
  if (!in) return config;
  std::ostringstream text;
  text << in.rdbuf();
  const auto parsed = base::parse_json(text.str());
  if (!parsed) {
    fmt::print(stderr, "warning: {}/config.json is ignored: {}\n", folder, parsed.error().message);
    return config;
  }
  flatten(*parsed, "", config);
  return config;
}

/// The environment form of a dotted setting wins: runtimes.vllm.python -> RUNTIMES_VLLM_PYTHON.
void apply_environment(const std::map<std::string, std::string>& environment,
                       std::map<std::string, std::string>& config) {
  for (const auto* runtime : {"sglang", "vllm", "tensorrt-llm", "llamacpp", "sim"}) {
    for (const auto* what : {"python", "binary", "image"}) {
      const auto name = fmt::format("runtimes.{}.{}", runtime, what);
      std::string variable;
      for (const char c : name)
        variable +=
            c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      if (const auto found = environment.find(variable); found != environment.end())
        config[name] = found->second;
    }
  }
}

int terminal_columns() {
  winsize size{};
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  }
  return 0;
}

}  // namespace

cli::Settings read_settings() {
  cli::Settings settings;
  settings.version = AUTOTUNER_VERSION;
  settings.environment = whole_environment();
  const auto get = [&](const std::string& name, const std::string& otherwise) {
    return value_of(settings.environment, name, otherwise);
  };
  std::error_code code;
  settings.own_executable = std::filesystem::read_symlink("/proc/self/exe", code).string();
  const auto home = get("HOME", "/tmp");
  settings.data_folder = get("DATA_DIR", get("XDG_DATA_HOME", home + "/.local/share") + "/autotuner");
  settings.config_folder =
      get("AUTOTUNER_CONFIG_DIR", get("XDG_CONFIG_HOME", home + "/.config") + "/autotuner");
  settings.database_path = path_of_database(get("DATABASE_URL", ""), settings.data_folder + "/autotuner.db");
  settings.deployment_mode = get("DEPLOYMENT_MODE", "");
  settings.model_base_path = get("DOCKER_MODEL_PATH", "/mnt/data/models");
  settings.path = get("PATH", "/usr/local/bin:/usr/bin:/bin");
  settings.hf_token = get("HF_TOKEN", "");
  settings.config = read_config(settings.config_folder);
  apply_environment(settings.environment, settings.config);
  settings.stdin_is_terminal = isatty(STDIN_FILENO) == 1;
  settings.stdout_is_terminal = isatty(STDOUT_FILENO) == 1;
  settings.stderr_is_terminal = isatty(STDERR_FILENO) == 1;
  settings.colour = get("NO_COLOR", "").empty() && get("TERM", "dumb") != "dumb";
  const int columns = terminal_columns();
  const auto wanted = base::to_number(get("COLUMNS", ""));
  settings.columns = columns > 0 ? columns : wanted ? static_cast<int>(*wanted) : 120;
  return settings;
}

}  // namespace autotuner::app
