#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "hosts/file_descriptor.hpp"
#include "hosts/secret_mask.hpp"

namespace autotuner::hosts {

struct LogLimits {
  std::uint64_t file_bytes = 64ULL << 20;  ///< then the file is renamed and a new one begun
  std::size_t lines = 1000;                ///< kept in memory
  std::size_t line_bytes = 8192;           ///< of each line in memory
};

/// Reads an engine's output from a pipe into a file and remembers the last lines, both with *** in place of
/// secrets. The engine never waits for
/// a slow or full disk: what can't be written is dropped, the lines in memory go on.
class EngineLog {
 public:
  /// Appends to `path`; empty = no file. The first full part becomes <path>.1 (how it started), the last but
  /// one <path>.2; what lies between is dropped. Errors: unavailable when the file can't be opened.
  static base::Result<std::unique_ptr<EngineLog>> open(std::string path, FileDescriptor output,
                                                       LogLimits limits = {},
                                                       std::vector<std::string> secrets = {});
  ~EngineLog();
  EngineLog(const EngineLog&) = delete;
  EngineLog& operator=(const EngineLog&) = delete;

  /// The last lines, each with its newline; 0 = all that are remembered. Thread-safe.
  std::string tail(std::size_t lines) const;
  /// Returns when all that was written before the call has been read, or after `limit`. Thread-safe.
  void settle(std::chrono::milliseconds limit);

 private:
  EngineLog(std::string path, FileDescriptor output, FileDescriptor file, FileDescriptor wake,
            LogLimits limits, std::vector<std::string> secrets);
  void read_until_told();
  bool read_once();
  void pass_on(std::string_view text);
  void append(std::string_view text);
  void write_out(std::string_view text);
  void rotate();

  const std::string path_;
  const LogLimits limits_;
  FileDescriptor output_;
  FileDescriptor file_;
  FileDescriptor wake_;
  std::uint64_t file_size_ = 0;
  SecretMask mask_;

  mutable std::mutex mutex_;
  std::condition_variable settled_;
  std::deque<std::string> lines_;
  std::string unfinished_;
  std::uint64_t asked_ = 0;
  std::uint64_t answered_ = 0;
  bool ended_ = false;
  bool stop_ = false;
  std::thread reader_;
};

}  // namespace autotuner::hosts
