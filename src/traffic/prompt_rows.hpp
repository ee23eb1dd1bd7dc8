#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace autotuner::traffic {

/// The prompt inside a recorded request: `prompt`, else the last user message with content, else the last
/// message. Texts exported with backslash-escaped quotes are read, too. Nothing = no prompt in it.
std::optional<std::string> prompt_of_body(std::string_view body);

struct PromptRows {
  std::vector<std::string> prompts;
  int bad = 0;  ///< rows without a prompt
};

/// One JSON object a line with `prompt`, `request_body` (text or object) or `messages`; blank lines are
/// skipped.
PromptRows prompts_of_jsonl(std::string_view text);

/// Column `request_body`, else column `prompt`. Errors: invalid_input naming the columns that are there.
base::Result<PromptRows> prompts_of_csv(std::string_view text);

/// Order kept, first occurrence kept.
std::vector<std::string> without_repeats(std::vector<std::string> prompts);

/// Rows of a CSV text: quotes doubled inside quotes, line breaks allowed inside quotes.
std::vector<std::vector<std::string>> parse_csv(std::string_view text);
/// Header `prompt`, one row each, quoted only where needed.
std::string to_prompt_csv(const std::vector<std::string>& prompts);

}  // namespace autotuner::traffic
