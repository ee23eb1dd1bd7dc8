#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "spec/task.hpp"
#include "tuning/experiment.hpp"

namespace autotuner::store {

/// What of a task nobody but its engine may see: path in the document -> JSON value, as text
/// ("model.hf_token" -> "\"hf_x\"", "parameters.api-key" -> "[\"k\"]").
using Secrets = std::map<std::string, std::string>;

Secrets secrets_of(const spec::Task& task);

/// The document with every value masked whose name says that it is secret, and wherever a secret value turns
/// up.
base::Json without_secrets(base::Json document, const Secrets& secrets);
/// The document as the user gave it.
base::Json with_secrets(base::Json document, const Secrets& secrets);

base::Json to_json(const Secrets& secrets);
Secrets secrets_from_json(const base::Json& json);

/// Puts the values of the task's secret parameters back into a stored experiment.
void restore_secrets(tuning::Experiment& experiment, const spec::Task& task);

}  // namespace autotuner::store
