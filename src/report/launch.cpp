#include "report/launch.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/command_line.hpp"
#include "spec/client_parameters.hpp"

namespace autotuner::report {
namespace {

using tuning::Experiment;
using tuning::Run;

/// The command as it ran, made fit for a machine of its own: the trial's port becomes the engine's usual one.
std::vector<std::string> shipped_command(const Experiment& experiment) {
  auto command = experiment.command;
  for (std::size_t i = 0; i + 1 < command.size(); ++i) {
    if (command[i] == "--port") command[i + 1] = "8080";
    // The name that told the trial's engine from a stranger means nothing to the engine that is shipped.
    // So do threads for the cores that the load generator left: there is none where it is shipped.
    const bool ours =
        command[i] == "--alias" || command[i] == "--served-model-name" || command[i] == "--threads";
    if (ours && !experiment.flags.contains(command[i].substr(2)))
      command.erase(command.begin() + static_cast<std::ptrdiff_t>(i),
                    command.begin() + static_cast<std::ptrdiff_t>(i) + 2);
  }
  return command;
}

std::string wrapped_shell_line(const std::map<std::string, std::string>& environment,
                               const std::vector<std::string>& command) {
  std::string text = engine::shell_line(environment, {command.front()});
  for (std::size_t i = 1; i < command.size(); ++i) {
    // One option with its values to a line; `vllm serve MODEL` stays whole.
    text += (command[i].starts_with("--") ? " \\\n    " : " ") + engine::shell_quote(command[i]);
  }
  return text + "\n";
}

/// systemd splits words itself and knows double quotes and % specifiers, but no shell.
std::string systemd_word(const std::string& word) {
  auto text =
      base::replace_all(base::replace_all(base::replace_all(word, "\\", "\\\\"), "\"", "\\\""), "%", "%%");
  // $NAME stays: systemd expands it from the environment file, where the secret belongs.
  const bool plain = word.find_first_of(" \t'\"\\;") == std::string::npos && !word.empty();
  return plain ? text : "\"" + text + "\"";
}

std::string systemd_unit(const Run& run, const Experiment& experiment,
                         const std::vector<std::string>& command) {
  std::string line;
  for (const auto& word : command) line += (line.empty() ? "" : " ") + systemd_word(word);
  std::string environment;
  for (const auto& [name, value] : experiment.environment_variables) {
    environment += fmt::format("Environment={}\n", systemd_word(fmt::format("{}={}", name, value)));
  }
  return fmt::format(
      "[Unit]\nDescription={} for {} (configuration {} of task "
      "{})\nAfter=network-online.target\nWants=network-online.target\n\n"
      "[Service]\n{}ExecStart={}\nRestart=on-failure\nRestartSec=5\nDynamicUser=yes\n\n[Install]\nWantedBy="
      "multi-user.target\n",
      engine::runtime(run.task.runtime).title, base::replace_all(run.task.model.id_or_path, "%", "%%"),
      name_of(experiment.number), base::replace_all(run.task.name, "%", "%%"), environment, line);
}

/// The parts of a container that serves the configuration.
struct Container {
  std::string image;
  std::vector<std::string> entrypoint;
  std::vector<std::string> arguments;
  std::string volume;  ///< host:container:ro, empty = none
  int gpus = 0;
};

Container container_of(const Run& run, const Experiment& experiment) {
  const auto& runtime = engine::runtime(run.task.runtime);
  Container container;
  container.image = engine::image_with_tag(runtime.image, run.task.runtime_image_tag);
  container.gpus = runtime.simulated ? 0 : experiment.gpus;
  std::string model = run.task.model.id_or_path;
  if (model.starts_with("/")) {
    const auto slash = model.rfind('/');
    const bool file = run.task.runtime == engine::RuntimeId::llamacpp;
    container.volume = (file ? model.substr(0, slash) : model) + ":/model:ro";
    model = file ? "/model" + model.substr(slash) : "/model";
  }
  engine::Invocation invocation;
  invocation.model = model;
  invocation.host = "0.0.0.0";
  invocation.port = 8080;
  invocation.program = engine::default_program(run.task.runtime);
  // The image keeps its binary outside PATH.
  if (run.task.runtime == engine::RuntimeId::llamacpp) invocation.program = {"/app/llama-server"};
  const auto command =
      engine::masked_command(engine::command_line(invocation, experiment.flags, run.task.runtime));
  container.entrypoint = {command.begin(), command.begin() + 1};
  container.arguments = {command.begin() + 1, command.end()};
  return container;
}

std::string docker_run(const Experiment& experiment, const Container& container) {
  std::vector<std::string> command{"docker", "run", "--rm"};
  if (container.gpus > 0)
    command.insert(command.end(), {"--gpus", std::to_string(container.gpus), "--ipc", "host"});
  command.insert(command.end(), {"--publish", "8080:8080"});
  if (!container.volume.empty()) command.insert(command.end(), {"--volume", container.volume});
  for (const auto& [name, value] : experiment.environment_variables)
    command.insert(command.end(), {"--env", fmt::format("{}={}", name, value)});
  command.insert(command.end(), {"--entrypoint", container.entrypoint.front(), container.image});
  command.insert(command.end(), container.arguments.begin(), container.arguments.end());
  return wrapped_shell_line({}, command);
}

/// A YAML double-quoted scalar; $ is doubled because Compose substitutes variables, except in our own $NAME.
std::string yaml_quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n') {
      quoted += "\\n";
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string compose(const Run& run, const Experiment& experiment, const Container& container) {
  std::string text = fmt::format("services:\n  {}:\n    image: {}\n    entrypoint: [{}]\n    command:\n",
                                 engine::sanitize_name(run.task.name, engine::NameProfile::k8s),
                                 yaml_quoted(container.image), yaml_quoted(container.entrypoint.front()));
  for (const auto& argument : container.arguments) text += fmt::format("      - {}\n", yaml_quoted(argument));
  text += "    ports:\n      - \"8080:8080\"\n";
  if (!container.volume.empty())
    text += fmt::format("    volumes:\n      - {}\n", yaml_quoted(container.volume));
  if (!experiment.environment_variables.empty()) {
    text += "    environment:\n";
    for (const auto& [name, value] : experiment.environment_variables)
      text += fmt::format("      {}: {}\n", name, yaml_quoted(value));
  }
  if (container.gpus > 0) {
    text += fmt::format(
        "    ipc: host\n    deploy:\n      resources:\n        reservations:\n          devices:\n"
        "            - driver: nvidia\n              count: {}\n              capabilities: [gpu]\n",
        container.gpus);
  }
  return text + "    restart: unless-stopped\n";
}

/// What the command alone does not say, as comment lines.
std::string notes(const Run& run, const Experiment& experiment) {
  std::string text;
  if (engine::runtime(run.task.runtime).simulated)
    text += "# Simulated: these figures say nothing about a real engine.\n";
  if (const auto client = spec::client_words(experiment.parameters); !client.empty())
    text += fmt::format("# Its clients: {}\n", client);
  return text;
}

}  // namespace

std::string launch_text(const Run& run, int number, LaunchFormat format) {
  const auto* experiment = tuning::find(run, number);
  if (experiment == nullptr) return "";
  const auto note = notes(run, *experiment);
  switch (format) {
    case LaunchFormat::shell:
    case LaunchFormat::systemd: {
      const auto command = shipped_command(*experiment);
      if (command.empty()) return "";
      return note + (format == LaunchFormat::shell
                         ? wrapped_shell_line(experiment->environment_variables, command)
                         : systemd_unit(run, *experiment, command));
    }
    case LaunchFormat::docker:
    case LaunchFormat::compose: {
      const auto container = container_of(run, *experiment);
      if (container.image.empty())
        return note + fmt::format("# {} has no container image\n", engine::runtime(run.task.runtime).title);
      return note + (format == LaunchFormat::docker ? docker_run(*experiment, container)
                                                    : compose(run, *experiment, container));
    }
  }
  return "";
}

}  // namespace autotuner::report
