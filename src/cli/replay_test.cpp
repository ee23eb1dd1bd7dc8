#include "cli/replay.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cli/line_protocol.hpp"
#include "cli/past_study.hpp"
#include "cli/prior.hpp"

namespace autotuner::cli {
namespace {

/// 4 x 5 points; b = 16 with a = 8 runs out of memory.
TuningTable example() {
  const std::string json = R"({"name": "example",
    "parameters": [{"name": "a", "type": "ordinal", "values": [1, 2, 4, 8], "log": true, "scope": "server"},
                   {"name": "b", "type": "ordinal", "values": [1, 2, 4, 8, 16], "log": true, "scope": "client"}],
    "objective": {"metric": "rate", "direction": "maximize"},
    "slo": [{"metric": "delay", "max": 12, "exponent": 1}],
    "metrics": [{"name": "rate", "noise": "multiply"}, {"name": "delay", "noise": "divide"}],
    "costs": ["start_seconds", "bench_seconds"],
    "noise": {"sigma": 0.02, "outlier_share": 0.05, "outlier_factor": [0.8, 1.0]},
    "default": {"a": 1, "b": 1}, "budgets": [5, 12]})";
  std::string csv = "a,b,status,detail,rate,delay,start_seconds,bench_seconds\n";
  for (const int a : {1, 2, 4, 8}) {
    for (const int b : {1, 2, 4, 8, 16}) {
      const bool fails = a == 8 && b == 16;
      csv += fails ? fmt::format("{},{},oom_run,out of memory under load,,,5,\n", a, b)
                   : fmt::format("{},{},ok,,{},{},5,3\n", a, b, 100 * a * b / (1 + std::abs(a - 4)), a + b);
    }
  }
  return parse_tuning_table(json, csv).value();
}

search::Blueprint blueprint_of(const TuningTable& table) {
  auto options = *strategy_options("gp");
  options.horizon = table.budgets.back();
  return search::Blueprint::make(table.space.space, table.space.rules, options, table.space.problem).value();
}

TEST(TuningTable, HasTheNoiseStreamOfItsFormat) {
  auto table = example();
  EXPECT_DOUBLE_EQ(noise_factor(table, 0, 0, 0), 0.9852146108753047);
  EXPECT_DOUBLE_EQ(noise_factor(table, 1, 0, 0), 1.0259024580029916);
  EXPECT_DOUBLE_EQ(noise_factor(table, 1, 12345, 0), 1.0046394317808256);
  EXPECT_DOUBLE_EQ(noise_factor(table, 1, 12345, 1), 1.0243525773958049);
  EXPECT_DOUBLE_EQ(noise_factor(table, 19, 7, 3), 0.997039987515469);
}

TEST(TuningTable, NamesTheLineItCannotRead) {
  const std::string json = R"({"parameters": [{"name": "a", "values": [1, 2]}], "objective": {"metric": "m"},
                               "metrics": [{"name": "m"}]})";
  EXPECT_EQ(parse_tuning_table(json, "a,status,m\n1,ok,3\n3,ok,3\n").error().message,
            "line 3: a is \"3\", which is none of its values");
  EXPECT_EQ(parse_tuning_table(json, "a,status,m\n1,ok,x\n").error().message,
            "line 2: m is \"x\"; must be a number");
  EXPECT_EQ(parse_tuning_table(json, "a,status\n1,ok\n").error().message, "line 1: the column m is missing");
  EXPECT_EQ(parse_tuning_table(json, "a,status,m\n").error().message, "the table has no rows");
  EXPECT_EQ(parse_tuning_table(json, "a,status,m\n1,timeout,\n").error().message, "no row has a score");
}

TEST(Replay, CountsTrialsCrashesAndRestarts) {
  const auto table = example();
  const auto study = replay_study(table, blueprint_of(table), 1);
  EXPECT_EQ(study.trace.size(), 12U);
  EXPECT_EQ(study.asks, 11U);
  EXPECT_EQ(study.violations, 0U);
  EXPECT_EQ(study.repeats, 0U);
  EXPECT_GE(study.restarts, 1U);
  EXPECT_LE(study.restarts, 12U);
  EXPECT_TRUE(std::ranges::is_sorted(study.spent_seconds));
}

