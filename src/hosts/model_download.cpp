#include "hosts/model_download.hpp"

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "hosts/download_progress.hpp"
#include "hosts/file_descriptor.hpp"
#include "hosts/hub_client.hpp"
#include "hosts/system_files.hpp"
#include "net/download.hpp"

namespace autotuner::hosts {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using std::chrono::steady_clock;

constexpr auto whole_limit = std::chrono::hours(1);
constexpr auto stall_limit = std::chrono::seconds(60);
constexpr auto lock_interval = std::chrono::milliseconds(200);
constexpr int most_tries = 3;
constexpr std::size_t sha256_digits = 64;
constexpr std::size_t read_size = 1 << 20;

/// False when stopped meanwhile.
bool wait(std::chrono::milliseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

/// A file that can't be gone on with, and the tag of its content.
void forget(const fs::path& partial) {
  std::error_code ignored;
  fs::remove(partial, ignored);
  fs::remove(net::tag_file_of(partial), ignored);
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
        client_(hub, id_, cache_),
        stop_(stop),
        say_(progress),
        progress_(id_, progress),
        until_(steady_clock::now() + whole_limit) {}

  const HubClient& client() const { return client_; }
  base::Result<void> fetch(const HubListing& listing, const std::vector<HubFile>& files);

 private:
  base::Result<FileDescriptor> lock() const;
  base::Result<void> make_room(const std::vector<HubFile>& files) const;
  fs::path partial_of(const HubFile& file) const;
  bool is_there(const HubFile& file, const fs::path& snapshot) const;
  base::Result<void> fetch_file(const HubFile& file, const fs::path& snapshot, const std::string& revision);
  base::Result<void> keep(const HubFile& file, const fs::path& partial, const fs::path& snapshot) const;
  base::Result<void> come(const HubFile& file, const net::HttpRequest& call, const std::string& partial);
  base::Result<void> verify(const HubFile& file, const fs::path& partial) const;
  void forget_others(const HubListing& listing) const;

  const ModelHub& hub_;
  const std::string id_;
  const fs::path entry_;
  const std::string cache_;
  const HubClient client_;
  const std::stop_token& stop_;
  const std::function<void(std::string)>& say_;
  DownloadProgress progress_;
  const steady_clock::time_point until_;
};

/// One download of a model at a time on this host, whoever runs it.
base::Result<FileDescriptor> Download::lock() const {
  const auto path = (entry_ / ".autotuner.lock").string();
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file)
    return base::fail(ErrorKind::unavailable, "can't write to the Hugging Face cache: {}: {}", path,
                      error_text(errno));
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    say_("waiting for another download of " + id_);
    if (!wait(lock_interval, stop_)) return tl::unexpected(client_.explained({ErrorKind::cancelled, ""}));
  }
  return file;
}

/// Where a file lies until it is complete; the hub's own tools call it the same.
fs::path Download::partial_of(const HubFile& file) const {
  return entry_ / "blobs" /
         ((file.hash.empty() ? base::replace_all(file.name, "/", "--") : file.hash) + ".incomplete");
}

bool Download::is_there(const HubFile& file, const fs::path& snapshot) const {
  std::error_code error;
  const auto path = file.hash.empty() ? snapshot / file.name : entry_ / "blobs" / file.hash;
  const auto size = fs::file_size(path, error);
  return !error && (!file.size || size == *file.size);
}

base::Result<void> Download::make_room(const std::vector<HubFile>& files) const {
  std::uint64_t missing = 0;
  std::error_code error;
  for (const auto& file : files) {
    if (is_there(file, entry_ / "snapshots")) continue;
    const auto size = file.size.value_or(0);
    const auto come = fs::file_size(partial_of(file), error);
    missing += error ? size : size - std::min(size, come);
  }
  const auto space = fs::space(entry_, error);
  if (error || space.available >= missing) return {};
  return base::fail(
      ErrorKind::unavailable,
      "model '{}' needs {} more in the Hugging Face cache {}, and the disk has {} left; make room, or "
      "set HF_HOME to a folder on another disk",
      id_, size_text(missing), cache_, size_text(space.available));
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
    if (!is_there(file, snapshot)) progress_.expect(file.size.value_or(0));
  }
  for (const auto& file : files) {
    if (is_there(file, snapshot)) {
      if (auto kept = keep(file, {}, snapshot); !kept) return kept;
      continue;
    }
    if (auto fetched = fetch_file(file, snapshot, listing.revision); !fetched) return fetched;
  }
  forget_others(listing);
  std::ofstream(entry_ / "refs" / "main") << listing.revision;
  return {};
}

