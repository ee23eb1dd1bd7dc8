#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "spec/load_task.hpp"

namespace autotuner::spec {

struct Member;

enum class NodeKind { null, boolean, integer, real, text, list, object };
/// "a whole number", "a list", ... for messages.
const char* to_text(NodeKind kind);

/// One value of a document, whatever the format it was written in: order of keys kept, each node with its
/// line.
struct Node {
  NodeKind kind = NodeKind::null;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;
  std::string text;             ///< of text the value, of other scalars the spelling
  std::vector<Node> items;      ///< of a list
  std::vector<Member> members;  ///< of an object
  int line = 0;                 ///< 1-based

  bool is_null() const { return kind == NodeKind::null; }
  bool is_number() const { return kind == NodeKind::integer || kind == NodeKind::real; }
  double number() const { return kind == NodeKind::integer ? static_cast<double>(integer) : real; }
  /// The member's value, or nullptr.
  const Node* find(std::string_view key) const;
  /// Replaces in place, or appends.
  void set(std::string key, Node value);
};

struct Member {
  std::string key;
  int line = 0;
  Node value;
};

Node text_node(std::string text, int line);
Node integer_node(std::int64_t value, int line);

base::Json to_json(const Node& node);
/// The value as in a message: "D(1,2)" in quotes, numbers as written, long ones cut.
std::string to_message_text(const Node& node);

/// All that is wrong with one document, in the order in which it was found.
class Report {
 public:
  void error(std::string path, int line, std::string code, std::string message);
  void warning(std::string path, int line, std::string code, std::string message);
  bool has_errors() const;
  /// Whether something was said of that path or of what stands below it: what follows from it isn't news.
  bool mentions(std::string_view path) const;
  const std::vector<Problem>& problems() const { return problems_; }

 private:
  std::vector<Problem> problems_;
};

/// The tree of a document, or nothing when it can't be read (then `report` says why). Never throws.
std::optional<Node> parse_document(std::string_view text, Format format, Report& report);

/// One JSON value: strict, at most 100 levels deep, whole numbers of 64 bits.
std::optional<Node> parse_json_document(std::string_view text, Report& report);
/// One YAML 1.1 document with the plain types; anchors and merge keys are expanded, custom tags refused.
std::optional<Node> parse_yaml_document(std::string_view text, Report& report);

/// What a plain YAML scalar means.
struct PlainScalar {
  Node value;
  std::string warning;  ///< why other YAML readers see something else; empty = they don't
  std::string error;    ///< why it can't be used
};
PlainScalar resolve_plain_scalar(std::string_view text, int line);

}  // namespace autotuner::spec
