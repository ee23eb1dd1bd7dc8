#include "hosts/model_download.hpp"

#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "hosts/file_descriptor.hpp"
#include "hosts/hub_listing.hpp"
#include "hosts/system_files.hpp"
#include "net/http_client.hpp"

namespace autotuner::hosts {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using std::chrono::steady_clock;

constexpr auto whole_limit = std::chrono::hours(1);
constexpr auto listing_limit = std::chrono::seconds(30);
constexpr auto stall_limit = std::chrono::seconds(60);
constexpr auto lock_interval = std::chrono::milliseconds(200);
constexpr auto tell_interval = std::chrono::milliseconds(100);
constexpr int most_tries = 3;
constexpr double bytes_per_mib = 1024.0 * 1024.0;

/// False when stopped meanwhile.
bool wait(std::chrono::milliseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

std::string size_text(double bytes) {
  const double mib = bytes / bytes_per_mib;
  return mib >= 1024 ? fmt::format("{:.2f} GiB", mib / 1024) : fmt::format("{:.1f} MiB", mib);
}

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

/// One download of one model.
class Download {
 public:
  Download(const ModelHub& hub, std::string id, const ModelFolders& folders, const std::stop_token& stop,
           const std::function<void(std::string)>& progress)
      : hub_(hub),
        id_(std::move(id)),
        entry_(cache_entry_of(folders, id_)),
        cache_(folders.hf_home),
        stop_(stop),
        progress_(progress),
        until_(steady_clock::now() + whole_limit) {}

  base::Result<HubListing> list() const;
  base::Result<void> fetch(const HubListing& listing, const std::vector<HubFile>& files);

 private:
  net::HttpRequest request(const std::string& path) const;
  base::Error explained(base::Error error) const;
  base::Error refused(int status) const;
  base::Result<FileDescriptor> lock() const;
  base::Result<void> make_room(const std::vector<HubFile>& files) const;
  bool is_there(const HubFile& file, const fs::path& snapshot) const;
  base::Result<void> fetch_file(const HubFile& file, const fs::path& snapshot, const std::string& revision);
  base::Result<void> keep(const HubFile& file, const fs::path& partial, const fs::path& snapshot) const;
  void tell(const HubFile& file, std::uint64_t received);

  const ModelHub& hub_;
  const std::string id_;
  const fs::path entry_;
  const std::string cache_;
  const std::stop_token& stop_;
  const std::function<void(std::string)>& progress_;
  const steady_clock::time_point until_;
  steady_clock::time_point began_ = steady_clock::now();
  steady_clock::time_point told_;
  std::uint64_t done_ = 0;    ///< bytes of finished files
  std::uint64_t wanted_ = 0;  ///< bytes of all files to fetch, as far as known
};

net::HttpRequest Download::request(const std::string& path) const {
  net::HttpRequest call;
  call.url = hub_.endpoint + path;
  call.proxy = hub_.proxies.of(call.url);
  call.follow_redirects = true;
  if (!hub_.token.empty()) call.headers = {{"Authorization", "Bearer " + hub_.token}};
  return call;
}

base::Error Download::explained(base::Error error) const {
  if (error.kind == ErrorKind::cancelled)
    return {error.kind, fmt::format("the download of '{}' was stopped", id_)};
  error.message = fmt::format(
      "model '{0}' is not in the Hugging Face cache {1} and can't be fetched from {2}: {3}; make {2} "
      "reachable "
      "(HTTPS_PROXY, HF_ENDPOINT), or copy the model here and give its path",
      id_, cache_, hub_.endpoint, error.message);
  return error;
}

base::Error Download::refused(int status) const {
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

base::Result<HubListing> Download::list() const {
  auto call = request(fmt::format("/api/models/{}/revision/main?blobs=true", url_path(id_)));
  call.timeout = listing_limit;
  const auto answer = net::send(call, stop_);
  if (!answer) return tl::unexpected(explained(answer.error()));
  if (!answer->ok()) return tl::unexpected(refused(answer->status));
  auto listing = parse_hub_listing(answer->body);
  if (!listing) return tl::unexpected(explained(listing.error()));
  return listing;
}

/// One download of a model at a time on this host, whoever runs it.
base::Result<FileDescriptor> Download::lock() const {
  const auto path = (entry_ / ".autotuner.lock").string();
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file)
    return base::fail(ErrorKind::unavailable, "can't write to the Hugging Face cache: {}: {}", path,
                      error_text(errno));
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    progress_("waiting for another download of " + id_);
    if (!wait(lock_interval, stop_)) return tl::unexpected(explained({ErrorKind::cancelled, ""}));
  }
  return file;
}

bool Download::is_there(const HubFile& file, const fs::path& snapshot) const {
  std::error_code error;
  const auto path = file.hash.empty() ? snapshot / file.name : entry_ / "blobs" / file.hash;
  const auto size = fs::file_size(path, error);
  return !error && (!file.size || size == *file.size);
}

base::Result<void> Download::make_room(const std::vector<HubFile>& files) const {
  std::uint64_t missing = 0;
  for (const auto& file : files) {
    if (!is_there(file, entry_ / "snapshots")) missing += file.size.value_or(0);
  }
  std::error_code error;
  const auto space = fs::space(entry_, error);
  if (error || space.available >= missing) return {};
  return base::fail(
      ErrorKind::unavailable,
      "model '{}' needs {} more in the Hugging Face cache {}, and the disk has {} left; make room, or "
      "set HF_HOME to a folder on another disk",
      id_, size_text(static_cast<double>(missing)), cache_, size_text(static_cast<double>(space.available)));
}

base::Result<void> Download::fetch(const HubListing& listing, const std::vector<HubFile>& files) {
  const auto snapshot = entry_ / "snapshots" / listing.revision;
  std::error_code error;
  for (const auto& folder : {entry_ / "blobs", entry_ / "refs", snapshot}) {
    fs::create_directories(folder, error);
    if (error) {
      return base::fail(ErrorKind::unavailable, "can't write to the Hugging Face cache: {}: {}; set HF_HOME",
                        folder.string(), error.message());
    }
  }
  const auto locked = lock();
  if (!locked) return tl::unexpected(locked.error());
  if (auto room = make_room(files); !room) return room;
  for (const auto& file : files) {
    if (!is_there(file, snapshot)) wanted_ += file.size.value_or(0);
  }
  began_ = steady_clock::now();
  for (const auto& file : files) {
    if (is_there(file, snapshot)) {
      if (auto kept = keep(file, {}, snapshot); !kept) return kept;
      continue;
    }
    if (auto fetched = fetch_file(file, snapshot, listing.revision); !fetched) return fetched;
  }
  std::ofstream(entry_ / "refs" / "main") << listing.revision;
  return {};
}

base::Result<void> Download::fetch_file(const HubFile& file, const fs::path& snapshot,
                                        const std::string& revision) {
  const auto partial =
      entry_ / "blobs" /
      ((file.hash.empty() ? base::replace_all(file.name, "/", "--") : file.hash) + ".incomplete");
  auto call = request(fmt::format("/{}/resolve/{}/{}", url_path(id_), revision, url_path(file.name)));
  call.max_body = file.size.value_or(std::uint64_t{1} << 42);
  call.stall_limit = stall_limit;
  call.progress = [this, &file](std::uint64_t received) { tell(file, received); };
  for (int attempt = 1;; ++attempt) {
    call.timeout = until_ - steady_clock::now();
    if (call.timeout.count() <= 0) {
      return base::fail(
          ErrorKind::timed_out,
          "the download of '{}' has not ended within an hour; what is complete is kept, so run it again",
          id_);
    }
    const auto got = net::download(call, partial.string(), stop_);
    std::error_code error;
    const bool whole = got && (!file.size || fs::file_size(partial, error) == *file.size);
    if (whole) break;
    auto problem = got ? base::Error{ErrorKind::unavailable,
                                     fmt::format("{} came with {} instead of {} bytes", file.name,
                                                 fs::file_size(partial, error), *file.size)}
                       : got.error();
    fs::remove(partial, error);
    const bool hopeless = problem.kind == ErrorKind::cancelled || problem.kind == ErrorKind::not_found ||
                          problem.kind == ErrorKind::invalid_input;
    if (hopeless || attempt == most_tries || !wait(hub_.retry_wait * attempt, stop_))
      return tl::unexpected(explained(std::move(problem)));
  }
  if (auto kept = keep(file, partial, snapshot); !kept) return kept;
  done_ += file.size.value_or(0);
  return {};
}

/// Gives a blob its name and the snapshot a link to it, as the hub's tools do.
base::Result<void> Download::keep(const HubFile& file, const fs::path& partial,
                                  const fs::path& snapshot) const {
  const auto link = snapshot / file.name;
  std::error_code error;
  fs::create_directories(link.parent_path(), error);
  if (file.hash.empty()) {
    if (!partial.empty()) fs::rename(partial, link, error);
  } else {
    const auto blob = entry_ / "blobs" / file.hash;
    if (!partial.empty()) fs::rename(partial, blob, error);
    std::error_code ignored;
    if (!error && !fs::exists(link, ignored)) {
      fs::remove(link, ignored);
      fs::create_symlink(fs::relative(blob, link.parent_path(), ignored), link, error);
    }
  }
  if (!error) return {};
  return base::fail(ErrorKind::unavailable, "can't write to the Hugging Face cache: {}: {}", link.string(),
                    error.message());
}

void Download::tell(const HubFile& file, std::uint64_t received) {
  const auto now = steady_clock::now();
  if (now - told_ < tell_interval) return;
  told_ = now;
  const auto all = static_cast<double>(done_ + received);
  const double seconds = std::chrono::duration<double>(steady_clock::now() - began_).count();
  const double speed = seconds > 0 ? all / seconds : 0;
  auto text = fmt::format("fetching {}: {}", id_, size_text(all));
  if (wanted_ > 0) {
    const auto left = static_cast<double>(wanted_) - all;
    text = fmt::format("fetching {}: {:.0f} % of {}", id_, 100 * all / static_cast<double>(wanted_),
                       size_text(static_cast<double>(wanted_)));
    if (speed > 0 && left > 0)
      text += fmt::format(", ~{} left", base::to_duration_text(base::Seconds(left / speed)));
  }
  progress_(fmt::format("{}, {}/s ({})", text, size_text(speed), file.name));
}

}  // namespace

base::Result<void> download_model(const ModelHub& hub, engine::RuntimeId runtime,
                                  const std::string& id_and_quant, const ModelFolders& folders,
                                  const std::stop_token& stop,
                                  const std::function<void(std::string)>& progress) {
  const auto colon = id_and_quant.rfind(':');
  const auto quant = colon == std::string::npos ? std::string() : id_and_quant.substr(colon + 1);
  Download download(hub, id_and_quant.substr(0, colon), folders, stop, progress);
  const auto listing = download.list();
  if (!listing) return tl::unexpected(listing.error());
  const auto files = files_needed(*listing, runtime, quant, id_and_quant.substr(0, colon));
  if (!files) return tl::unexpected(files.error());
  return download.fetch(*listing, *files);
}

}  // namespace autotuner::hosts
