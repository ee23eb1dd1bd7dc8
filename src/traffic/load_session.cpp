#include "traffic/load_session.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"
#include "traffic/dataset.hpp"
#include "traffic/level_runner.hpp"
#include "traffic/request_builder.hpp"

namespace autotuner::traffic {
namespace {

using engine::Failure;
using engine::FailureClass;
using engine::FailureCode;
using std::chrono::steady_clock;

/// Warm requests of a level fill connections, kernels and caches; long answers would add nothing.
constexpr int warm_output_tokens = 16;
constexpr int max_bad_levels = 2;
constexpr auto death_notice = std::chrono::milliseconds(300);
constexpr auto death_slice = std::chrono::milliseconds(50);  ///< a stop request is seen between two of them
constexpr double bad_share = 0.5;
constexpr double short_answer_share = 0.01;
/// A re-run of a level sees other texts than the run it replaces.
constexpr int rerun_pass = 1000;
constexpr int warm_pass = 2000;

int count_if_ok(const load::LevelRun& run, bool ok) {
  return static_cast<int>(
      std::ranges::count_if(run.records, [ok](const auto& r) { return r.finished() && r.ok() == ok; }));
}

bool was_interrupted(const load::LevelRun& run) {
  return run.stopped == "cancelled" || run.stopped == "engine_died";
}

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
  control_.endpoint = {.url = *url, .ca_file = options_.ca_file, .verify_peer = options_.verify_peer};
  control_.api_key = request_.api_key;
  control_.deadline = request_.deadline;
  for (const auto step :
       {&LoadSession::name_model, &LoadSession::warm_up_server, &LoadSession::load_prompts}) {
    auto problem = (this->*step)();
    if (problem) await_death();
    if (auto outside = interruption()) return outside;
    if (problem) return problem;
  }
  ResultHead head{.url = url->text(), .model = control_.model, .runtime = {}, .version = {}};
  if (engine_) {
    head.runtime = engine::runtime(request_.runtime).key;
    head.version = engine_->facts().version;
  }
  const auto opened = folder_.open(request_.workload, head);
  if (!opened) return failure(FailureClass::other, "result folder: " + opened.error().message);
  return std::nullopt;
}

std::optional<Failure> LoadSession::name_model() {
  control_.model = !request_.workload.model_name.empty() ? request_.workload.model_name : request_.served_id;
  if (!control_.model.empty()) return std::nullopt;
  auto found = served_model(control_, stop_);
  if (!found) return failure(FailureClass::connection, found.error().message);
  control_.model = std::move(*found);
  return std::nullopt;
}

std::optional<Failure> LoadSession::warm_up_server() {
  const int count = request_.workload.warmup_requests;
  if (count <= 0) return std::nullopt;
  if (watcher_.phase) watcher_.phase("warmup", fmt::format("{} requests", count));
  const auto warm = warm_up(control_, count, stop_);
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
    dataset_ = std::move(loaded->prompts);
  }
  auto fit = find_fit_(control_, dataset_);
  if (!fit)
    return failure(FailureClass::connection, "prompt lengths can't be calibrated: " + fit.error().message);
  fit_ = std::move(*fit);
  if (fit_.source == "guess") {
    warn("the server tells no token counts: prompt lengths are estimated");
  }
  return std::nullopt;
}

void LoadSession::measure_pass(int pass) {
  bad_levels_.clear();
  for (std::size_t s = 0; s < request_.workload.scenarios.size(); ++s) {
    for (std::size_t l = 0; l < request_.workload.levels.size(); ++l) {
      if (interruption()) return;
      const Point point{s, l};
      if (!given_up_.contains(point)) measure_point(point, pass);
    }
  }
}

