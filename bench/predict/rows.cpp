// Holds the predictor against measured serving rows:
//   zcat ROWS.csv.gz | predict_rows [--rows] [--kernel-tables FOLDER]
//
// FOLDER is that of the installed package aiconfigurator_core, whose measured kernels then replace parts of
// the roofline.
//
// Columns: model, system, backend, precision, mode, isl, osl, concurrency, batch_size, tp_size, pp_size,
// attention_dp_size, moe_tp_size, moe_ep_size, decode_*, ttft_ms, tpot_ms. What rows don't say is assumed as
// docs/prediction.md writes down. Prints mean absolute and signed relative error and rank correlation of TPOT
// by group, and the median error of TTFT.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "kernels/package.hpp"
#include "predict/predict.hpp"
#include "predict/ranks.hpp"

namespace autotuner::bench {
namespace {

using Row = std::map<std::string, std::string>;

/// Sizes from the models' published config.json.
struct Model {
  std::string_view part_of_name;
  predict::Facts facts;
};

std::vector<Model> models() {
  return {
      {"Llama-3.1-70B",
       {{"model_layers", 80},
        {"model_hidden", 8192},
        {"model_heads", 64},
        {"model_kv_heads", 8},
        {"model_head_dim", 128},
        {"model_intermediate", 28672},
        {"model_vocab", 128256},
        {"model_parameters", 70.6e9}}},
      {"Llama-3.1-8B",
       {{"model_layers", 32},
        {"model_hidden", 4096},
        {"model_heads", 32},
        {"model_kv_heads", 8},
        {"model_head_dim", 128},
        {"model_intermediate", 14336},
        {"model_vocab", 128256},
        {"model_parameters", 8.03e9}}},
      {"Qwen3-235B",
       {{"model_layers", 94},
        {"model_hidden", 4096},
        {"model_heads", 64},
        {"model_kv_heads", 4},
        {"model_head_dim", 128},
        {"model_vocab", 151936},
        {"model_parameters", 235e9},
        {"model_active_parameters", 22e9},
        {"model_experts", 128},
        {"model_experts_per_token", 8}}},
      {"DeepSeek",
       {{"model_layers", 61},
        {"model_hidden", 7168},
        {"model_heads", 128},
        {"model_head_dim", 128},
        {"model_kv_lora_rank", 512},
        {"model_rope_head_dim", 64},
        {"model_vocab", 129280},
        {"model_parameters", 671e9},
        {"model_active_parameters", 37e9},
        {"model_experts", 256},
        {"model_experts_per_token", 8}}},
  };
}

std::optional<double> number(const Row& row, const std::string& column) {
  const auto found = row.find(column);
  return found == row.end() ? std::nullopt : base::to_number(found->second);
}

std::string text(const Row& row, const std::string& column) {
  const auto found = row.find(column);
  return found == row.end() ? std::string{} : found->second;
}

struct Case {
  predict::ModelShape shape{};
  predict::Device device{};
  predict::Deployment deployment{};
  predict::Workload load{};
  double ttft_ms = 0, tpot_ms = 0;
  bool prompts_elsewhere = false;
  std::string group{}, set{};
};

/// The layout columns; nothing when they contradict each other or the host.
bool read_layout(const Row& row, const std::string& prefix, bool dense, Case& c) {
  const double tp = number(row, prefix + "tp_size").value_or(1);
  const double groups = number(row, prefix + "attention_dp_size").value_or(1);
  const double experts =
      number(row, prefix + "moe_tp_size").value_or(1) * number(row, prefix + "moe_ep_size").value_or(1);
  if (!dense && tp * groups != experts) return false;
  const auto system = text(row, "system");
  const bool one_host = system.find("gb") == std::string::npos;
  if (prefix.empty() && one_host && tp * groups > 8) return false;
  c.deployment.tensor_parallel = tp;
  c.deployment.attention_data_parallel = groups;
  c.deployment.pipeline_parallel = number(row, prefix + "pp_size").value_or(1);
  return true;
}

predict::NumberFormat cache_format(const Row& row, predict::NumberFormat weights) {
  const auto system = text(row, "system");
  const bool hopper = system == "h100_sxm" || system == "h200_sxm";
  const bool tensorrt = text(row, "backend") == "trtllm";
  const bool wide = weights == predict::NumberFormat::float16 || (hopper && !tensorrt);
  return wide ? predict::NumberFormat::float16 : predict::NumberFormat::fp8;
}

void read_load(const Row& row, Case& c) {
  // The public matrix of 1024 and 8192 tokens draws lengths from 0.8 to 1 times the nominal one.
  const auto in_matrix = [](double tokens) { return tokens == 1024 || tokens == 8192; };
  double input = number(row, "isl").value_or(0), output = number(row, "osl").value_or(0);
  if (in_matrix(input) && in_matrix(output)) {
    input *= 0.9;
    output *= 0.9;
  }
  c.load = {.input_tokens = input, .output_tokens = output};
}

std::optional<Case> read_case(const Row& row, const std::vector<Model>& models) {
  const auto name = text(row, "model");
  const auto model = std::ranges::find_if(
      models, [&](const Model& m) { return name.find(m.part_of_name) != std::string::npos; });
  const auto device = predict::find_device(text(row, "system"));
  if (model == models.end() || !device) return std::nullopt;
  const auto shape = predict::shape_from_facts(model->facts);
  if (!shape) return std::nullopt;
  const bool dense = shape->experts == 0;
  Case c{.shape = *shape, .device = *device};
  c.deployment = predict::engine_defaults(predict::find_engine(text(row, "backend")));
  // The published launch scripts switch both on.
  c.deployment.async_scheduling = true;
  c.deployment.chunked_prefill = true;
  c.deployment.prefix_caching = false;
  c.deployment.graph_size = 4096;
  c.deployment.max_sequences = 4096;
  const auto precision = text(row, "precision");
  const auto unknown = dense ? predict::NumberFormat::float16 : predict::NumberFormat::fp8;
  c.deployment.weights = precision.empty() ? unknown : predict::find_format(precision).value_or(unknown);
  c.deployment.cache = cache_format(row, c.deployment.weights);
  read_load(row, c);
  c.ttft_ms = number(row, "ttft_ms").value_or(0);
  c.tpot_ms = number(row, "tpot_ms").value_or(0);
  c.prompts_elsewhere = text(row, "mode") == "disagg";
  if (!read_layout(row, c.prompts_elsewhere ? "decode_" : "", dense, c)) return std::nullopt;
  auto requests = number(row, "concurrency");
  if (!requests) requests = number(row, "batch_size");
  const auto workers = number(row, "decode_num_workers");
  if (!requests || (c.prompts_elsewhere && !workers)) return std::nullopt;
  c.load.concurrency = *requests / (c.prompts_elsewhere ? *workers : 1);
  const bool reference = dense && precision == "fp8" && name.starts_with("meta-llama");
  c.set = c.prompts_elsewhere ? "3 experts, prompts elsewhere"
          : !dense            ? "2 experts"
          : reference         ? "0 dense fp8"
                              : "1 dense, other";
  c.group = name.substr(name.find('/') + 1) + " " + text(row, "system") + " " + text(row, "backend") + " " +
            (precision.empty() ? "?" : precision);
  return c;
}

struct Pair {
  double predicted_tpot = 0, measured_tpot = 0, predicted_ttft = 0, measured_ttft = 0;
};

/// Measured kernels of each model, device and engine that rows tell of, looked up once.
class Kernels {
 public:
  /// Without a folder there are none.
  explicit Kernels(std::string folder) : folder_(std::move(folder)) {}

