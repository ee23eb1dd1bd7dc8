#include "traffic/prompt_rows.hpp"

#include <algorithm>
#include <ranges>
#include <unordered_set>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"

namespace autotuner::traffic {
namespace {

using base::Json;

/// Text of a message: itself, or the texts of its parts.
std::string content_text(const Json& message) {
  const auto content = message.find("content");
  if (content == message.end()) return {};
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array()) return {};
  std::vector<std::string> texts;
  for (const auto& part : *content) {
    if (base::text_at(part, "type") != "text") continue;
    if (auto text = base::text_at(part, "text")) texts.push_back(std::move(*text));
  }
  return base::join(texts, " ");
}

std::optional<std::string> prompt_of_messages(const Json& messages) {
  if (!messages.is_array() || messages.empty()) return std::nullopt;
  for (auto message = messages.rbegin(); message != messages.rend(); ++message) {
    if (base::text_at(*message, "role") != "user") continue;
    auto text = content_text(*message);
    if (!text.empty()) return text;
  }
  if (!messages.back().is_object()) return std::nullopt;
  auto text = content_text(messages.back());
  return text.empty() ? std::nullopt : std::optional(std::move(text));
}

std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '"' || text[i + 1] == '\\');
    if (escape) ++i;
    result += text[i];
  }
  return result;
}

std::optional<std::string> prompt_of_document(const Json& body) {
  if (!body.is_object()) return std::nullopt;
  const auto prompt = body.find("prompt");
  if (prompt != body.end())
    return prompt->is_string() ? std::optional(prompt->get<std::string>()) : std::nullopt;
  const auto messages = body.find("messages");
  return messages == body.end() ? std::nullopt : prompt_of_messages(*messages);
}

std::optional<std::string> prompt_of_line(const Json& row) {
  if (!row.is_object()) return std::nullopt;
  const auto prompt = row.find("prompt");
  if (prompt != row.end())
    return prompt->is_string() ? std::optional(prompt->get<std::string>()) : std::nullopt;
  const auto body = row.find("request_body");
  if (body != row.end())
    return body->is_string() ? prompt_of_body(body->get<std::string>()) : prompt_of_document(*body);
  return prompt_of_document(row);
}

}  // namespace

std::optional<std::string> prompt_of_body(std::string_view body) {
  auto document = base::parse_json(body);
  if (!document && body.find("\\\"") != std::string_view::npos) {
    // exports escape quotes alone, or quotes and backslashes
    document = base::parse_json(base::replace_all(std::string(body), "\\\"", "\""));
    if (!document) document = base::parse_json(unescaped(body));
  }
  return document ? prompt_of_document(*document) : std::nullopt;
}

PromptRows prompts_of_jsonl(std::string_view text) {
  PromptRows rows;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = base::trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const auto row = base::parse_json(line);
    if (auto prompt = row ? prompt_of_line(*row) : std::nullopt)
      rows.prompts.push_back(std::move(*prompt));
    else
      ++rows.bad;
  }
  return rows;
}

base::Result<PromptRows> prompts_of_csv(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const auto table = parse_csv(text);
  if (table.empty()) return base::invalid_input("the CSV file is empty");
  const auto& header = table.front();
  const auto column_of = [&header](std::string_view name) {
    return std::ranges::find_if(header, [name](const auto& cell) { return base::trim(cell) == name; });
  };
  auto column = column_of("request_body");
  const bool is_body = column != header.end();
  if (!is_body) column = column_of("prompt");
  if (column == header.end()) {
    return base::invalid_input("the CSV file needs a column request_body or prompt; it has: {}",
                               base::join(header, ", "));
  }
  const auto index = static_cast<std::size_t>(column - header.begin());
  PromptRows rows;
  for (const auto& row : table | std::views::drop(1)) {
    std::optional<std::string> prompt;
    if (index < row.size()) prompt = is_body ? prompt_of_body(row[index]) : std::optional(row[index]);
    if (prompt)
      rows.prompts.push_back(std::move(*prompt));
    else
      ++rows.bad;
  }
  return rows;
}

std::vector<std::string> without_repeats(std::vector<std::string> prompts) {
  std::unordered_set<std::string> seen;
  std::vector<std::string> kept;
  for (auto& prompt : prompts) {
    if (seen.insert(prompt).second) kept.push_back(std::move(prompt));
  }
  return kept;
}

std::vector<std::vector<std::string>> parse_csv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string cell;
  bool quoted = false;
  bool any = false;
  const auto end_row = [&] {
    if (any || !row.empty()) {
      row.push_back(std::move(cell));
      rows.push_back(std::move(row));
    }
    row.clear();
    cell.clear();
    any = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '"' && i + 1 < text.size() && text[i + 1] == '"')
        cell += text[++i];
      else if (c == '"')
        quoted = false;
      else
        cell += c;
    } else if (c == '"' && cell.empty()) {
      quoted = any = true;
    } else if (c == ',') {
      row.push_back(std::move(cell));
      cell.clear();
      any = true;
    } else if (c == '\n') {
      end_row();
    } else if (c != '\r') {
      cell += c;
      any = true;
    }
  }
  end_row();
  return rows;
}

std::string to_prompt_csv(const std::vector<std::string>& prompts) {
  std::string text = "prompt\n";
  for (const auto& prompt : prompts) {
    // an empty cell alone would read as a blank line
    const bool quote = prompt.empty() || prompt.find_first_of(",\"\r\n") != std::string::npos;
    text += quote ? "\"" + base::replace_all(prompt, "\"", "\"\"") + "\"" : prompt;
    text += '\n';
  }
  return text;
}

}  // namespace autotuner::traffic
