#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace autotuner::hosts {

/// The whole text of a small file (/proc, /sys), or nothing when it can't be read.
std::optional<std::string> read_text(const std::string& path);
/// The same without white space at both ends; empty when it can't be read.
std::string read_line(const std::string& path);
/// Replaces what a control file holds. False when the kernel refuses.
bool write_text(const std::string& path, std::string_view text);
std::optional<std::int64_t> read_integer(const std::string& path);
/// The number behind `key` in lines "key value" or "key: value kB", unit not applied.
std::optional<std::int64_t> number_after(std::string_view text, std::string_view key);
/// Words of an errno value: "No such file or directory".
std::string error_text(int error);

}  // namespace autotuner::hosts
