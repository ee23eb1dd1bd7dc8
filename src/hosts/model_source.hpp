#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/runtime.hpp"

namespace autotuner::hosts {

/// Where models may lie on this host.
struct ModelFolders {
  std::string base_path;  ///< of models named without a path
  std::string hf_home;    ///< Hugging Face cache; entries are hub/models--org--name
  bool offline = false;   ///< nothing can be downloaded
};

/// What the engine is given.
struct ModelSource {
  std::string argument;  ///< path, or id of a model that the engine finds itself
  bool on_disk = false;  ///< complete here: the engine needs no network
  bool operator==(const ModelSource&) const = default;
};

/// Finds a model: an absolute path, a name below the base path, else a Hugging Face id. llama.cpp wants one
/// file: a *.gguf, a folder with one model, or org/repo[:QUANT] from the cache. The simulated engine takes
/// any text. Errors: not_found, naming the path or how to get the model; invalid_input when a choice is
/// ambiguous.
base::Result<ModelSource> find_model(engine::RuntimeId runtime, const std::string& id_or_path,
                                     const ModelFolders& folders);

/// Whether a model has to be fetched before an engine can start with it: an id of a hub (org/name, for
/// llama.cpp with :QUANT) that is neither below the base path nor complete in the cache.
bool needs_download(engine::RuntimeId runtime, const std::string& id_or_path, const ModelFolders& folders);

/// The cache's folder of a model.
std::string cache_entry_of(const ModelFolders& folders, const std::string& id);

/// Whether a cache entry (hub/models--org--name) holds all the weights: every shard its index names, no
/// download under way.
bool is_complete_cache_entry(const std::string& folder);

/// `quant`, else the usual one when one of the names has it, else none.
std::string wanted_quant(const std::vector<std::string>& names, const std::string& quant);

/// The model file of a list of GGUF names or paths: the only one, or the first part of the only split set;
/// with `quant` those whose path contains it (any case), as a word of its own if there are such. Errors:
/// not_found, invalid_input; both list the names.
base::Result<std::string> choose_gguf(std::vector<std::string> names, const std::string& quant,
                                      const std::string& where);

/// All parts of the split model that `name` is a part of ("m-00001-of-00003.gguf"), in order; else `name`.
std::vector<std::string> gguf_parts(const std::string& name);

}  // namespace autotuner::hosts
