#pragma once

#include <istream>

#include "base/json.hpp"
#include "base/result.hpp"

namespace autotuner::hosts {

/// The sizes in the head of a GGUF file (versions 2 and 3, little-endian;
/// github.com/ggml-org/ggml/blob/master/docs/gguf.md) in the words of a config.json: num_hidden_layers,
/// hidden_size, num_attention_heads ..., num_parameters and tie_word_embeddings (from the list of
/// tensors, unless it goes on in other files), quantization_config.quant_method. Reads metadata and the list
/// of tensors, no weights. Errors: invalid_input for anything else, naming what is wrong and the byte.
base::Result<base::Json> gguf_config(std::istream& file);

}  // namespace autotuner::hosts
