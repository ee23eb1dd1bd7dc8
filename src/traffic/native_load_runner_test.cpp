#include "traffic/native_load_runner.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/json.hpp"
#include "tests/support/scripted_server.hpp"

namespace autotuner::traffic {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using base::Json;
using tests::ScriptedServer;
namespace answers = tests::answers;

int words_in(const std::string& text) {
  return static_cast<int>(std::ranges::count(text, ' ')) + 1;
}

/// Answers like an engine whose every word is a token and whose chat template costs five.
class FakeEngineServer {
 public:
  std::string answer(const std::string& request) {
    const auto head_end = request.find("\r\n\r\n");
    const auto line = request.substr(0, request.find("\r\n"));
    const auto body = base::parse_json(request.substr(head_end + 4));
    if (line.find(" /v1/models ") != std::string::npos)
      return answers::plain(200, R"({"data":[{"id":"served"}]})");
    if (line.find(" /tokenize ") != std::string::npos) return tokenize(*body);
    if (line.find(" /v1/completions ") != std::string::npos && !body->contains("stream")) return warm();
    return generate(*body);
  }

  std::function<std::string(const Json& body, int number)> instead;  ///< empty result = the usual answer
  bool can_tokenize = true;
  bool has_completions = true;
  std::string warm_error;
  std::multiset<std::string> prompts() const {
    const std::scoped_lock lock(mutex_);
    return prompts_;
  }
  std::set<std::string> models() const {
    const std::scoped_lock lock(mutex_);
    return models_;
  }

 private:
  std::string tokenize(const Json& body) const {
    if (!can_tokenize) return answers::plain(404, "{}");
    Json tokens = Json::array();
    const auto text = body.at("content").get<std::string>();
    for (int i = 0; i < words_in(text) - (text.starts_with(' ') ? 1 : 0); ++i) tokens.push_back(100 + i);
    return answers::plain(200, Json{{"tokens", tokens}}.dump());
  }
  std::string warm() const {
    if (!has_completions) return answers::plain(404, R"({"detail":"Not Found"})");
    if (!warm_error.empty()) return answers::plain(400, Json{{"error", {{"message", warm_error}}}}.dump());
    return answers::plain(200, R"({"choices":[{"text":"x"}]})");
  }
  std::string generate(const Json& body) {
    const auto prompt = body.at("messages").back().at("content").get<std::string>();
    int number = 0;
    {
      const std::scoped_lock lock(mutex_);
      prompts_.insert(prompt);
      models_.insert(body.at("model").get<std::string>());
      number = served_++;
    }
    const int tokens = words_in(prompt) + 5;
    if (!body.contains("stream")) {
      return answers::plain(200, Json{{"choices", Json::array()},
                                      {"usage", {{"prompt_tokens", tokens}, {"completion_tokens", 1}}}}
                                     .dump());
    }
    if (instead) {
      if (auto other = instead(body, number); !other.empty()) return other;
    }
    return answers::chat(tokens, body.at("max_tokens").get<int>());
  }

  mutable std::mutex mutex_;
  std::multiset<std::string> prompts_;
  std::set<std::string> models_;
  int served_ = 0;
};

class NativeLoadRunnerTest : public testing::Test {
 protected:
  NativeLoadRunnerTest() {
    request_.url = server_.url();
    request_.workload.scenarios = {*load::Scenario::parse("D(40,6)")};
    request_.workload.levels = {{.concurrency = 1, .request_rate = {}},
                                {.concurrency = 3, .request_rate = {}}};
    request_.workload.max_requests = 12;
    request_.deadline = std::chrono::steady_clock::now() + 60s;
    request_.result_folder = folder_.string();
  }
  ~NativeLoadRunnerTest() override { fs::remove_all(folder_); }

