#include "hosts/model_source.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "hosts/system_files.hpp"

namespace autotuner::hosts {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using engine::RuntimeId;

constexpr std::string_view default_quant = "Q4_K_M";

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

bool is_folder(const fs::path& path) {
  std::error_code error;
  return fs::is_directory(path, error);
}

std::vector<fs::path> children(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  const fs::directory_iterator end;
  for (fs::directory_iterator at(folder, error); !error && at != end; at.increment(error))
    paths.push_back(at->path());
  std::ranges::sort(paths);
  return paths;
}

std::vector<std::string> gguf_names(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& path : children(folder)) {
    if (path.extension() == ".gguf" && is_there(path)) names.push_back(path.filename().string());
  }
  return names;
}

base::Result<ModelSource> file_of(const fs::path& path, const std::string& quant) {
  if (!is_folder(path)) return ModelSource{path.string(), true};
  auto name = choose_gguf(gguf_names(path), quant, path.string());
  if (!name) return tl::unexpected(name.error());
  return ModelSource{(path / *name).string(), true};
}

/// "-00001-of-00003" of a split model, or npos.
std::size_t part_at(const std::string& name) {
  constexpr std::size_t length = std::string_view("-00001-of-00003.gguf").size();
  if (name.size() <= length || name.substr(name.size() - 14, 4) != "-of-") return std::string::npos;
  return name.size() - length;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/// Whether `word` stands by itself in `text`, both in lower case: f16 does in m-f16.gguf, but not in
/// m-bf16.gguf; q4_k does not in m-q4_k_m.gguf.
bool holds_word(const std::string& text, const std::string& word) {
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const auto end = at + word.size();
    const bool begins = at == 0 || !is_letter_or_digit(text[at - 1]);
    if (begins && (end == text.size() || (!is_letter_or_digit(text[end]) && text[end] != '_'))) return true;
  }
  return false;
}

/// Those that fit `quant`, adapters left out.
std::vector<std::string> fitting(const std::vector<std::string>& names, const std::string& quant) {
  std::vector<std::string> containing, holding;
  for (const auto& name : names) {
    const auto lower = base::to_lower(name);
    // Adapters for pictures lie beside many models; they are no model themselves.
    if (lower.substr(lower.rfind('/') + 1).starts_with("mmproj")) continue;
    if (lower.contains(base::to_lower(quant))) containing.push_back(name);
    if (!quant.empty() && holds_word(lower, base::to_lower(quant))) holding.push_back(name);
  }
  return holding.empty() ? containing : holding;
}

/// GGUF files anywhere below a snapshot, as paths inside it.
std::vector<std::string> gguf_paths(const fs::path& snapshot) {
  std::vector<std::string> paths;
  std::error_code error;
  const fs::recursive_directory_iterator end;
  for (fs::recursive_directory_iterator at(snapshot, error); !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".gguf" && is_there(at->path()))
      paths.push_back(at->path().lexically_relative(snapshot).string());
  }
  return paths;
}

/// The newest snapshot that holds GGUF files.
base::Result<ModelSource> gguf_in_cache(const std::string& id_and_quant, const ModelFolders& folders) {
  const auto colon = id_and_quant.rfind(':');
  const auto id = id_and_quant.substr(0, colon);
  const auto quant = colon == std::string::npos ? std::string() : id_and_quant.substr(colon + 1);
  for (const auto& snapshot : children(fs::path(cache_entry_of(folders, id)) / "snapshots")) {
    auto names = gguf_paths(snapshot);
    if (names.empty()) continue;
    const auto wanted = wanted_quant(names, quant);
    auto name = choose_gguf(std::move(names), wanted, snapshot.string());
    if (!name) return tl::unexpected(name.error());
    const auto parts = gguf_parts(*name);
    if (!std::ranges::all_of(parts, [&](const auto& part) { return is_there(snapshot / part); })) continue;
    return ModelSource{(snapshot / *name).string(), true};
  }
  return base::fail(
      ErrorKind::not_found,
      "model '{}' is not in the Hugging Face cache {}; get it with: huggingface-cli download {} --include "
      "'*{}*.gguf', or give the path of a *.gguf file",
      id_and_quant, folders.hf_home, id, quant.empty() ? default_quant : quant);
}

base::Result<ModelSource> hugging_face(const std::string& id, const ModelFolders& folders) {
  if (!id.contains('/')) {
    return base::fail(ErrorKind::not_found, "model '{}' is neither below {} nor a Hugging Face id (org/name)",
                      id, folders.base_path);
  }
  if (is_complete_cache_entry(cache_entry_of(folders, id))) return ModelSource{id, true};
  if (!folders.offline) return ModelSource{id, false};
  return base::fail(ErrorKind::not_found,
                    "model '{0}' is not in the Hugging Face cache {1} and downloads are off; get it with: "
                    "HF_HOME={1} huggingface-cli download {0}, or give the path of its folder",
                    id, folders.hf_home);
}

}  // namespace

