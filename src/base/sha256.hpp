#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace autotuner::base {

/// SHA-256 of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view bytes);
  /// Of all that was added, as 64 hex digits. Ends the object's use.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace autotuner::base
