#pragma once

#include <span>

#include "metrics/batch.hpp"

namespace autotuner::metrics {

struct AuditResult {
  Audit audit;
  double widening = 0;  ///< share by which the disturbances found may have moved the figures: widens ci95
};

/// The self-check of a measurement. A finding counts by what it could change: each disturbance is turned into
/// the largest relative change of the objective that it explains, and then
///   below 1 %           it is a note,
///   1 % to 5 %          the batch is noisy and its intervals are widened by it,
///   above 5 %           the batch is invalid.
/// Invalid whatever the size: a response that is unaccounted for, and tokens that were miscounted. Some
/// findings make a batch noisy at most, because they disturb all configurations alike or change what was
/// asked, not how it was measured: short answers, too few requests for the level, tokens estimated from text,
/// and (while the objective is not known) a late client that would only move TTFT. Foreign load has limits of
/// its own: 5 % and 25 % of the engine's cores. `batch` has its figures already.
AuditResult audit_of(std::span<const load::LevelRun> passes, const BatchContext& context, const Batch& batch);

}  // namespace autotuner::metrics