std::string cache_entry_of(const ModelFolders& folders, const std::string& id) {
  return (fs::path(folders.hf_home) / "hub" / ("models--" + base::replace_all(id, "/", "--"))).string();
}

bool needs_download(RuntimeId runtime, const std::string& id_or_path, const ModelFolders& folders) {
  if (folders.offline || runtime == RuntimeId::sim) return false;
  const bool is_path =
      id_or_path.starts_with("/") || id_or_path.starts_with("./") || id_or_path.starts_with("../");
  if (is_path || std::ranges::count(id_or_path, '/') != 1) return false;
  if (base::to_lower(id_or_path).ends_with(".gguf")) return false;
  const auto found = find_model(runtime, id_or_path, folders);
  return found ? !found->on_disk : found.error().kind == ErrorKind::not_found;
}

std::string wanted_quant(const std::vector<std::string>& names, const std::string& quant) {
  const auto has_default = std::ranges::any_of(
      names, [](const auto& name) { return base::to_lower(name).contains(base::to_lower(default_quant)); });
  return quant.empty() && has_default ? std::string(default_quant) : quant;
}

base::Result<std::string> choose_gguf(std::vector<std::string> names, const std::string& quant,
                                      const std::string& where) {
  std::ranges::sort(names);
  if (names.empty()) return base::fail(ErrorKind::not_found, "there is no *.gguf file in {}", where);
  std::vector<std::string> models;
  std::set<std::string> sets;
  for (const auto& name : fitting(names, quant)) {
    const auto part = part_at(name);
    if (part == std::string::npos || sets.insert(name.substr(0, part)).second) models.push_back(name);
  }
  const auto all = base::join(names, ", ");
  if (models.empty())
    return base::fail(ErrorKind::not_found, "no model in {} fits '{}'; there are: {}", where, quant, all);
  if (models.size() > 1) {
    return base::invalid_input("{} holds several models: {}; name one (its path, or :QUANT behind the id)",
                               where, all);
  }
  return models.front();
}

std::vector<std::string> gguf_parts(const std::string& name) {
  const auto at = part_at(name);
  const auto count =
      at == std::string::npos ? std::nullopt : base::to_number(name.substr(name.size() - 10, 5));
  if (!count) return {name};
  std::vector<std::string> parts;
  for (int part = 1; part <= static_cast<int>(*count); ++part)
    parts.push_back(fmt::format("{}-{:05}-of-{}", name.substr(0, at), part, name.substr(name.size() - 10)));
  return parts;
}

bool is_complete_cache_entry(const std::string& folder) {
  for (const auto& blob : children(fs::path(folder) / "blobs")) {
    if (blob.extension() == ".incomplete") return false;
  }
  for (const auto& snapshot : children(fs::path(folder) / "snapshots")) {
    if (const auto index = read_text((snapshot / "model.safetensors.index.json").string())) {
      const auto document = base::parse_json(*index);
      if (!document || !document->is_object() || !document->contains("weight_map")) continue;
      const auto& shards = document->at("weight_map");
      if (!shards.is_object() || shards.empty()) continue;
      const bool all = std::ranges::all_of(shards, [&](const auto& shard) {
        return shard.is_string() && is_there(snapshot / shard.template get<std::string>());
      });
      if (all) return true;
      continue;
    }
    const auto files = children(snapshot);
    const auto is_weight = [](const fs::path& path) {
      return (path.extension() == ".safetensors" || path.extension() == ".bin") && is_there(path);
    };
    if (std::ranges::any_of(files, is_weight)) return true;
  }
  return false;
}

base::Result<ModelSource> find_model(engine::RuntimeId runtime, const std::string& id_or_path,
                                     const ModelFolders& folders) {
  if (runtime == RuntimeId::sim) return ModelSource{id_or_path, true};
  const bool llamacpp = runtime == RuntimeId::llamacpp;
  const bool is_file_name = llamacpp && base::to_lower(id_or_path).ends_with(".gguf");
  const bool is_path =
      id_or_path.starts_with("/") || id_or_path.starts_with("./") || id_or_path.starts_with("../");
  if (is_path || (is_file_name && is_there(id_or_path))) {
    if (!is_there(id_or_path))
      return base::fail(ErrorKind::not_found, "model path {} does not exist", id_or_path);
    const auto absolute = fs::absolute(id_or_path).lexically_normal();
    return llamacpp ? file_of(absolute, {}) : ModelSource{absolute.string(), true};
  }
  if (const auto named = fs::path(folders.base_path) / id_or_path;
      !folders.base_path.empty() && is_there(named)) {
    return llamacpp ? file_of(named, {}) : ModelSource{named.string(), true};
  }
  if (is_file_name) {
    return base::fail(ErrorKind::not_found, "model file {} exists neither here nor below {}", id_or_path,
                      folders.base_path);
  }
  return llamacpp ? gguf_in_cache(id_or_path, folders) : hugging_face(id_or_path, folders);
}

}  // namespace autotuner::hosts
