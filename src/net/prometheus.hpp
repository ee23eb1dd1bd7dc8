#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace autotuner::net {

/// One line of a Prometheus text page.
struct PrometheusSample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
  bool operator==(const PrometheusSample&) const = default;
};

struct PrometheusPage {
  std::vector<PrometheusSample> samples;
  int bad_lines = 0;  ///< neither comment nor sample; skipped

  /// The values of all samples of that name whose labels include `labels`, added up; nothing if there is
  /// none.
  std::optional<double> sum(std::string_view name,
                            const std::map<std::string, std::string>& labels = {}) const;
};

/// Reads the text exposition format (version 0.0.4). Foreign pages are taken as they come: a bad line is
/// counted.
PrometheusPage parse_prometheus(std::string_view text);

}  // namespace autotuner::net
