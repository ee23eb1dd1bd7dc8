#pragma once

#include <array>
#include <string_view>

#include "metrics/statistics.hpp"

namespace autotuner::metrics {

/// Keys of one `stats.<metric>` object.
inline constexpr std::array<std::pair<std::string_view, double Statistics::*>, 11> statistics_columns{{
    {"min", &Statistics::min},
    {"max", &Statistics::max},
    {"mean", &Statistics::mean},
    {"stddev", &Statistics::stddev},
    {"sum", &Statistics::sum},
    {"p25", &Statistics::p25},
    {"p50", &Statistics::p50},
    {"p75", &Statistics::p75},
    {"p90", &Statistics::p90},
    {"p95", &Statistics::p95},
    {"p99", &Statistics::p99},
}};

}  // namespace autotuner::metrics
