#pragma once

#include <span>
#include <string_view>

namespace autotuner::store {

/// One step of the schema: a numbered SQL file, never changed once released.
struct Migration {
  int number = 0;
  std::string_view name;  ///< of the file, without suffix
  std::string_view sql;
};

/// All steps by number, 1, 2, ... without a gap.
std::span<const Migration> migrations();

}  // namespace autotuner::store
