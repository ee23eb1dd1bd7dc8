#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace autotuner::hosts {

struct ProbeReply {
  int status = 0;     ///< 0 = no HTTP answer
  std::string body;   ///< 1 MiB at most
  std::string error;  ///< why there is no answer
};

/// GET requests to an engine on this host, straight (no proxy), one connection each. Not thread-safe.
class HttpProbe {
 public:
  HttpProbe();
  ~HttpProbe();
  HttpProbe(const HttpProbe&) = delete;
  HttpProbe& operator=(const HttpProbe&) = delete;

  /// Sends all at once and waits until each is answered or `limit` is over, or until one of the descriptors
  /// `wake` becomes readable: unanswered ones then say so. Replies in the order of `urls`.
  std::vector<ProbeReply> get(std::span<const std::string> urls, std::chrono::milliseconds limit,
                              std::span<const int> wake);

 private:
  struct Transfers;
  std::unique_ptr<Transfers> transfers_;
};

}  // namespace autotuner::hosts
