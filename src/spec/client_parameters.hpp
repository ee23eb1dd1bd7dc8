#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "load/plan.hpp"
#include "space/parameter.hpp"
#include "space/point.hpp"

namespace autotuner::spec {

/// Parameters that the load generator obeys, not the engine, so that a change of them needs no start:
///
///   client.concurrency    requests in flight, in place of benchmark.num_concurrency
///   client.request.NAME   member NAME of every request body, beside benchmark.additional_params
///
/// Why a name that begins with "client." is none of them; nothing = it is one.
std::optional<std::string> why_no_client_parameter(std::string_view name);
/// Why a client parameter can't have these values; nothing = it can.
std::optional<std::string> why_no_client_values(const space::Parameter& parameter);

/// True of client.request.NAME.
bool is_request_member(std::string_view parameter);

/// The load that a point asks for.
load::Workload workload_of(load::Workload workload, const space::Point& point);

/// What clients of a point have to do, for people: "16 requests in flight; cache_prompt = false in each".
/// Empty = nothing.
std::string client_words(const space::Point& point);

}  // namespace autotuner::spec
