#include "hosts/prerequisites.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_process.hpp"
#include "tests/support/files.hpp"

namespace autotuner::hosts {
namespace {

using base::ErrorKind;
using engine::RuntimeId;
using testing::HasSubstr;
using tests::write_file;

class CheckPrerequisites : public testing::Test {
 protected:
  CheckPrerequisites() {
    write_file(folder_ / "model.gguf", "");
    write_file(folder_ / "bin/llama-server", "#!/bin/sh\n", true);
  }
  base::Result<void> check(RuntimeId runtime, const std::string& model, const std::string& gpu_type = {}) {
    tuning::EngineRequest request;
    request.runtime = runtime;
    request.model.id_or_path = model;
    request.gpu_type = gpu_type;
    return check_prerequisites(request, programs_, models_);
  }
  base::Error problem(RuntimeId runtime, const std::string& model) {
    const auto checked = check(runtime, model);
    EXPECT_FALSE(checked);
    return checked ? base::Error{} : checked.error();
  }
  tests::TemporaryFolder folder_;
  ProgramSettings programs_{{}, {{"PATH", folder_ / "bin:/usr/bin:/bin"}}, ""};
  ModelFolders models_{folder_ / "models", folder_ / "hf", false};
};

TEST_F(CheckPrerequisites, AreMetByAProgramThatRunsAndAModelThatIsThere) {
  EXPECT_TRUE(check(RuntimeId::llamacpp, folder_ / "model.gguf"));
}

TEST_F(CheckPrerequisites, NameAMissingProgramWhereItWasLookedForAndHowToGetIt) {
  programs_.environment["PATH"] = "/nowhere";
  const auto error = problem(RuntimeId::llamacpp, folder_ / "model.gguf");
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_THAT(error.message, HasSubstr("is not installed here: install llama.cpp"));
  EXPECT_THAT(error.message, HasSubstr("runtimes.llamacpp.binary"));
  EXPECT_THAT(error.message, HasSubstr("PATH is /nowhere"));
}

TEST_F(CheckPrerequisites, NameAProgramThatCanNotBeExecutedHere) {
  write_file(folder_ / "bin/llama-server",
             "\x7f"
             "ELF no program",
             true);
  EXPECT_THAT(problem(RuntimeId::llamacpp, folder_ / "model.gguf").message, HasSubstr("can't run here"));
  write_file(folder_ / "bin/llama-server",
             "#!/bin/sh\necho 'error while loading shared libraries: libggml.so' >&2\nexit 127\n", true);
  const auto error = problem(RuntimeId::llamacpp, folder_ / "model.gguf");
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_THAT(error.message, HasSubstr("exit code 127: error while loading shared libraries: libggml.so"));
  write_file(folder_ / "bin/llama-server", "#!/bin/sh\nkill -ILL $$\n", true);
  EXPECT_THAT(problem(RuntimeId::llamacpp, folder_ / "model.gguf").message, HasSubstr("SIGILL"));
}

TEST_F(CheckPrerequisites, NameTheInterpreterThatAScriptLacks) {
  write_file(folder_ / "bin/vllm", "#!/moved/venv/bin/python3\n", true);
  const auto error = problem(RuntimeId::vllm, "org/name");
  EXPECT_EQ(error.kind, ErrorKind::unavailable);
  EXPECT_THAT(error.message, HasSubstr("/moved/venv/bin/python3, which does not exist"));
}

TEST_F(CheckPrerequisites, NameAMissingModelFileOrAFolderThatIsNoModel) {
  const auto file = problem(RuntimeId::llamacpp, "/no/model.gguf");
  EXPECT_EQ(file.kind, ErrorKind::not_found);
  EXPECT_EQ(file.message, "model path /no/model.gguf does not exist");
  write_file(folder_ / "bin/vllm", "#!/bin/sh\n", true);
  write_file(folder_ / "models/empty/README.md", "");
  const auto empty = problem(RuntimeId::vllm, "empty");
  EXPECT_EQ(empty.kind, ErrorKind::not_found);
  EXPECT_THAT(empty.message, HasSubstr("holds no config.json"));
  write_file(folder_ / "models/empty/config.json", "{}");
  EXPECT_TRUE(check(RuntimeId::vllm, "empty"));
}

TEST_F(CheckPrerequisites, NameADeviceThatAnEngineCanNotDoWithout) {
  write_file(folder_ / "bin/trtllm-serve", "#!/bin/sh\n", true);
  EXPECT_THAT(problem(RuntimeId::tensorrt_llm, "org/name").message, HasSubstr("nvidia-smi lists none"));
  write_file(folder_ / "bin/nvidia-smi",
             "#!/bin/sh\necho 0, NVIDIA H100, GPU-aa, 80000, 100, 79900, 0, 30, 60, 400, Default\n", true);
  EXPECT_TRUE(check(RuntimeId::tensorrt_llm, "org/name"));
  EXPECT_TRUE(check(RuntimeId::tensorrt_llm, "org/name", "h100"));
  const auto other = check(RuntimeId::tensorrt_llm, "org/name", "A100");
  ASSERT_FALSE(other);
  EXPECT_EQ(
      other.error().message,
      "the task runs on GPUs of type 'A100' only, and here are: NVIDIA H100; run it where one is, or leave "
      "gpu_type out");
}

}  // namespace
}  // namespace autotuner::hosts
