#pragma once

#include <string>
#include <string_view>

namespace autotuner::net {

/// The proxies between this machine and others. Empty = none set.
struct Proxies {
  std::string http;
  std::string https;
  std::string no_proxy;  ///< hosts that are reached directly, separated by commas; * = all of them

  /// The proxy for a URL; empty when it is reached directly.
  std::string of(std::string_view url) const;
  bool operator==(const Proxies&) const = default;
};

}  // namespace autotuner::net
