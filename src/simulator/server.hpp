#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>

#include "base/result.hpp"
#include "simulator/options.hpp"

namespace autotuner::simulator {

/// Runs the simulated engine in the calling thread until `stop` is requested. `on_listening` is called once
/// with the port that was taken (useful with port 0), before the first request; with the fault "refuse" too,
/// although nothing can connect then. Stopping cuts open connections and takes milliseconds. Errors:
/// unavailable when the address can't be bound, and with "(simulated)" in the text when memory does not
/// suffice (see check_memory) or a fault ended the engine; a real engine would have exited with code 1.
/// With --die-signal the fault die-after does not return: the signal ends the process.
base::Result<void> serve(const Options& options, const std::stop_token& stop,
                         const std::function<void(std::uint16_t)>& on_listening);

}  // namespace autotuner::simulator
