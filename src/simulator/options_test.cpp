#include "simulator/options.hpp"

#include <filesystem>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/catalogue.hpp"

namespace autotuner::simulator {
namespace {

using testing::HasSubstr;

Options parsed(const std::vector<std::string>& args) {
  const auto options = parse_options(args);
  EXPECT_TRUE(options) << options.error().message;
  return options.value_or(Options{});
}

std::string error_of(const std::vector<std::string>& args) {
  const auto options = parse_options(args);
  return options ? "" : options.error().message;
}

TEST(Options, KeepsTheDefaultsWithoutArguments) {
  EXPECT_EQ(parsed({}), Options{});
}

TEST(Options, ReadsValuesBehindTheFlagOrAnEqualsSign) {
  const auto options =
      parsed({"--model", "demo-70b", "--port=0", "--tensor-parallel-size", "4", "--max_num_seqs", "32",
              "--gpu-memory-utilization=0.85", "--kv-cache-dtype", "fp8", "--quantization=fp8"});
  EXPECT_EQ(options.model, "demo-70b");
  EXPECT_EQ(options.port, 0);
  EXPECT_EQ(options.tensor_parallel_size, 4);
  EXPECT_EQ(options.max_num_seqs, 32);
  EXPECT_EQ(options.gpu_memory_utilization, 0.85);
  EXPECT_EQ(options.kv_cache_dtype, "fp8");
  EXPECT_EQ(options.quantization, "fp8");
}

TEST(Options, TakesAFirstWordAsTheModel) {
  EXPECT_EQ(parsed({"demo-1b", "--port", "1"}).model, "demo-1b");
}

TEST(Options, ReadsASwitchInAllItsForms) {
  EXPECT_TRUE(parsed({"--enable-chunked-prefill"}).enable_chunked_prefill);
  EXPECT_FALSE(parsed({"--no-enable-chunked-prefill"}).enable_chunked_prefill);
  EXPECT_FALSE(parsed({"--enable-chunked-prefill", "false"}).enable_chunked_prefill);
  EXPECT_FALSE(parsed({"--enable-chunked-prefill=False"}).enable_chunked_prefill);
  const auto options = parsed({"--enable-chunked-prefill", "--port", "7"});
  EXPECT_TRUE(options.enable_chunked_prefill);
  EXPECT_EQ(options.port, 7);
}

TEST(Options, RefusesAnUnknownFlagAsEnginesDo) {
  EXPECT_EQ(error_of({"--max-num-seq", "3"}),
            "unrecognized arguments: --max-num-seq (did you mean --max-num-seqs?)");
  EXPECT_THAT(error_of({"--no-port"}), HasSubstr("unrecognized arguments: --no-port"));
  EXPECT_THAT(error_of({"--port", "1", "word"}), HasSubstr("unrecognized arguments: word"));
  EXPECT_THAT(error_of({"--"}), HasSubstr("unrecognized arguments"));
  EXPECT_THAT(error_of({"-x"}), HasSubstr("unrecognized arguments: -x"));
  EXPECT_THAT(error_of({""}), HasSubstr("--model is empty"));
}

TEST(Options, NamesTheFlagTheValueAndTheLimit) {
  EXPECT_EQ(error_of({"--port", "65536"}), "--port is '65536'; must be an integer from 0 to 65535");
  EXPECT_EQ(error_of({"--tensor-parallel-size", "0"}),
            "--tensor-parallel-size is '0'; must be an integer from 1 to 1024");
  EXPECT_EQ(error_of({"--max-num-seqs", "2.5"}),
            "--max-num-seqs is '2.5'; must be an integer from 1 to 1000000000");
  EXPECT_EQ(error_of({"--noise", "nan"}), "--noise is 'nan'; must be a number from 0 to 1");
  EXPECT_EQ(error_of({"--gpu-memory-utilization", "0"}),
            "--gpu-memory-utilization is 0; must be above 0, at most 1");
  EXPECT_EQ(error_of({"--quantization", "awq"}), "--quantization is 'awq'; must be one of none, fp8");
  EXPECT_EQ(error_of({"--port"}), "--port needs a value (N)");
  EXPECT_EQ(error_of({"--enable-chunked-prefill=maybe"}),
            "--enable-chunked-prefill is 'maybe'; must be true or false");
  EXPECT_EQ(error_of({"--ttft-ms", "5"}), "--ttft-ms is given without --tpot-ms; fixed delays need both");
}

TEST(Options, AreAllInTheCatalogueOfParameters) {
  for (const auto& flag : all_flags()) {
    if (flag.name == "help") continue;
    EXPECT_NE(engine::find_flag(engine::RuntimeId::sim, flag.name), nullptr) << flag.name;
  }
}

TEST(Options, ShowsEveryFlagAndFaultWithItsDefaultInTheHelp) {
  const auto help = help_text();
  for (const auto& flag : all_flags()) {
    EXPECT_THAT(help, HasSubstr("--" + std::string(flag.name)));
    EXPECT_THAT(help, HasSubstr("[" + default_text(flag) + "]")) << flag.name;
  }
  for (const auto& fault : all_faults()) EXPECT_THAT(help, HasSubstr(std::string(fault.spelling)));
  EXPECT_THAT(help, HasSubstr("simulated"));
  EXPECT_TRUE(parsed({"--help"}).help);
}

TEST(Options, AcceptsTheDefaultOfEveryFlagAsItsValue) {
  for (const auto& flag : all_flags()) {
    const auto text = default_text(flag);
    if (text == "none" && flag.value.find("none") == std::string_view::npos && flag.name != "fail") continue;
    EXPECT_EQ(parsed({"--" + std::string(flag.name) + "=" + text}), Options{}) << flag.name;
  }
}

TEST(Options, TakesConstantsFromAProfile) {
  const auto path =
      std::filesystem::temp_directory_path() / ("sim-profile-" + std::to_string(::getpid()) + ".json");
  std::ofstream(path) << R"({"gpu_memory_gb": 24, "weight_ms_per_billion": 3})";
  const auto options = parsed({"--profile", path.string()});
  std::filesystem::remove(path);
  EXPECT_EQ(options.constants.gpu_memory_gb, 24);
  EXPECT_EQ(options.constants.weight_ms_per_billion, 3);
  EXPECT_EQ(options.constants.kv_kb_per_billion, 16);
  EXPECT_EQ(error_of({"--profile", "/no/such/file"}), "--profile is '/no/such/file'; the file can't be read");
  EXPECT_THAT(error_of({"--profile", "/"}), HasSubstr("--profile"));
}

TEST(Profile, RefusesUnknownMembersAndImpossibleValues) {
  EXPECT_THAT(parse_profile(R"({"gpu_memory": 1})").error().message,
              HasSubstr("the profile has 'gpu_memory'; must be one of gpu_memory_gb"));
  EXPECT_THAT(parse_profile(R"({"gpu_memory_gb": 0})").error().message,
              HasSubstr("gpu_memory_gb of the profile is 0"));
  EXPECT_THAT(parse_profile(R"({"kv_kb_per_billion": "x"})").error().message,
              HasSubstr("must be a number above 0"));
  EXPECT_TRUE(parse_profile(R"({"tp_exponent": 0})"));
  EXPECT_FALSE(parse_profile("[]"));
  EXPECT_FALSE(parse_profile("{"));
}

TEST(Fault, ReadsBackWhatItWrites) {
  for (const auto* const text :
       {"none", "start", "oom", "oom-load", "hang", "die-after-2.5s", "die-after-0s", "error-rate-0.25",
        "error-rate-1", "refuse", "429", "503", "reset", "stall", "garbage"}) {
    const auto fault = parse_fault(text);
    ASSERT_TRUE(fault) << text;
    EXPECT_EQ(to_text(*fault), text);
  }
}

TEST(Fault, RefusesOtherWordsAndNumbersOutOfRange) {
  for (const auto* const text :
       {"", "crash", "die-after-s", "die-after--1s", "die-after-1", "die-after-Ns", "error-rate-1.5",
        "error-rate-", "die-afters", "error-rate-nan", "die-after-infs"}) {
    const auto fault = parse_fault(text);
    ASSERT_FALSE(fault) << text;
    EXPECT_THAT(fault.error().message,
                HasSubstr("--fail is '" + std::string(text) + "'; must be one of none, start"));
  }
}

}  // namespace
}  // namespace autotuner::simulator
