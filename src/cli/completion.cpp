#include "cli/completion.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/exit_code.hpp"

namespace autotuner::cli {
namespace {

struct Command {
  std::string name, help;
  std::vector<CompletionWord> words;
};

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::vector<CompletionWord> words_of(const CLI::App& app) {
  std::vector<CompletionWord> words;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    words.push_back({command->get_name(), first_line(command->get_description()), false});
  }
  for (const auto* option : app.get_options()) {
    const bool takes_value = option->get_items_expected_max() > 0;
    for (const auto& name : option->get_snames())
      words.push_back({"-" + name, first_line(option->get_description()), takes_value});
    for (const auto& name : option->get_lnames())
      words.push_back({"--" + name, first_line(option->get_description()), takes_value});
  }
  return words;
}

std::vector<Command> commands_of(const CLI::App& root, const ExtraWords& extra) {
  std::vector<Command> commands;
  for (const auto* app : root.get_subcommands([](const CLI::App*) { return true; })) {
    Command command{app->get_name(), first_line(app->get_description()), words_of(*app)};
    if (const auto more = extra.find(command.name); more != extra.end())
      command.words.insert(command.words.end(), more->second.begin(), more->second.end());
    commands.push_back(std::move(command));
  }
  return commands;
}

std::string joined(const std::vector<CompletionWord>& words, bool only_with_value) {
  std::string text;
  for (const auto& word : words) {
    if (only_with_value && !word.takes_value) continue;
    text += (text.empty() ? "" : " ") + word.word;
  }
  return text;
}

/// Inside single quotes of a POSIX shell.
std::string posix_quoted(const std::string& text) {
  return "'" + base::replace_all(text, "'", "'\\''") + "'";
}

std::string fish_quoted(const std::string& text) {
  return "'" + base::replace_all(base::replace_all(text, "\\", "\\\\"), "'", "\\'") + "'";
}

std::string bash_script(const CLI::App& root, const std::vector<Command>& commands) {
  std::string text =
      "# bash completion for autotuner. Load it with: source <(autotuner completion bash)\n"
      "_autotuner() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command= words= "
      "values= i\n"
      "  COMPREPLY=()\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in\n"
      "      -*) ;;\n"
      "      *) command=${COMP_WORDS[i]}; break ;;\n"
      "    esac\n"
      "  done\n"
      "  case $command in\n";
  text += fmt::format("    '') words='{}' ;;\n", joined(words_of(root), false));
  for (const auto& command : commands) {
    text += fmt::format("    {}) words='{}'; values='{}' ;;\n", command.name, joined(command.words, false),
                        joined(command.words, true));
  }
  text +=
      "  esac\n"
      "  # No reply leaves the word to bash, which offers files: the value of an option, or a plain "
      "argument.\n"
      "  [[ \" $values \" == *\" $previous \"* ]] && return\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}\n"
      "complete -o bashdefault -o default -F _autotuner autotuner\n";
  return text;
}

/// 'name:help' of _describe; a colon would end the name.
std::string zsh_description(const std::string& name, const std::string& help) {
  return posix_quoted(base::replace_all(name, ":", "\\:") + ":" + help);
}

/// '--name[help]:value:_files' of _arguments.
std::string zsh_argument(const CompletionWord& word) {
  auto help = base::replace_all(word.help, "\\", "\\\\");
  help = base::replace_all(base::replace_all(help, "[", "\\["), "]", "\\]");
  return posix_quoted(fmt::format("{}[{}]{}", word.word, help, word.takes_value ? ":value:_files" : ""));
}

std::string zsh_case(const Command& command) {
  std::string options;
  std::string names;
  for (const auto& word : command.words) {
    if (word.word.starts_with("-")) {
      options += " \\\n        " + zsh_argument(word);
    } else {
      names += (names.empty() ? "" : " ") + word.word;
    }
  }
  const auto rest = names.empty() ? std::string("'*:file:_files'") : fmt::format("'1:command:({})'", names);
  return fmt::format("    {})\n      _arguments{} \\\n        {} ;;\n", command.name, options, rest);
}

std::string zsh_script(const std::vector<Command>& commands) {
  std::string text =
      "#compdef autotuner\n"
      "# zsh completion for autotuner. Save it as _autotuner in a folder of $fpath,\n"
      "# or load it with: source <(autotuner completion zsh)\n"
      "_autotuner() {\n"
      "  local -a commands\n"
      "  commands=(\n";
  for (const auto& command : commands) text += "    " + zsh_description(command.name, command.help) + "\n";
  text +=
      "  )\n"
      "  if (( CURRENT == 2 )); then\n"
      "    _describe 'command' commands\n"
      "    return\n"
      "  fi\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  case $words[1] in\n";
  for (const auto& command : commands) text += zsh_case(command);
  text +=
      "  esac\n"
      "}\n"
      "if [ \"$funcstack[1]\" = _autotuner ]; then\n"
      "  _autotuner \"$@\"\n"
      "else\n"
      "  compdef _autotuner autotuner\n"
      "fi\n";
  return text;
}

std::string fish_line(const std::string& condition, const CompletionWord& word) {
  std::string flag = "-a " + fish_quoted(word.word);
  if (word.word.starts_with("--"))
    flag = "-l " + word.word.substr(2);
  else if (word.word.starts_with("-"))
    flag = "-s " + word.word.substr(1);
  return fmt::format("complete -c autotuner -n {} {}{} -d {}\n", fish_quoted(condition), flag,
                     word.takes_value ? " -r" : "", fish_quoted(word.help));
}

std::string fish_script(const CLI::App& root, const std::vector<Command>& commands) {
  std::string text =
      "# fish completion for autotuner. Load it with: autotuner completion fish | source\n"
      "complete -c autotuner -n __fish_use_subcommand -f\n";
  for (const auto& word : words_of(root)) text += fish_line("__fish_use_subcommand", word);
  for (const auto& command : commands) {
    for (const auto& word : command.words)
      text += fish_line("__fish_seen_subcommand_from " + command.name, word);
  }
  return text;
}

}  // namespace

std::string completion_script(const CLI::App& root, Shell shell, const ExtraWords& extra) {
  const auto commands = commands_of(root, extra);
  switch (shell) {
    case Shell::bash:
      return bash_script(root, commands);
    case Shell::zsh:
      return zsh_script(commands);
    case Shell::fish:
      return fish_script(root, commands);
  }
  return "";
}

void add_completion(CLI::App& app, const std::function<ExtraWords()>& extra, int& exit_code) {
  auto* command = app.add_subcommand("completion", "print the completion script of a shell");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n  source <(autotuner completion bash)                                # this shell\n"
      "  autotuner completion bash > ~/.local/share/bash-completion/completions/autotuner\n"
      "  autotuner completion zsh > \"${fpath[1]}/_autotuner\"\n"
      "  autotuner completion fish > ~/.config/fish/completions/autotuner.fish");
  struct Row {
    const char* name;
    Shell shell;
  };
  for (const auto& row : {Row{"bash", Shell::bash}, Row{"zsh", Shell::zsh}, Row{"fish", Shell::fish}}) {
    auto* shell = command->add_subcommand(row.name, fmt::format("for {}", row.name));
    shell->callback([&app, extra, row, &exit_code] {
      fmt::print("{}", completion_script(app, row.shell, extra()));
      exit_code = success;
    });
  }
}

}  // namespace autotuner::cli
