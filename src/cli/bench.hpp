#pragma once

#include <functional>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>
#include <boost/asio/thread_pool.hpp>

#include "cli/settings.hpp"
#include "tuning/ports/load_runner.hpp"

namespace autotuner::cli {

struct BenchParts {
  std::function<std::unique_ptr<tuning::LoadRunner>(boost::asio::thread_pool&)> make_load;
};

/// `bench --url U`: the load generator alone, against any OpenAI-compatible endpoint.
void add_bench(CLI::App& app, const Settings& settings, BenchParts parts, int& exit_code);

}  // namespace autotuner::cli
