#include "engine/failure.hpp"

#include <gtest/gtest.h>

namespace autotuner::engine {
namespace {

constexpr auto llamacpp = RuntimeId::llamacpp;
constexpr auto vllm = RuntimeId::vllm;

TEST(FailureCode, ReadsBackFromItsText) {
  for (int i = 0; i <= static_cast<int>(FailureCode::internal); ++i) {
    const auto code = static_cast<FailureCode>(i);
    EXPECT_EQ(failure_code_from_text(to_text(code)), code);
  }
  for (int i = 0; i <= static_cast<int>(FailureClass::other); ++i) {
    const auto cls = static_cast<FailureClass>(i);
    EXPECT_EQ(failure_class_from_text(to_text(cls)), cls);
  }
  EXPECT_EQ(failure_code_from_text("nonsense"), std::nullopt);
  EXPECT_STREQ(to_text(FailureCode::slo_hard_violation), "slo_hard_violation");
  EXPECT_STREQ(to_text(FailureClass::bad_flag), "bad_flag");
}

TEST(ExitStatus, SaysWhatItMeans) {
  EXPECT_EQ(to_text(ExitStatus{.code = 1}), "exit code 1");
  EXPECT_EQ(to_text(ExitStatus{.signal = 11}), "signal 11 (SIGSEGV)");
  EXPECT_EQ(to_text(ExitStatus{.signal = 4}),
            "signal 4 (SIGILL: this build of the engine uses instructions that this CPU lacks)");
  EXPECT_EQ(to_text(ExitStatus{.signal = 40}), "signal 40");
  EXPECT_EQ(to_text(ExitStatus{}), "unknown exit status");
}

TEST(ClassifyExit, NamesTheRemedyForAnInstructionThatTheCpuLacks) {
  const auto failure = classify_exit({.signal = 4}, "AMX is not ready to be used!\n", llamacpp, false, false);
  EXPECT_EQ(failure.code, FailureCode::not_ready);
  EXPECT_EQ(failure.cls, FailureClass::exited);
  EXPECT_FALSE(failure.transient);
  EXPECT_EQ(failure.message,
            "the engine ended before it was ready: signal 4 (SIGILL: this build of the engine uses "
            "instructions that "
            "this CPU lacks); use a more portable build (plain AVX2), or pin an older package version that "
            "still runs "
            "here");
  EXPECT_EQ(classify_exit({.code = 132}, "", llamacpp, false, false).message, failure.message);
}

TEST(ClassifyExit, SeesARefusedFlagBeforeReadinessOnly) {
  const auto early = classify_exit({.code = 1}, "error: invalid argument: --x\n", llamacpp, false, false);
  EXPECT_EQ(early.cls, FailureClass::bad_flag);
  EXPECT_EQ(early.message, "the engine refused --x; the engine ended before it was ready: exit code 1");
  EXPECT_EQ(classify_exit({.code = 1}, "invalid argument\n", llamacpp, true, false).cls,
            FailureClass::exited);
}

TEST(ClassifyExit, SeesThatMemoryRanOut) {
  for (const auto* log : {"torch.OutOfMemoryError: CUDA out of memory. Tried", "RuntimeError: out of memory",
                          "ValueError: No available memory for the cache blocks."}) {
    EXPECT_EQ(classify_exit({.code = 1}, log, vllm, false, false).cls, FailureClass::oom) << log;
  }
  const auto* llama = "ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 1";
  EXPECT_EQ(classify_exit({.code = 1}, llama, llamacpp, false, false).cls, FailureClass::oom);
  EXPECT_EQ(classify_exit({.code = 1}, llama, vllm, false, false).cls, FailureClass::exited);
  EXPECT_EQ(classify_exit({.signal = 9}, "", vllm, true, false).cls, FailureClass::oom);
  EXPECT_EQ(classify_exit({.code = 137}, "", vllm, true, false).cls, FailureClass::oom);
  const auto limited = classify_exit({.signal = 6}, "", llamacpp, true, true);
  EXPECT_EQ(limited.cls, FailureClass::oom);
  EXPECT_EQ(limited.code, FailureCode::benchmark_failed);
}

TEST(ClassifyExit, KeepsTheLastErrorLine) {
  const auto failure = classify_exit({.code = 1}, "ok\nValueError: bad model\nbye\n", vllm, false, false);
  EXPECT_EQ(failure.message,
            "the engine ended before it was ready: exit code 1; last error: ValueError: bad model");
}

TEST(ClassifyExit, TriesAgainWhenThePortWasTaken) {
  EXPECT_TRUE(classify_exit({.code = 1}, "[Errno 98] Address already in use", vllm, false, false).transient);
  EXPECT_FALSE(classify_exit({.code = 1}, "boom", vllm, false, false).transient);
}

TEST(TellingLine, IsTheLastOneCutTo200Characters) {
  EXPECT_EQ(telling_line("Error: first\nload FAILED here\nfine\n"), "load FAILED here");
  EXPECT_EQ(telling_line("error: lower case tells nothing"), "");
  EXPECT_EQ(telling_line(""), "");
  EXPECT_EQ(telling_line("Error " + std::string(300, 'x')).size(), 200U);
  EXPECT_EQ(telling_line("\x1b[31mError\x1b[0m: red\r\n"), "Error: red");
}

TEST(TellingLine, NeverCutsThroughACharacter) {
  const auto line = telling_line("Error " + std::string(193, 'x') + "\xC3\xA4\xC3\xA4");
  EXPECT_EQ(line.size(), 199U);
}

TEST(RefusedFlag, IsReadFromEachParsersWords) {
  EXPECT_EQ(refused_flag("vllm: error: unrecognized arguments: --foo 1"), "--foo");
  EXPECT_EQ(refused_flag("error: invalid argument: --x"), "--x");
  EXPECT_EQ(refused_flag("error: unknown argument: --np2\nusage"), "--np2");
  EXPECT_EQ(refused_flag("Error: No such option: --bar Did you mean --baz?"), "--bar");
  EXPECT_EQ(refused_flag("error while handling argument \"-ctk\": Unsupported cache type"), "-ctk");
  EXPECT_EQ(refused_flag("x: error: argument --dtype: invalid choice: 'f8'"), "--dtype");
  EXPECT_EQ(refused_flag("x: error: argument --tensor-parallel-size/-tp: invalid int value"),
            "--tensor-parallel-size");
  EXPECT_EQ(refused_flag("RuntimeError: CUDA error: invalid argument"), std::nullopt);
  EXPECT_EQ(refused_flag("mmap: Invalid argument"), std::nullopt);
  EXPECT_EQ(refused_flag("unknown argument"), "");
}

TEST(LogReaders, BearAnyBytes) {
  std::string log = "Error failed invalid argument \x1b[ \xff\xfe \r\n\n\x1b";
  log += std::string("\0 unknown argument: \xC3", 21);
  for (std::size_t size = 0; size <= log.size(); ++size) {
    const auto part = std::string_view(log).substr(0, size);
    (void)telling_line(part);
    (void)refused_flag(part);
    (void)classify_exit({.code = 1}, part, llamacpp, false, false);
    (void)facts_from_props(part);
    (void)facts_from_models(part);
  }
}

TEST(FactsFromProps, ReadContextSlotsAndBuild) {
  const auto facts = facts_from_props(
      R"({"default_generation_settings":{"n_ctx":1024},"total_slots":4,"build_info":"b1-571d0d5","model_alias":"m"})");
  EXPECT_EQ(facts.context_per_request, 1024);
  EXPECT_EQ(facts.slots, 4);
  EXPECT_EQ(facts.version, "b1-571d0d5");
  EXPECT_EQ(facts.served_id, "m");
}

TEST(FactsFromModels, ReadTheServedIdAndTheLongestContext) {
  const auto facts = facts_from_models(R"({"data":[{"id":"m","max_model_len":8192}]})");
  EXPECT_EQ(facts.served_id, "m");
  EXPECT_EQ(facts.context_per_request, 8192);
}

TEST(Facts, AreNoneWhenUnreadable) {
  for (const auto* text :
       {"", "[]", "{\"data\":{}}", "{\"data\":[]}", "{\"data\":[1]}", "null", "{\"total_slots\":-1}",
        "{\"total_slots\":1e300}", "{\"default_generation_settings\":[]}", "{\"data\":[{\"id\":3}]}"}) {
    EXPECT_EQ(facts_from_props(text).slots, std::nullopt) << text;
    EXPECT_EQ(facts_from_props(text).context_per_request, std::nullopt) << text;
    EXPECT_EQ(facts_from_models(text).served_id, "") << text;
  }
}

TEST(WhyUnfit, HoldsTheContextAgainstTheWorkload) {
  const EngineFacts facts{.context_per_request = 1024, .slots = 4};
  EXPECT_EQ(why_unfit(facts, 1024), std::nullopt);
  EXPECT_EQ(why_unfit(facts, std::nullopt), std::nullopt);
  EXPECT_EQ(why_unfit({}, 4096), std::nullopt);
  EXPECT_EQ(why_unfit(facts, 1536),
            "the engine offers 1024 tokens of context per request in each of 4 slots, but the longest "
            "request of the "
            "workload needs 1536 (input and output)");
}

}  // namespace
}  // namespace autotuner::engine
