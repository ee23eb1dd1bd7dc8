#include "cli/progress.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/command_line.hpp"
#include "metrics/registry.hpp"
#include "tuning/race.hpp"

namespace autotuner::cli {
namespace {

/// The status line moves at most this often: a terminal over a slow link must not slow the measurement.
constexpr auto redraw_interval = std::chrono::milliseconds(100);

/// A line each time would fill a log.
constexpr auto line_interval = std::chrono::seconds(10);

std::string one_line(std::string text, std::size_t limit) {
  if (const auto end = text.find('\n'); end != std::string::npos) text.resize(end);
  return text.size() > limit ? text.substr(0, limit - 3) + "..." : text;
}

std::string result_of(const tuning::Experiment& experiment) {
  if (experiment.failure && experiment.rank() == 3) {
    return fmt::format("failed ({}): {}", engine::to_text(experiment.failure->cls),
                       one_line(experiment.failure->message, 160));
  }
  std::string text;
  if (experiment.score.value) text = metrics::to_readable(experiment.score.metric, *experiment.score.value);
  const auto ttft = experiment.metrics ? experiment.metrics->value("p90_ttft") : std::nullopt;
  const auto tpot = experiment.metrics ? experiment.metrics->value("p50_tpot") : std::nullopt;
  if (ttft) text += ", TTFT P90 " + metrics::to_readable("p90_ttft", *ttft);
  if (tpot) text += ", TPOT P50 " + metrics::to_readable("p50_tpot", *tpot);
  switch (experiment.score.slo.verdict) {
    case metrics::SloVerdict::none:
      break;
    case metrics::SloVerdict::met:
      text += ", limits kept";
      break;
    case metrics::SloVerdict::missed:
      text += ", a limit missed";
      break;
    case metrics::SloVerdict::violated:
      text += ", a hard limit broken";
      break;
  }
  if (!experiment.cut_short.empty()) text += ", " + experiment.cut_short;
  if (experiment.same_as) text += ", same flags as the baseline";
  if (experiment.engine_of) text += fmt::format(", on the engine of #{}", *experiment.engine_of);
  if (experiment.repeat_of) {
    text += *experiment.repeat_of == 0 ? ", the defaults again"
                                       : fmt::format(", #{} again", *experiment.repeat_of);
  }
  return text;
}

}  // namespace

Progress::Progress(std::FILE* out, Style style, const base::Clock& clock)
    : out_(out), style_(style), clock_(clock), run_start_(clock.steady()) {}

Progress::~Progress() {
  const std::lock_guard lock(mutex_);
  erase_status();
}

void Progress::show(const tuning::Event& event) {
  const std::lock_guard lock(mutex_);
  std::visit([this](const auto& value) { handle(value); }, event);
}

void Progress::say(const std::string& text) {
  const std::lock_guard lock(mutex_);
  print_line(text);
}

void Progress::handle(const tuning::Preparing& event) {
  const auto now = clock_.steady();
  if (style_.live) {
    if (now - drawn_ < redraw_interval) return;
    drawn_ = now;
    show_status(event.detail);
  } else if (!told_ || now - *told_ >= line_interval) {
    told_ = now;
    print_line(event.detail);
  }
}

void Progress::handle(const tuning::RunStarted& event) {
  run_start_ = clock_.steady();
  planned_ = event.planned;
  with_baseline_ = event.with_baseline;
  over_ = false;
  print_line(fmt::format("{}{} {}: {} trial{}{}", event.simulated ? "Simulated: " : "",
                         event.resumed ? "Resuming" : "Tuning", event.engine, event.planned,
                         event.planned == 1 ? "" : "s",
                         event.with_baseline ? " after the engine's defaults" : ""));
}

void Progress::handle(const tuning::ExperimentStarted& event) {
  number_ = event.number;
  heat_ = event.phase_of_search == tuning::race_phase ? event.reason : "";
  phase_ = "starting";
  if (!style_.live)
    print_line(fmt::format("{} {}{}", position(), space::to_text(engine::masked(event.parameters)),
                           heat_.empty() ? fmt::format("  [{}]", event.reason) : ""));
  draw_status();
}

void Progress::handle(const tuning::PhaseChanged& event) {
  phase_ = event.detail.empty() ? event.phase : event.phase + " " + event.detail;
  draw_status();
}

void Progress::handle(const tuning::LevelProgress& event) {
  if (clock_.steady() - drawn_ < redraw_interval) return;
  const auto cut = phase_.find(" · ");
  phase_ = fmt::format("{} · {}/{} requests, {} tokens/s",
                       cut == std::string::npos ? phase_ : phase_.substr(0, cut), event.finished,
                       event.planned, base::to_readable_number(std::round(event.output_tokens_per_s)));
  draw_status();
}

void Progress::handle(const tuning::LevelFinished& /*event*/) {}

void Progress::handle(const tuning::ExperimentFinished& event) {
  const auto& experiment = event.experiment;
  if (!experiment.same_as) {
    ++measured_;
    measured_seconds_ += experiment.elapsed;
  }
  if (event.best && event.best_value)
    best_ = fmt::format("#{} {}", *event.best, metrics::to_readable(event.best_metric, *event.best_value));
  const bool is_best = event.best == experiment.number;
  const auto name = experiment.number == 0 ? std::string("defaults") : fmt::format("#{}", experiment.number);
  const auto point = experiment.number == 0 && experiment.parameters.empty()
                         ? ""
                         : space::to_text(engine::masked(experiment.parameters)) + "  ";
  auto line = fmt::format("{:>8}  {}{}  ({})", name, point, result_of(experiment),
                          base::to_duration_text(base::Seconds(experiment.elapsed)));
  if (is_best) line += "  <- best so far";
  const bool failed = experiment.failure && experiment.rank() == 3;
  print_line(failed ? paint("31", line) : is_best ? paint("32", line) : line);
}

void Progress::handle(const tuning::Notice& event) {
  print_line(event.warning ? paint("33", "warning: " + event.text) : event.text);
}

void Progress::handle(const tuning::RunFinished& /*event*/) {
  over_ = true;
  erase_status();
}

void Progress::print_line(const std::string& text) {
  erase_status();
  fmt::print(out_, "{}\n", text);
  std::fflush(out_);
  if (!over_) draw_status();
}

void Progress::erase_status() {
  if (!status_on_screen_) return;
  fmt::print(out_, "\r\x1b[K");
  std::fflush(out_);
  status_on_screen_ = false;
}

void Progress::draw_status() {
  if (!style_.live || over_) return;
  drawn_ = clock_.steady();
  std::string line = fmt::format("{} {}", position(), phase_);
  // What comes last is lost first in a narrow terminal.
  if (const auto left = time_left(); !left.empty()) line += " | " + left;
  if (!best_.empty()) line += " | best " + best_;
  show_status(std::move(line));
}

void Progress::show_status(std::string line) {
  const auto limit = static_cast<std::size_t>(std::max(20, style_.columns - 1));
  // Cut between characters, never inside one.
  if (line.size() > limit) {
    auto end = limit;
    while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
    line.resize(end);
  }
  fmt::print(out_, "\r\x1b[K{}", line);
  std::fflush(out_);
  status_on_screen_ = true;
}

std::string Progress::position() const {
  if (!heat_.empty()) return fmt::format("[{}]", heat_);
  return number_ == 0 ? "[defaults]" : fmt::format("[trial {} of {}]", number_, planned_);
}

std::string Progress::time_left() const {
  if (measured_ == 0) return "";
  const auto total = static_cast<double>(planned_) + (with_baseline_ ? 1 : 0);
  const double done = static_cast<double>(number_) + (with_baseline_ ? 0 : -1);
  const double left = std::max(0.0, total - done) * measured_seconds_ / measured_;
  return fmt::format("~{} left", base::to_duration_text(base::Seconds(left)));
}

std::string Progress::paint(const char* code, const std::string& text) const {
  return style_.colour ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : text;
}

}  // namespace autotuner::cli