TEST(Replay, OfFourWorkersTakesAQuarterOfTheTimeForTheSameTrials) {
  const auto table = example();
  const auto one = replay_study(table, blueprint_of(table), 1);
  const auto four = replay_study(table, blueprint_of(table), 1, {.workers = 4});
  EXPECT_EQ(four.trace.size(), 12U);
  EXPECT_EQ(four.repeats, 0U);
  EXPECT_TRUE(std::ranges::is_sorted(four.spent_seconds));
  EXPECT_LT(four.spent_seconds.back(), one.spent_seconds.back() / 2);
}

TEST(Prior, TakesMeasuredKernelsOrSaysWhyNot) {
  search::StudySpace space;
  space.facts = {{"gpu", "h100"},        {"engine", "vllm"},     {"model", "Llama-70B"}, {"gpus", 8},
                 {"input_tokens", 1000}, {"output_tokens", 500}, {"concurrency", 64}};
  space.problem.objective = search::Objective{"output_throughput_tok_s", search::Direction::maximize};
  const space::Point point{{"tensor_parallel_size", 4}};
  add_prior(space);
  const auto plain = space.problem.prior(point)->metrics.at("output_throughput_tok_s");
  predict::KernelTables tables;
  tables.reduce[4] = predict::Curve({{1, 10}});
  const KernelReader slow_links =
      [&](const predict::Estimator& known) -> base::Result<predict::MeasuredKernels> {
    return predict::MeasuredKernels{
        "a test", predict::model_kernels(tables, known.shape(), known.engine(), *known.device())};
  };
  ASSERT_TRUE(add_prior_with_kernels(space, slow_links));
  EXPECT_LT(space.problem.prior(point)->metrics.at("output_throughput_tok_s"), plain / 1000);
  const auto refused = add_prior_with_kernels(
      space,
      [](const auto&) -> base::Result<predict::MeasuredKernels> { return base::invalid_input("no folder"); });
  EXPECT_EQ(refused.error().message, "no folder");
}

TEST(SpoiledPrior, IsTheOppositeOrThreeTimesOff) {
  search::StudySpace space;
  spoil_prior(space, Wrong::flipped);
  EXPECT_FALSE(space.problem.prior);
  const auto right = [](const space::Point&) -> std::optional<search::PriorEstimate> {
    return search::PriorEstimate{.metrics = {{"rate", 4}}, .memory_margin = 0.1};
  };
  space.problem.prior = right;
  spoil_prior(space, Wrong::flipped);
  EXPECT_DOUBLE_EQ(space.problem.prior({{"a", 1}})->metrics.at("rate"), 0.25);
  space.problem.prior = right;
  spoil_prior(space, Wrong::by_three);
  std::set<double> seen;
  for (int a = 0; a < 16; ++a) seen.insert(space.problem.prior({{"a", a}})->metrics.at("rate"));
  EXPECT_EQ(seen, (std::set<double>{4.0 / 3, 12}));
  EXPECT_EQ(space.problem.prior({{"a", 1}})->memory_margin, 0.1);
}

