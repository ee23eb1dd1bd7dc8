#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace autotuner::fuzz {

using Target = int (*)(const std::uint8_t* data, std::size_t size);

/// Gives the target each file of tests/fuzz/corpus/<name> and some hundred mutations of them.
void replay(const std::string& name, Target target);

}  // namespace autotuner::fuzz
