#include <array>

#include "base/text.hpp"
#include "spec/compose.hpp"

namespace autotuner::spec {
namespace {

struct Unit {
  std::string_view text;
  double seconds;
};
// "ms" before "m" and "s": the longest ending decides
constexpr std::array<Unit, 5> units = {{{"ms", 0.001}, {"min", 60}, {"s", 1}, {"m", 60}, {"h", 3600}}};

}  // namespace

base::Result<std::chrono::duration<double>> parse_duration(std::string_view text) {
  constexpr double longest = 365.0 * 24 * 3600;
  const auto token = base::trim(text);
  auto digits = token;
  double factor = 1;
  for (const auto& unit : units) {
    if (!token.ends_with(unit.text)) continue;
    digits = base::trim(token.substr(0, token.size() - unit.text.size()));
    factor = unit.seconds;
    break;
  }
  const auto number = base::to_number(digits);
  if (!number)
    return base::invalid_input("\"{}\" is no duration; write 0.5s, 50ms, 10m, 2h or a number of seconds",
                               text);
  const double seconds = *number * factor;
  if (!(seconds > 0 && seconds <= longest)) {
    return base::invalid_input(
        "the duration \"{}\" is out of range; must be more than 0 and at most 365 days", text);
  }
  return std::chrono::duration<double>(seconds);
}

}  // namespace autotuner::spec
