#include "cli/completion.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temporary_folder.hpp"

namespace autotuner::cli {
namespace {

/// A tree like the real one: commands, options with and without values, help that needs quoting.
class Completion : public testing::Test {
 protected:
  Completion() {
    app_.set_version_flag("--version", "autotuner 1");
    auto* tune = app_.add_subcommand("tune", "find the best; what's shipped");
    tune->add_option("FILE", file_, "task file");
    tune->add_option("--engine,-e", engine_, "llamacpp [default]: or vllm\nsecond line");
    tune->add_flag("--json", json_, "as JSON");
    app_.add_subcommand("sim", "run the simulated engine");
    add_completion(app_, [] { return ExtraWords{}; }, code_);
  }

  /// What the shell prints after it read the script from $script.
  std::string run(const std::string& shell, const std::string& script, const std::string& command) const {
    std::ofstream(folder_.path("script")) << script;
    std::ofstream(folder_.path("command")) << command;
    const auto line =
        "cd " + folder_.path() + " && script=script " + shell + " ./command 2>&1; echo \"exit $?\"";
    std::FILE* pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr) return "no pipe";
    std::string output;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) output += static_cast<char>(c);
    ::pclose(pipe);
    return output;
  }

  std::string bash(const std::string& command) const {
    return run("bash", completion_script(app_, Shell::bash, extra_), command);
  }

  static bool has_shell(const std::string& name) {
    return std::filesystem::exists("/bin/" + name) || std::filesystem::exists("/usr/bin/" + name);
  }

  CLI::App app_{"finds", "autotuner"};
  ExtraWords extra_{{"sim", {{"--port", "where to listen", true}}}};
  std::string file_, engine_;
  bool json_ = false;
  int code_ = -1;
  test::TemporaryFolder folder_;
};

TEST_F(Completion, BashReadsItsScript) {
  EXPECT_EQ(bash("bash -n $script && . ./$script && complete -p autotuner"),
            "complete -o bashdefault -o default -F _autotuner autotuner\nexit 0\n");
}

TEST_F(Completion, BashOffersCommandsFirst) {
  EXPECT_EQ(bash(". ./$script; COMP_WORDS=(autotuner tu); COMP_CWORD=1; _autotuner; echo ${COMPREPLY[*]}"),
            "tune\nexit 0\n");
}

TEST_F(Completion, BashOffersTheOptionsOfTheCommandThatWasTyped) {
  EXPECT_EQ(
      bash(". ./$script; COMP_WORDS=(autotuner tune --); COMP_CWORD=2; _autotuner; echo ${COMPREPLY[*]}"),
      "--help --engine --json\nexit 0\n");
}

TEST_F(Completion, BashLeavesAnOptionsValueToFileNames) {
  EXPECT_EQ(bash(". ./$script; COMP_WORDS=(autotuner tune --engine x); COMP_CWORD=3; _autotuner; echo "
                 "\"${#COMPREPLY[@]}\""),
            "0\nexit 0\n");
}

TEST_F(Completion, BashOffersNestedCommands) {
  EXPECT_EQ(
      bash(
          ". ./$script; COMP_WORDS=(autotuner completion z); COMP_CWORD=2; _autotuner; echo ${COMPREPLY[*]}"),
      "zsh\nexit 0\n");
}

TEST_F(Completion, TakesOptionsThatTheTreeDoesNotHold) {
  EXPECT_EQ(
      bash(". ./$script; COMP_WORDS=(autotuner sim --po); COMP_CWORD=2; _autotuner; echo ${COMPREPLY[*]}"),
      "--port\nexit 0\n");
}

TEST_F(Completion, ZshQuotesHelpOnOneLine) {
  const auto script = completion_script(app_, Shell::zsh, extra_);
  EXPECT_TRUE(script.starts_with("#compdef autotuner\n"));
  EXPECT_NE(script.find("'tune:find the best; what'\\''s shipped'"), std::string::npos);
  EXPECT_NE(script.find("'--engine[llamacpp \\[default\\]: or vllm]:value:_files'"), std::string::npos);
  EXPECT_EQ(script.find("second line"), std::string::npos);
  if (has_shell("zsh")) {
    EXPECT_EQ(run("zsh -f", script, "zsh -n $script"), "exit 0\n");
  }
}

TEST_F(Completion, FishQuotesHelp) {
  const auto script = completion_script(app_, Shell::fish, extra_);
  EXPECT_NE(script.find("complete -c autotuner -n '__fish_use_subcommand' -a 'tune' -d 'find the best; "
                        "what\\'s shipped'\n"),
            std::string::npos);
  EXPECT_NE(script.find("complete -c autotuner -n '__fish_seen_subcommand_from tune' -l engine -r -d"),
            std::string::npos);
  EXPECT_NE(script.find("complete -c autotuner -n '__fish_seen_subcommand_from completion' -a 'zsh'"),
            std::string::npos);
  if (has_shell("fish")) {
    EXPECT_EQ(run("fish --no-config", script, "fish --no-config -n $script"), "exit 0\n");
  }
}

TEST_F(Completion, PrintsTheScriptOfTheNamedShell) {
  testing::internal::CaptureStdout();
  app_.parse("completion bash");
  EXPECT_TRUE(testing::internal::GetCapturedStdout().starts_with("# bash completion for autotuner"));
  EXPECT_EQ(code_, 0);
}

TEST_F(Completion, RefusesAShellThatItDoesNotKnow) {
  EXPECT_THROW(app_.parse("completion tcsh"), CLI::ParseError);
}

}  // namespace
}  // namespace autotuner::cli
