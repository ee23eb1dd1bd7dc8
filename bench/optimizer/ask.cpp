// How long one suggestion of `gp` takes: search_ask [TRIALS ...]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "search/strategy.hpp"

namespace autotuner::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int dimensions = 15;

/// Fifteen parameters, far more points than are judged: a pool of 4,000.
space::Space large_space() {
  space::Space space;
  for (int i = 0; i < dimensions; ++i)
    space.parameters.push_back({"x" + std::to_string(i), space::Choices{{1, 2, 4, 8, 16, 32}}});
  return space;
}

/// A smooth landscape; some points of it run out of memory.
search::Trial tried(int number, const space::Point& point, std::uint64_t seed) {
  search::Trial trial{number, point, true, search::TrialClass::met, {}, 0, 0};
  double loss = 0;
  double size = 0;
  int i = 0;
  for (const auto& [name, value] : point) {
    const double x = std::log2(value.as_number().value_or(1)) / 5;
    const double best = static_cast<double>((seed * 7 + static_cast<std::uint64_t>(i) * 5) % 11) / 10;
    loss += (x - best) * (x - best) / (1 + i++ % 4);
    size += x;
  }
  if (size > 11) {
    trial.rank = search::TrialClass::failed;
    trial.failure = search::Failure::out_of_memory_load;
    return trial;
  }
  trial.metrics["rate"] = 1000 * std::exp(-loss);
  trial.metrics["delay"] = 10 * std::exp(size / 4);
  return trial;
}

/// Seconds of each suggestion from `first` to `last`.
std::vector<double> asks(std::uint64_t seed, int known, int first, int last) {
  search::Options options;
  options.kind = search::Kind::gp;
  options.seed = seed;
  options.max_iterations = last + known;
  search::Problem problem;
  problem.objective = search::Objective{"rate", search::Direction::maximize};
  problem.slos.push_back({"delay", 60, 2, false});
  auto strategy = search::make_strategy(large_space(), {}, options, problem).value();
  std::vector<double> seconds;
  if (known > 0) {
    auto source_options = options;
    source_options.kind = search::Kind::random;
    const auto source = search::make_strategy(large_space(), {}, source_options, problem).value();
    std::vector<search::Trial> log;
    for (auto& suggestion : source->suggest(static_cast<std::size_t>(known)))
      log.push_back(tried(static_cast<int>(log.size()) + 1, suggestion.point, seed));
    strategy->record(log);
    strategy->suggest(0);
  }
  for (int number = known + 1; number <= last; ++number) {
    const auto start = Clock::now();
    const auto suggestions = strategy->suggest(1);
    if (number >= first) seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    if (suggestions.empty()) break;
    const auto trial = tried(number, suggestions.front().point, seed);
    strategy->record(std::span(&trial, 1));
  }
  return seconds;
}

void report(const char* title, std::vector<double> seconds) {
  std::ranges::sort(seconds);
  const auto at = [&](double share) {
    return 1e3 * seconds[static_cast<std::size_t>(share * static_cast<double>(seconds.size() - 1))];
  };
  std::printf("%s: %.2f ms (half), %.2f ms (99 of 100), %.2f ms (slowest), %zu suggestions\n", title, at(0.5),
              at(0.99), at(1), seconds.size());
}

}  // namespace
}  // namespace autotuner::bench

int main() {
  using autotuner::bench::asks;
  std::vector<double> all;
  std::vector<double> late;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto study = asks(seed, 0, 1, 70);
    all.insert(all.end(), study.begin(), study.begin() + 60);
    late.insert(late.end(), study.begin() + 50, study.end());
  }
  autotuner::bench::report("15 parameters, 4,000 candidates, trials 1 to 60", all);
  autotuner::bench::report("15 parameters, 4,000 candidates, trials 51 to 70", late);
  std::vector<double> many;
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    const auto study = asks(seed, 1000, 1002, 1020);
    many.insert(many.end(), study.begin(), study.end());
  }
  autotuner::bench::report("15 parameters, 4,000 candidates, trials 1,002 to 1,020", many);
  return 0;
}
