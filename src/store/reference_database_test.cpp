#include <filesystem>

#include <soci/soci.h>

#include "store/dialect.hpp"
#include "store/sql_task_store.hpp"
#include "tests/contract/task_store_contract.hpp"
#include "tests/support/temporary_folder.hpp"

namespace autotuner::store {
namespace {

using test::await;

/// The tables as the reference's older versions have made them: no run, no quant_config, no defaults.
constexpr const char* reference_tables = R"sql(
  CREATE TABLE tasks (id INTEGER NOT NULL, task_name VARCHAR NOT NULL, description VARCHAR, status VARCHAR(9),
    model_config JSON NOT NULL, base_runtime VARCHAR NOT NULL, runtime_image_tag VARCHAR, parameters JSON NOT NULL,
    optimization_config JSON NOT NULL, benchmark_config JSON NOT NULL, slo_config JSON, deployment_mode VARCHAR,
    metadata JSON, total_experiments INTEGER, successful_experiments INTEGER, best_experiment_id INTEGER,
    created_at DATETIME, started_at DATETIME, completed_at DATETIME, elapsed_time FLOAT, PRIMARY KEY (id),
    FOREIGN KEY(best_experiment_id) REFERENCES experiments (id));
  CREATE UNIQUE INDEX ix_tasks_task_name ON tasks (task_name);
  CREATE TABLE experiments (id INTEGER NOT NULL, task_id INTEGER NOT NULL, experiment_id INTEGER NOT NULL,
    parameters JSON NOT NULL, status VARCHAR(12), error_message VARCHAR, metrics JSON, objective_score FLOAT,
    gpu_info JSON, service_name VARCHAR, service_url VARCHAR, created_at DATETIME, started_at DATETIME,
    completed_at DATETIME, elapsed_time FLOAT, PRIMARY KEY (id), FOREIGN KEY(task_id) REFERENCES tasks (id));
)sql";

constexpr const char* reference_rows = R"sql(
  INSERT INTO tasks (id, task_name, status, model_config, base_runtime, parameters, optimization_config,
      benchmark_config, slo_config, deployment_mode, metadata, total_experiments, successful_experiments,
      best_experiment_id, created_at, started_at, completed_at, elapsed_time)
    VALUES (5, 'old', 'COMPLETED', '{"id_or_path": "sim-8b", "namespace": "autotuner"}', 'sim',
      '{"max-num-seqs": [16, 32]}', '{"strategy": "grid_search", "objective": "minimize_latency", "max_iterations": 2}',
      '{"task": "text-to-text", "model_name": "sim-8b", "model_tokenizer": "t", "traffic_scenarios": ["D(100,100)"],
        "num_concurrency": [1]}',
      'null', 'docker', '{"checkpoint": {"iteration": 2, "best_score": 1.5, "strategy_state": {}}}', 2, 1, 3,
      '2025-11-02 10:00:00.123456', '2025-11-02 10:01:00.000000', '2025-11-02 10:11:00.500000', 600.5);
  INSERT INTO tasks (id, task_name, model_config, base_runtime, parameters, optimization_config, benchmark_config)
    VALUES (6, 'bare', '{}', 'sglang', '{}', '{}', '{}');
  INSERT INTO experiments (id, task_id, experiment_id, parameters, status, metrics, objective_score, created_at)
    VALUES (3, 5, 1, '{"max-num-seqs": 16}', 'SUCCESS', '{"mean_e2e_latency": 1.5, "max_ttft": Infinity}', 1.5,
      '2025-11-02 10:01:00.000000');
  INSERT INTO experiments (id, task_id, experiment_id, parameters, status, error_message, objective_score)
    VALUES (4, 5, 2, '{"max-num-seqs": 32}', 'BENCHMARKING', NULL, NULL),
           (7, 5, 2, '{"max-num-seqs": 32}', 'FAILED', 'Failed to deploy', 1200);
)sql";

