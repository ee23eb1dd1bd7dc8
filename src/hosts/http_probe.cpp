#include "hosts/http_probe.hpp"

#include <algorithm>
#include <deque>

#include <curl/curl.h>

namespace autotuner::hosts {
namespace {

constexpr std::size_t body_limit = 1U << 20;

struct Transfer {
  CURL* easy = nullptr;
  ProbeReply reply;
  bool done = false;
};

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* reply) {
  auto& body = static_cast<ProbeReply*>(reply)->body;
  body.append(bytes, std::min(size * count, body_limit - std::min(body.size(), body_limit)));
  return size * count;
}

void prepare(Transfer& transfer, const std::string& url, std::chrono::milliseconds limit) {
  CURL* easy = transfer.easy;
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(std::max<std::int64_t>(limit.count(), 1)));
  // A kept connection would occupy one of the few that a small engine serves at a time.
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer.reply);
}

}  // namespace

struct HttpProbe::Transfers {
  CURLM* multi = curl_multi_init();
};

HttpProbe::HttpProbe() : transfers_(std::make_unique<Transfers>()) {}
HttpProbe::~HttpProbe() {
  curl_multi_cleanup(transfers_->multi);
}

std::vector<ProbeReply> HttpProbe::get(std::span<const std::string> urls, std::chrono::milliseconds limit,
                                       std::span<const int> wake) {
  CURLM* multi = transfers_->multi;
  std::deque<Transfer> transfers;
  for (const auto& url : urls) {
    auto& transfer = transfers.emplace_back();
    transfer.easy = curl_easy_init();
    prepare(transfer, url, limit);
    curl_multi_add_handle(multi, transfer.easy);
  }
  std::vector<curl_waitfd> descriptors;
  for (const int fd : wake) descriptors.push_back({fd, CURL_WAIT_POLLIN, 0});

  int running = 1;
  bool woken = false;
  while (running > 0 && !woken) {
    curl_multi_perform(multi, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const auto transfer = std::ranges::find(transfers, message->easy_handle, &Transfer::easy);
      long status = 0;
      curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
      transfer->done = true;
      if (message->data.result == CURLE_OK)
        transfer->reply.status = static_cast<int>(status);
      else
        transfer->reply.error = curl_easy_strerror(message->data.result);
    }
    if (running == 0) break;
    curl_multi_poll(multi, descriptors.data(), static_cast<unsigned int>(descriptors.size()), 1000, nullptr);
    woken = std::ranges::any_of(descriptors, [](const auto& descriptor) { return descriptor.revents != 0; });
  }

  std::vector<ProbeReply> replies;
  for (auto& transfer : transfers) {
    if (!transfer.done) transfer.reply.error = "interrupted";
    curl_multi_remove_handle(multi, transfer.easy);
    curl_easy_cleanup(transfer.easy);
    replies.push_back(std::move(transfer.reply));
  }
  return replies;
}

}  // namespace autotuner::hosts
