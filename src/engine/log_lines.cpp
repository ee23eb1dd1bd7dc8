#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "engine/failure.hpp"

namespace autotuner::engine {
namespace {

/// Ways in which argument parsers refuse; the argument follows. "argument " is argparse's "argument --x:
/// ...".
constexpr std::array<std::string_view, 6> refusals = {
    "unrecognized arguments",        "unknown argument", "invalid argument", "No such option",
    "error while handling argument", "error: argument "};

/// Lines from the last to the first; `visit` returns true to stop.
template <class Visit>
void from_the_end(std::string_view log, Visit visit) {
  while (!log.empty()) {
    const auto start = log.find_last_of("\r\n");
    const auto line = start == std::string_view::npos ? log : log.substr(start + 1);
    if (visit(line) || start == std::string_view::npos) return;
    log = log.substr(0, start);
  }
}

/// Without colour codes and other control characters, which would reach people's terminals.
std::string printable(std::string_view line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const auto c = static_cast<unsigned char>(line[i]);
    if (c == 0x1b && i + 1 < line.size() && line[i + 1] == '[') {
      i += 2;
      while (i < line.size() && (line[i] < '@' || line[i] > '~')) ++i;
    } else if (c == '\t') {
      text += ' ';
    } else if (c >= 0x20 && c != 0x7f) {
      text += line[i];
    }
  }
  return text;
}

/// At most `size` bytes, never through the middle of a UTF-8 character.
std::string cut(std::string text, std::size_t size) {
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  text.resize(size);
  return text;
}

/// The first word behind a refusal, less quotes, colons and what argparse puts after a slash.
std::string argument_in(std::string_view rest) {
  const auto start = rest.find_first_not_of(" \t:\"'`=");
  if (start == std::string_view::npos) return {};
  rest.remove_prefix(start);
  const auto word = rest.substr(0, std::min(rest.find_first_of(" \t:\"'`,/="), rest.size()));
  return cut(printable(word), 100);
}

}  // namespace

std::string telling_line(std::string_view log) {
  std::string found;
  from_the_end(log, [&](std::string_view line) {
    const bool tells = line.find("Error") != std::string_view::npos ||
                       base::to_lower(line).find("failed") != std::string::npos;
    if (tells) found = cut(std::string(base::trim(printable(line))), 200);
    return !found.empty();
  });
  return found;
}

std::optional<std::string> refused_flag(std::string_view log) {
  std::optional<std::string> flag;
  from_the_end(log, [&](std::string_view line) {
    // A kernel launch that fails says "invalid argument" too.
    if (line.find("CUDA error") != std::string_view::npos) return false;
    for (const auto refusal : refusals) {
      const auto at = line.find(refusal);
      if (at == std::string_view::npos) continue;
      flag = argument_in(line.substr(at + refusal.size()));
      return true;
    }
    return false;
  });
  return flag;
}

}  // namespace autotuner::engine
