#pragma once

#include <string>

#include "net/url.hpp"

namespace autotuner::traffic {

/// The server under load and how to trust it.
struct Endpoint {
  net::Url url;
  std::string ca_file;      ///< https: further certificate authorities; empty = the system's
  bool verify_peer = true;  ///< https: false accepts any certificate
};

}  // namespace autotuner::traffic
