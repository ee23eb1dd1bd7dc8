// Plays random studies and cuts them off: search_fuzz SPACES CUTS [FIRST_SEED]
// Every suggestion must be valid and new; a search taken up after any number of its trials must go on as if
// it had not stopped.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/random_study.hpp"

namespace autotuner::bench {
namespace {

std::uint64_t play(std::uint64_t first, std::uint64_t count) {
  std::uint64_t wrong = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    const auto complaint = test::RandomStudy(seed).play();
    if (complaint.empty()) continue;
    ++wrong;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), complaint.c_str());
  }
  return wrong;
}

space::Space grid() {
  return {{{"tp", space::Choices{{1, 2, 4, 8}}},
           {"max_num_seqs", space::Choices{{8, 16, 32, 64, 128, 256}}},
           {"mode", space::Choices{{"slow", "fast", "other"}}}},
          {}};
}

/// A study of 30 trials that is taken up `cuts` times, each after a number of its trials. Returns how many
/// next suggestions differ.
int cut(std::uint64_t seed, int cuts) {
  test::RandomStudy study(seed);
  study.space = grid();
  study.options.kind = search::Kind::gp;
  study.options.max_iterations = 31;
  const auto blueprint = search::Blueprint::make(study.space, {}, study.options, study.problem);
  if (!blueprint) return cuts;
  std::vector<search::Trial> trials;
  const auto strategy = blueprint->strategy(seed);
  std::vector<space::Point> suggested;
  while (true) {
    const auto suggestions = strategy->suggest(1);
    if (suggestions.empty()) break;
    suggested.push_back(suggestions.front().point);
    trials.push_back(study.tried(static_cast<int>(trials.size()) + 1, suggested.back()));
    strategy->record(std::span(&trials.back(), 1));
  }
  base::Random random(seed, 0x637574);
  int different = 0;
  for (int i = 0; i < cuts; ++i) {
    const auto whole =
        static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(trials.size()) - 1));
    const auto resumed = blueprint->strategy(seed);
    resumed->record(std::span(trials).first(whole));
    const auto next = resumed->suggest(1);
    different += whole < suggested.size() && (next.empty() || next.front().point != suggested[whole]) ? 1 : 0;
  }
  return different;
}

}  // namespace
}  // namespace autotuner::bench

int main(int count, char** words) {
  const auto number = [&](int i, std::uint64_t otherwise) {
    return i < count ? std::strtoull(words[i], nullptr, 10) : otherwise;
  };
  const auto spaces = number(1, 10'000);
  const auto cuts = number(2, 1'000);
  const auto first = number(3, 0);
  const auto wrong = autotuner::bench::play(first, spaces);
  std::printf("%llu of %llu random studies with an invalid point or one twice\n",
              static_cast<unsigned long long>(wrong), static_cast<unsigned long long>(spaces));
  constexpr int cuts_per_study = 50;
  int different = 0;
  std::uint64_t made = 0;
  for (std::uint64_t seed = 0; made < cuts; ++seed, made += cuts_per_study)
    different += autotuner::bench::cut(seed, cuts_per_study);
  std::printf("%d of %llu studies taken up with another next suggestion\n", different,
              static_cast<unsigned long long>(made));
  return wrong == 0 && different == 0 ? 0 : 1;
}
