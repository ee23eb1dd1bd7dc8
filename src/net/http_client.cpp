#include "net/http_client.hpp"

#include <algorithm>
#include <charconv>
#include <functional>
#include <memory>
#include <optional>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/text.hpp"
#include "net/url.hpp"

namespace autotuner::net {
namespace {

struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

struct Transfer {
  HttpResponse response;
  BodySink sink;
  const std::function<void(std::uint64_t)>& progress;
  std::uint64_t received = 0;
  std::uint64_t limit = 0;
  bool over_limit = false;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const auto bytes = size * count;
  transfer.received += bytes;
  transfer.over_limit = transfer.received > transfer.limit;
  if (transfer.over_limit || !transfer.sink(transfer.response, {data, bytes})) return 0;
  if (transfer.progress) transfer.progress(transfer.received);
  return bytes;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  // a status line begins the header of the next response: a redirect's fields are not the final ones
  if (line.starts_with("HTTP/")) {
    transfer.response.headers.clear();
    const auto space = std::min(line.find(' '), line.size());
    std::from_chars(line.data() + space + (space < line.size() ? 1 : 0), line.data() + line.size(),
                    transfer.response.status);
  }
  const auto colon = line.find(':');
  if (colon != std::string_view::npos) {
    transfer.response.headers.emplace_back(base::to_lower(base::trim(line.substr(0, colon))),
                                           std::string(base::trim(line.substr(colon + 1))));
  }
  return size * count;
}

bool global_ready() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return ready;
}

base::ErrorKind kind_of(CURLcode code) {
  if (code == CURLE_OPERATION_TIMEDOUT) return base::ErrorKind::timed_out;
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL)
    return base::ErrorKind::invalid_input;
  return base::ErrorKind::unavailable;
}

using Headers = std::unique_ptr<curl_slist, ListDeleter>;

Headers header_list(const HttpRequest& request) {
  // an empty Expect spares the round trip that curl asks for before longer bodies
  curl_slist* list = curl_slist_append(nullptr, "Expect:");
  for (const auto& [name, value] : request.headers)
    list = curl_slist_append(list, fmt::format("{}: {}", name, value).c_str());
  return Headers(list);
}

void set_request(CURL* easy, const HttpRequest& request, const curl_slist* headers) {
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count() * 1000));
  if (request.stall_limit.count() > 0) {
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall_limit.count()));
  }
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "autotuner");
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, request.follow_redirects ? 1L : 0L);
  curl_easy_setopt(easy, CURLOPT_MAXREDIRS, 10L);
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET" || !request.body.empty()) {
    if (!request.body.empty() || request.method == "POST") {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.c_str());
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  if (!request.unix_socket.empty())
    curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
  if (!request.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, request.ca_file.c_str());
  if (!request.verify_peer) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  const auto query = request.url.find_first_of("?#");
  const auto url = parse_url(request.url.substr(0, query));
  if (!request.unix_socket.empty() || (url && url->is_local())) {
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
  } else if (!request.proxy.empty()) {
    curl_easy_setopt(easy, CURLOPT_PROXY, request.proxy.c_str());
  }
}

/// Runs the transfer to its end. Nothing = stopped.
std::optional<CURLcode> run(CURLM* multi, const std::stop_token& stop) {
  const std::stop_callback wake(stop, [multi] { curl_multi_wakeup(multi); });
  int running = 1;
  while (running > 0) {
    if (stop.stop_requested()) return std::nullopt;
    if (curl_multi_perform(multi, &running) != CURLM_OK) return CURLE_RECV_ERROR;
    if (running > 0) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) return message->data.result;
  }
  return CURLE_RECV_ERROR;
}

}  // namespace

std::string HttpResponse::header(const std::string& name) const {
  for (const auto& [field, value] : headers) {
    if (field == name) return value;
  }
  return {};
}

base::Result<HttpResponse> send_to(const HttpRequest& request, BodySink sink, const std::stop_token& stop) {
  const std::unique_ptr<CURL, EasyDeleter> easy(global_ready() ? curl_easy_init() : nullptr);
  const std::unique_ptr<CURLM, MultiDeleter> multi(easy ? curl_multi_init() : nullptr);
  if (!multi) return base::fail(base::ErrorKind::internal, "libcurl could not be initialised");
  Transfer transfer{
      .response = {}, .sink = std::move(sink), .progress = request.progress, .limit = request.max_body};
  const auto headers = header_list(request);
  std::string reason(CURL_ERROR_SIZE, '\0');
  set_request(easy.get(), request, headers.get());
  curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, reason.data());
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERDATA, &transfer);

  curl_multi_add_handle(multi.get(), easy.get());
  const auto code = run(multi.get(), stop);
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_multi_remove_handle(multi.get(), easy.get());

  if (!code)
    return base::fail(base::ErrorKind::cancelled, "{} {}: stopped on request", request.method, request.url);
  if (transfer.over_limit) {
    return base::fail(base::ErrorKind::unavailable, "{} {}: the answer is longer than the limit of {} bytes",
                      request.method, request.url, request.max_body);
  }
  if (*code != CURLE_OK) {
    const std::string detail = reason.front() != '\0' ? reason.c_str() : curl_easy_strerror(*code);
    return base::fail(kind_of(*code), "{} {}: {}", request.method, request.url, detail);
  }
  transfer.response.status = static_cast<int>(status);
  return std::move(transfer.response);
}

base::Result<HttpResponse> send(const HttpRequest& request, const std::stop_token& stop) {
  std::string body;
  auto response = send_to(
      request,
      [&body](const HttpResponse& /*head*/, std::string_view bytes) {
        body.append(bytes);
        return true;
      },
      stop);
  if (response) response->body = std::move(body);
  return response;
}

}  // namespace autotuner::net
