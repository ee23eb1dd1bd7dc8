#include "hosts/hub_listing.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "hosts/model_source.hpp"

namespace autotuner::hosts {
namespace {

constexpr std::array<std::string_view, 9> foreign_formats = {".gguf",   ".h5",   ".msgpack", ".onnx", ".ot",
                                                             ".tflite", ".ckpt", ".mlmodel", ".npz"};
constexpr std::array<std::string_view, 3> pickled_weights = {".bin", ".pt", ".pth"};

bool ends_with_any(const std::string& name, auto endings) {
  return std::ranges::any_of(endings, [&](auto ending) { return name.ends_with(ending); });
}

bool is_weight(const HubFile& file) {
  return file.name.ends_with(".safetensors") || ends_with_any(file.name, pickled_weights);
}

bool is_hash(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool stays_inside(const std::string& name) {
  const std::filesystem::path path(name);
  if (name.empty() || path.is_absolute()) return false;
  return std::ranges::none_of(path, [](const auto& part) { return part == ".." || part == "."; });
}

std::string text_of(const base::Json& json, const char* member) {
  const auto found = json.find(member);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

HubFile file_of(const base::Json& json) {
  HubFile file;
  file.name = text_of(json, "rfilename");
  file.hash = text_of(json, "blobId");
  if (const auto size = json.find("size"); size != json.end() && size->is_number_unsigned())
    file.size = size->get<std::uint64_t>();
  // Large files lie elsewhere, under another name.
  if (const auto large = json.find("lfs"); large != json.end() && large->is_object())
    file.hash = text_of(*large, "sha256");
  if (!is_hash(file.hash)) file.hash.clear();
  return file;
}

base::Result<std::vector<HubFile>> gguf_files(const HubListing& listing, const std::string& quant,
                                              const std::string& where) {
  std::vector<std::string> names;
  for (const auto& file : listing.files) {
    if (file.name.ends_with(".gguf")) names.push_back(file.name);
  }
  const auto chosen = choose_gguf(names, wanted_quant(names, quant), where);
  if (!chosen) return tl::unexpected(chosen.error());
  std::vector<HubFile> files;
  for (const auto& part : gguf_parts(*chosen)) {
    const auto file = std::ranges::find(listing.files, part, &HubFile::name);
    if (file == listing.files.end())
      return base::fail(base::ErrorKind::not_found, "{} holds {}, but not its part {}", where, *chosen, part);
    files.push_back(*file);
  }
  return files;
}

}  // namespace

base::Result<HubListing> parse_hub_listing(std::string_view json) {
  const auto document = base::parse_json(json);
  if (!document || !document->is_object()) return base::invalid_input("the list of files is no JSON object");
  HubListing listing;
  listing.revision = text_of(*document, "sha");
  if (listing.revision.size() != 40 || !is_hash(listing.revision))
    return base::invalid_input("the list of files names no revision");
  const auto siblings = document->find("siblings");
  if (siblings == document->end() || !siblings->is_array())
    return base::invalid_input("the list of files has no siblings");
  for (const auto& sibling : *siblings) {
    if (!sibling.is_object()) continue;
    auto file = file_of(sibling);
    if (!stays_inside(file.name))
      return base::invalid_input("the repository holds a file named '{}', which is no name inside it",
                                 file.name);
    listing.files.push_back(std::move(file));
  }
  return listing;
}

base::Result<std::vector<HubFile>> files_needed(const HubListing& listing, engine::RuntimeId runtime,
                                                const std::string& quant, const std::string& where) {
  if (runtime == engine::RuntimeId::llamacpp) return gguf_files(listing, quant, where);
  const bool has_safe_weights = std::ranges::any_of(
      listing.files, [](const auto& file) { return file.name.ends_with(".safetensors"); });
  std::vector<HubFile> files;
  for (const auto& file : listing.files) {
    if (ends_with_any(file.name, foreign_formats) || file.name.starts_with("original/")) continue;
    if (has_safe_weights && ends_with_any(file.name, pickled_weights)) continue;
    files.push_back(file);
  }
  if (std::ranges::none_of(files, is_weight)) {
    return base::fail(base::ErrorKind::not_found, "{} holds no weights that {} can load", where,
                      engine::runtime(runtime).title);
  }
  std::ranges::stable_partition(files, [](const auto& file) { return !is_weight(file); });
  return files;
}

}  // namespace autotuner::hosts
