#include "tuning/task_log.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/command_line.hpp"
#include "metrics/registry.hpp"

namespace autotuner::tuning {
namespace {

constexpr auto info = "INFO";
constexpr auto warning = "WARNING";
constexpr auto error = "ERROR";

/// Other programs cut the file by these words.
std::string marker(int number, const char* status) {
  return fmt::format("[Experiment {}] Status: {}", number, status);
}

std::string text_of(const metrics::Batch& batch) {
  auto text = fmt::format("[benchmark] {}: {} of {} requests answered in {}",
                          metrics::to_text_of_point(batch), batch.num_completed_requests, batch.num_requests,
                          base::to_duration_text(base::Seconds(batch.run_duration)));
  if (batch.has_throughput) {
    text += ", " + metrics::to_readable("mean_total_throughput", batch.mean_total_throughput);
  }
  const std::pair<const char*, const char*> shown[] = {{"ttft", "p90"}, {"tpot", "p50"}};
  for (const auto& [metric, which] : shown) {
    if (const auto value = batch.stat(metric, which)) {
      const auto name = fmt::format("{}_{}", which, metric);
      text += fmt::format(", {} {}", name, metrics::to_readable(name, *value));
    }
  }
  return text;
}

}  // namespace

TaskLog::TaskLog(std::string folder, const base::Clock& clock) : folder_(std::move(folder)), clock_(clock) {}

base::Result<void> TaskLog::write(const Event& event) {
  const std::lock_guard lock(mutex_);
  if (state_) std::visit([this](const auto& value) { handle(value); }, event);
  if (state_ || std::exchange(reported_, true)) return {};
  return state_;
}

void TaskLog::handle(const Preparing& /*event*/) {}

void TaskLog::handle(const RunStarted& event) {
  name_ = fmt::format("task_{}", event.task_id);
  std::error_code code;
  std::filesystem::create_directories(folder_, code);
  if (!event.resumed && event.run > 1) set_aside_earlier_run(event.run - 1);
  task_ = open(name_ + ".log", "a");
  tell(info,
       fmt::format("Run {} of task {} {}: {}{}, {} trials planned{}", event.run, event.task_id,
                   event.resumed ? "goes on" : "starts", event.simulated ? "simulated, " : "", event.engine,
                   event.planned, event.with_baseline ? " after the engine's defaults" : ""));
}

/// "task_7.log" and "task_7_exp_2.log" become "task_7.run1.log" and "task_7.run1_exp_2.log".
void TaskLog::set_aside_earlier_run(int run) const {
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, code)) {
    const auto file = entry.path().filename().string();
    if (!file.starts_with(name_ + ".log") && !file.starts_with(name_ + "_exp_")) continue;
    const auto rest = file.substr(name_.size());
    std::filesystem::rename(entry.path(),
                            entry.path().parent_path() / fmt::format("{}.run{}{}", name_, run, rest), code);
  }
}

void TaskLog::handle(const ExperimentStarted& event) {
  const bool again = event.attempt > 1;
  auto& trial = trials_[event.number];
  trial = Trial{open(fmt::format("{}_exp_{}.log", name_, event.number), again ? "a" : "w"), {}};
  if (again) append(trial.file.get(), fmt::format("--- attempt {} ---\n", event.attempt));
  tell(event.number, info, marker(event.number, "DEPLOYING"));
  tell(event.number, info,
       fmt::format("{}  [{}]", space::to_text(engine::masked(event.parameters)), event.reason));
}

void TaskLog::handle(const PhaseChanged& event) {
  tell(event.number, info, event.detail.empty() ? event.phase : event.phase + ": " + event.detail);
}

void TaskLog::handle(const LevelProgress& /*event*/) {}

void TaskLog::handle(const LevelFinished& event) {
  tell(event.number, info, text_of(event.batch));
}

void TaskLog::handle(const ExperimentFinished& event) {
  const auto& experiment = event.experiment;
  const auto number = experiment.number;
  for (const auto& text : experiment.warnings) tell(number, warning, text);
  if (!experiment.cut_short.empty()) tell(number, info, experiment.cut_short);
  if (experiment.failure) {
    tell(number, error,
         fmt::format("{} ({}): {}", engine::to_text(experiment.failure->code),
                     engine::to_text(experiment.failure->cls), experiment.failure->message));
    for (const auto& text : base::split(experiment.log_tail, '\n'))
      if (!text.empty()) tell(number, error, "[engine] " + std::string(text));
  }
  if (experiment.score.value)
    tell(number, info, metrics::to_readable(experiment.score.metric, *experiment.score.value));
  tell(number, info, marker(number, experiment.status == ExperimentStatus::success ? "SUCCESS" : "FAILED"));
  if (auto ended = trials_.extract(number); ended) append(task_.get(), ended.mapped().lines);
}

void TaskLog::handle(const Notice& event) {
  tell(event.warning ? warning : info, event.text);
}

void TaskLog::handle(const RunFinished& event) {
  tell(info, fmt::format("Run {}: {}", to_text(event.state), event.stop_reason));
}

TaskLog::File TaskLog::open(const std::string& name, const char* mode) {
  const auto path = folder_ + "/" + name;
  File file(std::fopen(path.c_str(), mode));
  if (!file) {
    state_ = base::fail(base::ErrorKind::unavailable, "the task's log {} can't be written: {}", path,
                        std::strerror(errno));
  }
  return file;
}

void TaskLog::append(std::FILE* file, const std::string& text) {
  if (file == nullptr) return;
  if (std::fwrite(text.data(), 1, text.size(), file) != text.size() || std::fflush(file) != 0) {
    state_ = base::fail(base::ErrorKind::unavailable, "the task's log in {} can't be written: {}", folder_,
                        std::strerror(errno));
  }
}

void TaskLog::tell(const char* level, const std::string& text) {
  append(task_.get(), line(level, text));
}

void TaskLog::tell(int number, const char* level, const std::string& text) {
  const auto trial = trials_.find(number);
  if (trial == trials_.end()) return;
  const auto told = line(level, text);
  append(trial->second.file.get(), told);
  trial->second.lines += told;
}

std::string TaskLog::line(const char* level, const std::string& text) const {
  const auto stamp = base::to_iso_text(std::chrono::floor<std::chrono::seconds>(clock_.system()));
  return fmt::format("[{} {}] [{}] {}\n", stamp.substr(0, 10), stamp.substr(11, 8), level, text);
}

}  // namespace autotuner::tuning