  tuning::LoadResult run(std::stop_token stop = {}) {
    return runner_.run_blocking(request_, nullptr, std::move(stop), watcher_);
  }
  std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(folder_))
      names.insert(fs::relative(entry.path(), folder_).string());
    return names;
  }
  long files_with(const std::string& part) const {
    return std::ranges::count_if(files(),
                                 [&part](const auto& name) { return name.find(part) != std::string::npos; });
  }

  FakeEngineServer engine_;
  ScriptedServer server_{
      ScriptedServer::answering([this](const std::string& request) { return engine_.answer(request); })};
  boost::asio::thread_pool pool_{1};
  NativeLoadRunner runner_{pool_, {}};
  tuning::LoadRequest request_;
  tuning::LoadWatcher watcher_;
  fs::path folder_ = fs::temp_directory_path() / ("autotuner-load-" + std::to_string(::getpid()));
};

TEST_F(NativeLoadRunnerTest, MeasuresEveryLevelAndWritesItsFiles) {
  std::vector<std::string> phases;
  watcher_.phase = [&phases](const std::string& phase, const std::string& detail) {
    phases.push_back(phase + ": " + detail);
  };
  std::vector<int> levels;
  watcher_.level_finished = [&levels](const metrics::Batch& batch) {
    levels.push_back(batch.num_concurrency);
  };
  const auto result = run();
  ASSERT_FALSE(result.failure) << result.failure->message;
  ASSERT_EQ(result.batches.size(), 2U);
  EXPECT_FALSE(result.partial);
  EXPECT_EQ(result.batches[1].num_concurrency, 3);
  EXPECT_EQ(result.batches[1].num_completed_requests, 12);
  EXPECT_EQ(result.batches[1].scenario, "D(40,6)");
  EXPECT_EQ(levels, (std::vector<int>{1, 3}));
  EXPECT_EQ(phases.front(), "warmup: 3 requests");
  EXPECT_EQ(std::ranges::count(phases, "level: concurrency 3, D(40,6)"), 1);
  EXPECT_EQ(engine_.models(), (std::set<std::string>{"served"}));
  EXPECT_TRUE(files().contains("experiment_metadata.json"));
  EXPECT_EQ(files_with("D40_6_text-to-text_num_concurrency_"), 2);
}

TEST_F(NativeLoadRunnerTest, MeetsThePromptLengthWithAndWithoutATokenizer) {
  for (const bool can_tokenize : {true, false}) {
    engine_.can_tokenize = can_tokenize;
    const auto result = run();
    ASSERT_EQ(result.batches.size(), 2U);
    EXPECT_NEAR(*result.batches[0].stat("num_input_tokens", "mean"), 45, 0.9) << can_tokenize;
    EXPECT_EQ(result.client_warning, "");
  }
}

TEST_F(NativeLoadRunnerTest, NeverSendsAPromptTwice) {
  for (request_.prompt_stream = 0; request_.prompt_stream < 2; ++request_.prompt_stream)
    ASSERT_EQ(run().batches.size(), 2U);
  const auto prompts = engine_.prompts();
  EXPECT_EQ(std::set<std::string>(prompts.begin(), prompts.end()).size(), prompts.size());
}

TEST_F(NativeLoadRunnerTest, FailsWithTheServersWordsWhenNoWarmUpIsAnswered) {
  engine_.warm_error = "model 'served' is not loaded";
  const auto result = run();
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->code, engine::FailureCode::benchmark_failed);
  EXPECT_EQ(result.failure->message,
            "none of 3 warm-up requests was answered: HTTP 400: model 'served' is not loaded");
}

TEST_F(NativeLoadRunnerTest, MeasuresOnWhereNoResultFileCanBeWritten) {
  request_.result_folder = "/proc/nowhere/results";
  const auto result = run();
  EXPECT_FALSE(result.failure);
  EXPECT_EQ(result.batches.size(), 2U);
  EXPECT_NE(result.client_warning.find("no result files: "), std::string::npos) << result.client_warning;
  EXPECT_NE(result.client_warning.find("/proc/nowhere"), std::string::npos) << result.client_warning;
}

TEST_F(NativeLoadRunnerTest, WarmsUpNoLongerThanTheTimeLimitOfTheRun) {
  ScriptedServer silent([](tests::ScriptedConnection& connection) {
    while (connection.read_request()) continue;
  });
  request_.url = silent.url();
  request_.workload.model_name = "served";
  request_.deadline = std::chrono::steady_clock::now() + 100ms;
  const auto result = run();
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->code, engine::FailureCode::benchmark_timeout);
}

