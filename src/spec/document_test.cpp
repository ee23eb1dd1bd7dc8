#include "spec/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace autotuner::spec {
namespace {

using testing::HasSubstr;

struct Parsed {
  std::optional<Node> root;
  Report report;
  std::string first() const { return report.problems().empty() ? "" : report.problems().front().message; }
  int line() const { return report.problems().empty() ? 0 : report.problems().front().line; }
};

Parsed parse(std::string_view text, Format format) {
  Parsed parsed;
  parsed.root = parse_document(text, format, parsed.report);
  return parsed;
}
Parsed json(std::string_view text) {
  return parse(text, Format::json);
}
Parsed yaml(std::string_view text) {
  return parse(text, Format::yaml);
}

std::string compact(const Parsed& parsed) {
  return parsed.root ? base::to_compact_text(to_json(*parsed.root)) : "unreadable: " + parsed.first();
}

TEST(JsonDocument, KeepsKeyOrderAndEveryKindOfValue) {
  const std::string text = R"({"b":1,"a":[true,false,null,-2.5,1e3,"x"],"c":{"z":{},"y":[]}})";
  EXPECT_EQ(compact(json(text)), R"({"b":1,"a":[true,false,null,-2.5,1000.0,"x"],"c":{"z":{},"y":[]}})");
}

TEST(JsonDocument, ReadsEscapesAndSurrogatePairs) {
  EXPECT_EQ(json(R"({"a":"\"\\\/\b\f\n\r\tA\u00e9\u20ac\ud83d\ude00"})").root->find("a")->text,
            "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80");
}

TEST(JsonDocument, TellsTheLineOfEachValue) {
  const auto parsed = json("{\n \"a\": 1,\n \"b\": [\n  2\n ]\n}");
  EXPECT_EQ(parsed.root->find("a")->line, 2);
  EXPECT_EQ(parsed.root->find("b")->items[0].line, 4);
}

TEST(JsonDocument, LetsTheLastOfARepeatedKeyCountWithAWarning) {
  const auto parsed = json("{\"a\": {\"b\": 1,\n\"b\": 2}}");
  EXPECT_EQ(compact(parsed), R"({"a":{"b":2}})");
  ASSERT_EQ(parsed.report.problems().size(), 1U);
  EXPECT_EQ(parsed.report.problems()[0],
            (Problem{Severity::warning, "a.b", 2, "is given twice; the last one counts", "duplicate_key"}));
}

TEST(JsonDocument, ToleratesAByteOrderMark) {
  EXPECT_EQ(compact(json("\xEF\xBB\xBF{\"a\":1}")), R"({"a":1})");
}

struct BadText {
  std::string_view text;
  int line;
  std::string_view reason;
};

