#include "traffic/dataset.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/json.hpp"
#include "base/text.hpp"
#include "net/download.hpp"
#include "traffic/prompt_rows.hpp"
#include "traffic/unpack.hpp"

namespace autotuner::traffic {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;

constexpr int most_tries = 3;
constexpr std::chrono::seconds fetch_limit{300};

bool is_remote(std::string_view url) {
  return url.starts_with("http://") || url.starts_with("https://");
}

fs::path local_path(std::string_view url) {
  if (url.starts_with("file://")) url.remove_prefix(7);
  return {url};
}

std::string file_name_of(std::string_view url) {
  const auto path = url.substr(0, url.find_first_of("?#"));
  const auto behind_scheme =
      path.find("://") == std::string_view::npos ? path : path.substr(path.find("://") + 3);
  const auto slash = behind_scheme.rfind('/');
  const auto name = slash == std::string_view::npos ? behind_scheme : behind_scheme.substr(slash + 1);
  const bool has_path = behind_scheme.find('/') != std::string_view::npos || !is_remote(url);
  return name.empty() || name == "." || name == ".." || !has_path ? "dataset" : std::string(name);
}

/// False when stopped meanwhile.
bool wait(std::chrono::milliseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  changed.wait_for(lock, stop, duration, [] { return false; });
  return !stop.stop_requested();
}

base::Result<void> fetch_remote(const DatasetRequest& request, const fs::path& target,
                                const std::stop_token& stop) {
  net::HttpRequest call;
  call.url = request.url;
  call.timeout = fetch_limit;
  call.proxy = request.proxy;
  call.follow_redirects = true;
  call.max_body = std::uint64_t{64} << 30;
  for (int attempt = 1;; ++attempt) {
    const auto got = net::download(call, target.string(), stop);
    if (got) return {};
    const auto kind = got.error().kind;
    const bool hopeless =
        kind == ErrorKind::cancelled || kind == ErrorKind::not_found || kind == ErrorKind::invalid_input;
    if (hopeless) return tl::unexpected(got.error());
    if (attempt == most_tries || !wait(request.retry_wait * attempt, stop)) {
      return base::fail(kind, "data set: {} (tried {} times)", got.error().message, attempt);
    }
  }
}

base::Result<void> fetch(const DatasetRequest& request, const fs::path& target, const std::stop_token& stop) {
  if (is_remote(request.url)) return fetch_remote(request, target, stop);
  const auto source = local_path(request.url);
  std::error_code error;
  if (!fs::is_regular_file(source, error))
    return base::fail(ErrorKind::not_found, "data set: {}: no such file", source.string());
  fs::copy_file(source, target, error);
  if (error) return base::fail(ErrorKind::unavailable, "data set: {}: {}", source.string(), error.message());
  return {};
}

/// The largest file with that suffix anywhere below.
std::optional<fs::path> largest(const fs::path& folder, const std::string& suffix) {
  std::optional<fs::path> best;
  std::uintmax_t best_size = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (!entry->is_regular_file() || base::to_lower(entry->path().extension().string()) != suffix) continue;
    const auto size = entry->file_size(error);
    // of equal ones the first by name, so that every run picks the same
    if (best && (size < best_size || (size == best_size && entry->path() > *best))) continue;
    best = entry->path();
    best_size = size;
  }
  return best;
}

/// The file with the rows: the original itself or what it holds.
base::Result<fs::path> find_rows(const fs::path& original, const fs::path& extracted) {
  const auto name = base::to_lower(original.filename().string());
  if (name.ends_with(".csv") || name.ends_with(".jsonl")) return original;
  std::error_code error;
  fs::create_directories(extracted, error);
  base::Result<void> unpacked;
  if (name.ends_with(".zip") || name.ends_with(".tar.gz") || name.ends_with(".tgz")) {
    unpacked = unpack_archive(original.string(), extracted.string());
  } else if (name.ends_with(".gz")) {
    unpacked = unpack_single(original.string(), (extracted / original.stem()).string());
  } else {
    return base::invalid_input(
        "data set: {}: format not known; allowed are .csv, .jsonl, .gz, .zip, .tar.gz, .tgz",
        original.filename().string());
  }
  if (!unpacked) return tl::unexpected(unpacked.error());
  if (auto csv = largest(extracted, ".csv")) return std::move(*csv);
  if (auto jsonl = largest(extracted, ".jsonl")) return std::move(*jsonl);
  return base::invalid_input("data set: {}: holds neither a .csv nor a .jsonl file",
                             original.filename().string());
}