TEST(Replay, AgreesWithTheLineProtocolTrialByTrial) {
  const auto table = example();
  const auto study = replay_study(table, blueprint_of(table), 3);
  LineProtocol protocol(*strategy_options("gp"));
  base::Json parameters = base::Json::array();
  for (const auto* name : {"a", "b"}) {
    base::Json values = name[0] == 'a' ? base::Json{1, 2, 4, 8} : base::Json{1, 2, 4, 8, 16};
    parameters.push_back({{"name", name},
                          {"type", "ordinal"},
                          {"values", values},
                          {"log", true},
                          {"scope", name[0] == 'a' ? "server" : "client"}});
  }
  const base::Json space{{"parameters", parameters},
                         {"objective", {{"metric", "rate"}, {"direction", "maximize"}}},
                         {"slo", {{{"metric", "delay"}, {"max", 12}, {"exponent", 1}}}},
                         {"default", {{"a", 1}, {"b", 1}}}};
  EXPECT_EQ(protocol.answer(base::to_compact_text({{"space", space}, {"seed", 3}, {"budget", 12}})),
            R"({"ready":true})");
  std::string running;  // value of a, the server's only parameter
  for (std::size_t trial = 0; trial < 12; ++trial) {
    auto point = *table.space.engine_default;
    if (trial > 0) {
      const auto answer = base::parse_json(protocol.answer(R"({"ask": 1})"));
      point = space::point_from_json((*answer)["point"]).value();
    }
    EXPECT_NE(study.log[trial].find("| " + space::to_text(point) + " |"), std::string::npos)
        << study.log[trial];
    const auto row = table.row_of.at(space::identity(point));
    const auto report = observe(table, row, 3, 0);
    const auto server = space::to_text(*point.find("a"));
    const double start = server == running ? 0 : table.rows[row].start_seconds;
    running = report.failure == search::Failure::none ? server : "";
    const base::Json told{
        {"point", space::to_json(point)},
        {"status", table.rows[row].status},
        {"detail", table.rows[row].detail},
        {"metrics", report.metrics},
        {"costs", {{"start_seconds", start}, {"bench_seconds", table.rows[row].bench_seconds}}}};
    EXPECT_EQ(protocol.answer(base::to_compact_text({{"tell", told}})), R"({"ok":true})");
  }
}

TEST(Replay, WithAShortLookSpendsLessOnWhatIsFarBehind) {
  const auto table = example();
  const auto blueprint = blueprint_of(table);
  std::size_t cut = 0;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    const auto study = replay_study(table, blueprint, seed, {.short_look = 0.25});
    cut += study.cut_short;
    EXPECT_EQ(study.cut_wrongly, 0U) << seed;
    EXPECT_EQ(study.trace.size(), 12U);
    // A trial costs 5 s for its start at most, and between a quarter and one and a quarter of 3 s.
    EXPECT_LE(study.spent_seconds.back(), 12 * (5 + 1.25 * 3));
  }
  EXPECT_GT(cut, 5U);
}

TEST(TuningTable, HasMoreNoiseInALookAtAShareOfTheLoad) {
  auto table = example();
  table.outlier_share = 0;
  const double truth = table.rows[0].metrics[0];
  double look = 0;
  double whole = 0;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    look += std::pow(std::log(observe(table, 0, seed, 0, 0.25).metrics["rate"] / truth), 2);
    whole += std::pow(std::log(observe(table, 0, seed, 0).metrics["rate"] / truth), 2);
  }
  EXPECT_NEAR(look / whole, 4, 1);
}

TEST(PastStudy, TellsTheSuccessesOfAStudyWithNoiseOfItsOwn) {
  const auto table = example();
  const PastStudy past{table, blueprint_of(table), false};
  const auto trials = successes_of(past, 1);
  ASSERT_GE(trials.size(), 10U);
  const auto now = replay_study(table, blueprint_of(table), 1);
  ASSERT_FALSE(now.reports.empty());
  EXPECT_EQ(trials.front().point, now.reports.front().point) << "both begin with the default";
  EXPECT_NE(trials.front().metrics, now.reports.front().metrics);
  for (const auto& trial : trials) {
    EXPECT_EQ(trial.task, "example");
    EXPECT_TRUE(trial.metrics.contains("rate"));
  }
  EXPECT_EQ(successes_of(past, 1), trials);
}

TEST(PastStudy, TellsTheInverseWhenItIsToMislead) {
  const auto table = example();
  const auto right = successes_of({table, blueprint_of(table), false}, 1);
  const auto wrong = successes_of({table, blueprint_of(table), true}, 1);
  ASSERT_EQ(right.size(), wrong.size());
  EXPECT_DOUBLE_EQ(wrong[0].metrics.at("rate"), 1 / right[0].metrics.at("rate"));
}

}  // namespace
}  // namespace autotuner::cli
