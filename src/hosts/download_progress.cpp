#include "hosts/download_progress.hpp"

#include <utility>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace autotuner::hosts {
namespace {

using std::chrono::steady_clock;

constexpr auto tell_interval = std::chrono::milliseconds(100);
constexpr double bytes_per_mib = 1024.0 * 1024.0;

}  // namespace

std::string size_text(std::uint64_t bytes) {
  const double mib = static_cast<double>(bytes) / bytes_per_mib;
  return mib >= 1024 ? fmt::format("{:.2f} GiB", mib / 1024) : fmt::format("{:.1f} MiB", mib);
}

DownloadProgress::DownloadProgress(std::string id, const std::function<void(std::string)>& say)
    : id_(std::move(id)), say_(say) {}

void DownloadProgress::tell(const std::string& file, net::FileProgress progress) {
  file_ = progress;
  const auto now = steady_clock::now();
  if (now - told_ < tell_interval) return;
  told_ = now;
  const auto all = complete_.bytes + file_.bytes;
  const auto resumed = complete_.resumed + file_.resumed;
  const double seconds = std::chrono::duration<double>(now - began_).count();
  const double speed = seconds > 0 ? static_cast<double>(all - resumed) / seconds : 0;
  auto text = fmt::format("fetching {}: {}", id_, size_text(all));
  if (wanted_ > 0) {
    text = fmt::format("fetching {}: {:.0f} % of {}", id_,
                       100 * static_cast<double>(all) / static_cast<double>(wanted_), size_text(wanted_));
  }
  if (resumed > 0) text += fmt::format(", {} of it from before", size_text(resumed));
  if (speed > 0 && wanted_ > all) {
    text += fmt::format(", ~{} left",
                        base::to_duration_text(base::Seconds(static_cast<double>(wanted_ - all) / speed)));
  }
  say_(fmt::format("{}, {}/s ({})", text, size_text(static_cast<std::uint64_t>(speed)), file));
}

void DownloadProgress::finish_file() {
  complete_.bytes += std::exchange(file_.bytes, 0);
  complete_.resumed += std::exchange(file_.resumed, 0);
}

}  // namespace autotuner::hosts
