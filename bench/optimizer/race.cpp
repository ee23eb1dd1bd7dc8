// How often the final race is wrong: entrants whose measurements differ by log-normal noise, with a drift
// that all entrants of a round share, and one of them better than all others by a small gap. Prints a table.
#include "search/race.hpp"

#include <cmath>
#include <cstdlib>
#include <random>

#include <fmt/format.h>

namespace {

using namespace autotuner::search;

struct Field {
  int entrants = 2;
  int rounds = 5;
  double gap = 0.01;
  double noise = 0.02;
};

struct Tally {
  int right = 0, wrong = 0, heats = 0, best_leads = 0;
};

/// Runs the race as the loop does: a round at a time, with those who are still in.
void race(const Field& field, std::mt19937_64& chance, Tally& tally) {
  constexpr double drift = 0.02;
  std::normal_distribution<double> normal;
  std::vector<RaceEntrant> entrants(static_cast<std::size_t>(field.entrants));
  for (std::size_t i = 0; i < entrants.size(); ++i) entrants[i].number = static_cast<int>(i);
  const RaceRules rules{.rounds = field.rounds};
  auto result = judge_race(entrants, rules);
  while (!result.over) {
    const double shared = drift * normal(chance);
    for (const auto& place : result.order) {
      if (place.exit != RaceExit::none) continue;
      const double speed = place.number == 0 ? 1 + field.gap : 1;
      const double measured = 1000 * speed * std::exp(field.noise * normal(chance) + shared);
      entrants[static_cast<std::size_t>(place.number)].heats.push_back({TrialClass::met, -measured});
      ++tally.heats;
    }
    result = judge_race(entrants, rules);
  }
  const bool best_first = result.order.front().number == 0;
  tally.best_leads += best_first ? 1 : 0;
  if (result.decided) ++(best_first ? tally.right : tally.wrong);
}

}  // namespace

int main(int argc, char** argv) {
  const int races = argc > 1 ? std::atoi(argv[1]) : 10'000;
  fmt::print("{} races a row; entrants equal but for one that is better by the gap\n\n", races);
  fmt::print(
      "| entrants | rounds | gap | noise | best declared | wrong declared | wrong of declared | best leads | "
      "heats |\n");
  fmt::print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
  for (const auto& [gap, noise] : {std::pair(0.01, 0.02), {0.05, 0.02}}) {
    for (const int entrants : {2, 3, 4, 5}) {
      for (const int rounds : {2, 3, 5, 10, 20}) {
        std::mt19937_64 chance(7);
        Tally tally;
        for (int n = 0; n < races; ++n) race({entrants, rounds, gap, noise}, chance, tally);
        const auto share = [&](int count, int of) { return of == 0 ? 0.0 : 100.0 * count / of; };
        fmt::print("| {} | {} | {:.0f} % | {:.1f} % | {:.1f} % | {:.2f} % | {:.1f} % | {:.0f} % | {:.1f} |\n",
                   entrants, rounds, gap * 100, noise * 100, share(tally.right, races),
                   share(tally.wrong, races), share(tally.wrong, tally.right + tally.wrong),
                   share(tally.best_leads, races), static_cast<double>(tally.heats) / races);
      }
    }
  }
}
