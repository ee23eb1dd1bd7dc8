#pragma once

#include <string>

#include "base/json.hpp"
#include "report/answer.hpp"

namespace autotuner::report {

/// After a race the figures of its entrants are means over its rows, and gains over the defaults are taken
/// over the rounds that both ran: the runs of the search chose these configurations and so flatter them.
void use_race_values(const tuning::Run& run, Answer& answer);

/// "raced 5 rounds against #3 and the defaults: ahead of #3 in 5 of 5, by 2.1 % (95 % 0.9 to 3.3 %)"; empty
/// when the best is not the leader of a race with a whole round.
std::string race_sentence(const Answer& answer);

/// null without a race that has a whole round.
base::Json race_json(const Answer& answer);

}  // namespace autotuner::report
