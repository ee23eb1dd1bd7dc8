#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "spec/document.hpp"
#include "spec/task.hpp"

namespace autotuner::spec {

/// Typed access to the members of a checked object; a missing object has no members.
class Section {
 public:
  Section(const Node& parent, std::string_view key)
      : node_(parent.find(key)), line_(node_ != nullptr ? node_->line : parent.line) {}
  explicit Section(const Node* node) : node_(node), line_(node != nullptr ? node->line : 0) {}

  bool exists() const { return node_ != nullptr; }
  int line() const { return line_; }
  const Node* find(std::string_view key) const { return node_ != nullptr ? node_->find(key) : nullptr; }
  /// The line of a member, else of the object.
  int line_of(std::string_view key) const;

  std::string text(std::string_view key, std::string preset = "") const;
  std::optional<std::int64_t> integer(std::string_view key) const;
  int count(std::string_view key, int preset) const;
  std::optional<double> number(std::string_view key) const;
  std::optional<std::chrono::duration<double>> seconds(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;

 private:
  const Node* node_;
  int line_;
};

/// Each fills its part of the task from a checked document.
/// False when the engine is not known, so that nothing can be said about its parameters.
bool convert_heading(const Node& document, Task& task, Report& report);
void convert_search(const Node& document, Task& task);
void convert_goal(const Node& document, Task& task, Report& report);
void convert_workload(const Node& document, Task& task, Report& report);
/// parameters, quant_config, parallel_config and constraints into one space; `document` gets the engine's
/// names.
void convert_space(Node& document, Task& task, Report& report);
/// After the space: the load of a task with client parameters. The engine's defaults are measured at the
/// levels that the space holds, the score is that of the best one, and client parameters stand last, so that
/// a grid changes them most often. What the document says beside them is a problem.
void settle_client_parameters(const Node& document, Task& task, Report& report);

/// What only the whole task can tell: levels against time limits, the objective against limits and levels,
/// the size of the space against max_iterations. Runs only on tasks without errors so far.
void cross_check(const Node& document, const LoadOptions& options, Task& task, Report& report);

/// The document as it is stored: pretty JSON without the members that hold secrets.
std::string stored_text(const Node& document);

}  // namespace autotuner::spec
