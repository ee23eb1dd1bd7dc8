#include "net/url.hpp"

#include <gtest/gtest.h>

namespace autotuner::net {
namespace {

std::string refusal(std::string_view text) {
  const auto url = parse_url(text);
  return url ? "accepted" : url.error().message;
}

TEST(Url, TakesSchemeHostPortAndBase) {
  const auto url = parse_url("https://API.example.com:8443/llm/v2/");
  ASSERT_TRUE(url);
  EXPECT_EQ(*url, (Url{.scheme = "https", .host = "api.example.com", .port = 8443, .base = "/llm/v2"}));
  EXPECT_EQ(url->text(), "https://api.example.com:8443/llm/v2");
}

TEST(Url, KnowsThePortsOfTheSchemes) {
  EXPECT_EQ(parse_url("http://h")->port, 80);
  EXPECT_EQ(parse_url("https://h/")->port, 443);
  EXPECT_EQ(parse_url("https://h:443")->authority(), "h");
  EXPECT_EQ(parse_url("http://h:443")->authority(), "h:443");
}

TEST(Url, PutsBracketsRoundIpv6) {
  const auto url = parse_url("http://[::1]:8000/x");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->authority(), "[::1]:8000");
  EXPECT_TRUE(url->is_local());
}

TEST(Url, SaysWhatIsWrong) {
  EXPECT_EQ(refusal("localhost:8000"), "url 'localhost:8000': must start with http:// or https://");
  EXPECT_EQ(refusal("ftp://h"), "url 'ftp://h': scheme is 'ftp'; must be http or https");
  EXPECT_EQ(refusal("http://h:0"), "url 'http://h:0': port is '0'; must be 1 to 65535");
  EXPECT_EQ(refusal("http://h:70000"), "url 'http://h:70000': port is '70000'; must be 1 to 65535");
  EXPECT_EQ(refusal("http://h:"), "url 'http://h:': port is ''; must be 1 to 65535");
  EXPECT_EQ(refusal("http:///x"), "url 'http:///x': host is missing");
  EXPECT_EQ(refusal("http://::1:80"),
            "url 'http://::1:80': '::1' is no host name; an IPv6 address needs brackets");
  EXPECT_EQ(refusal("http://[::1"), "url 'http://[::1': ']' is missing");
  EXPECT_EQ(refusal("http://[host]"), "url 'http://[host]': 'host' is no IPv6 address");
  EXPECT_EQ(refusal("http://h?x=1"),
            "url 'http://h?x=1': query, fragment, spaces and control characters are not allowed");
  EXPECT_FALSE(parse_url("http://h/a\f/")) << "it would end a request line, or be trimmed off later";
  EXPECT_EQ(refusal("http://me:secret@h").find("secret"), std::string::npos) << "a password is not repeated";
}

}  // namespace
}  // namespace autotuner::net
