#include "net/proxies.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "net/url.hpp"

namespace autotuner::net {
namespace {

/// ".example.com" and "example.com" name the domain and all hosts in it; a port behind them is not compared.
bool names(std::string_view entry, const std::string& host) {
  if (entry == "*") return true;
  if (entry.starts_with('.')) entry.remove_prefix(1);
  if (const auto colon = entry.rfind(':'); colon != std::string_view::npos && entry.find(':') == colon)
    entry = entry.substr(0, colon);
  if (entry.empty()) return false;
  const auto domain = base::to_lower(entry);
  return host == domain || host.ends_with("." + domain);
}

}  // namespace

std::string Proxies::of(std::string_view url) const {
  const auto parsed = parse_url(url.substr(0, url.find_first_of("?#")));
  if (!parsed || parsed->is_local()) return {};
  const auto host = base::to_lower(parsed->host);
  const auto entries = base::split(no_proxy, ',');
  if (std::ranges::any_of(entries, [&](const auto& entry) { return names(base::trim(entry), host); }))
    return {};
  return parsed->secure() ? https : http;
}

}  // namespace autotuner::net
