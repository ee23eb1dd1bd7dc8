#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace autotuner::traffic {

struct DatasetRequest {
  std::string url{};  ///< http(s)://, file:// or a path
  bool deduplicate = true;
  std::string cache_folder{};                  ///< data sets lie below it, one folder each
  std::string proxy{};                         ///< empty = what the environment says
  bool refresh = false;                        ///< fetch and convert again
  std::chrono::milliseconds retry_wait{1000};  ///< before the second try; twice that before the third
};

struct Dataset {
  std::vector<std::string> prompts;
  int bad_rows = 0;
  std::string source_file;
  std::string prompts_csv;  ///< path of the converted file
};

/// Fetches, unpacks and converts a data set, or reads what an earlier call left in the cache. Whatever
/// happens, the cache holds whole data sets only. Errors: invalid_input (format, unsafe archive, no prompts),
/// not_found, unavailable (after three tries), cancelled.
base::Result<Dataset> load_dataset(const DatasetRequest& request, const std::stop_token& stop);

/// The cache key: the first 16 hex digits of the SHA-256 of the URL; a switched-off deduplication and, for
/// local files, size and time of change are part of what is hashed.
std::string dataset_key(const DatasetRequest& request);

}  // namespace autotuner::traffic
