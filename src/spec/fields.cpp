#include "spec/fields.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "spec/field_rows.hpp"

namespace autotuner::spec {
namespace {

constexpr auto aliases = std::to_array<FieldAlias>({
    {"model_config", "model"},
    {"optimization_config", "optimization"},
    {"benchmark_config", "benchmark"},
    {"slo_config", "slo"},
    {"model.name", "model.id_or_path", true},
    {"quant_config.preset", "quant_config.presets"},
    {"parallel_config.preset", "parallel_config.presets"},
});

constexpr std::string_view text_only = "this version measures text-to-text";
constexpr std::string_view native_only = "this version measures with its own load generator: native";
constexpr std::string_view two_apis = "this version uses chat and completions";

constexpr auto words = std::to_array<KnownWord>({
    {"optimization.strategy", "grid", "grid_search", true},
    {"optimization.strategy", "random_search", "random", true},
    {"optimization.objective", "minimize_cost",
     "give price_per_gpu_hour: the price of tokens is then part of every result"},
    {"benchmark.task", "text-to-embeddings", text_only},
    {"benchmark.task", "text-to-rerank", text_only},
    {"benchmark.task", "text-to-image", text_only},
    {"benchmark.task", "text-to-speech", text_only},
    {"benchmark.task", "image-text-to-text", text_only},
    {"benchmark.task", "image-to-embeddings", text_only},
    {"benchmark.generator", "genai-bench", native_only},
    {"benchmark.generator", "benchmarkjob", native_only},
    {"benchmark.api", "generate", two_apis},
    {"benchmark.api", "native", two_apis},
    {"benchmark.api", "embeddings", two_apis},
});

constexpr std::string_view limits[] = {"slo.latency.p50", "slo.latency.p90", "slo.latency.p95",
                                       "slo.latency.p99", "slo.ttft",        "slo.tpot",
                                       "slo.throughput",  "slo.success_rate"};

std::string_view parent_of(std::string_view path) {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view{} : path.substr(0, dot);
}

}  // namespace

std::span<const Field> all_fields() {
  static const auto all = [] {
    std::vector<Field> fields;
    for (const auto rows : {task_rows(), search_rows(), load_rows()})
      fields.insert(fields.end(), rows.begin(), rows.end());
    return fields;
  }();
  return all;
}

const Field* find_field(std::string_view path) {
  const auto fields = all_fields();
  const auto found = std::ranges::find(fields, path, &Field::path);
  return found == fields.end() ? nullptr : &*found;
}

std::string_view group_of(std::string_view path) {
  return std::ranges::find(limits, path) == std::end(limits) ? path : std::string_view("limit");
}

std::vector<const Field*> members_of(std::string_view group) {
  std::vector<const Field*> members;
  for (const auto& field : all_fields()) {
    if (parent_of(field.path) == group) members.push_back(&field);
  }
  return members;
}

std::span<const FieldAlias> field_aliases() {
  return aliases;
}

const KnownWord* find_word(std::string_view path, std::string_view word) {
  const auto* const found =
      std::ranges::find_if(words, [&](const KnownWord& w) { return w.path == path && w.word == word; });
  return found == words.end() ? nullptr : found;
}

std::string to_text(const Bounds& bounds) {
  const auto show = [](double value) { return fmt::format("{}", value); };
  if (bounds.low && bounds.high && *bounds.low == *bounds.high) return show(*bounds.low);
  if (bounds.low && bounds.high)
    return fmt::format("between {} and {}", show(*bounds.low), show(*bounds.high));
  if (bounds.low) return fmt::format("{}{}", bounds.above_low ? "> " : "at least ", show(*bounds.low));
  return "any number";
}

}  // namespace autotuner::spec
