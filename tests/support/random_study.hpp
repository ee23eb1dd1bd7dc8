#pragma once

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "base/random.hpp"
#include "search/strategy.hpp"

namespace autotuner::test {

/// A tuning problem by chance: one to six parameters of every form, constraints that may contradict each
/// other, limits, a prior that may be wrong or missing, facts of its own about which points run.
struct RandomStudy {
  explicit RandomStudy(std::uint64_t seed) : random(seed, 0x73747564) {
    const auto parameters = random.integer(1, 6);
    for (std::int64_t i = 0; i < parameters; ++i)
      space.parameters.push_back({names[static_cast<std::size_t>(i)], domain()});
    for (auto constraints = random.integer(-1, 2); constraints > 0; --constraints) {
      const auto name = space.parameters.front().name;
      const auto other = space.parameters.back().name;
      const char* forms[] = {"{} <= 4", "{} * {} <= 16", "{} % 2 == 0", "{} > 1 or {} < 8"};
      auto text = std::string(forms[random.integer(0, 3)]);
      for (auto at = text.find("{}"); at != std::string::npos; at = text.find("{}"))
        text.replace(at, 2, at == 0 ? name : other);
      if (auto constraint = space::Constraint::parse(text))
        space.constraints.push_back(std::move(*constraint));
    }
    if (random.uniform() < 0.8)
      problem.objective = search::Objective{
          "rate", random.uniform() < 0.7 ? search::Direction::maximize : search::Direction::minimize};
    if (random.uniform() < 0.5) problem.slos.push_back({"delay", 40, 2, random.uniform() < 0.3});
    if (problem.objective && random.uniform() < 0.3) {
      problem.prior = [](const space::Point& point) -> std::optional<search::PriorEstimate> {
        const auto hash = base::stable_hash(space::identity(point));
        if (hash % 50 == 0) return std::nullopt;
        return search::PriorEstimate{
            .metrics = {{"rate", 1.0 + static_cast<double>(hash % 100)}, {"delay", 30}},
            .memory_margin = static_cast<double>(hash % 7) / 10 - 0.2};
      };
    }
    constexpr search::Kind kinds[] = {search::Kind::gp,        search::Kind::gp,    search::Kind::gp,
                                      search::Kind::random,    search::Kind::sobol, search::Kind::tpe,
                                      search::Kind::hill_climb};
    options.kind = kinds[random.integer(0, 6)];
    options.seed = seed;
    options.max_iterations = static_cast<int>(random.integer(1, 12));
  }

  /// What came of a point: anything that a trial can bring, also numbers that are none.
  search::Trial tried(int number, const space::Point& point) {
    search::Trial trial{number, point, true, search::TrialClass::met, {}, 0, 0};
    const auto hash = base::stable_hash(space::identity(point));
    constexpr double odd[] = {
        0,     -1,    std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN(),
        1e300, 1e-300};
    if (hash % 4 == 0) {
      trial.rank = search::TrialClass::failed;
      trial.failure = static_cast<search::Failure>(1 + hash / 4 % 8);
      return trial;
    }
    trial.score = hash % 11 == 0 ? odd[hash / 11 % 6] : -static_cast<double>(hash % 1000);
    trial.metrics = {{"rate", hash % 13 == 0 ? odd[hash / 13 % 6] : 1.0 + static_cast<double>(hash % 1000)},
                     {"delay", static_cast<double>(hash % 80)}};
    trial.bench_seconds = static_cast<double>(hash % 5);
    if (hash % 17 == 0) trial.metrics.clear();
    return trial;
  }

  /// Plays it to its end; says what is wrong, nothing if all is well.
  std::string play() {
    const auto strategy = search::make_strategy(space, {}, options, problem);
    if (!strategy)
      return strategy.error().kind == base::ErrorKind::invalid_input ? "" : strategy.error().message;
    std::set<std::string> seen;
    int number = 0;
    while (true) {
      const auto suggestions = (*strategy)->suggest(static_cast<std::size_t>(random.integer(1, 3)));
      if (suggestions.empty()) break;
      for (const auto& suggestion : suggestions) {
        if (const auto why = space::why_invalid(space, {}, suggestion.point))
          return "invalid: " + space::to_text(suggestion.point);
        if (!seen.insert(space::identity(suggestion.point)).second)
          return "twice: " + space::to_text(suggestion.point);
        const auto trial = tried(++number, suggestion.point);
        (*strategy)->record(std::span(&trial, 1));
      }
    }
    return number <= options.max_iterations ? "" : "more trials than iterations";
  }

  space::Space space;
  search::Problem problem;
  search::Options options;

 private:
  static constexpr const char* names[] = {"tp", "max_num_seqs", "mode", "gpu_memory_utilization", "x", "y"};

  decltype(space::Parameter::domain) domain() {
    const double kind = random.uniform();
    if (kind < 0.002) return space::RealRange{0.5, 0.5 + random.uniform(), random.uniform() < 0.5};
    if (kind < 0.004) return space::IntegerRange{1, 1'000'000'000'000, random.uniform() < 0.5};
    if (kind < 0.2)
      return space::IntegerRange{random.integer(-3, 2), random.integer(2, 8), false, random.integer(1, 3)};
    if (kind < 0.4) return space::Choices{{true, false}};
    space::Choices choices;
    for (auto count = random.integer(1, 4); count > 0; --count) {
      const bool word = kind > 0.8;
      const auto number = std::int64_t{1} << random.integer(0, 5);
      choices.values.push_back(word ? space::Value("w" + std::to_string(number)) : space::Value(number));
    }
    return choices;
  }

  base::Random random;
};

}  // namespace autotuner::test
