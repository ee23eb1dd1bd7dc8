#include <algorithm>
#include <filesystem>

#include "hosts/hub_listing.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

namespace {

bool stays_inside(const std::string& name) {
  const std::filesystem::path path(name);
  return !name.empty() && path.is_relative() &&
         std::ranges::none_of(path, [](const std::filesystem::path& part) { return part == ".."; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto listing = hosts::parse_hub_listing(fuzz::text_of(data, size));
  if (!listing) {
    fuzz::require(!listing.error().message.empty(), "a refused listing says why");
    return 0;
  }
  for (const auto& file : listing->files)
    fuzz::require(stays_inside(file.name), "no file is written outside the folder");
  for (const auto runtime : {engine::RuntimeId::llamacpp, engine::RuntimeId::vllm}) {
    for (const std::string quant : {"", "Q4_0"}) {
      const auto needed = hosts::files_needed(*listing, runtime, quant, "the hub");
      fuzz::require(needed ? needed->size() <= listing->files.size() : !needed.error().message.empty(),
                    "either some of the files or a reason");
    }
  }
  return 0;
}
