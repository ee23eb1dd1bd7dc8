#include "store/sql_task_store.hpp"

#include <csignal>

#include <soci/soci.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.hpp"
#include "store/dialect.hpp"
#include "tests/contract/task_store_contract.hpp"
#include "tests/support/memory_task_store.hpp"
#include "tests/support/temporary_folder.hpp"

namespace autotuner::test {
namespace {

std::string checkpoint_or_error(const base::Result<std::string>& checkpoint) {
  return checkpoint ? *checkpoint : checkpoint.error().message;
}

class MemoryFixture {
 public:
  tuning::TaskStore& store() { return store_; }
  std::string checkpoint(const std::string& name) {
    return checkpoint_or_error(await(store_.checkpoint(name)));
  }

 private:
  MemoryTaskStore store_;
};

/// Opens the file again for every look at it, so that nothing is right by memory only.
class SqlFixture {
 public:
  tuning::TaskStore& store() { return open(); }
  std::string checkpoint(const std::string& name) {
    return checkpoint_or_error(await(open().checkpoint(name)));
  }

 private:
  store::SqlTaskStore& open() {
    store_.reset();
    auto opened = store::SqlTaskStore::open(folder_.path("autotuner.db"), pool_, base::make_silent_logger());
    if (!opened) throw std::runtime_error(opened.error().message);
    store_ = std::move(*opened);
    return *store_;
  }
  TemporaryFolder folder_;
  base::asio::thread_pool pool_{2};
  std::unique_ptr<store::SqlTaskStore> store_;
};

using Fixtures = testing::Types<MemoryFixture, SqlFixture>;
struct FixtureNames {
  template <class T>
  static std::string GetName(int) {
    return std::is_same_v<T, SqlFixture> ? "Sqlite" : "Memory";
  }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Stores, TaskStoreContract, Fixtures, FixtureNames);

}  // namespace
}  // namespace autotuner::test

namespace autotuner::store {
namespace {

using test::await;
using testing::HasSubstr;
using testing::Not;

class SqlTaskStoreTest : public testing::Test {
 protected:
  /// A store with a pool of its own: what a process has.
  struct Opened {
    explicit Opened(const std::string& path) {
      auto opened = SqlTaskStore::open(path, pool, base::make_silent_logger());
      if (opened) {
        store = std::move(*opened);
      } else {
        error = opened.error().message;
      }
    }
    base::asio::thread_pool pool{1};
    std::unique_ptr<SqlTaskStore> store;
    std::string error;
  };

