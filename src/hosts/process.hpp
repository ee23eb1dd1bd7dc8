#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "engine/failure.hpp"
#include "hosts/file_descriptor.hpp"

namespace autotuner::hosts {

/// The variable that marks every process of an engine's tree.
inline constexpr const char* tag_variable = "AUTOTUNER_ENGINE";

struct ProcessSpec {
  std::vector<std::string> command;                ///< program first, as a path
  std::map<std::string, std::string> environment;  ///< all of it
  std::string working_folder;                      ///< empty = ours
  std::string tag;                                 ///< unique on this host; empty = none
  std::optional<std::uint64_t> address_space;      ///< bytes each process of the tree may map
  std::string group_folder;                        ///< cgroup to run in, removed at the end; empty = none
  std::vector<int> cpus;                           ///< may run on these only; empty = as we may
};

/// A running program with all it starts. It has its own session, nothing on stdin, one pipe for both outputs,
/// no core dumps. Its whole tree ends with this object, with stop(), or when this process ends in whatever
/// way.
class Process {
 public:
  /// Errors: unavailable when it can't be started, with what the system said.
  static base::Result<std::unique_ptr<Process>> start(const ProcessSpec& spec);
  /// Kills what is left and waits for it (5 s at most).
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  int pid() const { return pid_; }
  /// The parent of all that the engine's tree consists of.
  int keeper_pid() const { return keeper_; }
  /// The reading end of its output. Once.
  FileDescriptor take_output() { return std::move(output_); }
  /// Readable (poll) from the moment it ended; nothing must be read from it.
  int exit_event() const { return control_.get(); }
  /// How it ended, or nothing while it runs. Does not block; thread-safe.
  std::optional<engine::ExitStatus> exit_status() const;
  bool wait_for_exit(base::SteadyTime deadline) const;
  /// SIGTERM to its group.
  void ask_to_end() const;
  /// SIGTERM to the group, `grace`, then SIGKILL to every process of the tree; returns when none is left.
  /// Errors: unavailable when something is left after 5 more seconds (the message names it). Idempotent;
  /// thread-safe.
  base::Result<void> stop(std::chrono::duration<double> grace);
  /// Pids of the tree, without keeper and zombies.
  std::vector<int> tree() const;

 private:
  Process() = default;
  bool wait_for_keeper(base::SteadyTime deadline);

  int keeper_ = 0;
  int pid_ = 0;
  std::string tag_;
  FileDescriptor control_;
  FileDescriptor output_;
  std::mutex stopping_;
  bool keeper_gone_ = false;
};

/// Kills processes that engines of an earlier, now dead owner have left (owner and keeper were both killed).
/// Returns how many. Only those in our own PID namespace are judged.
int sweep_orphans();
/// A tag for engines of this process: "<pid namespace>:<our pid>:<our start>:<name>".
std::string make_tag(const std::string& name);

}  // namespace autotuner::hosts
