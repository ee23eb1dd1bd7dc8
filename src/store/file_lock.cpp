#include "store/file_lock.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace autotuner::store {
namespace {

tl::unexpected<base::Error> refused(const std::string& path) {
  return base::fail(base::ErrorKind::unavailable, "can't lock {}: {}", path, std::strerror(errno));
}

}  // namespace

base::Result<FileLock> FileLock::wait_for(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return refused(path);
  FileLock lock(file);
  while (::flock(file, LOCK_EX) != 0) {
    if (errno != EINTR) return refused(path);
  }
  return lock;
}

base::Result<std::optional<FileLock>> FileLock::try_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return refused(path);
  FileLock lock(file);
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) return std::optional<FileLock>(std::move(lock));
  if (errno == EWOULDBLOCK) return std::optional<FileLock>();
  return refused(path);
}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

base::Result<void> FileLock::write_text(const std::string& text) {
  if (::ftruncate(file_, 0) != 0 || ::pwrite(file_, text.data(), text.size(), 0) < 0) {
    return base::fail(base::ErrorKind::unavailable, "can't write a lock file: {}", std::strerror(errno));
  }
  return {};
}

}  // namespace autotuner::store
