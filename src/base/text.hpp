#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace autotuner::base {

std::string_view trim(std::string_view text);
std::string to_lower(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(std::span<const std::string> parts, std::string_view separator);
std::string replace_all(std::string text, std::string_view from, std::string_view to);

/// The shortest decimal that reads back as the same double, in Python's notation: integral values keep ".0",
/// exponent form if the exponent is < -4 or >= 16: "0.85", "2.0", "1e-05", "1e+16".
std::string to_shortest_text(double value);

/// Four significant digits with thousands separators, for people: "3,937", "7.1", "0.0184".
std::string to_readable_number(double value, int significant = 4);

/// The candidate nearest to `word` by edit distance (insert, delete, replace, swap), for "did you mean": at
/// most a third of the word's letters may differ. Hyphens and underscores count as equal.
std::optional<std::string> nearest(std::string_view word, std::span<const std::string_view> candidates);

/// SHA-256 as 64 hex digits.
std::string sha256_hex(std::string_view bytes);

/// The number a whole token spells, or nothing ("4bit" is no number).
std::optional<double> to_number(std::string_view text);

}  // namespace autotuner::base