std::optional<std::string> read_whole(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

bool write_whole(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  return static_cast<bool>(file.flush());
}

base::Result<PromptRows> convert(const fs::path& rows_file, bool deduplicate) {
  const auto text = read_whole(rows_file);
  if (!text) return base::fail(ErrorKind::unavailable, "data set: {}: can't be read", rows_file.string());
  const bool is_csv = base::to_lower(rows_file.extension().string()) == ".csv";
  auto rows = is_csv ? prompts_of_csv(*text) : base::Result<PromptRows>(prompts_of_jsonl(*text));
  if (!rows)
    return base::invalid_input("data set: {}: {}", rows_file.filename().string(), rows.error().message);
  if (deduplicate) rows->prompts = without_repeats(std::move(rows->prompts));
  if (rows->prompts.empty()) {
    return base::invalid_input("data set: {}: no prompt in any of its {} rows", rows_file.filename().string(),
                               rows->bad);
  }
  return rows;
}

/// Builds the whole data set in a draft folder and puts it in place in one step.
class Builder {
 public:
  Builder(const DatasetRequest& request, fs::path home)
      : request_(request),
        home_(std::move(home)),
        draft_(home_.string() + fmt::format(".draft-{}", ::getpid())) {}
  ~Builder() {
    std::error_code ignored;
    fs::remove_all(draft_, ignored);
  }
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  base::Result<Dataset> build(const std::stop_token& stop) {
    std::error_code error;
    fs::remove_all(draft_, error);
    for (const auto* part : {"original", "converted"}) {
      fs::create_directories(draft_ / part, error);
      if (error)
        return base::fail(ErrorKind::unavailable, "{}: {}", (draft_ / part).string(), error.message());
    }
    const auto original = draft_ / "original" / file_name_of(request_.url);
    if (const auto fetched = fetch(request_, original, stop); !fetched)
      return tl::unexpected(fetched.error());
    const auto rows_file = find_rows(original, draft_ / "extracted");
    if (!rows_file) return tl::unexpected(rows_file.error());
    auto rows = convert(*rows_file, request_.deduplicate);
    if (!rows) return tl::unexpected(rows.error());

    Dataset dataset;
    dataset.prompts = std::move(rows->prompts);
    dataset.bad_rows = rows->bad;
    dataset.source_file = rows_file->filename().string();
    dataset.prompts_csv = (home_ / "converted" / "prompts.csv").string();
    if (const auto placed = place(dataset); !placed) return tl::unexpected(placed.error());
    return dataset;
  }

 private:
  base::Result<void> place(const Dataset& dataset) {
    const base::Json stats{{"total_prompts", dataset.prompts.size()},
                           {"source_file", dataset.source_file},
                           {"bad_rows", dataset.bad_rows}};
    const base::Json info{{"url", request_.url}, {"cache_key", home_.filename().string()}};
    if (!write_whole(draft_ / "converted" / "prompts.csv", to_prompt_csv(dataset.prompts)) ||
        !write_whole(draft_ / "converted" / "stats.json", base::to_pretty_text(stats)) ||
        !write_whole(draft_ / "cache_info.json", base::to_pretty_text(info))) {
      return base::fail(ErrorKind::unavailable, "{}: can't be written", draft_.string());
    }
    std::error_code error;
    fs::remove_all(home_, error);
    fs::rename(draft_, home_, error);
    // another process that was quicker has put the same content there
    if (error && !fs::exists(home_ / "converted" / "prompts.csv")) {
      return base::fail(ErrorKind::unavailable, "{}: {}", home_.string(), error.message());
    }
    return {};
  }

  const DatasetRequest& request_;
  fs::path home_;
  fs::path draft_;
};

std::optional<Dataset> read_cached(const fs::path& home) {
  const auto csv = read_whole(home / "converted" / "prompts.csv");
  if (!csv) return std::nullopt;
  auto rows = prompts_of_csv(*csv);
  if (!rows || rows->prompts.empty()) return std::nullopt;
  Dataset dataset;
  dataset.prompts = std::move(rows->prompts);
  dataset.prompts_csv = (home / "converted" / "prompts.csv").string();
  const auto stats_text = read_whole(home / "converted" / "stats.json");
  if (const auto stats = base::parse_json(stats_text.value_or("")); stats) {
    dataset.source_file = base::text_at(*stats, "source_file").value_or("");
    dataset.bad_rows = static_cast<int>(base::number_at(*stats, "bad_rows").value_or(0));
  }
  return dataset;
}

}  // namespace

std::string dataset_key(const DatasetRequest& request) {
  std::string hashed = request.url;
  if (!request.deduplicate) hashed += "\nkeep repeats";
  if (!is_remote(request.url)) {
    const auto path = local_path(request.url);
    std::error_code error;
    const auto size = fs::file_size(path, error);
    const auto changed = fs::last_write_time(path, error);
    if (!error) hashed += fmt::format("\n{} {}", size, changed.time_since_epoch().count());
  }
  return base::sha256_hex(hashed).substr(0, 16);
}

base::Result<Dataset> load_dataset(const DatasetRequest& request, const std::stop_token& stop) {
  if (request.url.empty()) return base::invalid_input("data set: the URL is empty");
  if (request.url.find("://") != std::string::npos && !is_remote(request.url) &&
      !request.url.starts_with("file://")) {
    return base::invalid_input("data set: '{}': must be http://, https://, file:// or a path", request.url);
  }
  const auto home = fs::path(request.cache_folder) / dataset_key(request);
  if (!request.refresh) {
    if (auto cached = read_cached(home)) return std::move(*cached);
  }
  return Builder(request, home).build(stop);
}

}  // namespace autotuner::traffic
