#include "report/sentences.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"
#include "metrics/registry.hpp"
#include "report/race.hpp"
#include "space/parameter.hpp"
#include "tuning/outline.hpp"

namespace autotuner::report {
namespace {

using tuning::Run;

std::string value_text(const Shown& shown) {
  return shown.value ? metrics::to_readable(shown.metric, *shown.value) : "not measured";
}

std::string level_text(const metrics::OperatingPoint& point) {
  return "at " + load::to_text(point.level);
}

/// The limit that is closest to being broken, or broken the most.
const metrics::LimitCheck* tightest(const metrics::SloResult& slo) {
  const auto found = std::ranges::min_element(slo.checks, {}, &metrics::LimitCheck::headroom);
  return found == slo.checks.end() ? nullptr : &*found;
}

std::string baseline_clause(const Run& run, const Shown& best) {
  if (best.number == 0) return ", nothing tried beat them";
  if (best.delta_baseline)
    return fmt::format(", {} {} engine defaults", percent_text(*best.delta_baseline),
                       *best.delta_baseline >= 0 ? "over" : "against");
  if (!best.not_comparable.empty())
    return ", not comparable with the engine's defaults: " + best.not_comparable;
  return tuning::find(run, 0) == nullptr ? ", no baseline" : "";
}

std::string ship_sentence(const Run& run, const Answer& answer) {
  const auto& best = *answer.best;
  const auto name =
      best.number == 0 ? std::string("#0, the engine's defaults") : fmt::format("#{}", best.number);
  std::string limits;
  if (const auto* check = tightest(best.slo)) limits = ", " + limit_text(*check);
  return fmt::format("{}Ship {}: {} {}{}{}", label(answer.simulated, best.trust), name, value_text(best),
                     level_text(best.point), limits, baseline_clause(run, best));
}

std::string miss_sentence(const Answer& answer) {
  const auto& nearest = *answer.best;
  std::string broken;
  for (const auto& check : nearest.slo.checks) {
    if (check.ok()) continue;
    broken +=
        fmt::format("{}{}, {} {}", broken.empty() ? "" : "; ", limit_text(check),
                    percent_text(check.violation), check.limit.is_minimum() ? "short of it" : "over it");
  }
  return fmt::format("{}No configuration meets the limits. Nearest: {} with {} {}{}{}",
                     label(answer.simulated, nearest.trust), name_of(nearest.number), value_text(nearest),
                     level_text(nearest.point), broken.empty() ? "" : "; ", broken);
}

std::string failed_sentence(const Run& run, const Answer& answer) {
  const std::string prefix = answer.simulated ? "Simulated: " : "";
  if (run.experiments.empty())
    return prefix + "No experiment was run" + (run.error_message.empty() ? "" : ": " + run.error_message);
  if (answer.failures.empty()) return prefix + "No experiment finished: the run was cancelled";
  const auto& first = answer.failures.front();
  return fmt::format("{}All {} experiments failed. First cause ({}, {}): {}", prefix, run.experiments.size(),
                     first.code, first.cls, first.first_error);
}

std::string confidence(const Run& run, const Answer& answer) {
  if (!answer.best) return "";
  const auto standing =
      std::ranges::find(answer.choice.order, answer.best->number, &metrics::Standing::number);
  const auto& point = answer.best->at;
  const auto* batch = point.kept.empty() ? nullptr : &point.kept.front();
  std::string text = race_sentence(answer);
  if (standing != answer.choice.order.end() && standing->interval) {
    const auto low = std::min(std::abs(standing->interval->low), std::abs(standing->interval->high));
    const auto high = std::max(std::abs(standing->interval->low), std::abs(standing->interval->high));
    text +=
        fmt::format("{}mean of {} {}runs, 95 % between {} and {}", text.empty() ? "" : "; ", standing->scores,
                    standing->raced ? "race " : "", metrics::to_readable(answer.best->metric, low),
                    metrics::to_readable(answer.best->metric, high));
  } else if (text.empty()) {
    text = "measured once, not repeated";
  }
  if (batch == nullptr) return text;
  text += fmt::format("; {} requests in {}", batch->num_completed_requests,
                      base::to_duration_text(base::Seconds(batch->run_duration)));
  if (batch->num_error_requests > 0) text += fmt::format(", {} failed", batch->num_error_requests);
  if (batch->audit.trust != metrics::Trust::valid) {
    text += fmt::format("; {}: ", batch->audit.trust == metrics::Trust::noisy ? "NOISY" : "INVALID");
    std::string reasons;
    for (const auto& finding : batch->audit.findings) {
      if (finding.trust != metrics::Trust::valid) reasons += (reasons.empty() ? "" : "; ") + finding.text;
    }
    text += reasons;
  }
  (void)run;
  return text;
}

bool tunes_numerics(const Run& run) {
  static constexpr std::string_view words[] = {"quantization", "cache-type", "kv-cache-dtype", "dtype",
                                               "__quant__"};
  return std::ranges::any_of(run.task.space.parameters, [](const space::Parameter& parameter) {
    if (space::is_fixed(parameter)) return false;
    return std::ranges::any_of(
        words, [&](std::string_view word) { return parameter.name.find(word) != std::string::npos; });
  });
}

void add_further(const Run& run, Answer& answer) {
  if (!answer.best) return;
  if (!answer.choice.equivalent.empty()) {
    std::vector<std::string> names;
    names.reserve(answer.choice.equivalent.size());
    for (const int number : answer.choice.equivalent) names.push_back(fmt::format("#{}", number));
    answer.further.push_back(
        fmt::format("Equivalent within the measured noise: {}", base::join(names, ", ")));
  }
  if (answer.choice.fastest_single) {
    answer.further.push_back(
        fmt::format("The fastest single run was #{}; repeated runs do not confirm it as the best",
                    *answer.choice.fastest_single));
  }
  const auto* chosen = tuning::find(run, answer.best->number);
  if (chosen != nullptr && chosen->metrics && chosen->metrics->value("success_rate").value_or(1) < 0.99) {
    answer.further.push_back(fmt::format("Only {:.1f} % of its requests succeeded",
                                         *chosen->metrics->value("success_rate") * 100));
  }
  if (answer.frontier) {
    answer.further.push_back(sentence(run, *answer.frontier, answer.choice.best));
    for (const auto& point : answer.frontier->points) answer.further.push_back("  " + to_text(run, point));
  }
  if (tunes_numerics(run)) answer.further.emplace_back("Numerics were tuned; output quality was not checked");
  if (run.stop_reason == "unknown_flag") answer.further.push_back("Stopped early: " + run.error_message);
  if (run.stop_reason == "converged") {
    const auto tried = std::ranges::count_if(run.experiments, tuning::is_search_row);
    answer.further.push_back(fmt::format(
        "Stopped after {} of at most {} trials: by what the model learned it is 95 % sure that no untried "
        "configuration {}",
        tried, run.task.search.max_iterations,
        run.task.goal.objectives.empty() ? "is more than 1 % better"
                                         : "enlarges the hypervolume by more than 1 %"));
  }
  if (run.stop_reason == "cancelled")
    answer.further.emplace_back("The run was interrupted; this is the best so far");
  for (auto& sentence : importance_sentences(answer.importance))
    answer.further.push_back(std::move(sentence));
}

void add_help(const Run& run, Answer& answer) {
  if (answer.meets_limits || !answer.best) return;
  for (const auto& check : answer.best->slo.checks) {
    if (check.ok()) continue;
    const bool latency = !check.limit.is_minimum();
    if (latency && answer.best->point.level.concurrency > 1) {
      answer.what_would_help.push_back(
          fmt::format("fewer requests at a time per replica (measured {}), which means more replicas",
                      load::to_text(answer.best->point.level)));
    }
    answer.what_would_help.push_back(fmt::format("a looser limit: {} {} {}", check.limit.metric(),
                                                 latency ? "up to" : "down to",
                                                 metrics::to_readable(check.limit.metric(), check.actual)));
  }
  answer.what_would_help.emplace_back(run.task.runtime == engine::RuntimeId::llamacpp
                                          ? "more or faster cores, or a smaller model"
                                          : "more GPUs, or a smaller or quantized model");
  std::ranges::sort(answer.what_would_help);
  const auto repeated = std::ranges::unique(answer.what_would_help);
  answer.what_would_help.erase(repeated.begin(), repeated.end());
}

}  // namespace

std::string label(bool simulated, metrics::Trust trust) {
  std::string text = simulated ? "Simulated: " : "";
  if (trust == metrics::Trust::invalid) text += "INVALID: ";
  return text;
}

std::string default_clause(const Change& change) {
  return (change.default_known ? "default " : "instead of ") + change.default_text;
}

std::string percent_text(double fraction) {
  const double percent = fraction * 100;
  return std::abs(percent) < 10 ? fmt::format("{:+.1f} %", percent) : fmt::format("{:+.0f} %", percent);
}

std::string limit_text(const metrics::LimitCheck& check) {
  const auto metric = check.limit.metric();
  const auto* info = metrics::find_metric(metric);
  return fmt::format("{} {} (limit {})", info == nullptr ? metric : std::string(info->label),
                     metrics::to_readable(metric, check.actual),
                     metrics::to_readable(metric, check.limit.threshold));
}

std::string display_name(const std::string& parameter) {
  for (const std::string_view prefix : {"__parallel__", "__quant__"}) {
    if (parameter.starts_with(prefix)) return parameter.substr(prefix.size());
  }
  return parameter;
}

void write_sentences(const Run& run, Answer& answer) {
  if (!answer.best) {
    answer.sentence = failed_sentence(run, answer);
  } else if (answer.meets_limits) {
    answer.sentence = ship_sentence(run, answer);
  } else {
    answer.sentence = miss_sentence(answer);
  }
  answer.confidence = confidence(run, answer);
  add_further(run, answer);
  add_help(run, answer);
}

}  // namespace autotuner::report
