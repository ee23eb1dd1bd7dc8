#include <csignal>

#include "app/settings.hpp"
#include "app/wiring.hpp"

int main(int argc, char** argv) {
  using namespace autotuner;
  // A reader that went away is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  const auto settings = app::read_settings();
  return cli::run_application(argc, argv, settings, app::commands(settings));
}
