#include "store/task_lock.hpp"

#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/temporary_folder.hpp"

namespace autotuner::store {
namespace {

using testing::HasSubstr;

class FixedClock final : public base::Clock {
 public:
  base::SteadyTime steady() const override { return {}; }
  base::SystemTime system() const override { return base::SystemTime(std::chrono::seconds(1'768'468'567)); }
};

/// A forked process that ran `work` and waits to be ended.
class Child {
 public:
  template <class Work>
  explicit Child(const Work& work) {
    int ready[2];
    if (::pipe(ready) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ready[0]);
      const auto kept = work();
      const char done = kept ? 'y' : 'n';
      if (::write(ready[1], &done, 1) != 1) ::_exit(2);
      ::pause();
      ::_exit(0);
    }
    ::close(ready[1]);
    char answer = '?';
    succeeded_ = ::read(ready[0], &answer, 1) == 1 && answer == 'y';
    ::close(ready[0]);
  }
  ~Child() { end(); }

  bool succeeded() const { return succeeded_; }
  pid_t pid() const { return pid_; }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
  bool succeeded_ = false;
};

class TaskLockTest : public testing::Test {
 protected:
  base::Result<TaskLock> acquire(const std::string& task = "chat tuning") {
    return TaskLock::acquire(folder_.path("locks"), task, clock_);
  }
  test::TemporaryFolder folder_;
  FixedClock clock_;
};

TEST_F(TaskLockTest, RefusesASecondHolderNamingProcessHostAndTime) {
  const auto first = acquire();
  ASSERT_TRUE(first) << first.error().message;
  const auto second = acquire();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, base::ErrorKind::conflict);
  EXPECT_THAT(second.error().message, HasSubstr("task 'chat tuning' is being tuned by process " +
                                                std::to_string(::getpid()) + " on "));
  EXPECT_THAT(second.error().message, HasSubstr("since 2026-01-15T09:16:07Z"));
}

TEST_F(TaskLockTest, LetsOtherTasksRunAtTheSameTime) {
  const auto first = acquire("a b");
  const auto second = acquire("a-b");
  EXPECT_TRUE(first && second);
}

TEST_F(TaskLockTest, IsFreeAgainOnceReleasedAndLeavesNoFile) {
  {
    const auto held = acquire();
  }
  EXPECT_FALSE(std::filesystem::exists(TaskLock::path_of(folder_.path("locks"), "chat tuning")));
  EXPECT_TRUE(acquire());
}

TEST_F(TaskLockTest, EndsWithAProcessThatIsKilled) {
  Child holder([&] {
    auto lock = acquire();
    const bool held = lock.has_value();
    if (held) new TaskLock(std::move(*lock));  // lives until the kill
    return held;
  });
  ASSERT_TRUE(holder.succeeded());
  const auto refused = acquire();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("process " + std::to_string(holder.pid())));
  holder.end();
  EXPECT_TRUE(acquire());
}

TEST_F(TaskLockTest, TakesOverFromADeadProcessWhoseChildStillHoldsTheFile) {
  // The grandchild keeps the descriptor and thereby the kernel's lock after the holder has died.
  int grandchild[2];
  ASSERT_EQ(::pipe(grandchild), 0);
  Child holder([&] {
    auto lock = acquire();
    if (!lock) return false;
    new TaskLock(std::move(*lock));
    const pid_t orphan = ::fork();
    if (orphan == 0) {
      ::pause();
      ::_exit(0);
    }
    return ::write(grandchild[1], &orphan, sizeof orphan) == sizeof orphan;
  });
  ASSERT_TRUE(holder.succeeded());
  pid_t orphan = 0;
  ASSERT_EQ(::read(grandchild[0], &orphan, sizeof orphan), static_cast<ssize_t>(sizeof orphan));
  EXPECT_FALSE(acquire());
  holder.end();
  const auto taken_over = acquire();
  EXPECT_TRUE(taken_over) << taken_over.error().message;
  ::kill(orphan, SIGKILL);
  ::close(grandchild[0]);
  ::close(grandchild[1]);
}

TEST_F(TaskLockTest, IgnoresAFileThatACrashLeftBehind) {
  std::filesystem::create_directories(folder_.path("locks"));
  std::ofstream(TaskLock::path_of(folder_.path("locks"), "chat tuning")) << R"({"pid":1,"host":"elsewhere"})";
  EXPECT_TRUE(acquire());
}

TEST_F(TaskLockTest, SaysWhichFolderCanNotBeUsed) {
  std::ofstream(folder_.path("file")) << "x";
  const auto refused = TaskLock::acquire(folder_.path("file"), "t", clock_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr(folder_.path("file")));
}

}  // namespace
}  // namespace autotuner::store
