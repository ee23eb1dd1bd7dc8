#include "hosts/model_config.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "hosts/gguf.hpp"
#include "hosts/system_files.hpp"

namespace autotuner::hosts {
namespace {

namespace fs = std::filesystem;
using base::Json;

constexpr std::string_view config_name = "config.json";

Json config_in(const fs::path& folder) {
  const auto text = read_text((folder / config_name).string());
  auto config = text ? base::parse_json(*text) : base::Result<Json>(Json(nullptr));
  return config ? std::move(*config) : Json(nullptr);
}

/// The snapshot that the main branch points at, else the first that has a config.
Json config_in_cache(const fs::path& entry) {
  std::vector<fs::path> snapshots{entry / "snapshots" / read_line((entry / "refs" / "main").string())};
  std::error_code error;
  const fs::directory_iterator end;
  for (fs::directory_iterator at(entry / "snapshots", error); !error && at != end; at.increment(error))
    snapshots.push_back(at->path());
  std::sort(snapshots.begin() + 1, snapshots.end());
  for (const auto& snapshot : snapshots) {
    if (auto config = config_in(snapshot); !config.is_null()) return config;
  }
  return nullptr;
}

Json config_of_file(const fs::path& file) {
  if (base::to_lower(file.extension().string()) != ".gguf") return nullptr;
  std::ifstream stream(file, std::ios::binary);
  auto config = gguf_config(stream);
  return config ? std::move(*config) : Json(nullptr);
}

}  // namespace

Json read_model_config(engine::RuntimeId runtime, const std::string& id_or_path,
                       const ModelFolders& folders) {
  if (runtime == engine::RuntimeId::sim) return nullptr;
  const auto found = find_model(runtime, id_or_path, folders);
  if (found && fs::path(found->argument).is_absolute()) {
    std::error_code error;
    return fs::is_directory(found->argument, error) ? config_in(found->argument)
                                                    : config_of_file(found->argument);
  }
  return config_in_cache(cache_entry_of(folders, id_or_path));
}

}  // namespace autotuner::hosts
