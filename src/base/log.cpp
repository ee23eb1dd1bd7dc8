#include "base/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace autotuner::base {
namespace {

Logger with_house_format(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("autotuner", std::move(sink));
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("[%Y-%m-%d %H:%M:%S] [%l] %v",
                                                                    spdlog::pattern_time_type::utc));
  logger->flush_on(spdlog::level::info);
  return logger;
}

}  // namespace

Logger make_stderr_logger(bool verbose) {
  auto logger = with_house_format(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(verbose ? spdlog::level::debug : spdlog::level::warn);
  return logger;
}

Logger make_silent_logger() {
  return std::make_shared<spdlog::logger>("silent", std::make_shared<spdlog::sinks::null_sink_mt>());
}

}  // namespace autotuner::base
