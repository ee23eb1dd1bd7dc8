#include <sstream>

#include <nlohmann/json.hpp>

#include "hosts/gguf.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::istringstream file{std::string(fuzz::text_of(data, size))};
  if (const auto config = hosts::gguf_config(file))
    fuzz::require(config->is_object(), "a config is an object");
  return 0;
}
