#include "net/prometheus.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/text.hpp"

namespace autotuner::net {
namespace {

bool is_name_character(char c, bool first) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':';
  return letter || (!first && c >= '0' && c <= '9');
}

/// What is left of a line, read from its front.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip_blanks();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::string name() {
    skip_blanks();
    std::size_t length = 0;
    while (length < rest_.size() && is_name_character(rest_[length], length == 0)) ++length;
    std::string found(rest_.substr(0, length));
    rest_.remove_prefix(length);
    return found;
  }
  /// The text between quotes, escapes resolved; nothing without a closing quote.
  std::optional<std::string> quoted() {
    if (!take('"')) return std::nullopt;
    std::string value;
    for (std::size_t i = 0; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return value;
      }
      if (rest_[i] == '\\' && i + 1 < rest_.size()) {
        ++i;
        value += rest_[i] == 'n' ? '\n' : rest_[i];
      } else {
        value += rest_[i];
      }
    }
    return std::nullopt;
  }
  std::string_view word() {
    skip_blanks();
    const auto length = std::min(rest_.find_first_of(" \t"), rest_.size());
    const auto found = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return found;
  }

 private:
  std::string_view rest_;
};

std::optional<double> number(std::string_view word) {
  auto text = word;
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const auto lower = base::to_lower(text);
  double value = 0;
  if (lower == "inf" || lower == "infinity") {
    value = std::numeric_limits<double>::infinity();
  } else if (lower == "nan") {
    value = std::numeric_limits<double>::quiet_NaN();
  } else {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  }
  return negative ? -value : value;
}

bool read_labels(Cursor& cursor, std::map<std::string, std::string>& labels) {
  if (!cursor.take('{')) return true;
  while (!cursor.take('}')) {
    auto name = cursor.name();
    if (name.empty() || !cursor.take('=')) return false;
    auto value = cursor.quoted();
    if (!value) return false;
    labels.insert_or_assign(std::move(name), std::move(*value));
    if (!cursor.take(',')) return cursor.take('}');
  }
  return true;
}

std::optional<PrometheusSample> parse_line(std::string_view line) {
  Cursor cursor(line);
  PrometheusSample sample;
  sample.name = cursor.name();
  if (sample.name.empty() || !read_labels(cursor, sample.labels)) return std::nullopt;
  const auto value = number(cursor.word());
  if (!value) return std::nullopt;
  sample.value = *value;
  return sample;
}

}  // namespace

std::optional<double> PrometheusPage::sum(std::string_view name,
                                          const std::map<std::string, std::string>& labels) const {
  std::optional<double> total;
  for (const auto& sample : samples) {
    const bool fits = sample.name == name && std::ranges::all_of(labels, [&sample](const auto& wanted) {
                        const auto found = sample.labels.find(wanted.first);
                        return found != sample.labels.end() && found->second == wanted.second;
                      });
    if (fits) total = total.value_or(0) + sample.value;
  }
  return total;
}

PrometheusPage parse_prometheus(std::string_view text) {
  PrometheusPage page;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = base::trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    if (auto sample = parse_line(line))
      page.samples.push_back(std::move(*sample));
    else
      ++page.bad_lines;
  }
  return page;
}

}  // namespace autotuner::net
