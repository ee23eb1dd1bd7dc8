#include "hosts/engine_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_process.hpp"
#include "tests/support/files.hpp"

namespace autotuner::hosts {
namespace {

using engine::RuntimeId;
using testing::ElementsAre;
using testing::HasSubstr;
using tests::write_file;

class FindProgram : public testing::Test {
 protected:
  tests::TemporaryFolder folder_;
  ProgramSettings settings_{{}, {{"PATH", folder_ / "bin"}}, ""};
  std::string install(const std::string& name, const std::string& text = "#!/bin/sh\n") {
    write_file(folder_ / name, text, true);
    return folder_ / name;
  }
};

TEST_F(FindProgram, LooksOnThePath) {
  const auto server = install("bin/llama-server");
  EXPECT_THAT(*find_program(RuntimeId::llamacpp, settings_), ElementsAre(server));
  const auto vllm = install("bin/vllm");
  EXPECT_THAT(*find_program(RuntimeId::vllm, settings_), ElementsAre(vllm, "serve"));
}

TEST_F(FindProgram, PrefersWhatTheSettingsName) {
  install("bin/llama-server");
  const auto own = install("own/llama-server");
  settings_.runtimes["llamacpp"].binary = own;
  EXPECT_THAT(*find_program(RuntimeId::llamacpp, settings_), ElementsAre(own));
  settings_.runtimes["llamacpp"].binary = "/no/llama-server";
  EXPECT_EQ(find_program(RuntimeId::llamacpp, settings_).error().message,
            "runtimes.llamacpp.binary is '/no/llama-server', which is no program that can be run");
}

TEST_F(FindProgram, TakesTheProgramBesideTheInterpreterElseTheModule) {
  const auto python = install("venv/bin/python", "#!/bin/sh\nexit 0\n");
  settings_.runtimes["vllm"].python = python;
  EXPECT_THAT(*find_program(RuntimeId::vllm, settings_),
              ElementsAre(python, "-m", "vllm.entrypoints.openai.api_server"));
  const auto vllm = install("venv/bin/vllm");
  EXPECT_THAT(*find_program(RuntimeId::vllm, settings_), ElementsAre(vllm, "serve"));
}

TEST_F(FindProgram, AsksTheInterpreterWhetherThePackageIsThere) {
  const auto python = install("bin/python3", "#!/bin/sh\nexit 1\n");
  EXPECT_FALSE(find_program(RuntimeId::sglang, settings_));
  settings_.runtimes["sglang"].python = python;
  EXPECT_EQ(find_program(RuntimeId::sglang, settings_).error().message,
            "runtimes.sglang.python is '" + python + "', but SGLang is not installed there");
  install("bin/python3", "#!/bin/sh\nexit 0\n");
  EXPECT_THAT(*find_program(RuntimeId::sglang, settings_), ElementsAre(python, "-m", "sglang.launch_server"));
}

TEST_F(FindProgram, SaysHowToGetAnEngineThatIsMissing) {
  for (const auto& runtime : engine::all_runtimes()) {
    const auto program = find_program(runtime.id, settings_);
    ASSERT_FALSE(program) << runtime.key;
    EXPECT_EQ(program.error().kind, base::ErrorKind::not_found);
  }
  const auto message = find_program(RuntimeId::llamacpp, settings_).error().message;
  EXPECT_THAT(message, HasSubstr("llama.cpp (llama-server) is not installed here: install llama.cpp"));
  EXPECT_THAT(message, HasSubstr("or name it in the setting runtimes.llamacpp.binary"));
}

TEST_F(FindProgram, TheSimulatedEngineIsThisProgram) {
  settings_.own_executable = install("autotuner");
  EXPECT_THAT(*find_program(RuntimeId::sim, settings_), ElementsAre(folder_ / "autotuner", "sim"));
}

}  // namespace
}  // namespace autotuner::hosts
