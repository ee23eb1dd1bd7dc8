#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "search/study.hpp"

namespace autotuner::cli {

/// A strategy by the name that users write; `bayesian` is gp. Errors: invalid_input with the names.
base::Result<search::Options> strategy_options(std::string_view name);

/// The optimizer as a service: every request line gets exactly one answer line. The same lines get the same
/// answers, byte for byte.
///
///   {"space": {...}, "seed": 1, "budget": 60}     {"ready": true}
///   {"ask": 1}                                    {"point": {...}} or {"done": true}
///   {"ask": 4}                                    {"points": [{...}, ...]}
///   {"tell": {"point": {...}, "status": "ok", "metrics": {...}, "costs": {...}}}      {"ok": true}
///   anything else                                 {"error": "..."}
class LineProtocol {
 public:
  /// `options` without seed and horizon, which the first line names.
  explicit LineProtocol(search::Options options) : options_(std::move(options)) {}

  /// Adds the prior to a problem, from its facts. May be empty.
  using AddPrior = void (*)(search::StudySpace&);
  LineProtocol(search::Options options, AddPrior add_prior)
      : options_(std::move(options)), add_prior_(add_prior) {}

  std::string answer(std::string_view line);

 private:
  base::Result<base::Json> respond(std::string_view line);
  base::Result<base::Json> open(const base::Json& request);
  base::Result<base::Json> ask(const base::Json& count);
  base::Result<base::Json> tell(const base::Json& report);

  search::Options options_;
  AddPrior add_prior_ = nullptr;
  std::optional<search::StudySpace> space_;
  std::optional<search::Study> study_;
};

}  // namespace autotuner::cli
