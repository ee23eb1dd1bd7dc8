#include <array>

#include "spec/field_rows.hpp"

namespace autotuner::spec {
namespace {

using enum FieldType;
using Words = std::string_view[];

constexpr Words strategies = {"grid_search", "bayesian", "random", "gp",
                              "forest",      "tpe",      "sobol",  "hill_climb"};
constexpr Words objectives = {"minimize_latency", "maximize_throughput", "minimize_ttft", "minimize_tpot",
                              "maximize_goodput"};
constexpr Words dedupe_words = {"resolved", "exact", "none"};
constexpr Words orders = {"lexicographic", "shuffled", "halton"};
constexpr Words bases = {"mean", "best_point"};

constexpr Bounds racers = {2.0, 8.0, false};
constexpr Bounds race_rounds = {1.0, 50.0, false};
constexpr Bounds look_share = {0.05, 0.5, false};

constexpr auto rows = std::to_array<Field>({
    {"optimization.strategy", text, "\"grid_search\"", strategies, free_range,
     "How the next configuration is chosen.", Mark::none, "", ""},
    {"optimization.objective", text, "\"minimize_latency\"", objectives, free_range,
     "What is optimised. maximize_goodput needs limits in slo.", Mark::none, "", ""},
    {"optimization.max_iterations", integer, "100", any, from_1,
     "Experiments at most, the baseline not counted.", Mark::none, "", ""},
    {"optimization.timeout_per_iteration", number, "1800", any, above_0,
     "Limit of one experiment: start, wait and load together.", Mark::none, "", "s"},
    {"optimization.ready_timeout", number, "", any, above_0,
     "Limit of the wait for readiness, inside the limit of the experiment.", Mark::none, "", "s"},
    {"optimization.total_timeout", number, "", any, above_0, "Limit of the whole task.", Mark::none, "", "s"},
    {"optimization.n_initial_random", integer, "5", any, from_0,
     "Random experiments before the model of a model-based strategy is used.", Mark::none, "", ""},
    {"optimization.seed", integer, "", any, from_0,
     "Seed of all chance in the search. Absent: drawn at the start and stored.", Mark::none, "", ""},
    {"optimization.multivariate", boolean, "false", any, free_range, "Models all parameters jointly (tpe).",
     Mark::none, "", ""},
    {"optimization.dedupe", text, "\"resolved\"", dedupe_words, free_range,
     "Which configurations count as equal and run once.", Mark::none, "", ""},
    {"optimization.order", text, "\"lexicographic\"", orders, free_range,
     "Order of a grid; matters when max_iterations cuts it.", Mark::none, "", ""},
    {"optimization.patience", integer, "", any, from_1,
     "Stops after that many experiments without improvement.", Mark::none, "", ""},
    {"optimization.min_improvement", number, "", any, from_0,
     "Relative gain that counts as improvement for patience.", Mark::none, "", "ratio"},
    {"optimization.stop_when_converged", boolean, "false", any, free_range,
     "Stops once the chance that an untried configuration is more than 1 % better is at most 5 %, after "
     "eight "
     "trials at the soonest (strategies bayesian and gp).",
     Mark::none, "", ""},
    {"optimization.warm_start", boolean, "false", any, free_range,
     "Begins with what earlier tasks in the store measured: the same engine and GPU, the same model or one "
     "of "
     "its kind and at most twice or half its size, a similar load (strategies bayesian and gp).",
     Mark::none, "", ""},
    {"optimization.baseline", boolean, "", any, free_range,
     "Measures the engine's defaults first, as experiment 0. Absent: yes on the command line.", Mark::none,
     "", ""},
    {"optimization.early_stop", boolean, "", any, free_range,
     "Ends measurements as soon as statistics allow. This version measures every level to its end either "
     "way.",
     Mark::none, "", ""},
    {"optimization.objective_at", integer_or_text, "\"mean\"", bases, from_1,
     "What is scored: the mean over all levels, one level of num_concurrency, or each scenario's best "
     "operating point.",
     Mark::none, "", ""},
    {"optimization.repeat_best", object, "", any, free_range,
     "Measures the best k configurations n times more at the end, each time with a fresh engine.", Mark::none,
     "", ""},
    {"optimization.repeat_best.k", integer, "", any, from_1, "How many configurations.", Mark::required, "",
     ""},
    {"optimization.repeat_best.n", integer, "", any, from_1, "How many times more.", Mark::required, "", ""},
    {"optimization.race", boolean_or_object, "", any, free_range,
     "Measures the best configurations and the engine's defaults against each other at the end, round by "
     "round "
     "and each time with a fresh engine, until all but one are shown to be worse. true = 3 candidates, 5 "
     "rounds. Absent: no race. Not together with repeat_best.",
     Mark::none, "", ""},
    {"optimization.race.candidates", integer, "3", any, racers,
     "How many of the best take part; the engine's defaults come on top.", Mark::none, "", ""},
    {"optimization.race.rounds", integer, "5", any, race_rounds,
     "Rounds at most; fewer than 3 decide nothing.", Mark::none, "", ""},
    {"optimization.short_look", boolean_or_object, "", any, free_range,
     "Sends a share of the load first, and the whole load only while the configuration may still become the "
     "best. The engine's defaults, repeats and the final race are always measured whole. true = a quarter. "
     "Absent: every configuration is measured whole.",
     Mark::none, "", ""},
    {"optimization.short_look.share", number, "0.25", any, look_share,
     "Share of the time and of the requests of each level.", Mark::none, "", ""},
    {"optimization.max_parallel_experiments", integer, "1", any, from_1, "Experiments at the same time.",
     Mark::none, "", ""},
    {"optimization.study_name", text, "", any, free_range, "Name of a study in an external store.",
     Mark::no_effect, "tasks keep their own history", ""},
    {"optimization.storage", text, "", any, free_range, "External store of a study.", Mark::no_effect,
     "every task keeps its history in the store of this product and can be resumed", ""},
    {"optimization.objectives", list, "", any, free_range,
     "Two or three metrics whose best trade-offs are looked for and reported, each {\"metric\": NAME, "
     "\"direction\": \"min\" or \"max\"}; without a direction the one in which the metric is better. "
     "optimization.objective still names the configuration to ship.",
     Mark::none, "", ""},
});

}  // namespace

std::span<const Field> search_rows() {
  return rows;
}

}  // namespace autotuner::spec
