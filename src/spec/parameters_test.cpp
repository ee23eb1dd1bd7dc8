#include "spec/parameters.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/task_documents.hpp"

namespace autotuner::spec {
namespace {

using engine::RuntimeId;
using test::all_problems;
using test::load_patched;
using test::problem_at;
using testing::HasSubstr;

struct Read {
  std::optional<space::Parameter> parameter;
  Report report;
  std::string first() const {
    return report.problems().empty() ? "" : report.problems()[0].path + ": " + report.problems()[0].message;
  }
};

Read read(std::string_view value, bool needs_grid = false) {
  Read result;
  Report parsing;
  const auto document = parse_json_document(value, parsing);
  result.parameter = read_parameter("p", "parameters.p", *document, needs_grid, result.report);
  return result;
}

space::Choices choices(std::initializer_list<space::Value> values) {
  return {values};
}

TEST(ValueForm, ReadsListsScalarsAndChoiceObjectsAlike) {
  const space::Parameter expected{"p", choices({1, 2})};
  for (const auto* const text : {"[1, 2]", R"j({"type": "choice", "values": [1, 2]})j",
                                 R"j({"type": "categorical", "values": [1, 2]})j", R"j({"values": [1, 2]})j",
                                 R"j({"type": "choice", "choices": [1, 2]})j"}) {
    EXPECT_EQ(read(text).parameter, expected) << text;
    EXPECT_TRUE(read(text).report.problems().empty()) << text;
  }
  EXPECT_EQ(read("0.85").parameter, (space::Parameter{"p", choices({0.85})}));
  EXPECT_EQ(read("\"auto\"").parameter, (space::Parameter{"p", choices({"auto"})}));
  EXPECT_EQ(read("false").parameter, (space::Parameter{"p", choices({false})}));
}

TEST(ValueForm, TakesAListInsideAListAsOneValue) {
  const auto result = read(R"j([[1, 2], {"b": 1, "a": 2}, null])j");
  ASSERT_TRUE(result.parameter);
  const auto& values = std::get<space::Choices>(result.parameter->domain).values;
  ASSERT_EQ(values.size(), 3U);
  EXPECT_EQ(space::to_text(values[0]), "[1,2]");
  EXPECT_EQ(space::to_text(values[1]), R"j({"a":2,"b":1})j");
  EXPECT_TRUE(values[2].is_null());
}

TEST(ValueForm, ReadsRanges) {
  EXPECT_EQ(read(R"j({"type": "integer", "low": 1, "high": 10})j").parameter,
            (space::Parameter{"p", space::IntegerRange{1, 10, false, 1}}));
  EXPECT_EQ(read(R"j({"type": "integer", "min": 2, "max": 64.0, "log": true, "step": 2})j").parameter,
            (space::Parameter{"p", space::IntegerRange{2, 64, true, 2}}));
  EXPECT_EQ(read(R"j({"type": "continuous", "low": 0.7, "high": 0.95})j").parameter,
            (space::Parameter{"p", space::RealRange{0.7, 0.95, false, std::nullopt}}));
  EXPECT_EQ(
      read(R"j({"type": "continuous", "low": 1, "high": 2, "points": 3, "log": null})j", true).parameter,
      (space::Parameter{"p", space::RealRange{1, 2, false, 3}}));
  EXPECT_EQ(read(R"j({"type": "integer", "low": 1, "high": 1000})j", true).parameter,
            (space::Parameter{"p", space::IntegerRange{1, 1000, false, 1}}));
}

TEST(ValueForm, DropsEmptyOnesWithAWarning) {
  for (const auto* const text : {"[]", "null", R"j({"type": "choice", "values": []})j"}) {
    const auto result = read(text);
    EXPECT_FALSE(result.parameter) << text;
    ASSERT_EQ(result.report.problems().size(), 1U) << text;
    EXPECT_EQ(result.report.problems()[0].severity, Severity::warning) << text;
    EXPECT_THAT(result.first(), HasSubstr("the parameter is left out")) << text;
  }
}

struct Wrong {
  std::string_view text;
  std::string_view message;
};

TEST(ValueForm, NamesWhatIsWrong) {
  const std::vector<Wrong> cases = {
      {R"j({"type": "float", "low": 1})j",
       "parameters.p.type: is \"float\"; must be one of choice, categorical, integer, continuous"},
      {R"j({"type": 1})j", "parameters.p.type: is 1; must be one of"},
      {R"j({"low": 1, "high": 2})j", "parameters.p.type: is missing"},
      {R"j({"type": "choice"})j", "parameters.p.values: is missing"},
      {R"j({"type": "choice", "values": 1})j", "parameters.p.values: is 1; must be a list"},
      {R"j({"choices": "a"})j", "parameters.p.choices: is \"a\"; must be a list"},
      {R"j({"type": "integer", "high": 2})j", "parameters.p.low: is missing; must be a number"},
      {R"j({"type": "integer", "low": "1", "high": 2})j", "parameters.p.low: is \"1\"; must be a number"},
      {R"j({"type": "integer", "low": 1, "max": true})j", "parameters.p.max: is true; must be a number"},
      {R"j({"type": "integer", "low": 3, "high": 2})j", "parameters.p.low: is 3; must be at most high, 2"},
      {R"j({"type": "integer", "low": 1.5, "high": 2})j", "parameters.p.low: is 1.5; must be a whole number"},
      {R"j({"type": "integer", "low": 0, "high": 2, "log": true})j",
       "parameters.p.low: is 0.0; must be > 0 with log"},
      {R"j({"type": "integer", "low": 1, "high": 2, "log": 1})j",
       "parameters.p.log: is 1; must be true or false"},
      {R"j({"type": "integer", "low": 1, "high": 2, "step": 0})j",
       "parameters.p.step: is 0; must be at least 1"},
      {R"j({"type": "integer", "low": 1, "high": 1001})j",
       "parameters.p: has 1001 values; a grid visits at most 1000"},
      {R"j({"type": "continuous", "low": 1, "high": 2})j", "parameters.p.points: is missing; a grid needs"},
      {R"j({"type": "continuous", "low": 2, "high": 1, "points": 2})j",
       "parameters.p.low: is 2; must be at most high, 1"},
      {R"j({"type": "continuous", "low": -1, "high": 1, "points": 2, "log": true})j",
       "parameters.p.low: is -1.0; must be > 0 with log"},
      {R"j({"type": "continuous", "low": 1, "high": 2, "points": 0.5})j",
       "parameters.p.points: is 0.5; must be a whole number"},
      {R"j({"type": "continuous", "low": 1, "high": 2, "points": 5000})j",
       "parameters.p.points: is 5000; must be at most 1000"},
      {R"j({"type": "integer", "low": 1, "high": 2, "points": 2})j",
       "parameters.p.points: is not known and has no effect"},
  };
  for (const auto& wrong : cases)
    EXPECT_THAT(read(wrong.text, true).first(), HasSubstr(std::string(wrong.message))) << wrong.text;
}

std::vector<std::string> names_of(const Loaded& loaded) {
  std::vector<std::string> names;
  if (!loaded.task) return {all_problems(loaded)};
  for (const auto& parameter : loaded.task->space.parameters) names.push_back(parameter.name);
  return names;
}

/// The small task on another engine with these parameters only.
Loaded on(std::string_view runtime, std::string_view parameters) {
  auto document = test::task_document();
  document["base_runtime"] = runtime;
  document["parameters"] = base::Json::parse(parameters);
  return test::load_json(base::to_compact_text(document));
}

TEST(Parameters, SpellNamesAsTheEngineDoes) {
  const auto vllm = on("vllm", R"j({"tp_size": [1], "mem_frac": [0.8, 0.9], "max-num-seqs": [64]})j");
  EXPECT_EQ(names_of(vllm),
            (std::vector<std::string>{"tensor-parallel-size", "gpu-memory-utilization", "max-num-seqs"}));
  EXPECT_EQ(problem_at(vllm, "parameters.mem_frac").message,
            "is read as gpu-memory-utilization, as vllm spells it");
  EXPECT_EQ(problem_at(vllm, "parameters.mem_frac").severity, Severity::warning);
  EXPECT_EQ(names_of(on("sglang", R"j({"mem_frac": [0.8], "max_total_tokens": [8192]})j")),
            (std::vector<std::string>{"mem-fraction-static", "max-total-tokens"}));
  EXPECT_TRUE(on("sglang", R"j({"tensor-parallel-size": [1, 2]})j").problems.empty());
  EXPECT_EQ(names_of(on("vllm", R"j({"--max-num-seqs": [1]})j")), std::vector<std::string>{"max-num-seqs"});
}

TEST(Parameters, NameTheCounterpartOfAnotherEnginesFlag) {
  const auto loaded = on("sglang", R"j({"max-num-seqs": [64, 128]})j");
  ASSERT_TRUE(loaded.task);
  EXPECT_EQ(problem_at(loaded, "parameters.max-num-seqs").message,
            "is not among the known flags of sglang; did you mean max-running-requests?");
}

TEST(Parameters, RefuseNamesThatAreOurs) {
  for (const auto* const parameters :
       {R"j({"host": ["x"]})j", R"j({"port": [1]})j", R"j({"--port": [1]})j", R"j({"model": ["m"]})j"}) {
    const auto loaded = on("vllm", parameters);
    EXPECT_FALSE(loaded.task) << parameters;
    EXPECT_THAT(test::problem_with(loaded, "reserved").message, HasSubstr("is set by autotuner itself"))
        << parameters;
  }
  EXPECT_THAT(problem_at(on("sim", R"j({"__quant__gemm_dtype": ["fp8"]})j"), "parameters.__quant__gemm_dtype")
                  .message,
              HasSubstr("write quant_config.gemm_dtype"));
  EXPECT_THAT(problem_at(on("sim", R"j({"__parallel__tp": [2]})j"), "parameters.__parallel__tp").message,
              HasSubstr("write parallel_config.tp"));
  EXPECT_EQ(problem_at(on("sim", R"j({"__note": [2]})j"), "parameters.__note").severity, Severity::warning);
  for (const auto* const parameters :
       {R"j({"": [1]})j", R"j({"a b": [1]})j", R"j({"--": [1]})j", R"j({"a=b": [1]})j"}) {
    EXPECT_EQ(test::problem_with(on("sim", parameters), "not_allowed").severity, Severity::error)
        << parameters;
  }
}

TEST(Parameters, TakeVariablesOfTheEnvironment) {
  EXPECT_EQ(names_of(on("sim", R"j({"env.OMP_NUM_THREADS": [1, 2]})j")),
            std::vector<std::string>{"env.OMP_NUM_THREADS"});
  for (const auto* const name : {"env.HF_TOKEN", "env.MY_API_KEY", "env.CUDA_VISIBLE_DEVICES",
                                 "env.https_proxy", "env.", "env.1X", "env.A-B"}) {
    const auto loaded = on("sim", base::to_compact_text(base::Json{{name, {1}}}));
    EXPECT_FALSE(loaded.task) << name;
    EXPECT_EQ(test::problem_with(loaded, "reserved").path, std::string("parameters.") + name);
  }
}

TEST(Parameters, RefuseSizesThatAreNoWholeNumbers) {
  for (const auto* const value : {"0", "-2", "2.9", "\"x\"", "[1, 0]", "true"}) {
    const auto loaded = on("vllm", std::string(R"({"tensor-parallel-size": )") + value + "}");
    EXPECT_FALSE(loaded.task) << value;
    EXPECT_THAT(problem_at(loaded, "parameters.tensor-parallel-size").message,
                HasSubstr("must be a whole number of at least 1"))
        << value;
  }
  EXPECT_TRUE(on("vllm", R"j({"tensor-parallel-size": "4"})j").task);
  auto ranged = test::task_document(R"j({"base_runtime": "vllm", "optimization": {"strategy": "tpe"}})j");
  ranged["parameters"] = base::Json::parse(
      R"j({"tensor-parallel-size": {"type": "integer", "low": 0, "high": 4}, "pipeline-parallel-size": {"type": "continuous", "low": 1, "high": 2}})j");
  const auto loaded = test::load_json(base::to_compact_text(ranged));
  EXPECT_EQ(problem_at(loaded, "parameters.tensor-parallel-size.low").message, "is 0; must be at least 1");
  EXPECT_EQ(problem_at(loaded, "parameters.pipeline-parallel-size").message,
            "is a continuous range; must be whole numbers");
}

TEST(Parameters, RefuseOneFlagUnderTwoNames) {
  EXPECT_THAT(
      problem_at(on("vllm", R"j({"tensor-parallel-size": [2], "tp-size": [8]})j"), "parameters.tp-size")
          .message,
      HasSubstr("means the same flag as tensor-parallel-size, with other values"));
  const auto same = on("vllm", R"j({"tensor-parallel-size": [2], "tp-size": [2]})j");
  ASSERT_TRUE(same.task) << all_problems(same);
  EXPECT_EQ(same.task->space.parameters.size(), 1U);
  EXPECT_THAT(
      problem_at(
          load_patched(R"j({"parameters": {"tensor-parallel-size": [8]}, "parallel_config": {"tp": [4]}})j"),
          "parallel_config.tp")
          .message,
      HasSubstr("gives other values than parameters.tensor-parallel-size"));
}

TEST(Parameters, WarnOfWordsThatTheFlagDoesNotKnow) {
  EXPECT_EQ(
      problem_at(on("sim", R"j({"kv-cache-dtype": ["auto", "fp9"]})j"), "parameters.kv-cache-dtype").code,
      "unusual_value");
  EXPECT_EQ(problem_at(on("sim", R"j({"max-num-seqs": ["many"]})j"), "parameters.max-num-seqs").message,
            "has the value many; the flag takes a number");
}

TEST(Parameters, KeepOnAndOffAsWordsWhereTheFlagHasThem) {
  const auto loaded = test::load_yaml(
      "task_name: t\nmodel: {id_or_path: m.gguf}\nbase_runtime: llamacpp\noptimization: {}\nbenchmark: {}\n"
      "parameters:\n  flash-attn: [on, off]\n  mlock: [on]\n  fit: {type: choice, values: [off]}\n");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  const auto& parameters = loaded.task->space.parameters;
  EXPECT_EQ(parameters[0].domain, (decltype(parameters[0].domain)(choices({"on", "off"}))));
  EXPECT_EQ(parameters[1].domain, (decltype(parameters[0].domain)(choices({true}))));
  EXPECT_EQ(parameters[2].domain, (decltype(parameters[0].domain)(choices({"off"}))));
}

TEST(Folding, AppendsQuantizationAndParallelismAfterTheParameters) {
  const auto loaded = load_patched(
      R"j({"parallel_config": {"dp": 1, "tp": [1, 2]}, "quant_config": {"kvcache_dtype": ["auto", "fp8"]}})j");
  EXPECT_EQ(names_of(loaded), (std::vector<std::string>{"max-num-seqs", "__quant__kvcache_dtype",
                                                        "__parallel__tp", "__parallel__dp"}));
}

TEST(Folding, ReportsEveryWrongMemberWithItsLine) {
  const auto loaded =
      load_patched(R"j({"quant_config": {"gemm_dtype": "fp9", "kvcache_dtype": ["auto", "x"], "gem": 1},
                                       "parallel_config": {"cp": 2, "tp": 0, "zz": 1}})j");
  EXPECT_FALSE(loaded.task);
  EXPECT_THAT(problem_at(loaded, "quant_config.gemm_dtype").message +
                  problem_at(loaded, "quant_config.gemm_dtype[0]").message,
              HasSubstr("fp9"));
  EXPECT_EQ(problem_at(loaded, "quant_config.kvcache_dtype[1]").code, "not_allowed");
  EXPECT_EQ(problem_at(loaded, "quant_config.gem").severity, Severity::error);
  EXPECT_EQ(problem_at(loaded, "parallel_config.zz").severity, Severity::error);
  EXPECT_EQ(problem_at(loaded, "parallel_config.cp").severity, Severity::error);
  EXPECT_EQ(problem_at(loaded, "parallel_config.tp").severity, Severity::error);
}

TEST(Folding, WarnsOfUnusualSizes) {
  const auto loaded = load_patched(R"j({"parallel_config": {"tp": [1, 3]}})j");
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_EQ(problem_at(loaded, "parallel_config.tp").message, "has the value 3; usual are 1, 2, 4, 8, 16");
}

TEST(Folding, RefusesUnknownPresets) {
  EXPECT_FALSE(load_patched(R"j({"quant_config": {"preset": "nothing"}})j").task);
  EXPECT_FALSE(load_patched(R"j({"parallel_config": {"presets": ["single-gpu", "nothing"]}})j").task);
  EXPECT_TRUE(load_patched(R"j({"quant_config": {"preset": "default"}})j").task);
  EXPECT_TRUE(load_patched(R"j({"parallel_config": {"presets": "single-gpu"}})j").task);
}

TEST(StoredDocument, LeavesSecretsOutAndReadsBackTheSame) {
  auto document = test::task_document(R"j({"base_runtime": "vllm", "model": {"hf_token": "hf_secret"},
    "benchmark": {"dataset_url": "https://user:pw@example.com/x.csv", "additional_params": {"api_key": "k", "top_p": 1}}})j");
  document["parameters"] = base::Json::parse(R"j({"tp_size": [1, 2], "api-key": ["sk-1"]})j");
  const auto loaded = test::load_json(base::to_compact_text(document));
  ASSERT_TRUE(loaded.task) << all_problems(loaded);
  EXPECT_EQ(loaded.task->model.hf_token, "hf_secret");
  const auto& stored = loaded.task->document;
  for (const auto* const secret : {"hf_secret", "sk-1", "user:pw", "\"k\""})
    EXPECT_THAT(stored, testing::Not(HasSubstr(secret)));
  EXPECT_THAT(stored, HasSubstr("\"tensor-parallel-size\""));
  EXPECT_THAT(stored, HasSubstr("https://***@example.com/x.csv"));
  const auto again = test::load_json(stored);
  ASSERT_TRUE(again.task) << all_problems(again);
  EXPECT_TRUE(again.problems.empty()) << all_problems(again);
  EXPECT_EQ(again.task->document, stored);
}

}  // namespace
}  // namespace autotuner::spec
