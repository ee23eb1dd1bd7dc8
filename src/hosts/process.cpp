#include "hosts/process.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.hpp"
#include "hosts/keeper.hpp"
#include "hosts/process_table.hpp"
#include "hosts/system_files.hpp"

namespace autotuner::hosts {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;

constexpr auto start_limit = 30s;
constexpr auto kill_limit = 5s;

int milliseconds_until(base::SteadyTime deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

/// Waits for `events` on `fd`; false when the deadline came first.
bool wait_for(int fd, short events, base::SteadyTime deadline) {
  while (true) {
    pollfd event{fd, events, 0};
    const int ready = ::poll(&event, 1, milliseconds_until(deadline));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

/// Pointers as execve wants them; the strings stay where they are.
class PointerList {
 public:
  explicit PointerList(std::vector<std::string> texts) : texts_(std::move(texts)) {
    for (auto& text : texts_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  char* const* data() const { return pointers_.data(); }

 private:
  std::vector<std::string> texts_;
  std::vector<char*> pointers_;
};

std::vector<std::string> environment_texts(const ProcessSpec& spec) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : spec.environment) {
    if (name != tag_variable) texts.push_back(fmt::format("{}={}", name, value));
  }
  if (!spec.tag.empty()) texts.push_back(fmt::format("{}={}", tag_variable, spec.tag));
  return texts;
}

cpu_set_t cpu_mask(const std::vector<int>& cpus) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  for (const int cpu : cpus) {
    if (cpu >= 0 && cpu < CPU_SETSIZE) CPU_SET(static_cast<std::size_t>(cpu), &mask);
  }
  return mask;
}

/// Our argument area (fields 48 and 49 of /proc/self/stat), where `ps` reads the command from.
std::pair<char*, std::size_t> argument_area() {
  const auto text = read_text("/proc/self/stat");
  if (!text) return {nullptr, 0};
  const auto fields = base::split(base::trim(std::string_view(*text).substr(text->rfind(')') + 2)), ' ');
  if (fields.size() < 47) return {nullptr, 0};
  std::array<std::uintptr_t, 2> ends{};
  for (std::size_t i = 0; i < 2; ++i) {
    const auto& field = fields[45 + i];
    std::from_chars(field.data(), field.data() + field.size(), ends[i]);
  }
  if (ends[0] == 0 || ends[1] <= ends[0]) return {nullptr, 0};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel tells the address as a number
  return {reinterpret_cast<char*>(ends[0]), ends[1] - ends[0]};
}

const char* to_text(KeeperStep step) {
  switch (step) {
    case KeeperStep::fork:
      return "no new process";
    case KeeperStep::group:
      return "its memory group can't be joined";
    case KeeperStep::affinity:
      return "its CPUs can't be set";
    case KeeperStep::limit:
      return "its memory limit can't be set";
    case KeeperStep::folder:
      return "its working folder can't be entered";
    case KeeperStep::output:
      return "its output can't be redirected";
    case KeeperStep::exec:
      return "not executable";
  }
  return "unknown step";
}

pid_t fork_keeper(const KeeperPlan& plan) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t keeper = ::fork();
  if (keeper == 0) keep(plan);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return keeper;
}

std::vector<ProcessEntry> tagged(const std::string& tag) {
  std::vector<ProcessEntry> found;
  for (auto& process : all_processes()) {
    if (process.state != 'Z' && environment_of(process.pid, tag_variable) == tag)
      found.push_back(std::move(process));
  }
  return found;
}

std::string name_space() {
  std::error_code error;
  const auto link = std::filesystem::read_symlink("/proc/self/ns/pid", error).string();
  const auto open = link.find('[');
  return error || open == std::string::npos ? "0" : link.substr(open + 1, link.size() - open - 2);
}

}  // namespace

base::Result<std::unique_ptr<Process>> Process::start(const ProcessSpec& spec) {
  if (spec.command.empty()) return base::fail(ErrorKind::internal, "no command to start");
  std::array<int, 2> control{};
  std::array<int, 2> output{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control.data()) != 0) {
    return base::fail(ErrorKind::unavailable, "can't start {}: {}", spec.command.front(), error_text(errno));
  }
  FileDescriptor control_here(control[0]);
  FileDescriptor control_there(control[1]);
  if (::pipe2(output.data(), O_CLOEXEC) != 0) {
    return base::fail(ErrorKind::unavailable, "can't start {}: {}", spec.command.front(), error_text(errno));
  }
  FileDescriptor output_here(output[0]);
  FileDescriptor output_there(output[1]);

  const PointerList arguments(spec.command);
  const PointerList environment(environment_texts(spec));
  const std::string group_procs = spec.group_folder + "/cgroup.procs";
  const cpu_set_t mask = cpu_mask(spec.cpus);
  const auto [title, title_size] = argument_area();
  KeeperPlan plan;
  plan.program = spec.command.front().c_str();
  plan.arguments = arguments.data();
  plan.environment = environment.data();
  plan.working_folder = spec.working_folder.empty() ? nullptr : spec.working_folder.c_str();
  plan.control = control_there.get();
  plan.output = output_there.get();
  plan.address_space = spec.address_space.value_or(0);
  plan.group_procs = spec.group_folder.empty() ? nullptr : group_procs.c_str();
  plan.group_folder = spec.group_folder.empty() ? nullptr : spec.group_folder.c_str();
  plan.affinity = spec.cpus.empty() ? nullptr : &mask;
  plan.affinity_size = sizeof mask;
  plan.title = title;
  plan.title_size = title_size;

