#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "base/result.hpp"
#include "net/http_client.hpp"

namespace autotuner::net {

/// As send(), with the body written to `path`. Anything but status 2xx is an error; then no file is left.
base::Result<HttpResponse> download(const HttpRequest& request, const std::string& path,
                                    const std::stop_token& stop = {});

/// How far a file has come.
struct FileProgress {
  std::uint64_t bytes = 0;    ///< in the file
  std::uint64_t resumed = 0;  ///< of these, there before the call
};

/// As download(), for files that may come in several calls: what has come stays in `path` when the transfer
/// ends early, and the next call asks for the rest (Range), of the very content that it began (If-Range).
/// The file begins anew where the server knows no ranges or has other content by now; where it names no
/// strong ETag (RFC 9110 8.8.3) nothing is kept. The tag lies in tag_file_of(path) until the caller removes
/// it. `progress` may be empty; the request's own is not called.
base::Result<HttpResponse> resume_download(HttpRequest request, const std::string& path,
                                           const std::function<void(FileProgress)>& progress,
                                           const std::stop_token& stop = {});

/// Where resume_download() keeps the tag of the content in `path`.
std::string tag_file_of(const std::string& path);

}  // namespace autotuner::net
