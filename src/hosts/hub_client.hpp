#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "hosts/hub_listing.hpp"
#include "net/http_client.hpp"
#include "net/proxies.hpp"

namespace autotuner::hosts {

/// Where models are fetched from.
struct ModelHub {
  std::string endpoint = "https://huggingface.co";
  std::string token;  ///< secret; empty = none
  net::Proxies proxies;
  std::chrono::milliseconds retry_wait{
      1000};  ///< before the second try of a file; twice that before the third
};

/// What is asked of a hub about one model.
class HubClient {
 public:
  /// `cache`: the folder that the model is wanted in, for messages.
  HubClient(const ModelHub& hub, std::string id, std::string cache)
      : hub_(hub), id_(std::move(id)), cache_(std::move(cache)) {}

  /// Errors: not_found, unavailable, cancelled.
  base::Result<HubListing> list(const std::stop_token& stop) const;
  net::HttpRequest file_request(const std::string& name, const std::string& revision) const;
  /// The error with what it means for the model, and the remedy.
  base::Error explained(base::Error error) const;

 private:
  net::HttpRequest request(const std::string& path) const;
  base::Error refused(int status) const;

  const ModelHub& hub_;
  const std::string id_;
  const std::string cache_;
};

}  // namespace autotuner::hosts