  std::string query(const std::string& text) {
    const auto sql = dialect::connect(path_, dialect::Access::read_only);
    std::string answer;
    soci::indicator indicator = soci::i_null;
    *sql << text, soci::into(answer, indicator);
    return indicator == soci::i_null ? "NULL" : answer;
  }
  static tuning::Run new_run(const std::string& name) {
    tuning::Run run;
    run.task = test::sim_task(name);
    run.planned = 6;
    return run;
  }
  test::TemporaryFolder folder_;
  const std::string path_ = folder_.path("autotuner.db");
};

TEST_F(SqlTaskStoreTest, WritesRowsThatOtherToolsCanRead) {
  Opened opened(path_);
  ASSERT_TRUE(opened.store) << opened.error;
  auto run = new_run("chat");
  run.mode = spec::DeploymentMode::local;
  ASSERT_TRUE(await(opened.store->open_run(run)));
  EXPECT_EQ(query("SELECT status || ' ' || deployment_mode || ' ' || total_experiments FROM tasks"),
            "RUNNING local 6");
  ASSERT_TRUE(await(opened.store->save(run, test::full_failure(1), R"({"iteration": 1})")));
  ASSERT_TRUE(await(opened.store->save(run, test::full_success(2), R"({"iteration": 2})")));
  EXPECT_EQ(
      query("SELECT status || ' ' || error_code || ' ' || error_class || ' ' || penalty || ' ' || started_at "
            "FROM experiments WHERE experiment_id = 1"),
      "FAILED not_ready oom 1500.0 2026-01-15 09:16:00.000000");
  EXPECT_EQ(
      query(
          "SELECT status || ' ' || objective_score || ' ' || slo || ' ' || slo_violation || ' ' || simulated "
          "FROM experiments WHERE experiment_id = 2"),
      "SUCCESS -3900.125 met 0 1");
  EXPECT_EQ(query("SELECT json_extract(metadata, '$.checkpoint.iteration') FROM tasks"), "2");
  EXPECT_EQ(query("SELECT successful_experiments FROM tasks"), "1");
  EXPECT_EQ(query("SELECT experiment_id FROM experiments WHERE id = (SELECT best_experiment_id FROM tasks)"),
            "2");
  run.experiments = {test::full_failure(1), test::full_success(2)};
  run.state = tuning::TaskState::completed;
  ASSERT_TRUE(await(opened.store->finish(run, "")));
  EXPECT_EQ(query("SELECT status || ' ' || total_experiments FROM tasks"), "COMPLETED 2");
  EXPECT_EQ(query("SELECT experiment_id FROM experiments WHERE id = (SELECT best_experiment_id FROM tasks)"),
            "2");
}

TEST_F(SqlTaskStoreTest, ChoosesTheBestAnewWithEveryResult) {
  Opened opened(path_);
  auto run = new_run("chat");
  ASSERT_TRUE(await(opened.store->open_run(run)));
  const auto best = "SELECT experiment_id FROM experiments WHERE id = (SELECT best_experiment_id FROM tasks)";
  for (int number = 1; number <= 3; ++number) {
    auto experiment = test::full_success(number);
    experiment.repeat_of.reset();
    experiment.score.score = number == 2 ? -5000 : -1000;
    ASSERT_TRUE(await(opened.store->save(run, experiment, "")));
    run.experiments.push_back(experiment);
    EXPECT_EQ(query(best), number == 1 ? "1" : "2");
  }
}

TEST_F(SqlTaskStoreTest, KeepsSecretsInTheirOwnTableOnly) {
  Opened opened(path_);
  auto run = new_run("chat");
  run.task = test::sim_task_with_secrets("chat");
  ASSERT_TRUE(await(opened.store->open_run(run)));
  auto experiment = test::full_failure(1);
  experiment.parameters.set("api-key", "planted-api-key");
  experiment.failure->message = "GET http://hub/?token=hf_planted_secret failed";
  experiment.log_tail = "using key planted-api-key\n";
  const auto checkpoint =
      R"({"strategy_state": {"parameter_spec": {"api-key": ["planted-api-key"]},
          "tried_params": [[["api-key", "planted-api-key"], ["tp-size", 1]]]}})";
  ASSERT_TRUE(await(opened.store->save(run, experiment, checkpoint)));
  EXPECT_EQ(query("SELECT secrets FROM task_secrets"),
            R"({"model.hf_token":"hf_planted_secret","parameters.api-key":["planted-api-key"]})");
  EXPECT_THAT(
      query("SELECT group_concat(model_config || parameters || metadata || COALESCE(extra, '')) FROM tasks"),
      Not(HasSubstr("planted")));
  EXPECT_THAT(query("SELECT group_concat(parameters || error_message || details) FROM experiments"),
              Not(HasSubstr("planted")));
  EXPECT_EQ(
      query("SELECT json_extract(metadata, '$.checkpoint.strategy_state.tried_params[0][1][0]') FROM tasks"),
      "tp-size");
}

TEST_F(SqlTaskStoreTest, ForgetsSecretsThatTheNextRunDoesNotHave) {
  Opened opened(path_);
  auto run = new_run("chat");
  run.task = test::sim_task_with_secrets("chat");
  ASSERT_TRUE(await(opened.store->open_run(run)));
  auto next = new_run("chat");
  ASSERT_TRUE(await(opened.store->open_run(next)));
  EXPECT_EQ(query("SELECT COUNT(*) FROM task_secrets"), "0");
}

TEST_F(SqlTaskStoreTest, KeepsMembersOfTheDocumentThatHaveNoColumn) {
  Opened opened(path_);
  auto run = new_run("chat");
  auto document = *base::parse_json(run.task.document);
  document["tags"] = {"nightly", "h100"};
  document["owner"] = "ops";
  run.task = test::load_or_fail(base::to_compact_text(document));
  ASSERT_TRUE(await(opened.store->open_run(run)));
  EXPECT_EQ(query("SELECT json_extract(extra, '$.tags[1]') FROM tasks"), "h100");
  const auto found = await(opened.store->find("chat"));
  EXPECT_EQ(found->task.owner, "ops");
  EXPECT_THAT(found->task.tags, testing::ElementsAre("nightly", "h100"));
}