class ReferenceDatabase : public testing::Test {
 protected:
  void SetUp() override {
    const auto sql = dialect::connect(path_, dialect::Access::read_write);
    dialect::run_script(*sql, reference_tables);
    dialect::run_script(*sql, reference_rows);
  }
  std::unique_ptr<SqlTaskStore> open() {
    auto store = SqlTaskStore::open(path_, pool_, base::make_silent_logger());
    if (!store) ADD_FAILURE() << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  static std::string query(const std::string& path, const std::string& text) {
    const auto sql = dialect::connect(path, dialect::Access::read_only);
    std::string answer;
    *sql << text, soci::into(answer);
    return answer;
  }
  test::TemporaryFolder folder_;
  const std::string path_ = folder_.path("reference.db");
  base::asio::thread_pool pool_{1};
};

TEST_F(ReferenceDatabase, IsCopiedBeforeItIsChanged) {
  open();
  const auto copy = path_ + ".backup-v0";
  ASSERT_TRUE(std::filesystem::exists(copy));
  EXPECT_EQ(std::filesystem::status(copy).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(query(copy, "SELECT COUNT(*) FROM experiments"), "3");
  EXPECT_EQ(query(copy, "SELECT COUNT(*) FROM pragma_table_info('tasks') WHERE name = 'run'"), "0");
  open();
  EXPECT_FALSE(std::filesystem::exists(path_ + ".backup-v1")) << "the second opening changes nothing";
}

TEST_F(ReferenceDatabase, ListsItsTasksWithDefaultsForWhatIsNull) {
  const auto heads = await(open()->list());
  ASSERT_TRUE(heads) << heads.error().message;
  ASSERT_EQ(heads->size(), 2U);
  EXPECT_EQ(heads->at(0).name, "old");
  EXPECT_EQ(heads->at(0).id, 5);
  EXPECT_EQ(heads->at(0).state, tuning::TaskState::completed);
  EXPECT_EQ(heads->at(0).created_at, "2025-11-02T10:00:00.123456Z");
  EXPECT_EQ(heads->at(0).experiments, 2);
  EXPECT_EQ(heads->at(0).successful, 1);
  EXPECT_EQ(heads->at(1).name, "bare");
  EXPECT_EQ(heads->at(1).state, tuning::TaskState::pending);
  EXPECT_EQ(heads->at(1).experiments, 0);
}

TEST_F(ReferenceDatabase, OpensATaskWithTheNewestRowOfEachExperiment) {
  const auto run = await(open()->find("old"));
  ASSERT_TRUE(run) << run.error().message;
  EXPECT_EQ(run->run, 1);
  EXPECT_EQ(run->elapsed, 600.5);
  EXPECT_EQ(run->task.deployment_mode, spec::DeploymentMode::docker);
  ASSERT_EQ(run->experiments.size(), 2U);
  EXPECT_EQ(run->experiments[0].score.score, 1.5);
  ASSERT_TRUE(run->experiments[0].metrics);
  EXPECT_EQ(run->experiments[0].metrics->value("mean_e2e_latency"), 1.5);
  EXPECT_EQ(run->experiments[1].status, tuning::ExperimentStatus::failed);
  EXPECT_EQ(run->experiments[1].failure->message, "Failed to deploy");
  EXPECT_EQ(query(path_, "SELECT COUNT(*) FROM experiments"), "3") << "the older row is still there";
}

TEST_F(ReferenceDatabase, SaysWhyATaskOfItCanNotBeRun) {
  const auto run = await(open()->find("bare"));
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().kind, base::ErrorKind::invalid_input);
  EXPECT_THAT(run.error().message, testing::HasSubstr("the stored document of task 'bare' can't be used: "));
}

TEST_F(ReferenceDatabase, TakesFurtherRunsOfItsTasks) {
  const auto store = open();
  auto run = *await(store->find("old"));
  run.experiments.clear();
  ASSERT_TRUE(await(store->open_run(run)));
  EXPECT_EQ(run.task_id, 5);
  EXPECT_EQ(run.run, 2);
  ASSERT_TRUE(await(store->save(run, test::full_success(1), "")));
  EXPECT_EQ(await(store->find("old"))->experiments.size(), 1U);
}

}  // namespace
}  // namespace autotuner::store