  std::unique_ptr<Process> process(new Process);
  process->keeper_ = fork_keeper(plan);
  if (process->keeper_ < 0) {
    process->keeper_gone_ = true;
    return base::fail(ErrorKind::unavailable, "can't start {}: {}", spec.command.front(), error_text(errno));
  }
  control_there.close();
  output_there.close();
  process->control_ = std::move(control_here);
  process->output_ = std::move(output_here);
  process->tag_ = spec.tag;

  KeeperReport report;
  const bool told =
      wait_for(process->control_.get(), POLLIN, std::chrono::steady_clock::now() + start_limit) &&
      ::recv(process->control_.get(), &report, sizeof report, 0) == sizeof report;
  if (!told)
    return base::fail(ErrorKind::unavailable, "can't start {}: no answer from its keeper",
                      spec.command.front());
  if (report.kind == KeeperReport::failed) {
    return base::fail(ErrorKind::unavailable, "can't start {}: {} ({})", spec.command.front(),
                      error_text(report.value), to_text(static_cast<KeeperStep>(report.step)));
  }
  process->pid_ = report.value;
  return process;
}

Process::~Process() {
  const auto left = stop(std::chrono::duration<double>::zero());
  static_cast<void>(left);
}

std::optional<engine::ExitStatus> Process::exit_status() const {
  // The report is only looked at, so that every waiter sees it.
  KeeperReport report;
  const auto size = ::recv(control_.get(), &report, sizeof report, MSG_PEEK | MSG_DONTWAIT);
  if (size == sizeof report && report.kind == KeeperReport::ended) {
    if (WIFSIGNALED(report.value)) return engine::ExitStatus{-1, WTERMSIG(report.value)};
    return engine::ExitStatus{WEXITSTATUS(report.value), 0};
  }
  // A keeper that was killed took the engine along.
  if (size >= 0) return engine::ExitStatus{-1, SIGKILL};
  return std::nullopt;
}

bool Process::wait_for_exit(base::SteadyTime deadline) const {
  return wait_for(control_.get(), POLLIN, deadline);
}

void Process::ask_to_end() const {
  const auto order = KeeperOrder::terminate;
  ::send(control_.get(), &order, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

base::Result<void> Process::stop(std::chrono::duration<double> grace) {
  const std::lock_guard lock(stopping_);
  if (keeper_gone_) return {};
  if (grace.count() > 0 && !exit_status()) {
    ask_to_end();
    wait_for_exit(std::chrono::steady_clock::now() +
                  std::chrono::duration_cast<std::chrono::nanoseconds>(grace));
  }
  const auto order = KeeperOrder::kill;
  ::send(control_.get(), &order, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (!wait_for_keeper(std::chrono::steady_clock::now() + kill_limit)) {
    std::string left;
    for (const auto& process : tree_of(keeper_, all_processes())) {
      if (process.pid == keeper_ || process.state == 'Z') continue;
      left += fmt::format("{}{} ({}, state {})", left.empty() ? "" : ", ", process.pid, process.name,
                          process.state);
    }
    return base::fail(ErrorKind::unavailable, "processes of the engine are left {} s after SIGKILL: {}",
                      kill_limit / 1s, left.empty() ? "its keeper" : left);
  }
  keeper_gone_ = true;
  if (!tag_.empty()) {
    // Only where the keeper was killed from outside can there be any.
    for (const auto& process : tagged(tag_)) ::kill(process.pid, SIGKILL);
  }
  return {};
}

bool Process::wait_for_keeper(base::SteadyTime deadline) {
  if (keeper_ <= 0) return true;
  // Its end of the socket closes when it ends.
  while (!wait_for(control_.get(), 0, deadline)) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
  }
  while (::waitpid(keeper_, nullptr, 0) < 0 && errno == EINTR) {
  }
  return true;
}

std::vector<int> Process::tree() const {
  std::vector<int> pids;
  for (const auto& process : tree_of(keeper_, all_processes())) {
    if (process.pid != keeper_ && process.state != 'Z') pids.push_back(process.pid);
  }
  return pids;
}

std::string make_tag(const std::string& name) {
  const auto self = find_process(::getpid());
  return fmt::format("{}:{}:{}:{}", name_space(), ::getpid(), self ? self->started_ticks : 0, name);
}

int sweep_orphans() {
  int killed = 0;
  const auto ours = name_space();
  for (const auto& process : all_processes()) {
    const auto tag = environment_of(process.pid, tag_variable);
    if (!tag) continue;
    const auto parts = base::split(*tag, ':');
    if (parts.size() < 4 || parts[0] != ours) continue;
    const auto owner = find_process(static_cast<int>(base::to_number(parts[1]).value_or(0)));
    if (owner && std::to_string(owner->started_ticks) == parts[2]) continue;
    // A keeper of that owner may be at it right now; killing twice does no harm.
    if (::kill(process.pid, SIGKILL) == 0) ++killed;
  }
  return killed;
}

}  // namespace autotuner::hosts
