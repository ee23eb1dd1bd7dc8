#include "net/url.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace autotuner::net {
namespace {

std::uint16_t usual_port(std::string_view scheme) {
  return scheme == "https" ? 443 : 80;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
         c == '_';
}

bool is_ipv6_character(char c) {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' || c == '.' ||
         c == '%';
}

bool is_excluded(char c) {
  return c == '?' || c == '#' || c == '\x7f' || (c >= 0 && c <= ' ');
}

base::Result<std::uint16_t> parse_port(std::string_view digits, std::string_view url) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port < 1 || port > 65535) {
    return base::invalid_input("url '{}': port is '{}'; must be 1 to 65535", url, digits);
  }
  return static_cast<std::uint16_t>(port);
}

}  // namespace

std::string Url::authority() const {
  const bool bracket = host.find(':') != std::string::npos;
  std::string text = bracket ? "[" + host + "]" : host;
  if (port != usual_port(scheme)) text += ":" + std::to_string(port);
  return text;
}

bool Url::is_local() const {
  return host == "localhost" || host == "::1" || host == "0.0.0.0" || host.starts_with("127.");
}

base::Result<Url> parse_url(std::string_view text) {
  const auto whole = base::trim(text);
  const auto mark = whole.find("://");
  if (mark == std::string_view::npos) {
    return base::invalid_input("url '{}': must start with http:// or https://", whole);
  }
  Url url;
  url.scheme = base::to_lower(whole.substr(0, mark));
  if (url.scheme != "http" && url.scheme != "https") {
    return base::invalid_input("url '{}': scheme is '{}'; must be http or https", whole, url.scheme);
  }
  auto rest = whole.substr(mark + 3);
  const auto path_at = rest.find('/');
  auto authority = rest.substr(0, path_at);
  if (path_at != std::string_view::npos) url.base = rest.substr(path_at);
  while (url.base.ends_with('/')) url.base.pop_back();
  if (std::ranges::any_of(whole, is_excluded)) {
    return base::invalid_input("url '{}': query, fragment, spaces and control characters are not allowed",
                               whole);
  }
  if (authority.find('@') != std::string_view::npos) {
    return base::invalid_input(
        "url: a user name or password in the URL is not allowed; use the API key setting");
  }
  std::string_view port_text;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return base::invalid_input("url '{}': ']' is missing", whole);
    url.host = authority.substr(1, close - 1);
    const auto behind = authority.substr(close + 1);
    has_port = behind.starts_with(':');
    if (!behind.empty() && !has_port) return base::invalid_input("url '{}': ':' expected after ']'", whole);
    if (has_port) port_text = behind.substr(1);
    if (url.host.find(':') == std::string::npos || !std::ranges::all_of(url.host, is_ipv6_character)) {
      return base::invalid_input("url '{}': '{}' is no IPv6 address", whole, url.host);
    }
  } else {
    const auto colon = authority.rfind(':');
    has_port = colon != std::string_view::npos;
    url.host = base::to_lower(authority.substr(0, colon));
    if (has_port) port_text = authority.substr(colon + 1);
    if (!std::ranges::all_of(url.host, is_name_character)) {
      return base::invalid_input("url '{}': '{}' is no host name; an IPv6 address needs brackets", whole,
                                 url.host);
    }
  }
  if (url.host.empty()) return base::invalid_input("url '{}': host is missing", whole);
  url.port = usual_port(url.scheme);
  if (has_port) {
    const auto port = parse_port(port_text, whole);
    if (!port) return tl::unexpected(port.error());
    url.port = *port;
  }
  return url;
}

}  // namespace autotuner::net
