#include "net/download.hpp"

#include <filesystem>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "base/text.hpp"

namespace autotuner::net {
namespace {

namespace fs = std::filesystem;

base::Error refusal(const HttpRequest& request, int status) {
  return {status == 404 ? base::ErrorKind::not_found : base::ErrorKind::unavailable,
          fmt::format("{} {}: HTTP {}", request.method, request.url, status)};
}

void drop(const std::string& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
}

bool write(std::ofstream& file, std::string_view bytes) {
  return static_cast<bool>(file.write(bytes.data(), static_cast<std::streamsize>(bytes.size())));
}

/// A file, the tag of its content, and the answer that continues or replaces it.
class PartialFile {
 public:
  explicit PartialFile(std::string path);

  /// Asks for the rest of what is there.
  void add_range(HttpRequest& request) const;
  /// False if it can't be written, or is not what was asked for.
  bool take(const HttpResponse& head, std::string_view bytes);
  /// Whether the file is whole. Writes out what an answer without body leaves to do.
  bool finish(const HttpResponse& head);
  /// Closes the file and removes it unless it can be resumed.
  void leave();
  void discard();

  FileProgress progress() const { return {offset_ + received_, offset_}; }
  bool has_failed() const { return begun_ && !file_; }

 private:
  bool begin(const HttpResponse& head);

  const std::string path_;
  std::string tag_;
  std::uint64_t offset_ = 0;
  std::uint64_t received_ = 0;
  bool begun_ = false;
  std::ofstream file_;
};

PartialFile::PartialFile(std::string path) : path_(std::move(path)) {
  std::error_code error;
  const auto size = fs::file_size(path_, error);
  std::ifstream tag(tag_file_of(path_));
  if (error || size == 0 || !std::getline(tag, tag_) || tag_.empty()) {
    tag_.clear();
    return;
  }
  offset_ = size;
}

void PartialFile::add_range(HttpRequest& request) const {
  if (offset_ == 0) return;
  request.headers.emplace_back("Range", fmt::format("bytes={}-", offset_));
  request.headers.emplace_back("If-Range", tag_);
}

bool PartialFile::begin(const HttpResponse& head) {
  begun_ = true;
  if (head.status == 206) {
    if (offset_ == 0 || !head.header("content-range").starts_with(fmt::format("bytes {}-", offset_))) {
      discard();
      return false;
    }
    file_.open(path_, std::ios::binary | std::ios::app);
    return static_cast<bool>(file_);
  }
  // A tag must never lie beside content that it isn't of, whenever this process ends.
  drop(tag_file_of(path_));
  offset_ = 0;
  file_.open(path_, std::ios::binary | std::ios::trunc);
  tag_ = head.header("etag");
  if (!tag_.starts_with('"')) tag_.clear();
  if (file_ && !tag_.empty()) std::ofstream(tag_file_of(path_)) << tag_;
  return static_cast<bool>(file_);
}

bool PartialFile::take(const HttpResponse& head, std::string_view bytes) {
  if (!head.ok()) return true;
  if (!begun_ && !begin(head)) return false;
  received_ += bytes.size();
  return write(file_, bytes);
}

bool PartialFile::finish(const HttpResponse& head) {
  // All was there already: the range asked for begins where the content ends.
  if (head.status == 416 && offset_ > 0 && head.header("content-range") == fmt::format("bytes */{}", offset_))
    return true;
  if (head.status == 416) discard();
  if (!head.ok() || (!begun_ && !begin(head))) return false;
  file_.close();
  return !file_.fail();
}

void PartialFile::leave() {
  if (file_.is_open()) file_.close();
  if (begun_ && tag_.empty()) discard();
}

void PartialFile::discard() {
  drop(path_);
  drop(tag_file_of(path_));
}

}  // namespace

base::Result<HttpResponse> download(const HttpRequest& request, const std::string& path,
                                    const std::stop_token& stop) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file) return base::fail(base::ErrorKind::unavailable, "{}: can't be written", path);
  auto response = send_to(
      request, [&file](const HttpResponse& /*head*/, std::string_view bytes) { return write(file, bytes); },
      stop);
  file.close();
  if (response && response->ok() && file) return response;
  drop(path);
  if (!file) return base::fail(base::ErrorKind::unavailable, "{}: could not be written completely", path);
  return response ? tl::unexpected(refusal(request, response->status)) : response;
}

base::Result<HttpResponse> resume_download(HttpRequest request, const std::string& path,
                                           const std::function<void(FileProgress)>& progress,
                                           const std::stop_token& stop) {
  PartialFile file(path);
  file.add_range(request);
  request.progress = {};
  auto response = send_to(
      request,
      [&](const HttpResponse& head, std::string_view bytes) {
        if (!file.take(head, bytes)) return false;
        if (progress && head.ok()) progress(file.progress());
        return true;
      },
      stop);
  const bool whole = response && file.finish(*response);
  if (whole) return response;
  file.leave();
  if (file.has_failed())
    return base::fail(base::ErrorKind::unavailable, "{}: could not be written completely", path);
  return response ? tl::unexpected(refusal(request, response->status)) : response;
}

std::string tag_file_of(const std::string& path) {
  return path + ".etag";
}

}  // namespace autotuner::net
