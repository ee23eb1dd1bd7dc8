#include "store/database.hpp"

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <soci/soci.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/cells.hpp"
#include "store/dialect.hpp"
#include "store/migrations.hpp"
#include "tests/support/temporary_folder.hpp"

namespace autotuner::store {
namespace {

using testing::HasSubstr;

class DatabaseTest : public testing::Test {
 protected:
  std::unique_ptr<Database> open(const std::string& path) {
    auto database = Database::open(path, base::make_silent_logger());
    if (!database) ADD_FAILURE() << database.error().message;
    return database ? std::move(*database) : nullptr;
  }
  base::Error refusal(const std::string& path) {
    const auto database = Database::open(path, base::make_silent_logger());
    return database ? base::Error{base::ErrorKind::internal, "opened"} : database.error();
  }
  static std::string text_of(Database& database, const std::string& query) {
    std::string answer;
    const auto read = database.read("look", [&](soci::session& sql) -> base::Result<void> {
      sql << query, soci::into(answer);
      return {};
    });
    return read ? answer : read.error().message;
  }
  static base::Result<void> add_task(Database& database, const std::string& name,
                                     const std::string& description) {
    return database.write("add a task", [&](soci::session& sql) -> base::Result<void> {
      const std::string empty = "{}";
      insert(sql, "tasks",
             {{"task_name", name},
              {"description", description},
              {"model_config", empty},
              {"base_runtime", empty},
              {"parameters", empty},
              {"optimization_config", empty},
              {"benchmark_config", empty}});
      return {};
    });
  }
  test::TemporaryFolder folder_;
  const std::string path_ = folder_.path("deep/er/autotuner.db");
};

TEST_F(DatabaseTest, CreatesFoldersAndAFileThatOnlyItsOwnerReads) {
  const auto database = open(path_);
  ASSERT_TRUE(database);
  ASSERT_TRUE(add_task(*database, "t", ""));
  for (const auto* suffix : {"", "-wal", "-shm"}) {
    struct stat status{};
    ASSERT_EQ(::stat((path_ + suffix).c_str(), &status), 0) << suffix;
    EXPECT_EQ(status.st_mode & 0777, 0600U) << suffix;
  }
}

TEST_F(DatabaseTest, MakesAnExistingFilePrivate) {
  open(path_).reset();
  ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
  open(path_).reset();
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(DatabaseTest, HasTheHouseSettings) {
  const auto database = open(path_);
  std::string journal;
  int synchronous = 0, foreign_keys = 0, busy = 0, version = 0;
  ASSERT_TRUE(database->write("look", [&](soci::session& sql) -> base::Result<void> {
    sql << "PRAGMA journal_mode", soci::into(journal);
    sql << "PRAGMA synchronous", soci::into(synchronous);
    sql << "PRAGMA foreign_keys", soci::into(foreign_keys);
    sql << "PRAGMA busy_timeout", soci::into(busy);
    sql << "PRAGMA user_version", soci::into(version);
    return {};
  }));
  EXPECT_EQ(journal, "wal");
  EXPECT_EQ(synchronous, 1);
  EXPECT_EQ(foreign_keys, 1);
  EXPECT_EQ(busy, 30'000);
  EXPECT_EQ(version, migrations().back().number);
}

TEST_F(DatabaseTest, NumbersItsMigrationsWithoutAGap) {
  int expected = 1;
  for (const auto& step : migrations()) {
    EXPECT_EQ(step.number, expected++) << step.name;
    EXPECT_FALSE(step.sql.empty()) << step.name;
  }
}

TEST_F(DatabaseTest, KeepsNothingOfAWriteThatFails) {
  const auto database = open(path_);
  const auto failed = database->write("try", [&](soci::session& sql) -> base::Result<void> {
    sql << "PRAGMA defer_foreign_keys = ON";
    sql << "INSERT INTO task_secrets (task_id, secrets) VALUES (1, 'x')";
    return base::fail(base::ErrorKind::conflict, "no");
  });
  EXPECT_EQ(failed.error().message, "no");
  EXPECT_EQ(text_of(*database, "SELECT COUNT(*) FROM task_secrets"), "0");
}

TEST_F(DatabaseTest, ReadersSeeTheStateBeforeAnUnfinishedWrite) {
  const auto database = open(path_);
  std::string seen;
  ASSERT_TRUE(database->write("write", [&](soci::session& sql) -> base::Result<void> {
    sql << "PRAGMA defer_foreign_keys = ON";
    sql << "INSERT INTO task_secrets (task_id, secrets) VALUES (1, 'x')";
    seen = text_of(*database, "SELECT COUNT(*) FROM task_secrets");
    sql << "DELETE FROM task_secrets";
    return {};
  }));
  EXPECT_EQ(seen, "0");
}

TEST_F(DatabaseTest, ReadersCanNotWrite) {
  const auto database = open(path_);
  const auto refused = database->read("peek", [](soci::session& sql) -> base::Result<void> {
    sql << "DELETE FROM tasks";
    return {};
  });
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("can't peek in " + path_));
}

TEST_F(DatabaseTest, RefusesASchemaFromTheFuture) {
  ASSERT_TRUE(open(path_)->write("age", [](soci::session& sql) -> base::Result<void> {
    dialect::set_schema_version(sql, 4711);
    return {};
  }));
  const auto error = refusal(path_);
  EXPECT_EQ(error.kind, base::ErrorKind::unavailable);
  EXPECT_THAT(error.message, HasSubstr("has schema version 4711; this program knows versions up to"));
}

TEST_F(DatabaseTest, SaysThatAFileIsNoDatabase) {
  std::ofstream(folder_.path("text.db")) << std::string(5000, 'x');
  const auto error = refusal(folder_.path("text.db"));
  EXPECT_EQ(error.kind, base::ErrorKind::unavailable);
  EXPECT_THAT(error.message, HasSubstr("can't open the database in " + folder_.path("text.db") +
                                       ": the file is no SQLite database"));
}

TEST_F(DatabaseTest, SaysThatAFolderCanNotBeMade) {
  std::ofstream(folder_.path("file")) << "x";
  const auto error = refusal(folder_.path("file/autotuner.db"));
  EXPECT_EQ(error.kind, base::ErrorKind::unavailable);
  EXPECT_THAT(error.message, HasSubstr("can't create the folder " + folder_.path("file")));
}

/// Runs `work` in a process whose files may not grow beyond `bytes`; what it prints comes back.
template <class Work>
std::string in_process_with_file_limit(rlim_t bytes, const Work& work) {
  int answer[2];
  if (::pipe(answer) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string text = work();
    const bool told = ::write(answer[1], text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::_exit(told ? 0 : 1);
  }
  ::close(answer[1]);
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = ::read(answer[0], buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  ::close(answer[0]);
  ::waitpid(child, nullptr, 0);
  return text;
}

TEST_F(DatabaseTest, AFullDiskIsAnErrorThatSaysSoAndLosesNothing) {
  ASSERT_TRUE(add_task(*open(path_), "before", ""));
  const auto message = in_process_with_file_limit(256 * 1024, [&] {
    const auto database = open(path_);
    for (int i = 0; i < 100; ++i) {
      const auto added = add_task(*database, "t" + std::to_string(i), std::string(50'000, 'x'));
      if (!added) return std::string(base::to_text(added.error().kind)) + ": " + added.error().message;
    }
    return std::string("never full");
  });
  EXPECT_THAT(message, HasSubstr("unavailable: can't add a task in " + path_ + ": the disk"));
  EXPECT_THAT(message, HasSubstr("what was stored before is kept"));

  const auto database = open(path_);
  EXPECT_EQ(text_of(*database, "SELECT COUNT(*) FROM tasks WHERE task_name = 'before'"), "1");
  EXPECT_EQ(text_of(*database, "SELECT COUNT(*) FROM tasks WHERE LENGTH(description) NOT IN (0, 50000)"),
            "0");
  EXPECT_EQ(text_of(*database, "PRAGMA integrity_check"), "ok");
  EXPECT_TRUE(add_task(*database, "after", ""));
}

TEST_F(DatabaseTest, APageLimitCountsAsAFullDisk) {
  const auto database = open(path_);
  const auto added = database->write("fill up", [](soci::session& sql) -> base::Result<void> {
    sql << "PRAGMA max_page_count = 1";  // clamped to the present size
    sql << "CREATE TABLE filler (x)";
    sql << "INSERT INTO filler VALUES (zeroblob(1000000))";
    return {};
  });
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().message,
            "can't fill up in " + path_ + ": the disk is full; what was stored before is kept");
}

TEST_F(DatabaseTest, AcceptsThePathsThatOtherToolsWrite) {
  EXPECT_EQ(*sqlite_path("sqlite:////var/a.db"), "/var/a.db");
  EXPECT_EQ(*sqlite_path("sqlite+aiosqlite:///./a.db"), "./a.db");
  EXPECT_EQ(*sqlite_path("/var/my data/a.db"), "/var/my data/a.db");
  EXPECT_EQ(sqlite_path("mysql://u:p@h/d").error().message,
            "the database 'mysql://' is of an unknown kind; must be a path or sqlite:///<path>");
  EXPECT_EQ(sqlite_path("").error().kind, base::ErrorKind::invalid_input);
}

}  // namespace
}  // namespace autotuner::store
