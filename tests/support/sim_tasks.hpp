#pragma once

#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "spec/load_task.hpp"

namespace autotuner::test {

/// A small task for the simulated engine, as a document.
inline std::string sim_document(const std::string& name, const std::string& more_parameters = "") {
  return fmt::format(R"json({{
    "task_name": "{}",
    "description": "a task of a test",
    "model": {{"id_or_path": "sim-8b"{}}},
    "base_runtime": "sim",
    "parameters": {{"max-num-seqs": [64, 16, 32], "tp-size": [1, 2]{}}},
    "optimization": {{"strategy": "grid_search", "objective": "maximize_throughput", "max_iterations": 6}},
    "benchmark": {{"task": "text-to-text", "model_name": "sim-8b", "model_tokenizer": "sim-8b",
                   "traffic_scenarios": ["D(100,100)"], "num_concurrency": [1, 4]}}
  }})json",
                     name, more_parameters.empty() ? "" : R"(, "hf_token": "hf_planted_secret")",
                     more_parameters);
}

inline spec::Task load_or_fail(const std::string& document) {
  auto loaded = spec::load_task(document, spec::Format::json);
  for (const auto& problem : loaded.problems) {
    if (problem.severity == spec::Severity::error) ADD_FAILURE() << spec::to_text(problem, "document");
  }
  return loaded.task ? std::move(*loaded.task) : spec::Task{};
}

inline spec::Task sim_task(const std::string& name) {
  return load_or_fail(sim_document(name));
}
/// With a token of the model and a secret parameter.
inline spec::Task sim_task_with_secrets(const std::string& name) {
  return load_or_fail(sim_document(name, R"(, "api-key": ["planted-api-key"])"));
}

}  // namespace autotuner::test
