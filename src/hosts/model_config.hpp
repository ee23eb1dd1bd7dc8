#pragma once

#include <string>

#include "base/json.hpp"
#include "hosts/model_source.hpp"

namespace autotuner::hosts {

/// What the files of a model on this host say of its sizes, in the words of a config.json: of a folder, of a
/// hub's cache (also when its weights are not complete), or of a GGUF file. Null when there is nothing that
/// can be read; the simulated engine has no model.
base::Json read_model_config(engine::RuntimeId runtime, const std::string& id_or_path,
                             const ModelFolders& folders);

}  // namespace autotuner::hosts
