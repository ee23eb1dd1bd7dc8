#include <fmt/format.h>

#include "base/text.hpp"
#include "engine/command_line.hpp"

namespace autotuner::engine {
namespace {

struct Rules {
  std::string_view punctuation;  ///< allowed beside letters and digits
  std::size_t limit;
};

Rules rules_of(NameProfile profile) {
  switch (profile) {
    case NameProfile::container:
      return {"._-", 128};
    case NameProfile::local:
      return {"_-", 128};
    // Leaves room for "-engine" in the 63 characters of a service name and label value.
    case NameProfile::k8s:
      return {"-", 50};
  }
  return {"-", 50};
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

std::string stripped(std::string text) {
  while (!text.empty() && !is_alphanumeric(text.back())) text.pop_back();
  std::size_t start = 0;
  while (start < text.size() && !is_alphanumeric(text[start])) ++start;
  return text.substr(start);
}

/// Allowed characters only, without the length limit.
std::string cleaned(std::string_view text, NameProfile profile) {
  const auto rules = rules_of(profile);
  std::string name;
  for (const char c : base::to_lower(text)) {
    const char kept = is_alphanumeric(c) || rules.punctuation.find(c) != std::string_view::npos ? c : '-';
    if (kept == '-' && name.ends_with('-')) continue;
    name += kept;
  }
  name = stripped(std::move(name));
  if (name.empty()) name = "task";
  if (profile == NameProfile::k8s && name.front() <= '9') name = "task-" + name;
  return name;
}

/// `original` makes names apart that are equal up to the limit.
std::string limited(std::string name, std::string_view original, NameProfile profile) {
  const auto limit = rules_of(profile).limit;
  if (name.size() <= limit) return name;
  return stripped(name.substr(0, limit - 9)) + "-" + base::sha256_hex(original).substr(0, 8);
}

}  // namespace

std::string sanitize_name(std::string_view text, NameProfile profile) {
  return limited(cleaned(text, profile), text, profile);
}

std::string service_name(std::string_view name_space, std::string_view task, int experiment,
                         NameProfile profile) {
  const auto original = name_space.empty() ? fmt::format("{}-exp{}", task, experiment)
                                           : fmt::format("{}-{}-exp{}", name_space, task, experiment);
  auto name = cleaned(task, profile);
  if (!name_space.empty()) name = cleaned(name_space, profile) + "-" + name;
  return limited(fmt::format("{}-exp{}", name, experiment), original, profile);
}

}  // namespace autotuner::engine
