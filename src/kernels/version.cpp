#include "kernels/version.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace autotuner::kernels {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Numbers as they are; a word before them ranks what it marks below (rc, a, b, dev) or above the release.
std::vector<long> parts_of(std::string_view version) {
  std::vector<long> parts;
  version = version.substr(0, version.find('+'));
  for (std::size_t i = 0; i < version.size();) {
    const auto begin = i;
    const bool number = is_digit(version[i]);
    const bool word = std::isalpha(static_cast<unsigned char>(version[i])) != 0;
    while (i < version.size() && is_digit(version[i]) == number &&
           (std::isalpha(static_cast<unsigned char>(version[i])) != 0) == word)
      ++i;
    const auto part = version.substr(begin, i - begin);
    if (number) {
      long value = 0;
      for (const char digit : part.substr(0, 9)) value = 10 * value + (digit - '0');
      parts.push_back(value);
    } else if (word) {
      parts.push_back(part == "post" ? 0 : part == "dev" ? -2 : -1);
    }
  }
  return parts;
}

}  // namespace

bool is_older(std::string_view a, std::string_view b) {
  auto left = parts_of(a), right = parts_of(b);
  const auto size = std::max(left.size(), right.size());
  left.resize(size);
  right.resize(size);
  return left < right;
}

std::vector<std::string> by_nearness(std::vector<std::string> versions, std::string_view wanted) {
  std::ranges::sort(versions, is_older);
  const auto above = wanted.empty() ? versions.end()
                                    : std::ranges::upper_bound(versions, wanted, is_older, [](const auto& v) {
                                        return std::string_view(v);
                                      });
  std::reverse(versions.begin(), above);
  return versions;
}

}  // namespace autotuner::kernels
