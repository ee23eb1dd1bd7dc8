#include "hosts/cpu_facts.hpp"
#include "hosts/memory_limit.hpp"
#include "hosts/process_table.hpp"
#include "hosts/shared_memory.hpp"
#include "hosts/socket_owner.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  if (const auto entry = hosts::parse_stat(text)) fuzz::require(entry->pid > 0, "a process has a number");
  (void)hosts::listening_sockets(text, 8000);
  (void)hosts::own_memory_group(std::string(text), std::string(text));
  (void)hosts::shared_memory_in(text);
  for (const int cpu : hosts::parse_cpu_list(text)) fuzz::require(cpu >= 0, "a CPU has a number");
  return 0;
}
