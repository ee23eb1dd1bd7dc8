#include "spec/document.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace autotuner::spec {
namespace {

constexpr std::size_t largest_document = std::size_t{4} * 1024 * 1024;
constexpr std::size_t longest_shown_value = 60;

/// Bytes of the UTF-8 sequence at the front, 0 if it is none (overlong forms and surrogates included).
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  const unsigned second = byte(1);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool outside = (lead == 0xED && second >= 0xA0) || (lead == 0xF4 && second >= 0x90);
  return overlong || outside ? 0 : length;
}

/// The line of the first byte that is neither UTF-8 nor allowed in a text file, or 0.
int first_unreadable_line(std::string_view text) {
  int line = 1;
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool control = c < 0x20 && c != '\t' && c != '\n' && c != '\r';
    const auto length = sequence_length(text.substr(i));
    if (control || length == 0) return line;
    if (c == '\n') ++line;
    i += length;
  }
  return 0;
}

}  // namespace

const char* to_text(NodeKind kind) {
  switch (kind) {
    case NodeKind::null:
      return "null";
    case NodeKind::boolean:
      return "true or false";
    case NodeKind::integer:
      return "a whole number";
    case NodeKind::real:
      return "a number";
    case NodeKind::text:
      return "text";
    case NodeKind::list:
      return "a list";
    case NodeKind::object:
      return "an object";
  }
  return "";
}

const Node* Node::find(std::string_view key) const {
  const auto found = std::ranges::find(members, key, &Member::key);
  return found == members.end() ? nullptr : &found->value;
}

void Node::set(std::string key, Node value) {
  kind = NodeKind::object;
  const auto found = std::ranges::find(members, key, &Member::key);
  const int at = value.line;
  if (found == members.end())
    members.push_back({std::move(key), at, std::move(value)});
  else
    found->value = std::move(value);
}

Node text_node(std::string text, int line) {
  Node node;
  node.kind = NodeKind::text;
  node.text = std::move(text);
  node.line = line;
  return node;
}

Node integer_node(std::int64_t value, int line) {
  Node node;
  node.kind = NodeKind::integer;
  node.integer = value;
  node.text = fmt::format("{}", value);
  node.line = line;
  return node;
}

base::Json to_json(const Node& node) {
  switch (node.kind) {
    case NodeKind::null:
      return nullptr;
    case NodeKind::boolean:
      return node.boolean;
    case NodeKind::integer:
      return node.integer;
    case NodeKind::real:
      return node.real;
    case NodeKind::text:
      return node.text;
    case NodeKind::list: {
      auto list = base::Json::array();
      for (const auto& item : node.items) list.push_back(to_json(item));
      return list;
    }
    case NodeKind::object: {
      auto object = base::Json::object();
      for (const auto& member : node.members) object[member.key] = to_json(member.value);
      return object;
    }
  }
  return nullptr;
}

std::string to_message_text(const Node& node) {
  std::string text =
      node.kind == NodeKind::real || node.kind == NodeKind::integer || node.kind == NodeKind::boolean
          ? node.text
          : base::to_compact_text(to_json(node));
  if (text.size() <= longest_shown_value) return text;
  std::size_t cut = longest_shown_value;
  // a cut inside a character would make the message unreadable
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;
  return text.substr(0, cut) + "...";
}

void Report::error(std::string path, int line, std::string code, std::string message) {
  problems_.push_back({Severity::error, std::move(path), line, std::move(message), std::move(code)});
}

void Report::warning(std::string path, int line, std::string code, std::string message) {
  problems_.push_back({Severity::warning, std::move(path), line, std::move(message), std::move(code)});
}

bool Report::has_errors() const {
  return std::ranges::any_of(problems_, [](const Problem& p) { return p.severity == Severity::error; });
}

bool Report::mentions(std::string_view path) const {
  return std::ranges::any_of(problems_, [&](const Problem& p) {
    return p.path.starts_with(path) &&
           (p.path.size() == path.size() || p.path[path.size()] == '.' || p.path[path.size()] == '[');
  });
}

std::optional<Node> parse_document(std::string_view text, Format format, Report& report) {
  if (text.size() > largest_document) {
    report.error(
        "", 0, "syntax",
        fmt::format("is {} bytes long; a task document has at most {}", text.size(), largest_document));
    return std::nullopt;
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (const int line = first_unreadable_line(text); line > 0) {
    report.error("", line, "syntax", "holds a byte that is not UTF-8 text");
    return std::nullopt;
  }
  if (base::trim(text).empty()) {
    report.error(
        "", 0, "syntax",
        "is empty; must be one object with task_name, model, base_runtime, optimization and benchmark");
    return std::nullopt;
  }
  auto root = format == Format::yaml ? parse_yaml_document(text, report) : parse_json_document(text, report);
  if (root && root->kind != NodeKind::object) {
    report.error("", root->line, "type", fmt::format("is {}; must be one object", to_text(root->kind)));
    return std::nullopt;
  }
  return root;
}

}  // namespace autotuner::spec