TEST_F(SqlTaskStoreTest, KeepsRowsOfEarlierRuns) {
  Opened opened(path_);
  for (int n = 1; n <= 3; ++n) {
    auto run = new_run("chat");
    ASSERT_TRUE(await(opened.store->open_run(run)));
    ASSERT_TRUE(await(opened.store->save(run, test::full_success(1), "")));
  }
  EXPECT_EQ(query("SELECT group_concat(run) FROM experiments"), "1,2,3");
}

TEST_F(SqlTaskStoreTest, RefusesACheckpointThatIsNoDocumentAndStoresNothing) {
  Opened opened(path_);
  auto run = new_run("chat");
  ASSERT_TRUE(await(opened.store->open_run(run)));
  const auto refused = await(opened.store->save(run, test::full_success(1), "{half"));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("the checkpoint can't be stored: line 1"));
  EXPECT_EQ(query("SELECT COUNT(*) FROM experiments"), "0");
}

/// What a process does that is killed at any moment: number after number, each with its checkpoint.
void save_without_end(const std::string& path, int progress) {
  base::asio::thread_pool pool(1);
  auto store = SqlTaskStore::open(path, pool, base::make_silent_logger());
  if (!store) return;
  auto run = await((*store)->find("chat"));
  if (!run) return;
  for (int number = static_cast<int>(run->experiments.size()) + 1; number < 10'000; ++number) {
    tuning::Experiment experiment;
    experiment.number = number;
    experiment.status = tuning::ExperimentStatus::success;
    experiment.log_tail = std::string(3'000, 'x');
    if (!await((*store)->save(*run, experiment, fmt::format(R"({{"iteration": {}}})", number)))) return;
    const char done = '.';
    if (::write(progress, &done, 1) != 1) return;
  }
}

TEST_F(SqlTaskStoreTest, AfterKillingTheWriterExperimentsAndCheckpointAgree) {
  {
    Opened opened(path_);
    auto run = new_run("chat");
    ASSERT_TRUE(await(opened.store->open_run(run)));
  }
  base::Random random(7);
  std::size_t least = 0;
  for (int round = 0; round < 12; ++round) {
    int progress[2];
    ASSERT_EQ(::pipe(progress), 0);
    const pid_t writer = ::fork();
    if (writer == 0) {
      save_without_end(path_, progress[1]);
      ::_exit(1);
    }
    ::close(progress[1]);
    char done = 0;
    const auto saves = random.integer(1, 9);
    for (std::int64_t i = 0; i < saves; ++i) ASSERT_EQ(::read(progress[0], &done, 1), 1);
    for (auto spin = random.integer(0, 2'000'000); spin > 0; --spin)
      asm volatile("");  // any moment of the next save
    ::kill(writer, SIGKILL);
    ::waitpid(writer, nullptr, 0);
    ::close(progress[0]);
    least += static_cast<std::size_t>(saves);

    Opened opened(path_);
    const auto run = await(opened.store->find("chat"));
    ASSERT_TRUE(run) << run.error().message;
    ASSERT_GE(run->experiments.size(), least);
    least = run->experiments.size();
    for (std::size_t i = 0; i < run->experiments.size(); ++i) {
      ASSERT_EQ(run->experiments[i].number, static_cast<int>(i) + 1);
    }
    EXPECT_EQ(*await(opened.store->checkpoint("chat")), fmt::format(R"({{"iteration":{}}})", least));
    EXPECT_EQ(query("SELECT successful_experiments FROM tasks"), std::to_string(least));
  }
  EXPECT_EQ(query("PRAGMA integrity_check"), "ok");
}

int write_updates(const std::string& path, const std::string& name, int updates) {
  base::asio::thread_pool pool(1);
  auto store = SqlTaskStore::open(path, pool, base::make_silent_logger());
  if (!store) return 2;
  tuning::Run run;
  run.task = test::sim_task(name);
  if (!await((*store)->open_run(run))) return 3;
  for (int i = 0; i < updates; ++i) {
    tuning::Experiment experiment;
    experiment.number = 1 + i % 50;
    experiment.status = tuning::ExperimentStatus::success;
    const auto saved = await((*store)->save(run, experiment, fmt::format(R"({{"iteration": {}}})", i)));
    if (!saved) {
      const auto text = saved.error().message + "\n";
      return ::write(STDERR_FILENO, text.data(), text.size()) > 0 ? 4 : 5;
    }
  }
  return 0;
}

TEST_F(SqlTaskStoreTest, FourProcessesWriteAtOnceAndNoneIsLockedOut) {
  constexpr int writers = 4;
  std::vector<pid_t> children;
  for (int i = 0; i < writers; ++i) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(write_updates(path_, "task-" + std::to_string(i), 250));
    children.push_back(child);
  }
  for (const auto child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  EXPECT_EQ(query("SELECT COUNT(*) FROM experiments"), "200");
  EXPECT_EQ(query("SELECT SUM(row_version) FROM tasks"), "1000");
  EXPECT_EQ(
      query("SELECT group_concat(DISTINCT json_extract(metadata, '$.checkpoint.iteration')) FROM tasks"),
      "249");
}

TEST_F(SqlTaskStoreTest, CoroutinesOfOneProcessWriteAtOnce) {
  base::asio::thread_pool pool(4);
  auto store = SqlTaskStore::open(path_, pool, base::make_silent_logger());
  ASSERT_TRUE(store);
  auto run = new_run("chat");
  ASSERT_TRUE(await((*store)->open_run(run)));
  base::asio::io_context context;
  int failures = 0, finished = 0;
  for (int number = 1; number <= 40; ++number) {
    base::asio::co_spawn(
        context,
        [](auto& to, auto& of, int n) -> base::Awaitable<bool> {
          const auto experiment = test::full_success(n);
          const auto saved = co_await to.save(of, experiment, "");
          const auto listed = co_await to.list();
          co_return saved&& listed;
        }(**store, run, number),
        [&](std::exception_ptr error, bool good) {
          failures += error || !good ? 1 : 0;
          ++finished;
        });
  }
  context.run();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(finished, 40);
  EXPECT_EQ(query("SELECT COUNT(*) FROM experiments"), "40");
}

TEST_F(SqlTaskStoreTest, AFullDiskLeavesTheLastSavedStateWhole) {
  {
    Opened opened(path_);
    auto run = new_run("chat");
    ASSERT_TRUE(await(opened.store->open_run(run)));
  }
  int answer[2];
  ASSERT_EQ(::pipe(answer), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{512 * 1024, 512 * 1024};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    Opened opened(path_);
    const auto run = await(opened.store->find("chat"));
    std::string message = "never full";
    for (int number = 1; number < 200; ++number) {
      auto experiment = test::full_success(number);
      experiment.log_tail = std::string(20'000, 'x');
      const auto saved =
          await(opened.store->save(*run, experiment, fmt::format(R"({{"iteration": {}}})", number)));
      if (!saved) {
        message = std::string(base::to_text(saved.error().kind)) + ": " + saved.error().message;
        break;
      }
    }
    ::_exit(::write(answer[1], message.data(), message.size()) > 0 ? 0 : 1);
  }
  ::close(answer[1]);
  std::array<char, 1000> text{};
  ASSERT_GT(::read(answer[0], text.data(), text.size() - 1), 0);
  ::close(answer[0]);
  ::waitpid(child, nullptr, 0);
  EXPECT_THAT(text.data(), HasSubstr("unavailable: can't save experiment "));
  EXPECT_THAT(text.data(), HasSubstr("of task 'chat' in " + path_ + ": the disk"));

  Opened opened(path_);
  auto run = await(opened.store->find("chat"));
  ASSERT_TRUE(run) << run.error().message;
  ASSERT_FALSE(run->experiments.empty());
  EXPECT_EQ(*await(opened.store->checkpoint("chat")),
            fmt::format(R"({{"iteration":{}}})", run->experiments.back().number));
  EXPECT_EQ(run->experiments.size(), static_cast<std::size_t>(run->experiments.back().number));
}

}  // namespace
}  // namespace autotuner::store