TEST(JsonDocument, NamesWhatIsWrongAndWhere) {
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  const std::vector<BadText> cases = {
      {"", 0, "is empty"},
      {" \n ", 0, "is empty"},
      {"[1]", 1, "is a list; must be one object"},
      {"{\n\"a\": NaN}", 2, "NaN is not allowed"},
      {R"({"a": -Infinity})", 1, "-Infinity is not allowed"},
      {"{\"a\": 1,\n}", 2, "has a comma before '}'"},
      {R"({"a": [1,]})", 1, "has a comma before ']'"},
      {"{\n// x\n}", 2, "has a comment"},
      {R"({"a" 1})", 1, "has '1' where ':' should stand"},
      {R"({"a": 1 "b": 2})", 1, "has '\"' where ',' or '}' should stand"},
      {R"({"a": [1 2]})", 1, "has '2' where ',' or ']' should stand"},
      {R"({a: 1})", 1, "has 'a' where a key in quotes should stand"},
      {R"({"a": 01})", 1, "'01' is not a number"},
      {R"({"a": 1.})", 1, "'1.' is not a number"},
      {R"({"a": 1e})", 1, "'1e' is not a number"},
      {R"({"a": 9223372036854775808})", 1, "9223372036854775808 is outside the range of numbers"},
      {R"({"a": 1e999})", 1, "1e999 is outside the range of numbers"},
      {R"({"a": "x)", 1, "ends inside quotes"},
      {"{\"a\": \"x\ny\"}", 1, "has a line break or tab inside quotes"},
      {R"({"a": "\x"})", 1, "unknown escape"},
      {R"({"a": "\ud800"})", 1, "unknown escape"},
      {R"({"a": "\udc00"})", 1, "unknown escape"},
      {R"({"a": "\u12g4"})", 1, "unknown escape"},
      {R"({"a": )", 1, "ends where a value should stand"},
      {"{\"a\": \xC3\xA9}", 1, "has something else where a value should stand"},
      {R"({"a": 1} x)", 1, "has text behind the end"},
      {"{\"a\": \"\xFF\"}", 1, "not UTF-8"},
      {"{\"a\":\n\"\xED\xA0\x80\"}", 2, "not UTF-8"},
      {"{\"a\": \"\xC0\x80\"}", 1, "not UTF-8"},
      {deep, 1, "deeper than 100 levels"},
  };
  for (const auto& wrong : cases) {
    const auto parsed = json(wrong.text);
    EXPECT_FALSE(parsed.root) << wrong.text;
    EXPECT_THAT(parsed.first(), HasSubstr(std::string(wrong.reason))) << wrong.text;
    EXPECT_EQ(parsed.line(), wrong.line) << wrong.text;
  }
}

TEST(JsonDocument, RefusesWhatIsLargerThanADocumentEverIs) {
  EXPECT_THAT(json(std::string(5 << 20, ' ')).first(), HasSubstr("has at most 4194304"));
}

struct Scalar {
  std::string_view text;
  std::string_view meaning;  ///< compact JSON
  std::string_view warning;
};

TEST(YamlDocument, ReadsPlainScalarsAsYamlOneOneDoes) {
  const std::vector<Scalar> cases = {
      {"yes", "true", ""},
      {"No", "false", ""},
      {"ON", "true", ""},
      {"off", "false", ""},
      {"True", "true", ""},
      {"yEs", "\"yEs\"", ""},
      {"y", "\"y\"", ""},
      {"~", "null", ""},
      {"", "null", ""},
      {"Null", "null", ""},
      {"1_000", "1000", ""},
      {"-17", "-17", ""},
      {"+3", "3", ""},
      {"0x1F", "31", ""},
      {"0b101", "5", ""},
      {"010", "8", "octal"},
      {"08", "\"08\"", ""},
      {"0o17", "\"0o17\"", ""},
      {".5", "0.5", ""},
      {"5.", "5.0", ""},
      {"1.5e+3", "1500.0", ""},
      {"1e-5", "1e-05", "1.0e-5"},
      {"1.5e3", "1500.0", "signed exponent"},
      {"1:30", "\"1:30\"", "60"},
      {"1:30:15.5", "\"1:30:15.5\"", "60"},
      {"1:345", "\"1:345\"", ""},
      {"4bit", "\"4bit\"", ""},
      {"1.2.3", "\"1.2.3\"", ""},
      {"2024-01-02", "\"2024-01-02\"", ""},
      {"none", "\"none\"", ""},
      {"1:x", "\"1:x\"", ""},
      {"e5", "\"e5\"", ""},
      {"1e", "\"1e\"", ""},
      {"0x", "\"0x\"", ""},
      {"0b2", "\"0b2\"", ""},
      {"'yes'", "\"yes\"", ""},
      {"\"1\"", "\"1\"", ""},
      {"!!str 5", "\"5\"", ""},
      {"!!int \"5\"", "5", ""},
      {"1_0.5_0", "10.5", ""},
      {"0", "0", ""},
      {"-0.0", "-0.0", ""},
  };
  for (const auto& scalar : cases) {
    const auto parsed = yaml("a: " + std::string(scalar.text));
    EXPECT_EQ(compact(parsed), "{\"a\":" + std::string(scalar.meaning) + "}") << scalar.text;
    if (scalar.warning.empty())
      EXPECT_TRUE(parsed.report.problems().empty()) << scalar.text << ": " << parsed.first();
    else
      EXPECT_THAT(parsed.first(), HasSubstr(std::string(scalar.warning))) << scalar.text;
  }
}

