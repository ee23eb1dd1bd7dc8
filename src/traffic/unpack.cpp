#include "traffic/unpack.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include <archive.h>
#include <archive_entry.h>

namespace autotuner::traffic {
namespace {

namespace fs = std::filesystem;

struct ArchiveDeleter {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, ArchiveDeleter>;

constexpr std::size_t block_size = 64UL * 1024;

std::string reason(archive* reader) {
  const char* text = archive_error_string(reader);
  return text ? text : "unreadable";
}

base::Result<Reader> open_archive(const std::string& path, bool single) {
  Reader reader(archive_read_new());
  archive_read_support_filter_gzip(reader.get());
  if (single) {
    archive_read_support_format_raw(reader.get());
  } else {
    archive_read_support_format_tar(reader.get());
    archive_read_support_format_zip(reader.get());
  }
  if (archive_read_open_filename(reader.get(), path.c_str(), block_size) != ARCHIVE_OK) {
    return base::invalid_input("{}: not a readable archive: {}", path, reason(reader.get()));
  }
  return reader;
}

/// Members stay inside the folder they are unpacked to.
bool is_safe(const fs::path& member) {
  if (member.empty() || member.is_absolute()) return false;
  return std::ranges::none_of(member, [](const fs::path& part) { return part == ".."; });
}

base::Result<void> write_member(archive* reader, const std::string& archive_path, const fs::path& target,
                                std::uint64_t limit, std::uint64_t& left) {
  std::ofstream file(target, std::ios::binary | std::ios::trunc);
  char block[block_size];
  for (;;) {
    const auto count = archive_read_data(reader, block, sizeof block);
    if (count < 0) return base::invalid_input("{}: broken archive: {}", archive_path, reason(reader));
    if (count == 0) break;
    if (static_cast<std::uint64_t>(count) > left) {
      return base::invalid_input("{}: unpacks to more than the limit of {} bytes", archive_path, limit);
    }
    left -= static_cast<std::uint64_t>(count);
    file.write(block, count);
  }
  if (!file.flush()) return base::fail(base::ErrorKind::unavailable, "{}: can't be written", target.string());
  return {};
}

}  // namespace

base::Result<void> unpack_archive(const std::string& archive_path, const std::string& folder,
                                  std::uint64_t limit) {
  const auto reader = open_archive(archive_path, false);
  if (!reader) return tl::unexpected(reader.error());
  auto left = limit;
  archive_entry* entry = nullptr;
  for (;;) {
    const int step = archive_read_next_header(reader->get(), &entry);
    if (step == ARCHIVE_EOF) return {};
    if (step < ARCHIVE_WARN)
      return base::invalid_input("{}: broken archive: {}", archive_path, reason(reader->get()));
    const char* name = archive_entry_pathname(entry);
    const fs::path member = name ? name : "";
    if (!is_safe(member))
      return base::invalid_input("{}: member '{}' would leave the folder", archive_path, member.string());
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry)) continue;
    const auto target = fs::path(folder) / member;
    std::error_code error;
    fs::create_directories(target.parent_path(), error);
    const auto written = write_member(reader->get(), archive_path, target, limit, left);
    if (!written) return written;
  }
}

base::Result<void> unpack_single(const std::string& archive_path, const std::string& target,
                                 std::uint64_t limit) {
  const auto reader = open_archive(archive_path, true);
  if (!reader) return tl::unexpected(reader.error());
  auto left = limit;
  archive_entry* entry = nullptr;
  if (archive_read_next_header(reader->get(), &entry) < ARCHIVE_WARN) {
    return base::invalid_input("{}: broken archive: {}", archive_path, reason(reader->get()));
  }
  return write_member(reader->get(), archive_path, target, limit, left);
}

}  // namespace autotuner::traffic
