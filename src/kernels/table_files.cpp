#include "kernels/table_files.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "kernels/folders.hpp"
#include "kernels/parquet.hpp"
#include "kernels/table_rows.hpp"
#include "kernels/version.hpp"

namespace autotuner::kernels {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t most_bytes = 64UL << 20;

/// A table: its folder, its file, and what its rows become.
struct Kind {
  std::string_view folder, file;
  base::Result<void> (*add)(const Table&, predict::KernelTables&);
};

constexpr std::array kinds = {
    Kind{"gemm", "gemm_perf.parquet", add_products},
    Kind{"attention", "context_attention_perf.parquet", add_prefill},
    Kind{"attention", "generation_attention_perf.parquet", add_decode},
    Kind{"comm", "custom_allreduce_perf.parquet", add_reduce},
};

constexpr std::array<std::string_view, 15> read_columns = {"gemm_dtype",  "m",
                                                           "n",           "k",
                                                           "batch_size",  "isl",
                                                           "num_heads",   "num_key_value_heads",
                                                           "head_dim",    "kv_cache_dtype",
                                                           "window_size", "step",
                                                           "num_gpus",    "message_size",
                                                           "latency"};

std::string_view folder_of(predict::Engine engine) {
  return engine == predict::Engine::tensorrt_llm ? "trtllm" : predict::to_text(engine);
}

/// The folder of a device's tables; empty when there is none.
std::string system_of(const fs::path& systems, const predict::Device& device) {
  for (const auto& name : folders_in(systems)) {
    const auto known = predict::find_device(name);
    if (known && known->name == device.name) return name;
  }
  return {};
}

base::Result<std::string> read_bytes(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return base::fail(base::ErrorKind::unavailable, "{}: {}", path.string(), error.message());
  if (size > most_bytes)
    return base::invalid_input("{} has {} bytes; at most {} are read", path.string(), size, most_bytes);
  std::ifstream file(path, std::ios::binary);
  std::string bytes(size, '\0');
  if (!file.read(bytes.data(), static_cast<std::streamsize>(size)))
    return base::fail(base::ErrorKind::unavailable, "{} can't be read", path.string());
  return bytes;
}

base::Result<void> add_file(const fs::path& path, const Kind& kind, predict::KernelTables& tables) {
  const auto bytes = read_bytes(path);
  if (!bytes) return tl::unexpected(bytes.error());
  const auto table = read_parquet(*bytes, read_columns);
  const auto added = table ? kind.add(*table, tables) : tl::unexpected(table.error());
  if (!added) return base::invalid_input("{}: {}", path.string(), added.error().message);
  return {};
}

/// Versions of a table, nearest first.
std::vector<std::string> versions_of(const fs::path& folder, std::string_view file,
                                     std::string_view engine_version) {
  auto versions = folders_in(folder);
  std::error_code error;
  std::erase_if(versions, [&](const std::string& version) {
    return !fs::is_regular_file(folder / version / file, error);
  });
  return by_nearness(std::move(versions), engine_version);
}

fs::path data_of(const fs::path& package) {
  return package / "systems" / "data";
}

}  // namespace

bool is_package(const fs::path& folder) {
  std::error_code error;
  return fs::is_directory(data_of(folder), error);
}

std::vector<std::string> systems_of(const fs::path& package) {
  return folders_in(data_of(package));
}

base::Result<LoadedTables> load_tables(const fs::path& package, const predict::Device& device,
                                       predict::Engine engine, std::string_view engine_version) {
  LoadedTables loaded{.system = system_of(data_of(package), device),
                      .engine = std::string(folder_of(engine))};
  if (loaded.system.empty())
    return base::fail(base::ErrorKind::not_found, "{} has no tables of {}", package.string(), device.name);
  for (const auto& kind : kinds) {
    const auto folder = data_of(package) / loaded.system / kind.folder / loaded.engine;
    for (const auto& version : versions_of(folder, kind.file, engine_version)) {
      const auto added = add_file(folder / version / kind.file, kind, loaded.tables);
      if (!added) {
        loaded.problems.push_back(added.error().message);
        continue;
      }
      if (std::ranges::find(loaded.versions, version) == loaded.versions.end())
        loaded.versions.push_back(version);
      break;
    }
  }
  loaded.versions = by_nearness(std::move(loaded.versions), engine_version);
  if (loaded.versions.empty())
    return base::fail(base::ErrorKind::not_found, "{} has no table of {} with {} that can be read{}",
                      package.string(), device.name, loaded.engine,
                      loaded.problems.empty() ? "" : ": " + loaded.problems.front());
  return loaded;
}

}  // namespace autotuner::kernels
