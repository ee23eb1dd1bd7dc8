#include "space/constraint.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace autotuner::space {
namespace {

const Point example{{"tp-size", 4},     {"dp-size", 2},        {"kv-cache-dtype", "fp8"},
                    {"dtype", "auto"},  {"enable-mla", true},  {"m", 0.85},
                    {"unset", Value()}, {"__parallel__tp", 8}, {"env.OMP_NUM_THREADS", 16}};

bool holds(std::string_view text, const Point& point = example) {
  const auto constraint = Constraint::parse(text);
  EXPECT_TRUE(constraint) << constraint.error().message;
  const auto answer = constraint->holds(point);
  EXPECT_TRUE(answer) << answer.error().message;
  return answer.value_or(false);
}

std::string parse_error(std::string_view text) {
  const auto constraint = Constraint::parse(text);
  return constraint ? "parsed" : constraint.error().message;
}

std::string error(std::string_view text) {
  return Constraint::parse(text)->holds(example).error().message;
}

TEST(Constraint, ComparesAndCalculates) {
  EXPECT_TRUE(holds("tp-size * dp-size <= 8"));
  EXPECT_FALSE(holds("tp-size * dp-size < 8"));
  EXPECT_TRUE(holds("tp-size + dp-size == 6.0"));
  EXPECT_TRUE(holds("tp-size - dp-size == 2"));
  EXPECT_TRUE(holds("tp-size / dp-size >= 2"));
  EXPECT_TRUE(holds("dp-size / tp-size == 0.5"));
  EXPECT_TRUE(holds("tp-size % dp-size == 0"));
  EXPECT_TRUE(holds("tp-size > 3 and dp-size != 3"));
  EXPECT_TRUE(holds("m >= 0.85"));
  EXPECT_TRUE(holds("m <= .85"));
  EXPECT_TRUE(holds("-tp-size < -3"));
  EXPECT_TRUE(holds("2 + 3 * 4 == 14"));
  EXPECT_TRUE(holds("(2 + 3) * 4 == 20"));
  EXPECT_TRUE(holds("10 - 4 - 3 == 3"));
  EXPECT_TRUE(holds("1e3 == 1000"));
}

TEST(Constraint, ReadsNamesWithHyphensDotsAndPrefixes) {
  EXPECT_TRUE(holds("__parallel__tp == 8"));
  EXPECT_TRUE(holds("env.OMP_NUM_THREADS == 16"));
  EXPECT_EQ(Constraint::parse("a-1 <= b - 1 and --long-name > a- 1")->names(),
            (std::vector<std::string>{"a-1", "b", "--long-name", "a"}));
  EXPECT_EQ(parse_error("tp-size*2-1 < 8"),
            "constraint \"tp-size*2-1 < 8\", column 9: \"2-1\" is neither a number nor a name; write "
            "subtraction with "
            "spaces around the hyphen");
}

TEST(Constraint, ComparesTextAndBools) {
  EXPECT_TRUE(holds("kv-cache-dtype != 'bf16' or dtype == \"bf16\""));
  EXPECT_FALSE(holds("kv-cache-dtype == 'bf16'"));
  EXPECT_TRUE(holds("enable-mla"));
  EXPECT_TRUE(holds("enable-mla == true and not false"));
  EXPECT_TRUE(holds("kv-cache-dtype > 'fp16'"));
  EXPECT_TRUE(holds("'it\\'s' == \"it's\""));
  EXPECT_FALSE(holds("dtype == 8"));
  EXPECT_TRUE(holds("enable-mla != 1"));
}

TEST(Constraint, BindsNotAndOrInThisOrder) {
  EXPECT_TRUE(holds("true or false and false"));
  EXPECT_FALSE(holds("(true or false) and false"));
  EXPECT_TRUE(holds("not false and true"));
  EXPECT_FALSE(holds("not (false or true)"));
  EXPECT_TRUE(holds("not tp-size == 5"));
  EXPECT_TRUE(holds("not not true"));
  EXPECT_FALSE(holds("false or false or false"));
}

TEST(Constraint, ChainsComparisons) {
  EXPECT_TRUE(holds("1 < tp-size <= 4"));
  EXPECT_FALSE(holds("1 < tp-size < 4"));
  EXPECT_TRUE(holds("4 >= tp-size >= dp-size"));
}

TEST(Constraint, SpeaksOnlyOfParametersThatAreSet) {
  EXPECT_TRUE(holds("absent > 3"));
  EXPECT_TRUE(holds("unset > 3"));
  EXPECT_TRUE(holds("not unset > 3"));
  EXPECT_TRUE(holds("absent"));
  EXPECT_TRUE(holds("tp-size * absent <= 2"));
  EXPECT_TRUE(holds("-unset == 7"));
  EXPECT_FALSE(holds("absent > 3 and tp-size == 5"));
  EXPECT_TRUE(holds("absent > 3 and tp-size == 4"));
  EXPECT_TRUE(holds("absent > 3 or tp-size == 5"));
}

TEST(Constraint, AsksWithNullWhetherSomethingIsSet) {
  EXPECT_TRUE(holds("unset == null"));
  EXPECT_TRUE(holds("absent == null"));
  EXPECT_FALSE(holds("absent != null"));
  EXPECT_TRUE(holds("tp-size != null"));
  EXPECT_FALSE(holds("null == dtype"));
  EXPECT_EQ(parse_error("tp-size < null"),
            "constraint \"tp-size < null\", column 9: null can only be compared with == and !=");
}

TEST(Constraint, CalculatesExactlyInSixtyFourBitsAndGoesOnInDoubles) {
  EXPECT_TRUE(holds("9007199254740993 != 9007199254740992"));
  EXPECT_TRUE(holds("9223372036854775807 + 1 == 9223372036854775808"));
  EXPECT_TRUE(holds("9223372036854775807 * 2 > 9223372036854775807"));
  EXPECT_TRUE(holds("-9223372036854775807 - 2 < 0"));
  EXPECT_TRUE(holds("-(-9223372036854775807 - 1) > 0"));
  EXPECT_TRUE(holds("99999999999999999999 > 9223372036854775807"));
  EXPECT_TRUE(holds("(-9223372036854775807 - 1) % -1 == 0"));
}

TEST(Constraint, GivesRemaindersTheSignOfTheDivisor) {
  EXPECT_TRUE(holds("-7 % 4 == 1"));
  EXPECT_TRUE(holds("7 % -4 == -1"));
  EXPECT_TRUE(holds("7.5 % 4 == 3.5"));
  EXPECT_TRUE(holds("-7.5 % 4 == 0.5"));
}

TEST(Constraint, PointsAtWhatItCannotRead) {
  EXPECT_EQ(parse_error("  "), "constraint is empty");
  EXPECT_EQ(parse_error("tp-size * <= 8"),
            "constraint \"tp-size * <= 8\", column 11: expected a value, found \"<=\"");
  EXPECT_EQ(parse_error("tp-size <="),
            "constraint \"tp-size <=\", column 11: expected a value, but the text ends");
  EXPECT_EQ(parse_error("(a < 2"), "constraint \"(a < 2\", column 7: expected \")\", but the text ends");
  EXPECT_EQ(parse_error("a < 2 b"),
            "constraint \"a < 2 b\", column 7: expected an operator or the end, found \"b\"");
  EXPECT_EQ(parse_error("a = 2"), "constraint \"a = 2\", column 3: write \"==\" instead of \"=\"");
  EXPECT_EQ(parse_error("a && b"), "constraint \"a && b\", column 3: write \"and\" instead of \"&&\"");
  EXPECT_EQ(parse_error("!a"), "constraint \"!a\", column 1: write \"not\" instead of \"!\"");
  EXPECT_EQ(parse_error("a < 2 # x"), "constraint \"a < 2 # x\", column 7: unexpected character \"#\"");
  EXPECT_EQ(parse_error("a < \x01"), "constraint \"a < \x01\", column 5: unexpected character 0x01");
  EXPECT_EQ(parse_error("a == 'x"),
            "constraint \"a == 'x\", column 6: the text that starts here has no closing '");
  EXPECT_EQ(parse_error("not"), "constraint \"not\", column 4: expected a value, but the text ends");
  EXPECT_EQ(parse_error("a < -"), "constraint \"a < -\", column 6: expected a value, but the text ends");
  EXPECT_EQ(parse_error("a + * 2 < 1"),
            "constraint \"a + * 2 < 1\", column 5: expected a value, found \"*\"");
}

TEST(Constraint, MustBeACondition) {
  const auto* reason = ": this is a value, not a condition; compare it with something, as in \"... <= 8\"";
  EXPECT_EQ(parse_error("tp-size * 2"), std::string("constraint \"tp-size * 2\", column 1") + reason);
  EXPECT_EQ(parse_error("a < 2 and 3"), std::string("constraint \"a < 2 and 3\", column 11") + reason);
  EXPECT_EQ(parse_error("not 'x'"), std::string("constraint \"not 'x'\", column 5") + reason);
}

TEST(Constraint, RefusesWhatWouldExhaustTheStack) {
  EXPECT_NE(parse_error(std::string(60, '(') + "a").find("column 51: nested too deep; at most 50 levels"),
            std::string::npos);
  EXPECT_NE(parse_error("a < " + std::string(60, '-') + "1").find("nested too deep"), std::string::npos);
  std::string sum = "1";
  for (int i = 0; i < 450; ++i) sum += " + 1";
  EXPECT_TRUE(holds(sum + " == 451"));
  EXPECT_NE(parse_error(sum + sum).find("characters are too many; at most 2000"), std::string::npos);
}

TEST(Constraint, NamesOperandsOfTheWrongKind) {
  EXPECT_EQ(error("dtype * 2 <= 8"),
            "constraint \"dtype * 2 <= 8\", column 1: dtype is \"auto\"; arithmetic needs numbers");
  EXPECT_EQ(error("1 < 'x' + 1"), "constraint \"1 < 'x' + 1\", column 5: \"x\"; arithmetic needs numbers");
  EXPECT_EQ(error("dtype < 2"),
            "constraint \"dtype < 2\", column 1: dtype is \"auto\" can't be ordered against 2; numbers go "
            "with numbers, "
            "text with text");
  EXPECT_EQ(error("tp-size / (dp-size - 2) > 1"),
            "constraint \"tp-size / (dp-size - 2) > 1\", column 12: division by zero: 0");
  EXPECT_EQ(error("tp-size and true"),
            "constraint \"tp-size and true\", column 1: tp-size is 4, which is neither true nor false");
  EXPECT_EQ(error("not dtype"),
            "constraint \"not dtype\", column 5: dtype is \"auto\", which is neither true nor false");
  EXPECT_EQ(error("dtype"), "constraint \"dtype\": auto is neither true nor false");
  EXPECT_FALSE(Constraint::parse("1 < dtype % 2 < 3")->holds(example));
  EXPECT_FALSE(Constraint::parse("dtype % 2 < 3")->holds(example));
  EXPECT_FALSE(Constraint::parse("3 < -dtype")->holds(example));
}

TEST(Constraint, HoldsWhenItSaysNothing) {
  EXPECT_TRUE(Constraint().holds(example).value());
  EXPECT_TRUE(Constraint().names().empty());
  EXPECT_EQ(Constraint::parse("a < 1").value(), Constraint::parse("a < 1").value());
  EXPECT_EQ(Constraint::parse("a < 1")->text(), "a < 1");
}

TEST(Constraint, TakesNumbersForTruthWhereAskedTo) {
  const Point point{{"flag", true}, {"n", 6}, {"off", false}};
  const auto holds_numeric = [&](const char* text) {
    return Constraint::parse(text, Truth::numeric)->holds(point).value();
  };
  EXPECT_TRUE(holds_numeric("flag + n == 7"));
  EXPECT_TRUE(holds_numeric("n % 4"));
  EXPECT_FALSE(holds_numeric("n % 3"));
  EXPECT_TRUE(holds_numeric("not off and flag == 1"));
  EXPECT_TRUE(holds_numeric("n and not (off * n)"));
}

TEST(Constraint, PutsFactsInPlaceOfTheirNames) {
  const auto bound = Constraint::parse("tp * pp <= gpus")->with({{"gpus", 8}});
  EXPECT_TRUE(bound.holds({{"tp", 4}, {"pp", 2}}).value());
  EXPECT_FALSE(bound.holds({{"tp", 8}, {"pp", 2}}).value());
  EXPECT_EQ(bound.text(), "tp * pp <= gpus");
  EXPECT_EQ(bound.names(), (std::vector<std::string>{"tp", "pp"}));
}

TEST(Constraint, ShowsTheQuantitiesItReckonsWith) {
  const auto quantities =
      Constraint::parse("(a * b + 2) * (c * 4) <= 9 and a % 32 == 0 and a * b > 1")->quantities();
  std::vector<std::string> texts;
  for (const auto& quantity : quantities) texts.push_back(quantity.text());
  EXPECT_EQ(texts, (std::vector<std::string>{"((a * b) + 2) * (c * 4)", "a * b", "a % 32"}));
  EXPECT_EQ(quantities[1].at({{"a", 3}, {"b", 5}}), 15);
  EXPECT_EQ(quantities[1].at({{"a", 3}}), std::nullopt);
}

TEST(Constraint, SurvivesEveryPrefixOfAnExpression) {
  const std::string text = R"(not (tp-size * -2.5e1 <= 8 and 'a\'b' != "c") or 1 < --x-y.z % 3 == null)";
  for (std::size_t n = 0; n <= text.size(); ++n) {
    if (const auto constraint = Constraint::parse(text.substr(0, n)))
      EXPECT_FALSE(constraint->text().empty());
  }
}

}  // namespace
}  // namespace autotuner::space
