#pragma once

#include <functional>
#include <map>
#include <string>

#include "cli/settings.hpp"
#include "hosts/cpu_split.hpp"
#include "hosts/engine_program.hpp"
#include "hosts/local_host.hpp"
#include "net/proxies.hpp"

namespace autotuner::app {

/// A setting of the environment (NAME) or of config.json (name), in this order; empty = set nowhere.
std::string setting_of(const cli::Settings& settings, const std::string& name);

/// HTTP_PROXY, HTTPS_PROXY and NO_PROXY, in either case. This machine is always reached directly.
net::Proxies proxies_of(const cli::Settings& settings);

/// ENGINE_CPUS and CLIENT_CPUS, else our own choice.
hosts::CpuSplit cpu_split_of(const cli::Settings& settings);

/// Setting `runtimes.<key>`, by key; engines that it doesn't name are missing.
std::map<std::string, hosts::RuntimeProgram, std::less<>> engine_programs(const cli::Settings& settings);

hosts::LocalHostSettings local_host_settings(const cli::Settings& settings);

}  // namespace autotuner::app
