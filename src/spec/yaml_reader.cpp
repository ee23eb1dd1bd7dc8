#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "spec/document.hpp"

namespace autotuner::spec {
namespace {

/// Expanded aliases included: a few nested anchors can stand for billions of nodes.
constexpr std::size_t most_nodes = 100'000;
constexpr std::string_view standard_prefix = "tag:yaml.org,2002:";

/// Ends the parse from inside an event; stays within this file.
struct Refusal {
  int line = 0;
  std::string path;
  std::string message;
};

std::size_t count_nodes(const Node& node) {
  std::size_t count = 1;
  for (const auto& item : node.items) count += count_nodes(item);
  for (const auto& member : node.members) count += count_nodes(member.value);
  return count;
}

/// Builds the tree from the parser's events; the parser's own node type merges and guesses too much.
class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(Report& report) : report_(report) {}

  std::optional<Node> take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.line = mark.line + 1;
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end())
      throw Refusal{mark.line + 1, path(), "refers to an anchor that is not complete yet"};
    count_ += count_nodes(known->second);
    add(known->second, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const int line = mark.line + 1;
    if (tag == "!" || tag == "tag:yaml.org,2002:str") {
      add(text_node(value, line), anchor);
      return;
    }
    refuse_custom(tag, line, {"int", "float", "bool", "null"});
    const bool as_key = expects_key();
    auto scalar = resolve_plain_scalar(value, line);
    if (as_key) scalar = {text_node(value, line), "", ""};
    if (!scalar.error.empty()) throw Refusal{line, path(), scalar.error};
    if (!scalar.warning.empty()) report_.warning(path(), line, "yaml_scalar", scalar.warning);
    if (as_key && value == "<<" && tag == "?") stack_.back().merging = true;
    add(std::move(scalar.value), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    refuse_custom(tag, mark.line + 1, {"seq"});
    open(NodeKind::list, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    refuse_custom(tag, mark.line + 1, {"map"});
    open(NodeKind::object, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    std::optional<std::string> key;  ///< read, its value still to come
    int key_line = 0;
    bool merging = false;  ///< the key is <<
    Node merged;           ///< from merge keys: comes first, own keys replace in place
  };

  bool expects_key() const {
    return !stack_.empty() && stack_.back().node.kind == NodeKind::object && !stack_.back().key;
  }

  void refuse_custom(const std::string& tag, int line,
                     std::initializer_list<std::string_view> standard) const {
    if (tag.empty() || tag == "?" || tag == "!") return;
    for (const auto name : standard) {
      if (tag.starts_with(standard_prefix) && std::string_view(tag).substr(standard_prefix.size()) == name)
        return;
    }
    throw Refusal{line, path(), fmt::format("has the tag {}; a task document has plain values only", tag)};
  }

  std::string path() const {
    std::string text;
    for (const auto& frame : stack_) {
      if (frame.node.kind == NodeKind::list)
        text += fmt::format("[{}]", frame.node.items.size());
      else if (frame.key)
        text += (text.empty() ? "" : ".") + *frame.key;
    }
    return text;
  }

  void open(NodeKind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (expects_key())
      throw Refusal{mark.line + 1, path(), "has a list or an object as a key; keys are text"};
    Frame frame;
    frame.node.kind = kind;
    frame.node.line = mark.line + 1;
    frame.anchor = anchor;
    frame.merged.kind = NodeKind::object;
    stack_.push_back(std::move(frame));
  }

  void close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    for (auto& member : frame.node.members) {
      const auto found = std::ranges::find(frame.merged.members, member.key, &Member::key);
      if (found == frame.merged.members.end())
        frame.merged.members.push_back(std::move(member));
      else
        *found = std::move(member);
    }
    frame.node.members = std::move(frame.merged.members);
    add(std::move(frame.node), frame.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    ++count_;
    if (count_ > most_nodes)
      throw Refusal{node.line, "",
                    fmt::format("has more than {} values once its aliases are expanded", most_nodes)};
    if (anchor != 0) anchors_[anchor] = node;
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& frame = stack_.back();
    if (frame.node.kind == NodeKind::list)
      frame.node.items.push_back(std::move(node));
    else if (!frame.key)
      take_key(frame, std::move(node));
    else
      take_value(frame, std::move(node));
  }

  void take_key(Frame& frame, Node node) const {
    if (node.kind == NodeKind::list || node.kind == NodeKind::object) {
      throw Refusal{node.line, path(), "has a list or an object as a key; keys are text"};
    }
    frame.key = node.is_null() && node.text.empty() ? "null" : node.text;
    frame.key_line = node.line;
  }

  void take_value(Frame& frame, Node node) {
    const std::string where = path();
    const std::string key = *std::exchange(frame.key, std::nullopt);
    if (std::exchange(frame.merging, false)) {
      merge(frame, node, where);
      return;
    }
    const auto found = std::ranges::find(frame.node.members, key, &Member::key);
    if (found != frame.node.members.end()) {
      report_.warning(where, frame.key_line, "duplicate_key", "is given twice; the last one counts");
      found->value = std::move(node);
      return;
    }
    frame.node.members.push_back({key, frame.key_line, std::move(node)});
  }

  void merge(Frame& frame, const Node& node, const std::string& where) const {
    const std::vector<Node> one = {node};
    for (const auto& source : node.kind == NodeKind::list ? node.items : one) {
      if (source.kind != NodeKind::object)
        throw Refusal{node.line, where, "merges something that is not an object"};
      for (const auto& member : source.members) {
        if (frame.merged.find(member.key) == nullptr) frame.merged.members.push_back(member);
      }
    }
  }

  Report& report_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::optional<Node> root_;
  std::size_t count_ = 0;
};

}  // namespace

std::optional<Node> parse_yaml_document(std::string_view text, Report& report) {
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder builder(report);
    if (!parser.HandleNextDocument(builder)) {
      report.error("", 0, "syntax", "is empty; must be one object");
      return std::nullopt;
    }
    auto root = builder.take();
    Report ignored;
    TreeBuilder second(ignored);
    if (parser.HandleNextDocument(second)) {
      report.error("", 0, "syntax", "holds more than one YAML document; must be one");
      return std::nullopt;
    }
    return root;
  } catch (const Refusal& refusal) {
    report.error(refusal.path, refusal.line, "syntax", refusal.message);
  } catch (const YAML::Exception& error) {
    report.error("", error.mark.line + 1, "syntax",
                 fmt::format("not valid YAML at column {}: {}", error.mark.column + 1, error.msg));
  } catch (const std::exception& error) {
    report.error("", 0, "syntax", fmt::format("not valid YAML: {}", error.what()));
  }
  return std::nullopt;
}

}  // namespace autotuner::spec