TEST_F(NativeLoadRunnerTest, WarmsUpOverChatWhereThereAreNoCompletions) {
  engine_.has_completions = false;
  EXPECT_EQ(run().batches.size(), 2U);
}

TEST_F(NativeLoadRunnerTest, RecordsALevelWithoutSuccessAndGoesOn) {
  // the first level's 12 requests fail: 3 warm requests come before it, one of them for the level
  std::atomic<int> measured{0};
  engine_.instead = [&measured](const Json& body, int) {
    return body.at("max_tokens") == 6 && measured++ < 13
               ? answers::plain(429, R"({"error":{"message":"slow down"}})")
               : std::string();
  };
  const auto result = run();
  ASSERT_EQ(result.failed.size(), 1U);
  EXPECT_EQ(result.failed[0].reason, "no request succeeded: slow down (code 429)");
  EXPECT_EQ(result.failed[0].level.concurrency, 1);
  EXPECT_EQ(result.batches.size(), 1U);
  EXPECT_TRUE(result.partial);
  EXPECT_EQ(files_with("debug_for_run_D40_6_1.json"), 1);
}

TEST_F(NativeLoadRunnerTest, SkipsHigherLevelsAfterTwoBadOnes) {
  request_.workload.levels = {{.concurrency = 1, .request_rate = {}},
                              {.concurrency = 2, .request_rate = {}},
                              {.concurrency = 4, .request_rate = {}}};
  engine_.instead = [](const Json&, int) { return answers::plain(500, "broken"); };
  const auto result = run();
  ASSERT_EQ(result.failed.size(), 3U);
  EXPECT_EQ(
      result.failed[2].reason,
      "skipped: more than half of the requests failed at two levels in a row, the last one concurrency 2");
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->message, "no request succeeded: broken (code 500)");
}

TEST_F(NativeLoadRunnerTest, PoolsRepeatsIntoOneBatch) {
  request_.workload.repeat = 2;
  const auto result = run();
  ASSERT_EQ(result.batches.size(), 2U);
  EXPECT_EQ(result.batches[0].num_completed_requests, 24);
  EXPECT_EQ(result.batches[0].repeats.size(), 2U);
  EXPECT_EQ(files_with("rep2/D40_6"), 2);
}

TEST_F(NativeLoadRunnerTest, KeepsFinishedLevelsWhenStopped) {
  std::stop_source stop;
  watcher_.level_finished = [&stop](const metrics::Batch&) { stop.request_stop(); };
  const auto result = run(stop.get_token());
  EXPECT_EQ(result.batches.size(), 1U);
  EXPECT_TRUE(result.partial);
  ASSERT_EQ(result.failed.size(), 1U);
  EXPECT_EQ(result.failed[0].reason, "not measured: stopped on request");
}

TEST_F(NativeLoadRunnerTest, FailsWithATimeoutWhenNothingWasMeasured) {
  request_.deadline = std::chrono::steady_clock::now();
  const auto result = run();
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->code, engine::FailureCode::benchmark_timeout);
}

TEST_F(NativeLoadRunnerTest, LeavesForeignFilesInTheResultFolderAlone) {
  fs::create_directories(folder_ / "rep2");
  std::ofstream(folder_ / "notes.txt") << "mine";
  std::ofstream(folder_ / "D1_1_text-to-text_num_concurrency_1_time_9s.json") << "{}";
  ASSERT_FALSE(run().failure);
  EXPECT_TRUE(files().contains("notes.txt"));
  EXPECT_EQ(files_with("D1_1"), 0);
  EXPECT_FALSE(files().contains("rep2"));
}

TEST_F(NativeLoadRunnerTest, SaysWhatIsWrongWithTheAddress) {
  request_.url = "localhost:1";
  EXPECT_EQ(run().failure->message, "url 'localhost:1': must start with http:// or https://");
  request_.url = server_.url() + "/v1/";
  EXPECT_FALSE(run().failure) << "a version behind the base is what people copy";
}

}  // namespace
}  // namespace autotuner::traffic
