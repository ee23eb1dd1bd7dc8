#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "search/strategy.hpp"

/// The final race: the best few of a search are measured again, side by side, until all but one are shown to
/// be worse or the rounds are used up.
///
/// Round r measures every entrant that is still in once, close together in time. With y = ln score (larger =
/// worse) the model is y_ir = m_i + b_r + e_ir: the round's b_r (drift of the machine) cancels in differences
/// of one round, and all entrants are taken as equally noisy, e_ir ~ N(0, s^2). Over the n rounds that all k
/// entrants still in have measured, s^2 is the residual variance of that two-way layout, with (k-1)(n-1)
/// degrees of freedom, and the difference of two means has the standard error s sqrt(2/n). After round r an
/// entrant whose mean is more than t_(1-a_r) s sqrt(2/n) behind the leader's (the best mean) is out.
///
/// a_r: the best entrant is lost only if one of the k-1 others seems better at one of the looks, after rounds
/// 3 to R; so the whole race is wrong in at most a share E = `error` of races when the a_r of all pairs and
/// looks add up to E (Bonferroni): a_r = E (r-1)^2 / ((k-1) sum_(q=3..R) (q-1)^2), k as at the start. Late
/// looks get more of it, because a difference that few rounds show is often a noise estimate that came out
/// too small (O'Brien and Fleming 1979 spend alike). For the same reason s counts as at least `least_noise`,
/// and a race of two rounds decides nothing.
///
/// Sources: Maron and Moore 1994 (Hoeffding races), Birattari et al. 2002 and Lopez-Ibanez et al. 2016
/// (F-race and irace with its t-race: blocks, and elimination after each one). Unlike irace this one corrects
/// for the looks, keeps the noise pooled, and has one block per round.
namespace autotuner::search {

/// One entrant measured in one round.
struct Heat {
  TrialClass rank = TrialClass::failed;
  std::optional<double> score;  ///< lower is better; only for met and missed
  bool valid = true;            ///< its audit passed
};

struct RaceEntrant {
  int number = 0;
  std::vector<Heat> heats;  ///< by round; shorter than the others' when it is out, or not run yet
};

/// The round after which somebody may be out for being slower: fewer say too little of the noise.
constexpr int first_look = 3;

struct RaceRules {
  int rounds = 5;
  double error = 0.05;        ///< share of races that may end with another winner than the best entrant
  double least_noise = 0.01;  ///< of ln score: what restarts of an engine differ by at least, for all we know
};

/// How far one is behind another, over the rounds that both have measured.
struct RaceGap {
  int against = 0;  ///< number of the entrant that is ahead
  int rounds = 0;
  int ahead = 0;      ///< rounds in which `against` was the better one
  double behind = 0;  ///< exp(difference of means) - 1: 0.02 = `against` is 2 % better
  /// At the level that decides, at least 95 %; nothing before the second round.
  std::optional<std::pair<double, double>> interval;
};

enum class RaceExit {
  none,    ///< still in
  slower,  ///< shown to be worse than the leader
  limits,  ///< missed, in two rounds, limits that another one kept
  failed   ///< failed in two rounds in which another one did not
};
const char* to_text(RaceExit exit);

struct RacePlace {
  int number = 0;
  RaceExit exit = RaceExit::none;
  int left_after = 0;  ///< round; 0 = still in
  /// Behind the leader: of now for those in, of the time they left for those out; nothing for the leader, and
  /// without a round that both have measured.
  std::optional<RaceGap> gap;
  std::vector<bool> counted;  ///< by whole round: whether its heat was compared
  int strikes = 0;            ///< rounds in which it failed, or missed limits that another one kept
};

struct RaceResult {
  std::vector<RacePlace> order;  ///< those in, fewer strikes and then means over common rounds first; then
                                 ///< those out, last first
  int rounds = 0;                ///< whole rounds
  bool decided = false;          ///< one is left
  bool over = false;             ///< decided, or no round left
  std::size_t still_in() const;
};

/// Judges the whole rounds there are, each look by its own and earlier rounds alone: more rounds never undo
/// an elimination. The entrants' order decides ties. Of a round those heats count that are of its best class
/// and, inside that, valid where any is: on a host too busy for valid measurements the race goes on with what
/// there is. An invalid heat is nobody's fault and no strike. Whoever has fewer strikes leads: one that
/// missed a limit once and is faster would miss it again in production. The last one in is never eliminated.
/// Scores that are not all gains (negative) or all losses are compared as shares of the largest, without the
/// logarithm.
RaceResult judge_race(const std::vector<RaceEntrant>& entrants, const RaceRules& rules);

}  // namespace autotuner::search
