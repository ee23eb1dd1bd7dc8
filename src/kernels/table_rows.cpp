#include "kernels/table_rows.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace autotuner::kernels {
namespace {

using predict::Curve;
using predict::NumberFormat;
using Places = std::vector<Curve::Place>;

constexpr double per_second = 1e3;

/// Columns by name; the first that is missing or of another kind ends up in `check`.
class Columns {
 public:
  explicit Columns(const Table& table) : table_(table) {}

  const std::vector<double>& numbers(std::string_view name) {
    const auto found = table_.columns.find(name);
    if (found != table_.columns.end() && found->second.indices.empty()) return found->second.numbers;
    return missing(name, "numbers"), none_;
  }
  const Column& texts(std::string_view name) {
    const auto found = table_.columns.find(name);
    if (found != table_.columns.end() && found->second.numbers.empty()) return found->second;
    return missing(name, "texts"), no_text_;
  }
  bool has(std::string_view name) const { return table_.columns.contains(name); }
  base::Result<void> check() const {
    if (problem_.empty()) return {};
    return base::invalid_input("{}", problem_);
  }

 private:
  void missing(std::string_view name, std::string_view kind) {
    if (problem_.empty()) problem_ = fmt::format("it has no column {} of {}", name, kind);
  }

  const Table& table_;
  std::string problem_;
  std::vector<double> none_;
  Column no_text_;
};

/// The format of a cache; nothing for words that are not known.
std::optional<NumberFormat> format_of(std::string_view word) {
  if (word == "bfloat16" || word == "float16") return NumberFormat::float16;
  if (word == "fp8") return NumberFormat::fp8;
  return std::nullopt;
}

/// Attention rows that count, by kind and by another size: prompts or sequences.
struct AttentionRows {
  std::map<std::pair<predict::AttentionKind, double>, Places> places{};
};

base::Result<AttentionRows> attention(const Table& table, std::string_view tokens, double tokens_more) {
  Columns columns(table);
  const auto& batch = columns.numbers("batch_size");
  const auto& size = columns.numbers(tokens);
  const auto& heads = columns.numbers("num_heads");
  const auto& kv_heads = columns.numbers("num_key_value_heads");
  const auto& head_dim = columns.numbers("head_dim");
  const auto& latency = columns.numbers("latency");
  const auto& cache = columns.texts("kv_cache_dtype");
  // Older tables have no windows at all.
  const auto* window = columns.has("window_size") ? &columns.numbers("window_size") : nullptr;
  if (auto checked = columns.check(); !checked) return tl::unexpected(checked.error());
  AttentionRows rows;
  for (std::size_t i = 0; i < table.rows; ++i) {
    const auto format = format_of(cache.words[cache.indices[i]]);
    if (!format || (window != nullptr && (*window)[i] > 0)) continue;
    // 0 stands for as many as there are heads.
    const double keys = kv_heads[i] > 0 ? kv_heads[i] : heads[i];
    rows.places[{{heads[i], keys, head_dim[i], *format}, batch[i]}].push_back(
        {size[i] + tokens_more, latency[i] / per_second});
  }
  return rows;
}

}  // namespace

base::Result<void> add_products(const Table& table, predict::KernelTables& tables) {
  Columns columns(table);
  const auto& m = columns.numbers("m");
  const auto& n = columns.numbers("n");
  const auto& k = columns.numbers("k");
  const auto& latency = columns.numbers("latency");
  const auto& type = columns.texts("gemm_dtype");
  if (auto checked = columns.check(); !checked) return checked;
  std::map<std::pair<double, double>, Places> places;
  for (std::size_t i = 0; i < table.rows; ++i) {
    // Quantised products stay with the roofline: their measured times include turning the activations into
    // that format, which engines fuse into the kernel before.
    const auto& word = type.words[type.indices[i]];
    if (word == "bfloat16" || word == "float16")
      places[{n[i], k[i]}].push_back({m[i], latency[i] / per_second});
  }
  for (auto& [sizes, list] : places) tables.products.emplace(sizes, std::move(list));
  return {};
}

base::Result<void> add_prefill(const Table& table, predict::KernelTables& tables) {
  auto rows = attention(table, "isl", 0);
  if (!rows) return tl::unexpected(rows.error());
  for (auto& [key, places] : rows->places) {
    if (key.second == 1) tables.prefill.try_emplace(key.first, std::move(places));
  }
  return {};
}

base::Result<void> add_decode(const Table& table, predict::KernelTables& tables) {
  auto rows = attention(table, "step", 1);
  if (!rows) return tl::unexpected(rows.error());
  std::map<predict::AttentionKind, std::vector<std::pair<double, Curve>>> surfaces;
  for (auto& [key, places] : rows->places)
    surfaces[key.first].emplace_back(key.second, Curve(std::move(places)));
  for (auto& [kind, curves] : surfaces) tables.decode.try_emplace(kind, std::move(curves));
  return {};
}

base::Result<void> add_reduce(const Table& table, predict::KernelTables& tables) {
  Columns columns(table);
  const auto& gpus = columns.numbers("num_gpus");
  const auto& size = columns.numbers("message_size");
  const auto& latency = columns.numbers("latency");
  if (auto checked = columns.check(); !checked) return checked;
  std::map<double, Places> places;
  for (std::size_t i = 0; i < table.rows; ++i) places[gpus[i]].push_back({size[i], latency[i] / per_second});
  for (auto& [count, list] : places) tables.reduce.try_emplace(count, std::move(list));
  return {};
}

}  // namespace autotuner::kernels
