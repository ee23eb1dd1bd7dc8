#include "metrics/audit.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "metrics/request.hpp"

namespace autotuner::metrics {
namespace {

constexpr double note_limit = 0.01;
constexpr double noisy_limit = 0.05;
constexpr double busy_limit = 0.80;
constexpr double busy_invalid = 0.95;
constexpr double stolen_limit = 0.02;
constexpr double lag_limit = 0.001;
constexpr double little_limit = 0.02;
constexpr double rate_limit = 0.005;
constexpr double foreign_noisy = 0.05;
constexpr double foreign_invalid = 0.25;
constexpr double short_limit = 0.01;
constexpr double count_limit = 0.005;

Trust grade(double effect) {
  if (effect < note_limit) return Trust::valid;
  return effect <= noisy_limit ? Trust::noisy : Trust::invalid;
}

std::string percent(double share) {
  return fmt::format("{:.3g} %", share * 100);
}

class Auditor {
 public:
  Auditor(std::span<const load::LevelRun> passes, const BatchContext& context, const Batch& batch)
      : passes_(passes), context_(context), batch_(batch) {}

  AuditResult run() {
    check_client();
    check_host();
    check_level();
    check_schedule();
    check_responses();
    check_tokens();
    for (const auto& finding : result_.audit.findings) {
      result_.audit.trust = std::max(result_.audit.trust, finding.trust);
    }
    return result_;
  }

 private:
  void find(Trust trust, double effect, std::string text) {
    result_.audit.findings.push_back({.trust = trust, .text = std::move(text)});
    // Beyond the noisy limit a finding that is noisy by decree says nothing about the size any more.
    if (trust != Trust::valid) result_.widening += std::min(effect, foreign_invalid);
  }

  template <class Read>
  double worst(Read read) const {
    double value = 0;
    for (const auto& pass : passes_) value = std::max(value, read(pass.client));
    return value;
  }

  /// The latency that the objective consists of; mean end-to-end latency also for throughput, since in a
  /// closed loop throughput is users * tokens / latency.
  double latency_of_objective() const {
    if (context_.objective == Objective::minimize_ttft) return batch_.stat("ttft", "mean").value_or(0);
    if (context_.objective == Objective::minimize_tpot)
      return batch_.stat("output_latency", "mean").value_or(0);
    return batch_.stat("e2e_latency", "mean").value_or(0);
  }

  /// A delay that each request suffers, or that each of its stamps is late by.
  void find_delay(double delay, const std::string& text) {
    const double latency = latency_of_objective();
    const double effect = latency > 0 ? delay / latency : 0;
    Trust trust = grade(effect);
    const double ttft = batch_.stat("ttft", "mean").value_or(0);
    if (!context_.objective && ttft > 0) trust = std::max(trust, std::min(grade(delay / ttft), Trust::noisy));
    find(trust, effect, fmt::format("{}: latency may be off by {}", text, percent(effect)));
  }

  void check_client() {
    const double busy = worst([](const auto& c) { return c.cpu_busy; });
    if (busy > busy_limit) {
      // A queue's wait grows with busy/(1-busy): nearly fivefold from 80 % to 95 %, where the client is the
      // limit.
      const double effect =
          note_limit + (noisy_limit - note_limit) * (busy - busy_limit) / (busy_invalid - busy_limit);
      find(grade(effect), effect,
           fmt::format("the client's sender was busy {} of a core (limit {})", percent(busy),
                       percent(busy_limit)));
    }
    const double lag = worst([](const auto& c) { return to_seconds(c.loop_lag_p99); });
    if (lag > lag_limit) {
      // Of an exponential distribution, as waits for a shared core have it, the mean is p99 / ln(100).
      find_delay(lag / std::log(100.0),
                 fmt::format("the client's event loop was {:.3g} ms late (p99, limit {:g} ms)", lag * 1000,
                             lag_limit * 1000));
    }
  }