  const predict::ModelKernels* of(const Case& c) {
    if (folder_.empty()) return nullptr;
    const auto [model, is_new] =
        models_.try_emplace({c.device.name, c.deployment.engine, c.shape.parameters, c.shape.hidden});
    if (!is_new) return &model->second;
    if (const auto read = kernels::read_kernels(folder_, {c.shape, c.device, c.deployment.engine, {}}))
      model->second = read->kernels;
    else
      std::fprintf(stderr, "%s: %s\n", c.group.c_str(), read.error().message.c_str());
    return &model->second;
  }

 private:
  std::string folder_;
  std::map<std::tuple<std::string_view, predict::Engine, double, double>, predict::ModelKernels> models_;
};

Pair compare(const Case& c, const predict::ModelKernels* kernels) {
  const auto memory = predict::memory(c.shape, c.device, c.deployment, c.load);
  const auto prediction = predict::predict(c.shape, c.device, c.deployment, c.load, memory, {}, kernels);
  const double tpot = c.prompts_elsewhere ? prediction.step_seconds : prediction.tpot.mean;
  return {tpot * 1e3, c.tpot_ms, prediction.ttft.mean * 1e3, c.ttft_ms};
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

void print(const std::string& title, const std::vector<Pair>& pairs) {
  double absolute = 0, sign = 0;
  std::vector<double> predicted, measured, ttft, absolutes;
  for (const auto& pair : pairs) {
    const double error = pair.predicted_tpot / pair.measured_tpot - 1;
    absolute += std::abs(error);
    absolutes.push_back(std::abs(error));
    sign += error;
    predicted.push_back(pair.predicted_tpot);
    measured.push_back(pair.measured_tpot);
    ttft.push_back(pair.predicted_ttft / pair.measured_ttft - 1);
  }
  const auto n = static_cast<double>(pairs.size());
  std::printf("%-58s %5zu  %6.3f %6.3f %+6.3f  %5.3f  %+6.2f\n", title.c_str(), pairs.size(), absolute / n,
              median(absolutes), sign / n, rank_correlation(predicted, measured), median(ttft));
}

std::vector<Row> read_rows(std::istream& in) {
  std::vector<Row> rows;
  std::string line;
  std::getline(in, line);
  const auto columns = base::split(line, ',');
  while (std::getline(in, line)) {
    const auto cells = base::split(line, ',');
    Row row;
    for (std::size_t i = 0; i < std::min(cells.size(), columns.size()); ++i) row[columns[i]] = cells[i];
    rows.push_back(std::move(row));
  }
  return rows;
}

int run(bool each_row, const std::string& kernel_tables) {
  const auto known = models();
  Kernels kernels(kernel_tables);
  std::map<std::string, std::vector<Pair>> sets, groups;
  std::size_t unusable = 0;
  const auto rows = read_rows(std::cin);
  for (const auto& row : rows) {
    const auto c = read_case(row, known);
    if (!c || c->tpot_ms <= 0 || c->ttft_ms <= 0) {
      ++unusable;
      continue;
    }
    const auto pair = compare(*c, kernels.of(*c));
    sets[c->set].push_back(pair);
    if (c->set.starts_with("0") || c->set.starts_with("1")) sets["dense together"].push_back(pair);
    if (!c->prompts_elsewhere) sets["one server together"].push_back(pair);
    sets["all together"].push_back(pair);
    groups[c->set + ": " + c->group].push_back(pair);
    if (each_row)
      std::printf("%s tp %g in %g out %g requests %g: TPOT %.2f measured %.2f, TTFT %.0f measured %.0f\n",
                  c->group.c_str(), c->deployment.tensor_parallel, c->load.input_tokens,
                  c->load.output_tokens, c->load.concurrency, pair.predicted_tpot, pair.measured_tpot,
                  pair.predicted_ttft, pair.measured_ttft);
  }
  std::printf("%zu rows, %zu of them not usable\n", rows.size(), unusable);
  std::printf("%-58s %5s  %6s %6s %6s  %5s  %6s\n", "TPOT", "rows", "MAPE", "median", "bias", "rank", "TTFT");
  for (const auto& [title, pairs] : sets) print(title, pairs);
  for (const auto& [title, pairs] : groups) print(title, pairs);
  return rows.empty() ? 1 : 0;
}

}  // namespace
}  // namespace autotuner::bench

int main(int argc, char** argv) {
  bool each_row = false;
  std::string kernel_tables;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--rows") each_row = true;
    if (word == "--kernel-tables" && i + 1 < argc) kernel_tables = argv[++i];
  }
  return autotuner::bench::run(each_row, kernel_tables);
}
