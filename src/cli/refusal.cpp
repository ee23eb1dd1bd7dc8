#include "cli/refusal.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace autotuner::cli {

ExitCode refuse(const Refusal& refusal, bool json) {
  if (refusal.problems.empty()) fmt::print(stderr, "error: {}\n", refusal.error.message);
  if (json) {
    fmt::print("{}\n", base::to_pretty_text({{"error",
                                              {{"kind", base::to_text(refusal.error.kind)},
                                               {"message", refusal.error.message},
                                               {"problems", to_json(refusal.problems)}}}}));
  }
  return exit_code_of(refusal.error);
}

base::Json to_json(const std::vector<spec::Problem>& problems) {
  base::Json all = base::Json::array();
  for (const auto& problem : problems) {
    all.push_back({{"severity", problem.severity == spec::Severity::error ? "error" : "warning"},
                   {"path", problem.path},
                   {"line", problem.line == 0 ? base::Json(nullptr) : base::Json(problem.line)},
                   {"message", problem.message},
                   {"code", problem.code}});
  }
  return all;
}

}  // namespace autotuner::cli