  void check_host() {
    const double stolen = worst([](const auto& c) { return c.stolen; });
    if (stolen > stolen_limit) {
      find(grade(stolen), stolen,
           fmt::format("the hypervisor took {} of the CPU time (limit {})", percent(stolen),
                       percent(stolen_limit)));
    }
    if (context_.engine_cores <= 0) return;
    const double foreign = batch_.foreign_cpu / context_.engine_cores;
    if (foreign > foreign_noisy) {
      find(foreign > foreign_invalid ? Trust::invalid : Trust::noisy, foreign,
           fmt::format("other processes used {} of the engine's cores (limits {} and {})", percent(foreign),
                       percent(foreign_noisy), percent(foreign_invalid)));
    }
  }

  /// Requests in flight, averaged from the moment all users have started to the last send: exactly the level,
  /// whatever the run's length, if every user sends its next request at once (Little's law, N = X R, without
  /// ramp and drain).
  struct InFlight {
    double mean = 0;
    std::size_t requests = 0;
  };
  static std::optional<InFlight> in_flight(const load::LevelRun& pass, std::size_t users) {
    // Fewer than two rounds have no stretch in which users return.
    if (pass.records.size() < 2 * users) return std::nullopt;
    std::vector<load::Nanoseconds> sends;
    for (const auto& record : pass.records) sends.push_back(record.sent);
    std::ranges::sort(sends);
    const auto begin = sends[users - 1];
    const auto end = sends.back();
    if (end <= begin) return std::nullopt;
    InFlight result;
    double resident = 0;
    for (const auto& record : pass.records) {
      const auto from = std::max(record.sent, begin);
      const auto to = std::min(record.end.value_or(pass.duration), end);
      if (to <= from) continue;
      resident += to_seconds(to - from);
      ++result.requests;
    }
    result.mean = resident / to_seconds(end - begin);
    return result;
  }

  void check_level() {
    if (context_.level.request_rate || context_.level.concurrency < 1) return;
    const auto users = static_cast<std::size_t>(context_.level.concurrency);
    for (const auto& pass : passes_) {
      if (pass.records.size() < users) {
        find(
            Trust::noisy, 0,
            fmt::format("{} requests for {} users: the level was never reached", pass.records.size(), users));
        return;
      }
      const auto peak = pass.client.peak_in_flight;
      if (peak > 0 && static_cast<std::size_t>(peak) < users) {
        const double effect = 1 - peak / static_cast<double>(users);
        // With few requests the first may end before the last user has started, which is nobody's fault.
        const auto most = pass.records.size() < 2 * users ? Trust::noisy : Trust::invalid;
        find(std::min(grade(effect), most), std::min(effect, noisy_limit),
             fmt::format("at most {} of {} requests were in flight at once", peak, users));
        return;
      }
      const auto measured = in_flight(pass, users);
      if (!measured) continue;
      const double gap = std::abs(measured->mean / static_cast<double>(users) - 1);
      // A single response more or less at an end of the stretch is within what so short a run can tell.
      if (gap <= little_limit + 1 / static_cast<double>(measured->requests)) continue;
      find(grade(gap), gap,
           fmt::format("{:.3g} requests were in flight on average instead of {} ({} off, limit {})",
                       measured->mean, users, percent(gap), percent(little_limit)));
      return;
    }
  }

