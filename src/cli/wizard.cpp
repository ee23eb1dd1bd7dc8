#include "cli/wizard.hpp"

#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/task_source.hpp"
#include "engine/command_line.hpp"

namespace autotuner::cli {
namespace {

/// One line from the terminal; nothing at its end (Ctrl-D).
std::optional<std::string> ask(const std::string& question, const std::string& otherwise) {
  fmt::print(stderr, "{}{} ", question, otherwise.empty() ? ":" : fmt::format(" [{}]:", otherwise));
  std::fflush(stderr);
  std::string line;
  if (!std::getline(std::cin, line)) return std::nullopt;
  const auto text = std::string(base::trim(line));
  return text.empty() ? otherwise : text;
}

/// Asks until `accept` finds nothing wrong; `accept` returns what is wrong, or an empty text.
template <class Accept>
std::optional<std::string> ask_until(const std::string& question, const std::string& otherwise,
                                     Accept accept) {
  while (true) {
    auto text = ask(question, otherwise);
    if (!text) return std::nullopt;
    const std::string wrong = accept(*text);
    if (wrong.empty()) return text;
    fmt::print(stderr, "  {}\n", wrong);
  }
}

std::string command_of(const WishOptions& wish) {
  std::vector<std::string> words{"autotuner", "tune",     "--engine",    wish.engine,
                                 "--model",   wish.model, "--objective", wish.objective};
  for (const auto& [option, value] :
       {std::pair{"--ttft", wish.ttft}, std::pair{"--tpot", wish.tpot}, std::pair{"--budget", wish.budget}}) {
    if (!value.empty()) words.insert(words.end(), {option, value});
  }
  for (const int level : wish.concurrency)
    words.insert(words.end(), {"--concurrency", std::to_string(level)});
  return engine::shell_line({}, words);
}

std::string wrong_engine(const std::string& text) {
  const auto found = engine::find_runtime(text);
  return found ? "" : found.error().message;
}

std::string wrong_limit(const std::string& text) {
  if (text == "none") return "";
  const auto colon = text.find(':');
  const auto parsed = spec::parse_duration(colon == std::string::npos ? text : text.substr(colon + 1));
  return parsed ? "" : parsed.error().message;
}

std::string wrong_objective(const std::string& text) {
  if (metrics::objective_from_text(text)) return "";
  std::string names;
  for (const auto name : metrics::objective_names()) names += (names.empty() ? "" : ", ") + std::string(name);
  return "allowed are " + names;
}

std::string wrong_model(const std::string& text) {
  return text.empty() ? "a model is needed" : "";
}

}  // namespace

base::Result<std::string> ask_for_task(const engine::Hardware& hardware) {
  fmt::print(stderr,
             "Five questions, then it starts. Enter takes the answer in brackets, Ctrl-D gives up.\n");
  const auto given_up =
      base::fail(base::ErrorKind::cancelled, "the questions were given up: nothing to tune");
  WishOptions wish;
  const auto engine = ask_until("1. Engine (llamacpp, vllm, sglang, sim)",
                                hardware.gpus > 0 ? "vllm" : "llamacpp", wrong_engine);
  if (!engine) return given_up;
  wish.engine = *engine;
  const auto model = ask_until("2. Model (file, folder or Hugging Face id)",
                               wish.engine == "sim" ? "demo-8b" : "", wrong_model);
  if (!model) return given_up;
  wish.model = *model;
  const auto objective =
      ask_until("3. What counts (maximize_throughput, minimize_ttft, minimize_tpot, minimize_latency)",
                "maximize_throughput", wrong_objective);
  if (!objective) return given_up;
  wish.objective = *objective;
  const auto ttft =
      ask_until("4. Limit on the time to first token (e.g. p90:1s, or none)", "none", wrong_limit);
  if (!ttft) return given_up;
  wish.ttft = *ttft == "none" ? "" : *ttft;
  const auto tpot =
      ask_until("5. Limit on the time per output token (e.g. 50ms, or none)", "none", wrong_limit);
  if (!tpot) return given_up;
  wish.tpot = *tpot == "none" ? "" : *tpot;

  const auto described = wish_of(wish, hardware);
  auto yaml = described ? spec::compose_yaml(*described)
                        : base::Result<std::string>(tl::unexpected(described.error()));
  if (!yaml) return yaml;
  std::string path = "task.yaml";
  std::error_code code;
  for (int i = 2; std::filesystem::exists(path, code); ++i) path = fmt::format("task-{}.yaml", i);
  if (const auto written = write_file(path, *yaml); !written) return tl::unexpected(written.error());
  fmt::print(stderr, "\nWrote {}. The same without questions:\n  {}\n\n", path, command_of(wish));
  return path;
}

}  // namespace autotuner::cli
