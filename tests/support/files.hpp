#pragma once

#include <filesystem>
#include <fstream>
#include <string>

namespace autotuner::tests {

/// Writes a file and the folders above it.
inline void write_file(const std::string& path, const std::string& text, bool executable = false) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
  if (executable) std::filesystem::permissions(path, std::filesystem::perms::owner_all);
}

}  // namespace autotuner::tests
