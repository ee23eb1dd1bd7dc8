#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "engine/runtime.hpp"
#include "hosts/hub_client.hpp"
#include "hosts/model_source.hpp"

namespace autotuner::hosts {

/// Fetches what an engine needs of a model (org/name, for llama.cpp with :QUANT) into the Hugging Face cache,
/// in the layout of its own tools; what is there already is kept, and a file that came in part goes on where
/// it ended. Large files are held against the SHA-256 of the hub's listing. One hour at most. `progress` gets
/// a line for people, often. Errors: not_found (no such model, or no weights for this engine), unavailable
/// (no network, no permission, no room, content that isn't what the hub lists), timed_out, cancelled; each
/// with the remedy.
base::Result<void> download_model(const ModelHub& hub, engine::RuntimeId runtime,
                                  const std::string& id_and_quant, const ModelFolders& folders,
                                  const std::stop_token& stop,
                                  const std::function<void(std::string)>& progress);

}  // namespace autotuner::hosts
