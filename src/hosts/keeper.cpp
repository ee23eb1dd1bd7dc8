#include "hosts/keeper.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace autotuner::hosts {
namespace {

constexpr int control_fd = 3;
constexpr int output_fd = 4;
constexpr int first_closed_fd = 5;
constexpr int kill_round_ms = 10;
/// Engines are the first to go when the whole machine runs out of memory, before us and other people's work.
constexpr char kill_me_first[] = "500";

void close_from(unsigned int first) {
  if (::syscall(SYS_close_range, first, ~0U, 0) == 0) return;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  for (rlim_t fd = first; fd < limit.rlim_cur && fd < 65536; ++fd) ::close(static_cast<int>(fd));
}

void report(KeeperReport::Kind kind, int value, int step = 0) {
  const KeeperReport message{kind, value, step};
  ::send(control_fd, &message, sizeof message, MSG_NOSIGNAL);
}

/// The number at `text`, or -1.
int leading_number(const char* text) {
  if (*text < '0' || *text > '9') return -1;
  int value = 0;
  for (; *text >= '0' && *text <= '9'; ++text) value = value * 10 + (*text - '0');
  return value;
}

void write_file(const char* path, const char* text, std::size_t size) {
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  [[maybe_unused]] const auto written = ::write(file, text, size);
  ::close(file);
}

/// The parent of a process that is no zombie, else -1.
int living_parent(const char* pid_text) {
  std::array<char, 300> path{};
  std::strcpy(path.data(), "/proc/");
  std::strncat(path.data(), pid_text, 255);
  std::strcat(path.data(), "/stat");
  const int file = ::open(path.data(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  std::array<char, 512> text{};
  const auto size = ::read(file, text.data(), text.size() - 1);
  ::close(file);
  if (size <= 0) return -1;
  const char* close = std::strrchr(text.data(), ')');
  if (close == nullptr || std::strlen(close) < 5 || close[2] == 'Z') return -1;
  return leading_number(close + 4);
}

/// Kills everyone whose parent is the keeper. Whoever they leave behind becomes the keeper's in turn.
void kill_children() {
  const int folder = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  const int self = ::getpid();
  struct Item {
    std::uint64_t inode;
    std::int64_t offset;
    unsigned short size;
    unsigned char type;
    char name[1];
  };
  alignas(8) std::array<char, 4096> buffer{};
  for (long size = 0; (size = ::syscall(SYS_getdents64, folder, buffer.data(), buffer.size())) > 0;) {
    for (long at = 0; at < size;) {
      unsigned short length = 0;
      std::memcpy(&length, buffer.data() + at + offsetof(Item, size), sizeof length);
      const char* name = buffer.data() + at + offsetof(Item, name);
      const int pid = leading_number(name);
      if (pid > 0 && living_parent(name) == self) ::kill(pid, SIGKILL);
      at += length;
    }
  }
  ::close(folder);
}

[[noreturn]] void give_up(int pipe, KeeperStep step) {
  const std::array<int, 2> reason{errno, static_cast<int>(step)};
  [[maybe_unused]] const auto written = ::write(pipe, reason.data(), sizeof reason);
  ::_exit(127);
}

[[noreturn]] void become_engine(const KeeperPlan& plan, int keeper, int failure_pipe) {
  ::setsid();
  // Should the keeper be killed, too, at least the engine itself goes with it.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != keeper) ::_exit(127);
  write_file("/proc/self/oom_score_adj", kill_me_first, sizeof kill_me_first - 1);
  if (plan.group_procs != nullptr) {
    const int file = ::open(plan.group_procs, O_WRONLY | O_CLOEXEC);
    if (file < 0 || ::write(file, "0", 1) != 1) give_up(failure_pipe, KeeperStep::group);
    ::close(file);
  }
  if (plan.affinity != nullptr &&
      ::sched_setaffinity(0, plan.affinity_size, static_cast<const cpu_set_t*>(plan.affinity)) != 0) {
    give_up(failure_pipe, KeeperStep::affinity);
  }
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (plan.working_folder != nullptr && ::chdir(plan.working_folder) != 0)
    give_up(failure_pipe, KeeperStep::exec);
  if (::dup2(output_fd, 1) < 0 || ::dup2(output_fd, 2) < 0) give_up(failure_pipe, KeeperStep::output);
  if (plan.address_space > 0) {
    const rlimit limit{plan.address_space, plan.address_space};
    if (::setrlimit(RLIMIT_AS, &limit) != 0) give_up(failure_pipe, KeeperStep::limit);
  }
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < 65; ++number) ::sigaction(number, &standard, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.program, plan.arguments, plan.environment);
  give_up(failure_pipe, KeeperStep::exec);
}

/// Starts the engine and says so. 0 = it could not be started.
pid_t start_engine(const KeeperPlan& plan) {
  std::array<int, 2> failure{};
  if (::pipe2(failure.data(), O_CLOEXEC) != 0) {
    report(KeeperReport::failed, errno, static_cast<int>(KeeperStep::fork));
    return 0;
  }
  const pid_t keeper = ::getpid();
  const pid_t engine = ::fork();
  if (engine == 0) become_engine(plan, keeper, failure[1]);
  ::close(failure[1]);
  if (engine < 0) {
    report(KeeperReport::failed, errno, static_cast<int>(KeeperStep::fork));
    return 0;
  }
  std::array<int, 2> reason{};
  const auto size = ::read(failure[0], reason.data(), sizeof reason);
  ::close(failure[0]);
  if (size == sizeof reason) {
    report(KeeperReport::failed, reason[0], reason[1]);
    ::waitpid(engine, nullptr, 0);
    return 0;
  }
  report(KeeperReport::started, engine);
  return engine;
}

void set_title(const KeeperPlan& plan) {
  constexpr char title[] = "engine-keeper";
  ::prctl(PR_SET_NAME, title);
  if (plan.title == nullptr || plan.title_size < sizeof title) return;
  std::memset(plan.title, 0, plan.title_size);
  std::memcpy(plan.title, title, sizeof title);
}

/// Only the control socket, the engine's output and /dev/null stay open: a copy of anything else would keep
/// other people's pipes, sockets and locks alive.
void settle_descriptors(const KeeperPlan& plan) {
  const int control = ::fcntl(plan.control, F_DUPFD_CLOEXEC, 16);
  const int output = ::fcntl(plan.output, F_DUPFD_CLOEXEC, 16);
  ::dup3(control, control_fd, O_CLOEXEC);
  ::dup3(output, output_fd, O_CLOEXEC);
  close_from(first_closed_fd);
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; ++fd) ::dup2(nothing, fd);
  ::close(nothing);
}

/// Waits for whoever ended. False when there is nobody left.
bool reap(pid_t& engine) {
  int status = 0;
  while (true) {
    const pid_t pid = ::waitpid(-1, &status, WNOHANG);
    if (pid < 0 && errno == ECHILD) return false;
    if (pid <= 0) return true;
    if (pid == engine) {
      report(KeeperReport::ended, status);
      engine = 0;
    }
  }
}

void remove_group(const char* folder) {
  if (folder == nullptr) return;
  // A group stays busy for a moment after its last process was waited for.
  for (int attempt = 0; attempt < 100 && ::rmdir(folder) != 0 && errno == EBUSY; ++attempt)
    ::poll(nullptr, 0, kill_round_ms);
}

/// True once everything is to be killed.
bool take_order(pid_t engine) {
  char order = 0;
  const auto size = ::recv(control_fd, &order, 1, MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (size == 1 && order == static_cast<char>(KeeperOrder::terminate)) {
    if (engine > 0) ::kill(-engine, SIGTERM);
    return false;
  }
  return true;
}

}  // namespace

void keep(const KeeperPlan& plan) {
  // Signals are blocked since before the fork: nobody's handler runs here, and only SIGKILL ends the keeper.
  ::setsid();
  set_title(plan);
  settle_descriptors(plan);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  sigset_t ended;
  ::sigemptyset(&ended);
  ::sigaddset(&ended, SIGCHLD);
  struct sigaction standard{};
  standard.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &standard, nullptr);
  const int signals = ::signalfd(-1, &ended, SFD_CLOEXEC | SFD_NONBLOCK);

  pid_t engine = start_engine(plan);
  // The engine's output ends when the last process that writes it does.
  ::close(output_fd);
  bool killing = engine == 0;
  while (reap(engine) || !killing) {
    if (killing) {
      if (engine > 0) ::kill(-engine, SIGKILL);
      kill_children();
    }
    std::array<pollfd, 2> events{{{signals, POLLIN, 0}, {killing ? -1 : control_fd, POLLIN, 0}}};
    ::poll(events.data(), events.size(), killing ? kill_round_ms : -1);
    signalfd_siginfo drained{};
    while (::read(signals, &drained, sizeof drained) > 0) {
    }
    if (!killing && events[1].revents != 0) killing = take_order(engine);
  }
  remove_group(plan.group_folder);
  ::_exit(0);
}

}  // namespace autotuner::hosts
