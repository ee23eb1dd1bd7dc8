#include "cli/tuning_table.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <sstream>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/text.hpp"

namespace autotuner::cli {
namespace {

using base::Json;
using base::Result;
using Row = TuningTable::Row;

Result<void> read_head(const Json& json, TuningTable& table) {
  auto space = search::study_space_from_json(json);
  if (!space) return tl::unexpected(space.error());
  if (!space->problem.objective) return base::invalid_input("objective is missing");
  table.space = std::move(*space);
  table.name = base::text_at(json, "name").value_or("");
  const auto metrics = json.find("metrics");
  if (metrics == json.end() || !metrics->is_array()) return base::invalid_input("metrics must be a list");
  for (const auto& metric : *metrics) {
    const auto name = base::text_at(metric, "name");
    const auto noise = base::text_at(metric, "noise").value_or("none");
    if (!name) return base::invalid_input("metrics: a name is missing");
    if (noise != "multiply" && noise != "divide" && noise != "none")
      return base::invalid_input("metrics.{}.noise is \"{}\"; must be multiply, divide or none", *name,
                                 noise);
    table.metrics.push_back({*name, noise == "multiply" ? NoiseKind::multiply
                                    : noise == "divide" ? NoiseKind::divide
                                                        : NoiseKind::none});
  }
  if (const auto noise = json.find("noise"); noise != json.end() && noise->is_object()) {
    table.sigma = base::number_at(*noise, "sigma").value_or(0);
    table.outlier_share = base::number_at(*noise, "outlier_share").value_or(0);
    const auto factor = noise->find("outlier_factor");
    if (factor != noise->end() && factor->is_array() && factor->size() == 2 && (*factor)[0].is_number() &&
        (*factor)[1].is_number())
      table.outlier_factor = {(*factor)[0].get<double>(), (*factor)[1].get<double>()};
  }
  if (const auto budgets = json.find("budgets"); budgets != json.end() && budgets->is_array()) {
    for (const auto& budget : *budgets) {
      if (!budget.is_number_integer() || budget.get<std::int64_t>() < 1 ||
          budget.get<std::int64_t>() > 1'000'000)
        return base::invalid_input("budgets: {} is no number of trials", base::to_compact_text(budget));
      table.budgets.push_back(budget.get<int>());
    }
  }
  if (table.budgets.empty()) table.budgets = {15, 30, 60};
  std::ranges::sort(table.budgets);
  const auto costs = json.find("costs");
  table.has_costs = costs != json.end() && costs->is_array() && !costs->empty();
  return {};
}

/// The value of a parameter that a cell spells: the one whose text or number it is.
const space::Value* value_of(const space::Parameter& parameter, std::string_view cell) {
  const auto* choices = std::get_if<space::Choices>(&parameter.domain);
  if (choices == nullptr) return nullptr;
  const auto number = base::to_number(cell);
  for (const auto& value : choices->values) {
    const auto own = value.as_number();
    if (own ? number == own : space::to_text(value) == cell) return &value;
  }
  return nullptr;
}

Result<void> read_rows(const std::string& csv, TuningTable& table) {
  auto lines = base::split(csv, '\n');
  while (!lines.empty() && base::trim(lines.back()).empty()) lines.pop_back();
  if (lines.size() < 2) return base::invalid_input("the table has no rows");
  std::unordered_map<std::string, std::size_t> column_of;
  const auto head = base::split(base::trim(lines.front()), ',');
  for (std::size_t i = 0; i < head.size(); ++i) column_of[head[i]] = i;
  std::vector<std::string> needed{"status"};
  for (const auto& parameter : table.space.space.parameters) needed.push_back(parameter.name);
  for (const auto& metric : table.metrics) needed.push_back(metric.name);
  for (const auto& name : needed) {
    if (!column_of.contains(name)) return base::invalid_input("line 1: the column {} is missing", name);
  }
  const auto& problem = table.space.problem;
  for (std::size_t n = 1; n < lines.size(); ++n) {
    const auto cells = base::split(base::trim(lines[n]), ',');
    const auto cell = [&](const std::string& name) -> std::string {
      const auto found = column_of.find(name);
      return found != column_of.end() && found->second < cells.size() ? cells[found->second] : "";
    };
    Row row;
    for (const auto& parameter : table.space.space.parameters) {
      const auto* value = value_of(parameter, cell(parameter.name));
      if (value == nullptr)
        return base::invalid_input("line {}: {} is \"{}\", which is none of its values", n + 1,
                                   parameter.name, cell(parameter.name));
      row.point.set(parameter.name, *value);
    }
    row.status = cell("status");
    row.detail = cell("detail");
    row.start_seconds = base::to_number(cell("start_seconds")).value_or(0);
    row.bench_seconds = base::to_number(cell("bench_seconds")).value_or(0);
    if (row.status == "ok") {
      std::map<std::string, double> metrics;
      for (const auto& metric : table.metrics) {
        const auto number = base::to_number(cell(metric.name));
        if (!number)
          return base::invalid_input("line {}: {} is \"{}\"; must be a number", n + 1, metric.name,
                                     cell(metric.name));
        row.metrics.push_back(*number);
        metrics[metric.name] = *number;
      }
      row.truth = search::soft_score(*problem.objective, problem.slos, metrics).value_or(0);
    }
    table.best = std::max(table.best, row.truth);
    table.row_of.emplace(space::identity(row.point), table.rows.size());
    table.rows.push_back(std::move(row));
  }
  if (table.best <= 0) return base::invalid_input("no row has a score");
  return {};
}

/// The whole of a file, unpacked if it is packed.
Result<std::string> content_of(const std::string& path) {
  const std::unique_ptr<archive, decltype(&archive_read_free)> reader(archive_read_new(), archive_read_free);
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_filename(reader.get(), path.c_str(), 1 << 16) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK)
    return base::fail(base::ErrorKind::not_found, "{} can't be read: {}", path,
                      archive_error_string(reader.get()));
  std::string content;
  std::vector<char> buffer(1 << 16);
  while (true) {
    const auto count = archive_read_data(reader.get(), buffer.data(), buffer.size());
    if (count < 0)
      return base::invalid_input("{} can't be unpacked: {}", path, archive_error_string(reader.get()));
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

std::string stem_of(std::string path) {
  for (const std::string_view ending : {".json", ".csv.gz", ".csv"}) {
    if (path.ends_with(ending)) return path.substr(0, path.size() - ending.size());
  }
  return path;
}

}  // namespace

Result<TuningTable> parse_tuning_table(const std::string& json, const std::string& csv) {
  const auto document = base::parse_json(json);
  if (!document) return tl::unexpected(document.error());
  TuningTable table;
  const auto head = read_head(*document, table);
  if (!head) return tl::unexpected(head.error());
  const auto rows = read_rows(csv, table);
  if (!rows) return tl::unexpected(rows.error());
  return table;
}

Result<TuningTable> read_tuning_table(const std::string& path) {
  const auto stem = stem_of(path);
  const auto json = content_of(stem + ".json");
  if (!json) return tl::unexpected(json.error());
  std::error_code error;
  const auto packed = stem + ".csv.gz";
  const auto csv = content_of(std::filesystem::exists(packed, error) ? packed : stem + ".csv");
  if (!csv) return tl::unexpected(csv.error());
  auto table = parse_tuning_table(*json, *csv);
  if (!table) return base::invalid_input("{}: {}", stem, table.error().message);
  if (table->name.empty()) table->name = std::filesystem::path(stem).filename().string();
  return table;
}

double noise_factor(const TuningTable& table, std::uint64_t seed, std::uint64_t row, std::uint64_t visit) {
  std::uint64_t state = seed * 0x9E3779B97F4A7C15U + row * 0xBF58476D1CE4E5B9U + visit * 0x94D049BB133111EBU;
  std::array<double, 4> u{};
  for (auto& uniform : u) {
    state += 0x9E3779B97F4A7C15U;
    auto z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    uniform = static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }
  const double normal =
      std::sqrt(-2.0 * std::log(std::max(u[0], 1e-300))) * std::cos(2.0 * std::numbers::pi * u[1]);
  double factor = std::exp(table.sigma * normal);
  if (u[2] < table.outlier_share)
    factor *= table.outlier_factor[0] + (table.outlier_factor[1] - table.outlier_factor[0]) * u[3];
  return factor;
}

search::Report observe(const TuningTable& table, std::size_t index, std::uint64_t seed, std::uint64_t visit,
                       double share) {
  constexpr std::uint64_t first_look = 1'000'000;
  const auto& row = table.rows[index];
  search::Report report;
  report.point = row.point;
  report.failure = search::failure_from_status(row.status, row.detail).value_or(search::Failure::other);
  if (report.failure != search::Failure::none) return report;
  report.fidelity = share;
  const double factor =
      share < 1 ? std::pow(noise_factor(table, seed, index, first_look + visit), 1 / std::sqrt(share))
                : noise_factor(table, seed, index, visit);
  for (std::size_t i = 0; i < table.metrics.size(); ++i) {
    const auto& metric = table.metrics[i];
    const double scale = metric.noise == NoiseKind::multiply ? factor
                         : metric.noise == NoiseKind::divide ? 1.0 / factor
                                                             : 1.0;
    report.metrics[metric.name] = row.metrics[i] * scale;
  }
  return report;
}

}  // namespace autotuner::cli
