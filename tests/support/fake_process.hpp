#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include <poll.h>
#include <stdlib.h>

/// Helpers for tests that work with real processes.
namespace autotuner::tests {

#ifdef AUTOTUNER_FAKE_ENGINE
/// Path of the program of tests/support/fake_engine.cpp.
inline std::string fake_engine() {
  return AUTOTUNER_FAKE_ENGINE;
}
#endif

inline std::chrono::steady_clock::time_point in(std::chrono::steady_clock::duration time) {
  return std::chrono::steady_clock::now() + time;
}

/// True as soon as `condition` holds; false when it doesn't within 20 seconds.
template <class Condition>
bool comes_true(Condition condition) {
  const auto deadline = in(std::chrono::seconds(20));
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    ::poll(nullptr, 0, 1);
  }
  return true;
}

/// A folder that is there as long as this object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = std::filesystem::temp_directory_path() / "autotuner-test-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace autotuner::tests
