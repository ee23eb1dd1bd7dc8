#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "hosts/model_source.hpp"
#include "net/proxies.hpp"

namespace autotuner::hosts {

/// Where models are fetched from.
struct ModelHub {
  std::string endpoint = "https://huggingface.co";
  std::string token;  ///< secret; empty = none
  net::Proxies proxies;
  std::chrono::milliseconds retry_wait{
      1000};  ///< before the second try of a file; twice that before the third
};

/// Fetches what an engine needs of a model (org/name, for llama.cpp with :QUANT) into the Hugging Face cache,
/// in the layout of its own tools; what is there already is kept. One hour at most. `progress` gets a line
/// for people, often. Errors: not_found (no such model, or no weights for this engine), unavailable (no
/// network, no permission, no room), timed_out, cancelled; each with the remedy.
base::Result<void> download_model(const ModelHub& hub, engine::RuntimeId runtime,
                                  const std::string& id_and_quant, const ModelFolders& folders,
                                  const std::stop_token& stop,
                                  const std::function<void(std::string)>& progress);

}  // namespace autotuner::hosts
