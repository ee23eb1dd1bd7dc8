#pragma once

#include "predict/model_shape.hpp"

namespace autotuner::predict::test {

/// Llama 3.1 70B; with other numbers of parameters one of that form.
inline ModelShape model_of_70b(double parameters = 70.6e9) {
  return shape_from_facts({{"model_layers", 80},
                           {"model_hidden", 8192},
                           {"model_heads", 64},
                           {"model_kv_heads", 8},
                           {"model_head_dim", 128},
                           {"model_vocab", 128256},
                           {"model_parameters", parameters}})
      .value();
}

}  // namespace autotuner::predict::test
