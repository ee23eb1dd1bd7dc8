#include "traffic/level_measurer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "traffic/level_runner.hpp"
#include "traffic/request_builder.hpp"

namespace autotuner::traffic {
namespace {

using std::chrono::steady_clock;

/// Warm requests of a level fill connections, kernels and caches; long answers would add nothing.
constexpr int warm_output_tokens = 16;
/// A re-run of a level sees other texts than the run it replaces.
constexpr int rerun_pass = 1000;
constexpr int warm_pass = 2000;

}  // namespace

int count_if_ok(const load::LevelRun& run, bool ok) {
  return static_cast<int>(
      std::ranges::count_if(run.records, [ok](const auto& r) { return r.finished() && r.ok() == ok; }));
}

bool was_interrupted(const load::LevelRun& run) {
  return run.stopped == "cancelled" || run.stopped == "engine_died";
}

/// A run that can't be trusted, or that others disturbed, gets a second chance; the better one counts.
base::Result<load::LevelRun> LevelMeasurer::measure(const LevelPoint& point, int pass) {
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

base::Result<std::vector<PreparedRequest>> LevelMeasurer::requests_of(const LevelPoint& point, int pass,
                                                                      int count, int longest_output) const {
  const bool token_ids =
      request_.workload.api == load::Api::completions && server_.dataset.empty() && !server_.fit.ids.empty();
  const RequestRecipe recipe{.workload = request_.workload,
                             .scenario = scenario(point),
                             .level = level(point),
                             .control = server_.control,
                             .fit = server_.fit,
                             .dataset = server_.dataset,
                             .token_ids = token_ids,
                             .prompt_stream = request_.prompt_stream,
                             .pass = pass};
  return build_requests(recipe, count, longest_output);
}

LevelPlan LevelMeasurer::plan_of(const LevelPoint& point) const {
  LevelPlan plan;
  plan.endpoint = server_.control.endpoint;
  plan.users = level(point).concurrency;
  plan.threads = options_.sender_threads;
  plan.cpus = options_.cpus;
  plan.request_timeout = request_.workload.request_timeout;
  plan.until.push_back(stop_at(request_.deadline));
  if (engine_) plan.until.push_back(stop_when_dead([this] { return engine_->death().has_value(); }));
  return plan;
}

/// One unmeasured request per user; returns the shortest answer time, zero if none came.
std::chrono::nanoseconds LevelMeasurer::warm_level(const LevelPoint& point, int pass) {
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

base::Result<load::LevelRun> LevelMeasurer::run_once(const LevelPoint& point, int pass) {
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

metrics::Batch LevelMeasurer::batch_of(const LevelPoint& point,
                                       std::span<const load::LevelRun> passes) const {
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

}  // namespace autotuner::traffic