base::Result<void> Download::fetch_file(const HubFile& file, const fs::path& snapshot,
                                        const std::string& revision) {
  const auto partial = partial_of(file);
  auto call = client_.file_request(file.name, revision);
  call.max_body = file.size.value_or(std::uint64_t{1} << 42);
  call.stall_limit = stall_limit;
  for (int attempt = 1;; ++attempt) {
    call.timeout = until_ - steady_clock::now();
    if (call.timeout.count() <= 0) {
      return base::fail(
          ErrorKind::timed_out,
          "the download of '{}' has not ended within an hour; what has come is kept, so run it again", id_);
    }
    auto got = come(file, call, partial);
    if (got) break;
    const auto kind = got.error().kind;
    const bool hopeless =
        kind == ErrorKind::cancelled || kind == ErrorKind::not_found || kind == ErrorKind::invalid_input;
    if (hopeless || attempt == most_tries || !wait(hub_.retry_wait * attempt, stop_))
      return tl::unexpected(client_.explained(std::move(got.error())));
  }
  if (auto verified = verify(file, partial); !verified) return verified;
  if (auto kept = keep(file, partial, snapshot); !kept) return kept;
  progress_.finish_file();
  return {};
}

/// One try: what is missing of a file. The error leaves what can be gone on with.
base::Result<void> Download::come(const HubFile& file, const net::HttpRequest& call,
                                  const std::string& partial) {
  const auto got = net::resume_download(
      call, partial, [this, &file](net::FileProgress now) { progress_.tell(file.name, now); }, stop_);
  std::error_code error;
  const auto size = fs::file_size(partial, error);
  if (got && (!file.size || (!error && size == *file.size))) return {};
  if (file.size && !error && (got || size >= *file.size)) forget(partial);
  if (!got) return tl::unexpected(got.error());
  return base::fail(ErrorKind::unavailable, "{} came with {} instead of {} bytes", file.name, size,
                    *file.size);
}

/// Holds a large file against the hash that the hub lists. What differs is removed: nothing can go on with
/// it.
base::Result<void> Download::verify(const HubFile& file, const fs::path& partial) const {
  if (file.hash.size() != sha256_digits) return {};
  say_(fmt::format("checking {}: {}", id_, file.name));
  base::Sha256 hash;
  std::ifstream content(partial, std::ios::binary);
  std::string piece(read_size, '\0');
  while (content && !stop_.stop_requested()) {
    content.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    hash.add(std::string_view(piece).substr(0, static_cast<std::size_t>(content.gcount())));
  }
  if (!content.eof()) {
    if (stop_.stop_requested()) return tl::unexpected(client_.explained({ErrorKind::cancelled, ""}));
    return base::fail(ErrorKind::unavailable, "{} can't be read back", partial.string());
  }
  const auto found = hash.hex();
  if (found == file.hash) return {};
  forget(partial);
  return base::fail(
      ErrorKind::unavailable,
      "{} of model '{}' came from {} with SHA-256 {}, and its listing says {}: the file was damaged "
      "on its way or changed; it was removed, so run this again",
      file.name, id_, hub_.endpoint, found, file.hash);
}

/// Parts of files that no longer belong to the model would make it look incomplete for ever. What has no tag
/// beside it is another tool's.
void Download::forget_others(const HubListing& listing) const {
  std::set<fs::path> own;
  for (const auto& file : listing.files) own.insert(partial_of(file));
  std::error_code error;
  std::vector<fs::path> stale;
  const fs::directory_iterator end;
  for (fs::directory_iterator at(entry_ / "blobs", error); !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".incomplete" && !own.contains(at->path()) &&
        fs::exists(net::tag_file_of(at->path()), error))
      stale.push_back(at->path());
  }
  for (const auto& path : stale) forget(path);
}

/// Gives a blob its name and the snapshot a link to it, as the hub's tools do.
base::Result<void> Download::keep(const HubFile& file, const fs::path& partial,
                                  const fs::path& snapshot) const {
  const auto link = snapshot / file.name;
  std::error_code error;
  std::error_code ignored;
  fs::create_directories(link.parent_path(), error);
  if (file.hash.empty()) {
    if (!partial.empty()) fs::rename(partial, link, error);
  } else {
    const auto blob = entry_ / "blobs" / file.hash;
    if (!partial.empty()) fs::rename(partial, blob, error);
    if (!error && !fs::exists(link, ignored)) {
      fs::remove(link, ignored);
      fs::create_symlink(fs::relative(blob, link.parent_path(), ignored), link, error);
    }
  }
  if (!partial.empty()) fs::remove(net::tag_file_of(partial), ignored);
  if (!error) return {};
  return base::fail(ErrorKind::unavailable, "can't write to the Hugging Face cache: {}: {}", link.string(),
                    error.message());
}

}  // namespace

base::Result<void> download_model(const ModelHub& hub, engine::RuntimeId runtime,
                                  const std::string& id_and_quant, const ModelFolders& folders,
                                  const std::stop_token& stop,
                                  const std::function<void(std::string)>& progress) {
  const auto colon = id_and_quant.rfind(':');
  const auto quant = colon == std::string::npos ? std::string() : id_and_quant.substr(colon + 1);
  Download download(hub, id_and_quant.substr(0, colon), folders, stop, progress);
  const auto listing = download.client().list(stop);
  if (!listing) return tl::unexpected(listing.error());
  const auto files = files_needed(*listing, runtime, quant, id_and_quant.substr(0, colon));
  if (!files) return tl::unexpected(files.error());
  return download.fetch(*listing, *files);
}

}  // namespace autotuner::hosts
