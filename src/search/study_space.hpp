#pragma once

#include <optional>
#include <string>

#include "search/problem.hpp"
#include "search/strategy.hpp"

namespace autotuner::search {

/// A tuning problem as the line protocol and tuning tables write it: `parameters` (name, type, values or low
/// and high, log, scope), `constraints` over them and over numeric `facts`, `points` and `listed`,
/// `objective`, `objectives` (two or three),
/// `slo`, `default`.
struct StudySpace {
  space::Space space;
  space::PointRules rules;  ///< knows the listed points, if only those exist
  Problem problem;
  space::Point facts;  ///< all of them, texts too
  std::optional<space::Point> engine_default;
};

/// Only `parameters` is required; members that are not known are left alone. Errors: invalid_input naming the
/// member, its value and what it must be.
base::Result<StudySpace> study_space_from_json(const base::Json& json);

/// The point with exactly the parameters of the space, each at one of its values. Errors: invalid_input
/// naming the parameter and its values.
base::Result<space::Point> study_point_from_json(const space::Space& space, const base::Json& json);

/// The class of a failed trial by the words of the protocol: `oom_start` with a detail that speaks of the
/// cache or of graphs, `oom_run`, `invalid`, `timeout`, and the words of kernel tables. `ok` is
/// Failure::none. Errors: invalid_input for another word.
base::Result<Failure> failure_from_status(std::string_view status, std::string_view detail);

}  // namespace autotuner::search
