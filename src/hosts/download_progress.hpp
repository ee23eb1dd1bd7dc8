#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "net/download.hpp"

namespace autotuner::hosts {

/// "1.25 GiB", "640.0 MiB"; for people.
std::string size_text(std::uint64_t bytes);

/// Says how far the download of several files is, at most ten times a second.
class DownloadProgress {
 public:
  /// `id` of the model.
  DownloadProgress(std::string id, const std::function<void(std::string)>& say);

  /// A file of that size is still to be fetched.
  void expect(std::uint64_t bytes) { wanted_ += bytes; }
  void tell(const std::string& file, net::FileProgress progress);
  /// The file told of last is complete.
  void finish_file();

 private:
  const std::string id_;
  const std::function<void(std::string)>& say_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point told_;
  net::FileProgress file_;      ///< of the current file
  net::FileProgress complete_;  ///< of the files before it
  std::uint64_t wanted_ = 0;    ///< bytes of all files, as far as known
};

}  // namespace autotuner::hosts
