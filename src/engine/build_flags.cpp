#include "engine/build_flags.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace autotuner::engine {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.';
}

bool is_on(const space::Point& flags, std::string_view name) {
  const auto* value = flags.find(name);
  return value != nullptr && value->as_bool() == true;
}

/// Whether the help shows words behind --flash-attn: "[on|off|auto]" in newer builds, nothing in older ones.
bool takes_a_word(std::string_view help, std::string_view flag) {
  const auto at = help.find(flag);
  if (at == std::string_view::npos) return true;
  const auto rest = help.substr(at + flag.size(), help.substr(at).find('\n'));
  return rest.starts_with(" [") || rest.starts_with(" {") || rest.starts_with(" <");
}

void use_load_mode(space::Point& flags, std::vector<std::string>& notes) {
  if (!flags.contains("no-mmap") && !flags.contains("mlock")) return;
  const bool unmapped = is_on(flags, "no-mmap");
  const bool locked = is_on(flags, "mlock");
  flags.erase("no-mmap");
  flags.erase("mlock");
  if ((!unmapped && !locked) || flags.contains("load-mode")) return;
  const auto* mode = unmapped && locked ? "mlock" : unmapped ? "none" : "mmap+mlock";
  flags.set("load-mode", mode);
  notes.push_back(fmt::format("no-mmap and mlock are load-mode {} on this build", mode));
}

void use_bare_flash_attention(space::Point& flags, std::vector<std::string>& notes) {
  const auto* value = flags.find("flash-attn");
  if (value == nullptr) return;
  const bool on = value->as_text() == "on";
  if (on) {
    flags.set("flash-attn", true);
  } else {
    flags.erase("flash-attn");
  }
  notes.push_back(
      fmt::format("flash-attn is a switch without a word on this build: {}", on ? "given" : "left out"));
}

}  // namespace

std::set<std::string> flags_in_help(std::string_view help) {
  std::set<std::string> names;
  for (auto at = help.find("--"); at != std::string_view::npos; at = help.find("--", at)) {
    const bool starts_word = at == 0 || !is_name_character(help[at - 1]);
    at += 2;
    const auto start = at;
    while (at < help.size() && is_name_character(help[at])) ++at;
    auto name = help.substr(start, at - start);
    while (name.ends_with('.') || name.ends_with('-')) name.remove_suffix(1);
    if (starts_word && !name.empty() && name.front() != '-') names.emplace(name);
  }
  return names;
}

space::Point adapted_to_build(const space::Point& flags, RuntimeId runtime, std::string_view help,
                              std::vector<std::string>& notes) {
  auto adapted = flags;
  const auto known = flags_in_help(help);
  if (runtime != RuntimeId::llamacpp || known.empty()) return adapted;
  if (known.contains("load-mode")) use_load_mode(adapted, notes);
  if (known.contains("flash-attn") && !takes_a_word(help, "--flash-attn"))
    use_bare_flash_attention(adapted, notes);
  return adapted;
}

std::vector<std::string> unknown_to_build(const space::Point& flags, std::string_view help) {
  const auto known = flags_in_help(help);
  std::vector<std::string> unknown;
  for (const auto& [name, value] : flags) {
    if (!known.empty() && !name.starts_with("__") && !known.contains(name)) unknown.push_back(name);
  }
  return unknown;
}

}  // namespace autotuner::engine