void LoadSession::measure_point(const Point& point, int pass) {
  const auto& workload = request_.workload;
  if (level(point).request_rate) {
    give_up(point, "levels by request rate are not measured by the built-in generator in closed loop");
    return;
  }
  const auto limit = highest_allowed_.find(point.scenario);
  if (limit != highest_allowed_.end() && level(point).concurrency > limit->second) {
    give_up(point, fmt::format("skipped: more than half of the requests failed at two levels in a row, the "
                               "last one concurrency {}",
                               limit->second));
    return;
  }
  if (workload.max_requests < level(point).concurrency) {
    warn(fmt::format("max_requests {} is less than concurrency {}: the level can't be reached",
                     workload.max_requests, level(point).concurrency));
  }
  if (watcher_.phase) {
    const auto repeat =
        workload.repeat > 1 ? fmt::format(", pass {} of {}", pass + 1, workload.repeat) : std::string();
    watcher_.phase("level",
                   fmt::format("{}, {}{}", load::to_text(level(point)), scenario(point).text(), repeat));
  }
  auto run = run_audited(point, pass);
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
    const auto written = folder_.write_batch(batch_of(point, last), last, workload.task, pass);
    if (!written) warn(written.error().message);
  }
  if (pass + 1 >= workload.repeat) finish_point(point);
}

/// A run that can't be trusted, or that others disturbed, gets a second chance; the better one counts.
base::Result<load::LevelRun> LoadSession::run_audited(const Point& point, int pass) {
  auto first = run_once(point, pass);
  if (!first || was_interrupted(*first) || first->stopped == "deadline" || count_if_ok(*first, true) == 0)
    return first;
  const auto worth = [this, &point](const load::LevelRun& run) {
    const auto batch = batch_of(point, {&run, 1});
    const double foreign = engine_cores_ > 0 ? batch.foreign_cpu / engine_cores_ : 0;
    return std::pair(batch.audit.trust, foreign);
  };
  const auto first_worth = worth(*first);
  constexpr double foreign_limit = 0.05;
  if (first_worth.first != metrics::Trust::invalid && first_worth.second <= foreign_limit) return first;
  if (steady_clock::now() + first->duration >= request_.deadline) return first;
  if (watcher_.phase) {
    watcher_.phase("level", fmt::format("{}, {}: measured again, the first run was disturbed",
                                        load::to_text(level(point)), scenario(point).text()));
  }
  auto second = run_once(point, pass + rerun_pass);
  if (!second || was_interrupted(*second) || second->stopped == "deadline" || count_if_ok(*second, true) == 0)
    return first;
  return worth(*second) < first_worth ? std::move(second) : std::move(first);
}

base::Result<std::vector<PreparedRequest>> LoadSession::requests_of(const Point& point, int pass, int count,
                                                                    int longest_output) const {
  const bool token_ids =
      request_.workload.api == load::Api::completions && dataset_.empty() && !fit_.ids.empty();
  const RequestRecipe recipe{.workload = request_.workload,
                             .scenario = scenario(point),
                             .level = level(point),
                             .control = control_,
                             .fit = fit_,
                             .dataset = dataset_,
                             .token_ids = token_ids,
                             .prompt_stream = request_.prompt_stream,
                             .pass = pass};
  return build_requests(recipe, count, longest_output);
}

LevelPlan LoadSession::plan_of(const Point& point) const {
  LevelPlan plan;
  plan.endpoint = control_.endpoint;
  plan.users = level(point).concurrency;
  plan.threads = options_.sender_threads;
  plan.cpus = options_.cpus;
  plan.request_timeout = request_.workload.request_timeout;
  plan.until.push_back(stop_at(request_.deadline));
  if (engine_) plan.until.push_back(stop_when_dead([this] { return engine_->death().has_value(); }));
  return plan;
}

/// One unmeasured request per user; returns the shortest answer time, zero if none came.
std::chrono::nanoseconds LoadSession::warm_level(const Point& point, int pass) {
  const int users = level(point).concurrency;
  auto requests = requests_of(point, pass + warm_pass, users, warm_output_tokens);
  if (!requests || requests->empty()) return {};
  const PreparedRequests source(std::move(*requests));
  ClosedLoop pacing(users, users, Nanoseconds(0));
  auto plan = plan_of(point);
  plan.pacing = &pacing;
  plan.requests = &source;
  const auto run = run_level(plan, stop_);
  std::chrono::nanoseconds shortest{0};
  if (!run) return shortest;
  for (const auto& record : run->records) {
    if (!record.ok()) continue;
    const auto time = *record.end - record.sent;
    shortest = shortest == std::chrono::nanoseconds(0) ? time : std::min(shortest, time);
  }
  return shortest;
}

