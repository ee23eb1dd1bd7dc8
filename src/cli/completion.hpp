#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace autotuner::cli {

enum class Shell { bash, zsh, fish };

/// One word that can be completed, with what the shells that show help say about it.
struct CompletionWord {
  std::string word;  ///< --engine, or the name of a subcommand
  std::string help;
  bool takes_value = false;  ///< the next word is its value
};

/// Options of commands that the tree does not hold, by command.
using ExtraWords = std::map<std::string, std::vector<CompletionWord>>;

/// The script for one shell, made from the command line's own tree of commands and options.
std::string completion_script(const CLI::App& root, Shell shell, const ExtraWords& extra);

/// `completion bash|zsh|fish`.
void add_completion(CLI::App& app, const std::function<ExtraWords()>& extra, int& exit_code);

}  // namespace autotuner::cli
