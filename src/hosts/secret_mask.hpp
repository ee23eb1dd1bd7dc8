#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace autotuner::hosts {

/// Puts *** in place of secret values in a text that comes in pieces, also where a value is split between
/// two of them.
class SecretMask {
 public:
  explicit SecretMask(std::vector<std::string> values);

  /// What can be passed on by now. An end that may be the beginning of a value waits for the next piece.
  std::string pass(std::string_view piece);
  /// What waits, after the last piece: *** when it is four characters of a value or more.
  std::string rest();

 private:
  std::vector<std::string> values_;  ///< longest first: one may contain another
  std::string first_characters_;
  std::string waiting_;
};

}  // namespace autotuner::hosts
