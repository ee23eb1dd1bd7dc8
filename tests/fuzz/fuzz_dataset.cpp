#include "tests/fuzz/require.hpp"
#include "traffic/prompt_rows.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  (void)traffic::prompt_of_body(text);
  (void)traffic::prompts_of_jsonl(text);
  if (const auto rows = traffic::prompts_of_csv(text); rows && !rows->prompts.empty()) {
    const auto again = traffic::prompts_of_csv(traffic::to_prompt_csv(rows->prompts));
    fuzz::require(again.has_value(), "a converted data set can be read");
    fuzz::require(again->prompts == rows->prompts, "a converted data set holds the same prompts");
  }
  return 0;
}
