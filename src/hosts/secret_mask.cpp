#include "hosts/secret_mask.hpp"

#include <algorithm>
#include <utility>

namespace autotuner::hosts {
namespace {

constexpr std::string_view mask = "***";
constexpr std::size_t telling_characters = 4;

}  // namespace

SecretMask::SecretMask(std::vector<std::string> values) : values_(std::move(values)) {
  std::erase(values_, std::string());
  std::ranges::stable_sort(values_, std::ranges::greater(), &std::string::size);
  for (const auto& value : values_) first_characters_ += value.front();
}

std::string SecretMask::pass(std::string_view piece) {
  if (values_.empty()) return std::string(piece);
  waiting_ += piece;
  const std::string_view text = waiting_;
  std::string passed;
  std::size_t at = 0;
  while (true) {
    const auto candidate = std::min(text.find_first_of(first_characters_, at), text.size());
    passed += text.substr(at, candidate - at);
    at = candidate;
    const auto left = text.substr(at);
    const auto begins = [left](const auto& value) {
      return value.size() > left.size() && value.starts_with(left);
    };
    if (std::ranges::any_of(values_, begins)) break;  // at the very end of the text, too: nothing is left
    const auto whole =
        std::ranges::find_if(values_, [left](const auto& value) { return left.starts_with(value); });
    if (whole == values_.end()) {
      passed += text[at++];
    } else {
      passed += mask;
      at += whole->size();
    }
  }
  waiting_.erase(0, at);
  return passed;
}

std::string SecretMask::rest() {
  auto text = std::exchange(waiting_, {});
  return text.size() >= telling_characters ? std::string(mask) : text;
}

}  // namespace autotuner::hosts