  /// Open loop: was the schedule kept? Latencies count from the intended start, so lateness is in them
  /// already.
  void check_schedule() {
    if (!context_.level.request_rate) return;
    for (const auto& pass : passes_) {
      if (pass.records.size() < 2) continue;
      std::vector<double> lateness;
      for (const auto& record : pass.records) lateness.push_back(to_seconds(record.sent - record.scheduled));
      const auto by_sent = std::ranges::minmax_element(pass.records, {}, &load::RequestRecord::sent);
      const auto by_plan = std::ranges::minmax_element(pass.records, {}, &load::RequestRecord::scheduled);
      const double sent = to_seconds(by_sent.max->sent - by_sent.min->sent);
      const double planned = to_seconds(by_plan.max->scheduled - by_plan.min->scheduled);
      const double off = planned > 0 ? std::abs(sent / planned - 1) : 0;
      if (off > rate_limit) {
        find(grade(off), off,
             fmt::format("requests were sent at a rate {} off the asked {} (limit {})", percent(off),
                         load::to_text(context_.level), percent(rate_limit)));
      }
      std::ranges::sort(lateness);
      const double late = percentile_of_sorted(lateness, 0.99);
      const double allowed = std::max(lag_limit, 0.01 / *context_.level.request_rate);
      if (late > allowed) {
        find(Trust::valid, 0,
             fmt::format("requests left {:.3g} ms late (p99, limit {:.3g} ms); latency includes it",
                         late * 1000, allowed * 1000));
      }
    }
  }

  static bool contradicts_itself(const load::RequestRecord& r) {
    if (!r.ok()) return false;
    if (*r.end < r.sent || r.sent < r.scheduled) return true;
    if (r.first_token && (*r.first_token < r.sent || *r.first_token > *r.end)) return true;
    return !std::ranges::is_sorted(r.chunks);
  }

  void check_responses() {
    std::size_t lost = 0;
    std::size_t impossible = 0;
    for (const auto& pass : passes_) {
      // A level that ended by its number of requests waits for each that it sent.
      const bool waits_for_all = pass.stopped == "max_requests";
      for (const auto& record : pass.records) {
        if (waits_for_all && !record.finished()) ++lost;
        if (contradicts_itself(record)) ++impossible;
      }
    }
    if (lost > 0) find(Trust::invalid, 0, fmt::format("{} responses are unaccounted for", lost));
    if (impossible > 0) {
      find(Trust::invalid, 0, fmt::format("{} responses have times that contradict each other", impossible));
    }
  }

  void check_tokens() {
    double chunks = 0;
    double tokens = 0;
    double answers = 0;
    double estimated = 0;
    double asked = 0;
    double got = 0;
    for (const auto& pass : passes_) {
      for (const auto* record : completed(pass)) {
        answers += 1;
        estimated += record->tokens_estimated ? 1 : 0;
        if (!record->tokens_estimated) {
          chunks += static_cast<double>(record->chunks.size());
          tokens += record->output_tokens;
        }
        if (record->asked_output_tokens > 0) {
          asked += record->asked_output_tokens;
          got += std::min(record->output_tokens, record->asked_output_tokens);
        }
      }
    }
    if (answers <= 0) return;
    // A chunk of text holds a token at least; one more per answer may flush what a tokenizer had kept back.
    if (chunks > tokens * (1 + count_limit) + (answers - estimated)) {
      find(Trust::invalid, 0,
           fmt::format("the server reports {:.0f} output tokens but sent {:.0f} pieces of text", tokens,
                       chunks));
    }
    if (estimated / answers > short_limit) {
      find(Trust::noisy, note_limit,
           fmt::format("the server reports no token counts for {} of the answers: estimated from their text",
                       percent(estimated / answers)));
    }
    const double short_share = batch_.short_answers / answers;
    if (short_share > short_limit) {
      const double missing = asked > 0 ? 1 - got / asked : 0;
      find(std::min(grade(missing), Trust::noisy), 0,
           fmt::format("{} of the answers are shorter than asked: {} of the tokens are missing",
                       percent(short_share), percent(missing)));
    }
  }

  std::span<const load::LevelRun> passes_;
  const BatchContext& context_;
  const Batch& batch_;
  AuditResult result_;
};

}  // namespace

AuditResult audit_of(std::span<const load::LevelRun> passes, const BatchContext& context,
                     const Batch& batch) {
  return Auditor(passes, context, batch).run();
}

}  // namespace autotuner::metrics
