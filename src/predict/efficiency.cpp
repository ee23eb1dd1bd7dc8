#include "predict/efficiency.hpp"

namespace autotuner::predict {

Overhead overhead_of(Engine engine) {
  constexpr double us = 1e-6;
  switch (engine) {
    case Engine::vllm:
    case Engine::other:
      return {.layer = 30 * us, .step = 800 * us, .serial = 1500 * us, .sequence = 20 * us};
    case Engine::sglang:
      return {.layer = 28 * us, .step = 300 * us, .serial = 1500 * us, .sequence = 20 * us};
    case Engine::tensorrt_llm:
      return {.layer = 20 * us, .step = 200 * us, .serial = 1000 * us, .sequence = 40 * us};
    case Engine::llamacpp:
      return {.layer = 40 * us, .step = 500 * us, .serial = 0, .sequence = 20 * us};
  }
  return {};
}

}  // namespace autotuner::predict
