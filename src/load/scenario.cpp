#include "load/scenario.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace autotuner::load {
namespace {

constexpr int most = 10'000'000;
constexpr int least_output = 2;

/// One group per pair of parentheses, joined by slashes: N(1,2)/(3,4) has two groups of two numbers.
using Groups = std::vector<std::vector<int>>;

struct Form {
  std::string_view letter;
  ScenarioKind kind;
  std::vector<std::vector<std::size_t>> shapes;  ///< allowed numbers per group
};

const std::array<Form, 7>& forms() {
  static const std::array<Form, 7> table{{
      {"D", ScenarioKind::deterministic, {{2}}},
      {"N", ScenarioKind::normal, {{2, 2}}},
      {"U", ScenarioKind::uniform, {{2}, {2, 2}}},
      {"E", ScenarioKind::embeddings, {{1}}},
      {"R", ScenarioKind::rerank, {{2}}},
      {"I", ScenarioKind::image, {{2}, {3}}},
      {"A", ScenarioKind::audio, {{1}}},
  }};
  return table;
}

constexpr std::string_view allowed =
    "D(in,out), N(mean,sd)/(mean,sd), U(low,high)/(low,high), U(in,out), E(tokens), R(document,query), "
    "I(width,height), "
    "I(width,height,count), A(characters) or dataset, whole numbers without spaces";

std::optional<int> read_number(std::string_view& rest, bool& too_large) {
  const auto digits = std::min(rest.find_first_not_of("0123456789"), rest.size());
  if (digits == 0) return std::nullopt;
  int value = 0;
  const auto* const first = rest.data();
  const auto error = std::from_chars(first, first + digits, value).ec;
  too_large = too_large || error != std::errc{} || value > most;
  rest.remove_prefix(digits);
  return value;
}

bool take(std::string_view& rest, char expected) {
  if (rest.empty() || rest.front() != expected) return false;
  rest.remove_prefix(1);
  return true;
}

/// "(1,2)/(3,4)" whole, or nothing.
std::optional<Groups> read_groups(std::string_view rest, bool& too_large) {
  Groups groups;
  do {
    if (!take(rest, '(')) return std::nullopt;
    auto& group = groups.emplace_back();
    do {
      const auto number = read_number(rest, too_large);
      if (!number) return std::nullopt;
      group.push_back(*number);
    } while (take(rest, ','));
    if (!take(rest, ')')) return std::nullopt;
  } while (take(rest, '/'));
  if (!rest.empty()) return std::nullopt;
  return groups;
}

bool fits(const Form& form, const Groups& groups) {
  return std::ranges::any_of(form.shapes, [&](const auto& shape) {
    return std::ranges::equal(shape, groups, {}, {}, &std::vector<int>::size);
  });
}

int draw(double value, int least) {
  return std::max(least, static_cast<int>(std::trunc(value)));
}

}  // namespace

base::Result<Scenario> Scenario::parse(std::string_view text) {
  Scenario scenario;
  scenario.text_ = std::string(text);
  if (text == "dataset") {
    scenario.kind_ = ScenarioKind::dataset;
    return scenario;
  }
  const auto unknown = [&] {
    return base::invalid_input("traffic scenario '{}' is not valid; allowed: {}", text, allowed);
  };
  const auto form = std::ranges::find(forms(), text.substr(0, 1), &Form::letter);
  if (form == forms().end()) return unknown();
  bool too_large = false;
  const auto groups = read_groups(text.substr(1), too_large);
  if (!groups || !fits(*form, *groups)) return unknown();
  if (too_large) return base::invalid_input("traffic scenario '{}' has a number above {}", text, most);

  scenario.kind_ = form->kind;
  const auto& first = groups->front();
  scenario.a_ = first[0];
  if (form->kind == ScenarioKind::uniform && groups->size() == 1) {
    scenario.a_ = scenario.c_ = 1;
    scenario.b_ = first[0];
    scenario.d_ = first[1];
  } else if (groups->size() == 2) {
    scenario.b_ = first[1];
    scenario.c_ = groups->back()[0];
    scenario.d_ = groups->back()[1];
  } else if (first.size() > 1) {
    scenario.c_ = first[1];
  }

  if (scenario.kind_ == ScenarioKind::uniform) {
    scenario.a_ = std::max(1, scenario.a_);
    scenario.c_ = std::max(1, scenario.c_);
  }
  if (const auto fault = scenario.fault())
    return base::invalid_input("traffic scenario '{}': {}", text, *fault);
  return scenario;
}

std::optional<std::string> Scenario::fault() const {
  if (kind_ == ScenarioKind::deterministic) {
    if (a_ < 1) return "input is 0; must be at least 1";
    if (c_ < 1) return "output is 0; must be at least 1";
  }
  if (kind_ == ScenarioKind::uniform) {
    if (a_ > b_) return fmt::format("the input range ends at {}, below its start {}", b_, a_);
    if (c_ > d_) return fmt::format("the output range ends at {}, below its start {}", d_, c_);
  }
  return std::nullopt;
}

Lengths Scenario::sample(base::Random& random) const {
  if (kind_ == ScenarioKind::normal) {
    const int input = draw(random.normal(a_, b_), 1);
    return {.input = input, .output = draw(random.normal(c_, d_), least_output)};
  }
  if (kind_ == ScenarioKind::uniform) {
    const int input = draw(random.uniform(a_, b_), 1);
    return {.input = input, .output = draw(random.uniform(c_, d_), least_output)};
  }
  return longest();
}

Lengths Scenario::longest() const {
  switch (kind_) {
    case ScenarioKind::deterministic:
      return {.input = a_, .output = c_};
    case ScenarioKind::normal:
      return {.input = std::max(1, a_ + 3 * b_), .output = std::max(least_output, c_ + 3 * d_)};
    case ScenarioKind::uniform:
      return {.input = b_, .output = std::max(least_output, d_)};
    case ScenarioKind::embeddings:
      return {.input = a_, .output = 0};
    case ScenarioKind::rerank:
    case ScenarioKind::image:
    case ScenarioKind::audio:
    case ScenarioKind::dataset:
      return {};
  }
  return {};
}

Lengths Scenario::shortest() const {
  switch (kind_) {
    case ScenarioKind::normal:
      return {.input = std::max(1, a_ - 3 * b_), .output = std::max(least_output, c_ - 3 * d_)};
    case ScenarioKind::uniform:
      return {.input = a_, .output = std::max(least_output, c_)};
    case ScenarioKind::deterministic:
    case ScenarioKind::embeddings:
    case ScenarioKind::rerank:
    case ScenarioKind::image:
    case ScenarioKind::audio:
    case ScenarioKind::dataset:
      return longest();
  }
  return {};
}

std::string Scenario::file_name() const {
  std::string name;
  for (const char c : text_) {
    if (c == ',' || c == '/')
      name += '_';
    else if (c != '(' && c != ')')
      name += c;
  }
  return name;
}

}  // namespace autotuner::load
