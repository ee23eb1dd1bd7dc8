#pragma once

#include <vector>

namespace autotuner::bench {

/// Ranks from 0, equal values share their mean rank.
std::vector<double> ranks(const std::vector<double>& values);

/// Spearman's rank correlation: Pearson's correlation of the ranks. 0 for fewer than 2 pairs.
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace autotuner::bench
