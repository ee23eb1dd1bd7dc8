#include "hosts/log_archive.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <memory>

#include <archive.h>
#include <archive_entry.h>

namespace autotuner::hosts {
namespace {

namespace fs = std::filesystem;
using base::ErrorKind;
using Sink = std::function<void(std::string_view)>;

constexpr std::string_view compressed = ".gz";
constexpr std::size_t block_bytes = 64UL * 1024;

/// Oldest first.
std::array<std::string, 3> parts_of(const std::string& path) {
  return {path + ".1", path + ".2", path};
}

bool is_file(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

struct WriterDeleter {
  void operator()(archive* writer) const { archive_write_free(writer); }
};
struct ReaderDeleter {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
struct EntryDeleter {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
using Writer = std::unique_ptr<archive, WriterDeleter>;
using Reader = std::unique_ptr<archive, ReaderDeleter>;
using Entry = std::unique_ptr<archive_entry, EntryDeleter>;

tl::unexpected<base::Error> problem(const std::string& path, archive* with) {
  const char* words = with == nullptr ? nullptr : archive_error_string(with);
  return base::fail(ErrorKind::unavailable, "log {}: {}", path, words == nullptr ? "not readable" : words);
}

base::Result<void> read_plain(const std::string& path, const Sink& sink) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return problem(path, nullptr);
  std::string block(block_bytes, '\0');
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0)
    sink(std::string_view(block).substr(0, static_cast<std::size_t>(in.gcount())));
  if (in.bad()) return problem(path, nullptr);
  return {};
}

base::Result<void> read_compressed(const std::string& path, const Sink& sink) {
  const Reader reader(archive_read_new());
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_entry* entry = nullptr;
  if (archive_read_open_filename(reader.get(), path.c_str(), block_bytes) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK)
    return problem(path, reader.get());
  std::string block(block_bytes, '\0');
  while (true) {
    const auto size = archive_read_data(reader.get(), block.data(), block.size());
    if (size < 0) return problem(path, reader.get());
    if (size == 0) return {};
    sink(std::string_view(block).substr(0, static_cast<std::size_t>(size)));
  }
}

/// Both forms of one part: what was compressed comes before what was written since.
base::Result<void> read_part(const std::string& part, const Sink& sink) {
  const auto packed = part + std::string(compressed);
  if (is_file(packed)) {
    if (auto read = read_compressed(packed, sink); !read) return read;
  }
  return is_file(part) ? read_plain(part, sink) : base::Result<void>{};
}

base::Result<void> compress_part(const std::string& part) {
  const auto packed = part + std::string(compressed);
  const auto temporary = packed + ".tmp";
  const Writer writer(archive_write_new());
  archive_write_add_filter_gzip(writer.get());
  archive_write_set_format_raw(writer.get());
  const Entry entry(archive_entry_new());
  archive_entry_set_pathname(entry.get(), "log");
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  if (archive_write_open_filename(writer.get(), temporary.c_str()) != ARCHIVE_OK ||
      archive_write_header(writer.get(), entry.get()) != ARCHIVE_OK)
    return problem(temporary, writer.get());
  bool whole = true;
  auto read = read_part(part, [&](std::string_view text) {
    whole = whole && archive_write_data(writer.get(), text.data(), text.size()) ==
                         static_cast<la_ssize_t>(text.size());
  });
  if (read && (!whole || archive_write_close(writer.get()) != ARCHIVE_OK))
    read = problem(temporary, writer.get());
  std::error_code error;
  if (read) fs::rename(temporary, packed, error);
  if (error) read = base::fail(ErrorKind::unavailable, "log {}: {}", packed, error.message());
  fs::remove(read ? part : temporary, error);
  return read;
}

}  // namespace

base::Result<void> compress_log(const std::string& path) {
  for (const auto& part : parts_of(path)) {
    if (!is_file(part)) continue;
    if (auto done = compress_part(part); !done) return done;
  }
  return {};
}

base::Result<void> read_log(const std::string& path, const Sink& sink) {
  bool any = false;
  for (const auto& part : parts_of(path)) {
    any = any || is_file(part) || is_file(part + std::string(compressed));
    if (auto read = read_part(part, sink); !read) return read;
  }
  if (any) return {};
  return base::fail(ErrorKind::not_found, "there is no log {} any more", path);
}

void remove_log(const std::string& path) {
  std::error_code ignored;
  for (const auto& part : parts_of(path)) {
    fs::remove(part, ignored);
    fs::remove(part + std::string(compressed), ignored);
  }
}

}  // namespace autotuner::hosts