TEST(YamlDocument, KeepsKeysAsTheyAreSpelled) {
  EXPECT_EQ(compact(yaml("on: 1\n1.0: 2\n'q': 3\n~: 4")), R"({"on":1,"1.0":2,"q":3,"null":4})");
}

TEST(YamlDocument, ExpandsAnchorsAndMergeKeys) {
  EXPECT_EQ(compact(yaml("a: &x {p: 1, q: 2}\nb:\n  q: 3\n  <<: *x\n  r: 4\nc: *x")),
            R"({"a":{"p":1,"q":2},"b":{"p":1,"q":3,"r":4},"c":{"p":1,"q":2}})");
  EXPECT_EQ(compact(yaml("a: &x {p: 1}\nb: &y {p: 2, q: 3}\nc: {<<: [*x, *y]}")),
            R"({"a":{"p":1},"b":{"p":2,"q":3},"c":{"p":1,"q":3}})");
}

TEST(YamlDocument, WarnsOfARepeatedKey) {
  const auto parsed = yaml("a: 1\nb:\n  - c: 1\n    c: 2\n");
  EXPECT_EQ(compact(parsed), R"({"a":1,"b":[{"c":2}]})");
  ASSERT_EQ(parsed.report.problems().size(), 1U);
  EXPECT_EQ(parsed.report.problems()[0], (Problem{Severity::warning, "b[0].c", 4,
                                                  "is given twice; the last one counts", "duplicate_key"}));
}

TEST(YamlDocument, NamesWhatIsWrongAndWhere) {
  const std::string deep = std::string(2000, '[');
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  const std::vector<BadText> cases = {
      {"- 1\n", 1, "is a list; must be one object"},
      {"5", 1, "is a whole number; must be one object"},
      {"# only a comment\n", 0, "is empty"},
      {"a: !python/object 1\n", 1, "has the tag !python/object"},
      {"a: !!set {x}\n", 1, "has the tag tag:yaml.org,2002:set"},
      {"a: 1\nb: !!omap [x]\n", 2, "has the tag"},
      {"? [a, b]\n: 1\n", 1, "keys are text"},
      {"? {a: b}\n: 1\n", 1, "keys are text"},
      {"a: &x [*x]\n", 1, "not complete yet"},
      {"a: *nothing\n", 1, "not valid YAML"},
      {"a: [1, 2\nb: 3\n", 2, "not valid YAML"},
      {"a: .nan\n", 1, ".nan is not allowed"},
      {"a: -.inf\n", 1, "-.inf is not allowed"},
      {"a: 99999999999999999999\n", 1, "outside the range"},
      {"a: 1.0e+999\n", 1, "outside the range"},
      {"a: {<<: 5}\n", 1, "merges something that is not an object"},
      {"a: &k [1]\n*k : 1\n", 1, "keys are text"},
      {"a: 1\n---\nb: 2\n", 0, "more than one YAML document"},
      {deep, 1, ""},
      {bomb, 1, "more than 100000 values"},
  };
  for (const auto& wrong : cases) {
    const auto parsed = yaml(wrong.text);
    EXPECT_FALSE(parsed.root) << wrong.text.substr(0, 60);
    EXPECT_THAT(parsed.first(), HasSubstr(std::string(wrong.reason))) << wrong.text.substr(0, 60);
  }
}

TEST(Document, ShowsLongValuesCutBetweenCharacters) {
  std::string text(58, 'x');
  text += "\xE2\x82\xAC\xE2\x82\xAC";
  EXPECT_EQ(to_message_text(text_node(text, 1)), "\"" + std::string(58, 'x') + "...");
  EXPECT_EQ(to_message_text(integer_node(-5, 1)), "-5");
}

}  // namespace
}  // namespace autotuner::spec
