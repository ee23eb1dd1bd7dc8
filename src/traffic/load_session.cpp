#include "traffic/load_session.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"
#include "traffic/dataset.hpp"

namespace autotuner::traffic {
namespace {

using engine::Failure;
using engine::FailureClass;
using engine::FailureCode;
using std::chrono::steady_clock;

constexpr int max_bad_levels = 2;
constexpr auto death_notice = std::chrono::milliseconds(300);
constexpr auto death_slice = std::chrono::milliseconds(50);  ///< a stop request is seen between two of them
constexpr double bad_share = 0.5;
constexpr double short_answer_share = 0.01;

std::string most_common_error(std::span<const load::LevelRun> runs) {
  std::map<std::string, int> counts;
  for (const auto& run : runs) {
    for (const auto& record : run.records) {
      if (record.error_code) ++counts[fmt::format("{} (code {})", record.error_message, *record.error_code)];
    }
  }
  const auto most = std::ranges::max_element(counts, {}, [](const auto& entry) { return entry.second; });
  return most == counts.end() ? "no request was finished" : most->first;
}

}  // namespace

LoadSession::LoadSession(const tuning::LoadRequest& request, tuning::RunningEngine* engine,
                         std::stop_token stop, const tuning::LoadWatcher& watcher,
                         const NativeOptions& options, FitFinder find_fit)
    : request_(request),
      engine_(engine),
      stop_(std::move(stop)),
      watcher_(watcher),
      options_(options),
      find_fit_(std::move(find_fit)),
      levels_(request_, engine_, stop_, watcher_, options_, server_),
      folder_(request.result_folder) {}

tuning::LoadResult LoadSession::run() {
  if (auto problem = prepare()) {
    result_.failure = std::move(problem);
    return std::move(result_);
  }
  for (int pass = 0; pass < std::max(request_.workload.repeat, 1) && !interruption(); ++pass)
    measure_pass(pass);
  return conclude();
}

Failure LoadSession::failure(FailureClass cls, std::string message) const {
  return Failure{.code = FailureCode::benchmark_failed, .cls = cls, .message = std::move(message)};
}

/// What ends the run from outside, if anything has.
std::optional<Failure> LoadSession::interruption() const {
  if (stop_.stop_requested()) {
    return Failure{
        .code = FailureCode::cancelled, .cls = FailureClass::cancelled, .message = "stopped on request"};
  }
  if (engine_) {
    if (auto death = engine_->death()) {
      death->code = FailureCode::benchmark_failed;
      return death;
    }
  }
  if (steady_clock::now() >= request_.deadline) {
    return Failure{.code = FailureCode::benchmark_timeout,
                   .cls = FailureClass::timeout,
                   .message = "the time limit ended the benchmark before a level was measured"};
  }
  return std::nullopt;
}

/// A dying engine's sockets close before its end is known: give the news time to arrive, so that the failure
/// is put down to the death and not to the connections it broke.
void LoadSession::await_death() const {
  if (!engine_) return;
  const auto until = steady_clock::now() + death_notice;
  while (!engine_->death_within(death_slice) && steady_clock::now() < until && !stop_.stop_requested()) {
  }
}

std::optional<Failure> LoadSession::prepare() {
  auto url = net::parse_url(request_.url);
  if (!url) return failure(FailureClass::other, url.error().message);
  // people copy base addresses with the version behind them
  if (url->base.ends_with("/v1")) url->base.resize(url->base.size() - 3);
  server_.control.endpoint = {.url = *url, .ca_file = options_.ca_file, .verify_peer = options_.verify_peer};
  server_.control.api_key = request_.api_key;
  server_.control.deadline = request_.deadline;
  for (const auto step :
       {&LoadSession::name_model, &LoadSession::warm_up_server, &LoadSession::load_prompts}) {
    auto problem = (this->*step)();
    if (problem) await_death();
    if (auto outside = interruption()) return outside;
    if (problem) return problem;
  }
  ResultHead head{.url = url->text(), .model = server_.control.model, .runtime = {}, .version = {}};
  if (engine_) {
    head.runtime = engine::runtime(request_.runtime).key;
    head.version = engine_->facts().version;
  }
  const auto opened = folder_.open(request_.workload, head);
  if (!opened) {
    // The figures count, their files are a copy: measuring goes on without them.
    warn("no result files: " + opened.error().message);
    folder_ = ResultFolder({});
  }
  return std::nullopt;
}

std::optional<Failure> LoadSession::name_model() {
  server_.control.model =
      !request_.workload.model_name.empty() ? request_.workload.model_name : request_.served_id;
  if (!server_.control.model.empty()) return std::nullopt;
  auto found = served_model(server_.control, stop_);
  if (!found) return failure(FailureClass::connection, found.error().message);
  server_.control.model = std::move(*found);
  return std::nullopt;
}

std::optional<Failure> LoadSession::warm_up_server() {
  const int count = request_.workload.warmup_requests;
  if (count <= 0) return std::nullopt;
  if (watcher_.phase) watcher_.phase("warmup", fmt::format("{} requests", count));
  const auto warm = warm_up(server_.control, count, stop_);
  if (warm.answered > 0) return std::nullopt;
  return failure(FailureClass::connection,
                 fmt::format("none of {} warm-up requests was answered: {}", count, warm.last_error));
}

std::optional<Failure> LoadSession::load_prompts() {
  const auto& workload = request_.workload;
  for (const auto& scenario : workload.scenarios) {
    const bool dataset = scenario.kind() == load::ScenarioKind::dataset;
    const bool text = dataset || scenario.kind() == load::ScenarioKind::deterministic ||
                      scenario.kind() == load::ScenarioKind::normal ||
                      scenario.kind() == load::ScenarioKind::uniform;
    if (!text)
      return failure(FailureClass::other,
                     fmt::format("scenario {} is no text-to-text scenario", scenario.text()));
    if (dataset && workload.dataset_url.empty())
      return failure(FailureClass::other, "scenario 'dataset' needs dataset_url");
  }
  if (!workload.dataset_url.empty()) {
    if (options_.dataset_cache.empty())
      return failure(FailureClass::other, "data set: no cache folder is configured");
    if (watcher_.phase) watcher_.phase("warmup", "data set " + workload.dataset_url);
    DatasetRequest wanted;
    wanted.url = workload.dataset_url;
    wanted.deduplicate = workload.dataset_deduplicate;
    wanted.cache_folder = options_.dataset_cache;
    wanted.proxy = options_.proxies.of(workload.dataset_url);
    auto loaded = load_dataset(wanted, stop_);
    if (!loaded) return failure(FailureClass::other, loaded.error().message);
    server_.dataset = std::move(loaded->prompts);
  }
  auto fit = find_fit_(server_.control, server_.dataset);
  if (!fit)
    return failure(FailureClass::connection, "prompt lengths can't be calibrated: " + fit.error().message);
  server_.fit = std::move(*fit);
  if (server_.fit.source == "guess") {
    warn("the server tells no token counts: prompt lengths are estimated");
  }
  return std::nullopt;
}

void LoadSession::measure_pass(int pass) {
  bad_levels_.clear();
  for (std::size_t s = 0; s < request_.workload.scenarios.size(); ++s) {
    for (std::size_t l = 0; l < request_.workload.levels.size(); ++l) {
      if (interruption()) return;
      const LevelPoint point{s, l};
      if (!given_up_.contains(point)) measure_point(point, pass);
    }
  }
}

void LoadSession::measure_point(const LevelPoint& point, int pass) {
  const auto& workload = request_.workload;
  if (levels_.level(point).request_rate) {
    give_up(point, "levels by request rate are not measured by the built-in generator in closed loop");
    return;
  }
  const auto limit = highest_allowed_.find(point.scenario);
  if (limit != highest_allowed_.end() && levels_.level(point).concurrency > limit->second) {
    give_up(point, fmt::format("skipped: more than half of the requests failed at two levels in a row, the "
                               "last one concurrency {}",
                               limit->second));
    return;
  }
  if (workload.max_requests < levels_.level(point).concurrency) {
    warn(fmt::format("max_requests {} is less than concurrency {}: the level can't be reached",
                     workload.max_requests, levels_.level(point).concurrency));
  }
  if (watcher_.phase) {
    const auto repeat =
        workload.repeat > 1 ? fmt::format(", pass {} of {}", pass + 1, workload.repeat) : std::string();
    watcher_.phase("level", fmt::format("{}, {}{}", load::to_text(levels_.level(point)),
                                        levels_.scenario(point).text(), repeat));
  }
  auto run = levels_.measure(point, pass);
  if (!run) {
    give_up(point, run.error().message);
    return;
  }
  watch_errors(point, *run);
  note_lengths(point, *run);
  if (was_interrupted(*run)) return;
  auto& runs = runs_[point];
  runs.push_back(std::move(*run));
  if (workload.repeat > 1 && pass > 0) {
    const std::span last(&runs.back(), 1);
    const auto written = folder_.write_batch(levels_.batch_of(point, last), last, workload.task, pass);
    if (!written) warn(written.error().message);
  }
  if (pass + 1 >= workload.repeat) finish_point(point);
}

void LoadSession::finish_point(const LevelPoint& point) {
  const auto& runs = runs_[point];
  auto batch = levels_.batch_of(point, runs);
  if (batch.num_completed_requests == 0) {
    give_up(point, "no request succeeded: " + most_common_error(runs));
    return;
  }
  if (request_.workload.strict_audit && batch.audit.trust == metrics::Trust::invalid) {
    give_up(point, "the measurement did not pass its audit: " + batch.audit.findings.front().text);
    return;
  }
  const auto written = folder_.write_batch(batch, runs, request_.workload.task);
  if (!written) warn(written.error().message);
  const bool enforced = levels_.scenario(point).kind() != load::ScenarioKind::dataset;
  if (enforced && batch.short_answers > short_answer_share * batch.num_completed_requests) {
    warn(fmt::format("{} of {} answers are shorter than asked: the engine ends them early",
                     batch.short_answers, batch.num_completed_requests));
  }
  given_up_.insert(point);
  result_.batches.push_back(batch);
  if (watcher_.level_finished) watcher_.level_finished(batch);
}

void LoadSession::give_up(const LevelPoint& point, std::string reason) {
  given_up_.insert(point);
  const auto written = folder_.write_failed(levels_.scenario(point), levels_.level(point), reason);
  if (!written) warn(written.error().message);
  result_.failed.push_back({.scenario = levels_.scenario(point).text(),
                            .level = levels_.level(point),
                            .reason = std::move(reason)});
}

void LoadSession::watch_errors(const LevelPoint& point, const load::LevelRun& run) {
  const int failed = count_if_ok(run, false);
  const int finished = failed + count_if_ok(run, true);
  const bool bad = finished > 0 && failed > bad_share * finished;
  auto& in_a_row = bad_levels_[point.scenario];
  in_a_row = bad ? in_a_row + 1 : 0;
  if (in_a_row >= max_bad_levels)
    highest_allowed_.try_emplace(point.scenario, levels_.level(point).concurrency);
}

/// Prompts far from their target are a finding; what a chat template adds is not.
void LoadSession::note_lengths(const LevelPoint& point, const load::LevelRun& run) {
  if (levels_.scenario(point).kind() == load::ScenarioKind::dataset) return;
  double reported = 0;
  int count = 0;
  for (const auto& record : run.records) {
    if (!record.ok() || record.tokens_estimated) continue;
    reported += record.input_tokens;
    ++count;
  }
  if (count == 0) return;
  constexpr double template_tokens = 64;
  constexpr double tolerated = 0.10;
  const double mean = reported / count;
  const double excess = std::abs(mean - levels_.mean_target());
  if (excess > tolerated * levels_.mean_target() && excess > template_tokens) {
    warn(fmt::format("prompts of {} have {:.0f} tokens on average instead of {:.0f}",
                     levels_.scenario(point).text(), mean, levels_.mean_target()));
  }
}

void LoadSession::warn(std::string text) {
  warnings_.insert(std::move(text));
}

tuning::LoadResult LoadSession::conclude() {
  if (result_.batches.empty() && !interruption()) await_death();
  const auto outside = interruption();
  for (std::size_t s = 0; s < request_.workload.scenarios.size(); ++s) {
    for (std::size_t l = 0; l < request_.workload.levels.size(); ++l) {
      const LevelPoint point{s, l};
      if (given_up_.contains(point)) continue;
      // an earlier pass of a repeated level is a measurement, too
      if (!runs_[point].empty()) finish_point(point);
      if (!given_up_.contains(point))
        give_up(point, outside ? "not measured: " + outside->message : "not measured");
    }
  }
  result_.partial = !result_.batches.empty() && !result_.failed.empty();
  if (result_.batches.empty()) {
    result_.failure =
        outside ? *outside
                : failure(FailureClass::other, result_.failed.empty() ? "the workload has no level"
                                                                      : result_.failed.front().reason);
  }
  const std::vector<std::string> warnings(warnings_.begin(), warnings_.end());
  result_.client_warning = base::join(warnings, "; ");
  return std::move(result_);
}

}  // namespace autotuner::traffic