base::Result<load::LevelRun> LoadSession::run_once(const Point& point, int pass) {
  const auto& workload = request_.workload;
  auto requests = requests_of(point, pass, workload.max_requests, 0);
  if (!requests) return tl::unexpected(requests.error());
  mean_target_ = 0;
  for (const auto& request : *requests)
    mean_target_ += request.input_tokens / static_cast<double>(requests->size());
  const PreparedRequests source(std::move(*requests));
  const auto shortest = warm_level(point, pass);
  // users must all be at work before the first one returns, else the level would not be what its name says
  const auto ramp = std::min<Nanoseconds>(std::chrono::seconds(1), shortest / 2);
  ClosedLoop pacing(level(point).concurrency, workload.max_requests, ramp);
  auto plan = plan_of(point);
  plan.pacing = &pacing;
  plan.requests = &source;
  plan.until.push_back(stop_after(std::chrono::duration_cast<Nanoseconds>(workload.max_time)));
  if (watcher_.progress) {
    plan.progress = [this, planned = workload.max_requests](const LiveView& view) {
      const double seconds = std::chrono::duration<double>(view.elapsed).count();
      watcher_.progress(view.finished, planned,
                        seconds > 0 ? static_cast<double>(view.output_tokens) / seconds : 0, seconds);
    };
  }
  if (engine_) engine_->begin_usage();
  auto run = run_level(plan, stop_);
  if (engine_ && run) {
    const auto usage = engine_->usage();
    run->client.foreign_cpu = usage.foreign_cpu;
    engine_cores_ = usage.engine_cores;
  }
  return run;
}

metrics::Batch LoadSession::batch_of(const Point& point, std::span<const load::LevelRun> passes) const {
  metrics::BatchContext context;
  context.scenario = scenario(point).text();
  context.level = level(point);
  context.limits = metrics::request_limits(request_.slo);
  context.warmup_ratio = request_.workload.warmup_ratio;
  context.cooldown_ratio = request_.workload.cooldown_ratio;
  context.engine_cores = engine_cores_;
  auto batch = metrics::make_batch(passes, context);
  batch.slo = metrics::evaluate(request_.slo, batch).verdict;
  return batch;
}

void LoadSession::finish_point(const Point& point) {
  const auto& runs = runs_[point];
  auto batch = batch_of(point, runs);
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
  const bool enforced = scenario(point).kind() != load::ScenarioKind::dataset;
  if (enforced && batch.short_answers > short_answer_share * batch.num_completed_requests) {
    warn(fmt::format("{} of {} answers are shorter than asked: the engine ends them early",
                     batch.short_answers, batch.num_completed_requests));
  }
  given_up_.insert(point);
  result_.batches.push_back(batch);
  if (watcher_.level_finished) watcher_.level_finished(batch);
}

void LoadSession::give_up(const Point& point, std::string reason) {
  given_up_.insert(point);
  const auto written = folder_.write_failed(scenario(point), level(point), reason);
  if (!written) warn(written.error().message);
  result_.failed.push_back(
      {.scenario = scenario(point).text(), .level = level(point), .reason = std::move(reason)});
}

void LoadSession::watch_errors(const Point& point, const load::LevelRun& run) {
  const int failed = count_if_ok(run, false);
  const int finished = failed + count_if_ok(run, true);
  const bool bad = finished > 0 && failed > bad_share * finished;
  auto& in_a_row = bad_levels_[point.scenario];
  in_a_row = bad ? in_a_row + 1 : 0;
  if (in_a_row >= max_bad_levels) highest_allowed_.try_emplace(point.scenario, level(point).concurrency);
}

/// Prompts far from their target are a finding; what a chat template adds is not.
void LoadSession::note_lengths(const Point& point, const load::LevelRun& run) {
  if (scenario(point).kind() == load::ScenarioKind::dataset) return;
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
  const double excess = std::abs(mean - mean_target_);
  if (excess > tolerated * mean_target_ && excess > template_tokens) {
    warn(fmt::format("prompts of {} have {:.0f} tokens on average instead of {:.0f}", scenario(point).text(),
                     mean, mean_target_));
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
      const Point point{s, l};
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
