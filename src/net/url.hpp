#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace autotuner::net {

/// Where an HTTP service is: http(s)://host[:port][/base]. Query, fragment and credentials are not part of
/// it.
struct Url {
  std::string scheme = "http";
  std::string host;         ///< without the brackets of an IPv6 address
  std::uint16_t port = 80;  ///< the scheme's own when the text names none
  std::string base;         ///< path without a slash at its end; empty = root

  bool secure() const { return scheme == "https"; }
  /// As in a Host header: brackets round IPv6, the port only when it is not the scheme's own.
  std::string authority() const;
  std::string text() const { return scheme + "://" + authority() + base; }
  /// The machine we run on, so that no proxy belongs in between.
  bool is_local() const;
  bool operator==(const Url&) const = default;
};

/// Errors: invalid_input naming the text and what is expected.
base::Result<Url> parse_url(std::string_view text);

}  // namespace autotuner::net
