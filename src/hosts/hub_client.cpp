#include "hosts/hub_client.hpp"

#include <string_view>

#include <fmt/format.h>

namespace autotuner::hosts {
namespace {

using base::ErrorKind;

constexpr auto listing_limit = std::chrono::seconds(30);

/// Slashes stay: they are folders of the repository.
std::string url_path(const std::string& name) {
  std::string path;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~/").contains(c);
    path += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return path;
}

}  // namespace

net::HttpRequest HubClient::request(const std::string& path) const {
  net::HttpRequest call;
  call.url = hub_.endpoint + path;
  call.proxy = hub_.proxies.of(call.url);
  call.follow_redirects = true;
  if (!hub_.token.empty()) call.headers = {{"Authorization", "Bearer " + hub_.token}};
  return call;
}

base::Error HubClient::explained(base::Error error) const {
  if (error.kind == ErrorKind::cancelled)
    return {error.kind, fmt::format("the download of '{}' was stopped", id_)};
  error.message = fmt::format(
      "model '{0}' is not in the Hugging Face cache {1} and can't be fetched from {2}: {3}; make {2} "
      "reachable "
      "(HTTPS_PROXY, HF_ENDPOINT), or copy the model here and give its path",
      id_, cache_, hub_.endpoint, error.message);
  return error;
}

base::Error HubClient::refused(int status) const {
  if (status == 401 || status == 403) {
    return {ErrorKind::unavailable,
            fmt::format(
                "model '{}' is not in the Hugging Face cache {} and {} refuses it (HTTP {}): it is private, "
                "its licence has to be accepted there, or there is no such model; {}",
                id_, cache_, hub_.endpoint, status,
                hub_.token.empty() ? "set HF_TOKEN" : "the token that is set gives no access")};
  }
  if (status == 404) {
    return {ErrorKind::not_found,
            fmt::format("there is no model '{}' at {}, nor in the Hugging Face cache {}", id_, hub_.endpoint,
                        cache_)};
  }
  return explained({ErrorKind::unavailable, fmt::format("HTTP {}", status)});
}

base::Result<HubListing> HubClient::list(const std::stop_token& stop) const {
  auto call = request(fmt::format("/api/models/{}/revision/main?blobs=true", url_path(id_)));
  call.timeout = listing_limit;
  const auto answer = net::send(call, stop);
  if (!answer) return tl::unexpected(explained(answer.error()));
  if (!answer->ok()) return tl::unexpected(refused(answer->status));
  auto listing = parse_hub_listing(answer->body);
  if (!listing) return tl::unexpected(explained(listing.error()));
  return listing;
}

net::HttpRequest HubClient::file_request(const std::string& name, const std::string& revision) const {
  return request(fmt::format("/{}/resolve/{}/{}", url_path(id_), revision, url_path(name)));
}

}  // namespace autotuner::hosts
