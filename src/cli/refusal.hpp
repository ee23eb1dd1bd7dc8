#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/exit_code.hpp"
#include "spec/load_task.hpp"

namespace autotuner::cli {

/// Why a command does nothing.
struct Refusal {
  base::Error error;
  std::vector<spec::Problem> problems;  ///< of a task file; already on stderr, line by line

  Refusal(base::Error why) : error(std::move(why)) {}  // NOLINT(google-explicit-constructor): as Result does
  Refusal(base::Error why, std::vector<spec::Problem> all)
      : error(std::move(why)), problems(std::move(all)) {}
};

template <class T>
using OrRefusal = tl::expected<T, Refusal>;

/// Says why on stderr and, with `json`, as {"error": {"kind", "message", "problems"}} on stdout. Returns the
/// exit code of the error's kind.
ExitCode refuse(const Refusal& refusal, bool json);

/// As `validate --json` lists them.
base::Json to_json(const std::vector<spec::Problem>& problems);

}  // namespace autotuner::cli
