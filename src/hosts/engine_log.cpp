#include "hosts/engine_log.hpp"

#include <array>
#include <cerrno>
#include <filesystem>
#include <iterator>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hosts/system_files.hpp"

namespace autotuner::hosts {
namespace {

FileDescriptor open_for_appending(const std::string& path) {
  return FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
}

}  // namespace

base::Result<std::unique_ptr<EngineLog>> EngineLog::open(std::string path, FileDescriptor output,
                                                         LogLimits limits, std::vector<std::string> secrets) {
  FileDescriptor file;
  if (!path.empty()) {
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);
    file = open_for_appending(path);
    if (!file)
      return base::fail(base::ErrorKind::unavailable, "can't write the engine log {}: {}", path,
                        error_text(errno));
  }
  FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake)
    return base::fail(base::ErrorKind::unavailable, "can't read the engine's output: {}", error_text(errno));
  ::fcntl(output.get(), F_SETFL, O_NONBLOCK);
  return std::unique_ptr<EngineLog>(new EngineLog(std::move(path), std::move(output), std::move(file),
                                                  std::move(wake), limits, std::move(secrets)));
}

EngineLog::EngineLog(std::string path, FileDescriptor output, FileDescriptor file, FileDescriptor wake,
                     LogLimits limits, std::vector<std::string> secrets)
    : path_(std::move(path)),
      limits_(limits),
      output_(std::move(output)),
      file_(std::move(file)),
      wake_(std::move(wake)),
      mask_(std::move(secrets)) {
  struct stat facts{};
  if (file_ && ::fstat(file_.get(), &facts) == 0) file_size_ = static_cast<std::uint64_t>(facts.st_size);
  reader_ = std::thread([this] { read_until_told(); });
}

EngineLog::~EngineLog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  ::eventfd_write(wake_.get(), 1);
  reader_.join();
}

std::string EngineLog::tail(std::size_t lines) const {
  const std::lock_guard lock(mutex_);
  const auto count = lines == 0 || lines > lines_.size() ? lines_.size() : lines;
  std::string text;
  for (auto line = std::prev(lines_.end(), static_cast<std::ptrdiff_t>(count)); line != lines_.end();
       ++line) {
    text += *line;
    text += '\n';
  }
  return text + unfinished_;
}

void EngineLog::settle(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  if (ended_) return;
  const auto mine = ++asked_;
  ::eventfd_write(wake_.get(), 1);
  settled_.wait_for(lock, limit, [&] { return ended_ || answered_ >= mine; });
}

void EngineLog::read_until_told() {
  while (true) {
    std::uint64_t asked = 0;
    {
      const std::lock_guard lock(mutex_);
      asked = asked_;
    }
    const bool open = read_once();
    if (!open) pass_on(mask_.rest());
    bool stop = false;
    {
      const std::lock_guard lock(mutex_);
      answered_ = asked;
      ended_ = !open;
      stop = stop_;
    }
    settled_.notify_all();
    if (stop && open) pass_on(mask_.rest());
    if (stop || !open) return;
    std::array<pollfd, 2> events{{{output_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
    ::poll(events.data(), events.size(), -1);
    eventfd_t drained = 0;
    ::eventfd_read(wake_.get(), &drained);
  }
}

/// Reads until the pipe is empty for now; false at its end.
bool EngineLog::read_once() {
  std::array<char, 65536> buffer{};
  // A writer that never pauses must not keep others from their answer for ever.
  for (int round = 0; round < 64; ++round) {
    const auto size = ::read(output_.get(), buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN;
    if (size == 0) return false;
    pass_on(mask_.pass({buffer.data(), static_cast<std::size_t>(size)}));
  }
  return true;
}

void EngineLog::pass_on(std::string_view text) {
  write_out(text);
  append(text);
}

void EngineLog::append(std::string_view text) {
  const std::lock_guard lock(mutex_);
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto piece = text.substr(0, end);
    unfinished_ += piece;
    const bool complete = end != std::string_view::npos;
    if (complete && unfinished_.ends_with('\r')) unfinished_.pop_back();
    // Progress bars redraw one line with carriage returns: the last state is the line.
    const auto redraw = unfinished_.rfind('\r');
    if (redraw != std::string::npos && redraw + 1 < unfinished_.size()) unfinished_.erase(0, redraw + 1);
    if (unfinished_.size() > limits_.line_bytes) unfinished_.resize(limits_.line_bytes);
    if (!complete) return;
    lines_.push_back(std::exchange(unfinished_, {}));
    if (lines_.size() > limits_.lines) lines_.pop_front();
    text.remove_prefix(end + 1);
  }
}

void EngineLog::write_out(std::string_view text) {
  if (!file_) return;
  if (file_size_ + text.size() > limits_.file_bytes && file_size_ > 0) rotate();
  while (!text.empty()) {
    const auto size = ::write(file_.get(), text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return;
    file_size_ += static_cast<std::uint64_t>(size);
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

void EngineLog::rotate() {
  std::error_code error;
  const bool has_first = std::filesystem::exists(path_ + ".1", error);
  std::filesystem::rename(path_, path_ + (has_first ? ".2" : ".1"), error);
  file_ = open_for_appending(path_);
  file_size_ = 0;
}

}  // namespace autotuner::hosts
