#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/refusal.hpp"
#include "cli/settings.hpp"
#include "engine/advice.hpp"
#include "spec/compose.hpp"
#include "spec/load_task.hpp"

namespace autotuner::cli {

/// A file's whole text. Errors: not_found, unavailable, each naming the file.
base::Result<std::string> read_file(const std::string& path);
/// Writes through a temporary file and a rename: a reader never sees half of it.
base::Result<void> write_file(const std::string& path, const std::string& text);
using TextSink = std::function<void(std::string_view)>;
/// The same for a text that comes piece by piece.
base::Result<void> write_file(const std::string& path, const std::function<void(const TextSink&)>& fill);

/// Reads and checks a task file; every problem goes to stderr, warnings, too.
OrRefusal<spec::Task> load_task_file(const std::string& path, const spec::LoadOptions& options);
/// The same for a text in hand; `name` stands in messages.
OrRefusal<spec::Task> load_task_text(const std::string& text, spec::Format format, const std::string& name,
                                     const spec::LoadOptions& options);

/// The options that describe a task without a file: shared by `tune` and `init`.
struct WishOptions {
  std::string engine, model, objective = "maximize_throughput", name, ttft, tpot, latency, budget;
  std::vector<std::string> scenarios;
  std::vector<int> concurrency;
  std::optional<int> max_iterations;
  std::optional<std::uint64_t> seed;

  void add_to(CLI::App& command);
  bool given() const { return !engine.empty() || !model.empty(); }
};

/// Errors: invalid_input naming the option.
base::Result<spec::Wish> wish_of(const WishOptions& options, const engine::Hardware& hardware);

}  // namespace autotuner::cli
