#include "base/clock.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>

#include <fmt/format.h>

namespace autotuner::base {

std::string to_iso_text(SystemTime time) {
  using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::seconds, std::chrono::floor;
  const auto whole = floor<seconds>(time);
  const auto micros = duration_cast<microseconds>(time - whole).count();
  const std::time_t stamp = std::chrono::system_clock::to_time_t(whole);
  std::tm utc{};
  gmtime_r(&stamp, &utc);
  const auto date = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", utc.tm_year + 1900, utc.tm_mon + 1,
                                utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return micros == 0 ? date + "Z" : fmt::format("{}.{:06}Z", date, micros);
}

std::string to_readable_time(std::string_view iso) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd";
  const auto fits = [](char wanted, char c) { return wanted == 'd' ? c >= '0' && c <= '9' : c == wanted; };
  if (iso.size() <= shape.size() || !iso.ends_with('Z') ||
      !std::ranges::equal(shape, iso.substr(0, shape.size()), fits)) {
    return std::string(iso);
  }
  return fmt::format("{} {} UTC", iso.substr(0, 10), iso.substr(11, 5));
}

std::string to_duration_text(Seconds duration) {
  const double s = duration.count();
  if (s < 0) return "-" + to_duration_text(-duration);
  if (s < 0.9995) return fmt::format("{:.0f} ms", s * 1000);
  if (s < 59.95) return fmt::format("{:.1f} s", s);
  const auto total = std::llround(s);
  if (total < 3600) return fmt::format("{} min {:02} s", total / 60, total % 60);
  const auto minutes = std::llround(s / 60);
  return fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

}  // namespace autotuner::base
