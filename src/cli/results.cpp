#include "cli/results.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/exit_code.hpp"
#include "cli/task_source.hpp"
#include "report/answer.hpp"
#include "report/export.hpp"
#include "report/failure_text.hpp"
#include "report/html.hpp"
#include "report/launch.hpp"
#include "report/summary.hpp"
#include "report/terminal.hpp"

namespace autotuner::cli {
namespace {

struct ResultsOptions {
  std::string task;
  bool json = false, list = false;
  std::optional<int> log;
};

struct ExportOptions {
  std::string task, format = "json", rows = "points", config = "task", launch = "shell", file = "-";
  std::optional<int> experiment;
};

int report_error(const base::Error& error) {
  fmt::print(stderr, "error: {}\n", error.message);
  return exit_code_of(error);
}

int list_tasks(const ResultsParts& parts) {
  const auto heads = parts.list();
  if (!heads) return report_error(heads.error());
  if (heads->empty()) {
    fmt::print(stderr, "Nothing is stored yet: `autotuner tune` makes the first task.\n");
    return success;
  }
  for (const auto& head : *heads) {
    fmt::print("{:<32} {:<10} {:>4} experiments, {:>4} successful  {}\n", head.name,
               tuning::to_text(head.state), head.experiments, head.successful, head.created_at);
  }
  return success;
}

/// What the engine of one experiment printed.
int print_log(const tuning::Run& run, int number, const ResultsParts& parts) {
  const auto* experiment = tuning::find(run, number);
  if (experiment != nullptr && experiment->same_as) experiment = tuning::find(run, *experiment->same_as);
  if (experiment == nullptr || experiment->log_path.empty()) {
    return report_error({base::ErrorKind::not_found,
                         experiment == nullptr
                             ? fmt::format("task '{}' has no experiment {}", run.task.name, number)
                             : fmt::format("experiment {} of task '{}' has no log", number, run.task.name)});
  }
  const auto read =
      parts.read_log(experiment->log_path, [](std::string_view text) { fmt::print("{}", text); });
  return read ? success : report_error(read.error());
}

int results(const ResultsOptions& options, const Settings& settings, const ResultsParts& parts) {
  if (options.list) return list_tasks(parts);
  const auto run = parts.find(options.task);
  if (!run) return report_error(run.error());
  if (options.log) return print_log(*run, *options.log, parts);
  const auto answer = report::answer(*run);
  if (options.json) {
    report::write_summary(*run, answer, [](std::string_view text) { fmt::print("{}", text); });
    return success;
  }
  const report::TextStyle style{settings.stdout_is_terminal && settings.colour, settings.columns};
  fmt::print("{}\n{}", report::trials_table(*run, answer, style), report::verdict_text(*run, answer, style));
  if (answer.best)
    fmt::print("{}", report::launch_text(*run, answer.best->number, report::LaunchFormat::shell));
  if (!answer.best && !answer.failures.empty())
    fmt::print("{}", report::failure_text(*run, answer.failures.front()));
  fmt::print("{}", report::alternatives_text(answer));
  return success;
}

base::Result<report::LaunchFormat> launch_format(const std::string& text) {
  if (text == "shell") return report::LaunchFormat::shell;
  if (text == "systemd") return report::LaunchFormat::systemd;
  if (text == "docker") return report::LaunchFormat::docker;
  if (text == "compose") return report::LaunchFormat::compose;
  return base::invalid_input("--launch {}: allowed are shell, systemd, docker, compose, benchmark", text);
}

base::Result<std::string> launch(const ExportOptions& options, const tuning::Run& run,
                                 const report::Answer& answer) {
  if (options.launch == "benchmark") return report::benchmark_command(run, answer);
  const auto format = launch_format(options.launch);
  if (!format) return tl::unexpected(format.error());
  const auto number = options.experiment ? options.experiment
                      : answer.best      ? std::optional(answer.best->number)
                                         : std::nullopt;
  if (!number)
    return base::fail(base::ErrorKind::not_found, "task '{}' has no measured configuration to launch",
                      run.task.name);
  if (tuning::find(run, *number) == nullptr) {
    return base::fail(base::ErrorKind::not_found, "task '{}' has no experiment {}", run.task.name, *number);
  }
  auto text = report::launch_text(run, *number, *format);
  if (text.empty())
    return base::fail(base::ErrorKind::not_found,
                      "experiment {} never started an engine: there is no command", *number);
  return text;
}

base::Result<std::string> exported(const ExportOptions& options, const tuning::Run& run) {
  const auto answer = report::answer(run);
  if (options.format == "json") return report::export_json(run, answer);
  if (options.format == "csv") {
    if (options.rows == "points") return report::export_csv_points(run);
    if (options.rows == "experiments") return report::export_csv_experiments(run);
    return base::invalid_input("--rows {}: allowed are points, experiments", options.rows);
  }
  if (options.format == "yaml") {
    if (options.config != "task" && options.config != "best")
      return base::invalid_input("--config {}: allowed are task, best", options.config);
    return report::export_yaml(run, answer, options.config == "best");
  }
  if (options.format == "html") return report::html(run, answer);
  if (options.format == "launch") return launch(options, run, answer);
  return base::invalid_input("--format {}: allowed are json, csv, yaml, html, launch", options.format);
}

int export_run(const ExportOptions& options, const ResultsParts& parts) {
  const auto run = parts.find(options.task);
  if (!run) return report_error(run.error());
  const auto text = exported(options, *run);
  if (!text) return report_error(text.error());
  if (options.file == "-") {
    fmt::print("{}", *text);
    return success;
  }
  if (const auto written = write_file(options.file, *text); !written) return report_error(written.error());
  fmt::print("{}\n", options.file);
  return success;
}

}  // namespace

void add_results(CLI::App& app, const Settings& settings, ResultsParts parts, int& exit_code) {
  auto options = std::make_shared<ResultsOptions>();
  auto* command = app.add_subcommand("results", "show what is stored of a task");
  command->add_option("TASK", options->task, "task name; the last run without one");
  command->add_flag("--list", options->list, "list the stored tasks");
  command->add_flag("--json", options->json, "the summary document");
  command->add_option("--log", options->log, "print what the engine of this experiment printed");
  command->footer(
      "Examples:\n  autotuner results\n  autotuner results --list\n  autotuner results quickstart-llamacpp "
      "--json | jq .verdict\n  autotuner results quickstart-llamacpp --log 3 | less");
  command->callback(
      [options, &settings, parts, &exit_code] { exit_code = results(*options, settings, parts); });

  auto write = std::make_shared<ExportOptions>();
  auto* exporting = app.add_subcommand("export", "write a task's results out");
  exporting->add_option("TASK", write->task, "task name; the last run without one");
  exporting->add_option("--format", write->format, "json, csv, yaml, html or launch")->capture_default_str();
  exporting
      ->add_option("--rows", write->rows,
                   "csv: a row per operating point or per experiment (points, experiments)")
      ->capture_default_str();
  exporting
      ->add_option("--config", write->config,
                   "yaml: the task, or its parameters fixed to the best (task, best)")
      ->capture_default_str();
  exporting->add_option("--launch", write->launch, "launch: shell, systemd, docker, compose, benchmark")
      ->capture_default_str();
  exporting->add_option("--experiment", write->experiment, "launch: this experiment instead of the best");
  exporting->add_option("--file", write->file, "file to write; - prints it")->capture_default_str();
  exporting->footer(
      "Examples:\n  autotuner export --format html --file report.html\n  autotuner export my-task --format "
      "csv --rows experiments > trials.csv\n"
      "  autotuner export --format launch --launch systemd --file llm.service\n  autotuner export --format "
      "yaml --config best > best.yaml");
  exporting->callback(
      [write, parts = std::move(parts), &exit_code] { exit_code = export_run(*write, parts); });
}

}  // namespace autotuner::cli
