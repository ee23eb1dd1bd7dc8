#include <algorithm>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/command_line.hpp"

namespace autotuner::engine {
namespace {

/// HF_TOKEN for hf-token: how environments spell a flag.
std::string variable_name(std::string_view name) {
  name.remove_prefix(std::min(name.find_first_not_of('-'), name.size()));
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(), [](char c) {
    if (c == '-') return '_';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return upper;
}

bool is_plain(char c) {
  const bool alphanumeric = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alphanumeric || std::string_view("_@%+=:,./-").find(c) != std::string_view::npos;
}

/// Whether `word` is what masked_command puts for the value of `flag`.
bool is_placeholder(std::string_view word, std::string_view flag) {
  return flag.starts_with("--") && is_secret_name(flag) && word == "$" + variable_name(flag);
}

/// A word of a launch command: placeholders stay expandable, everything else is literal.
std::string shell_word(std::string_view word, std::string_view flag) {
  if (is_placeholder(word, flag)) return "\"" + std::string(word) + "\"";
  const auto equals = word.find('=');
  if (equals != std::string_view::npos && is_placeholder(word.substr(equals + 1), word.substr(0, equals))) {
    return std::string(word.substr(0, equals + 1)) + "\"" + std::string(word.substr(equals + 1)) + "\"";
  }
  return shell_quote(word);
}

/// User-info of the next URL at or behind `from`: from its first character to the '@'.
struct UserInfo {
  std::size_t begin = 0, end = 0;
};
std::optional<UserInfo> next_user_info(std::string_view text, std::size_t from) {
  while (true) {
    const auto scheme = text.find("://", from);
    if (scheme == std::string_view::npos) return std::nullopt;
    const auto begin = scheme + 3;
    const auto end = std::min(text.find_first_of("/?# \t\r\n\"'<>,;", begin), text.size());
    const auto at = text.substr(begin, end - begin).rfind('@');
    if (at != std::string_view::npos) return UserInfo{begin, begin + at};
    from = std::max(end, begin);
  }
}

/// "user:password" of each URL in a text and the password alone, which programs print without the URL. A name
/// alone is an everyday word and hidden before an '@' only.
std::vector<std::string> passwords_in(std::string_view text) {
  std::vector<std::string> found;
  for (auto info = next_user_info(text, 0); info; info = next_user_info(text, info->end)) {
    const auto words = text.substr(info->begin, info->end - info->begin);
    const auto colon = words.find(':');
    found.emplace_back(colon == std::string_view::npos ? text.substr(info->begin, words.size() + 1) : words);
    if (colon != std::string_view::npos) found.emplace_back(words.substr(colon + 1));
  }
  return found;
}

}  // namespace

bool is_secret_name(std::string_view name) {
  const auto upper = variable_name(name);
  for (const auto* ending : {"TOKEN", "API_KEY", "SECRET", "PASSWORD"}) {
    if (upper.ends_with(ending)) return true;
  }
  return upper.find("SECRET_") != std::string::npos || upper.find("_SECRET") != std::string::npos;
}

space::Point masked(space::Point point, const std::string& mask) {
  const auto given = point;  // what changes has entries of its own from then on
  std::size_t at = 0;
  for (const auto& [name, value] : given) {
    if (is_secret_name(name) && !value.is_null()) point.set_at(at, mask);
    ++at;
  }
  return point;
}

std::vector<std::string> secret_values(const space::Point& flags,
                                       const std::map<std::string, std::string>& variables) {
  constexpr std::size_t least_characters = 4;
  std::vector<std::string> values;
  const auto add = [&values](const std::string& value) {
    if (value.size() >= least_characters && value != "true" && value != "false") values.push_back(value);
  };
  const auto add_passwords = [&](const std::string& text) {
    for (const auto& password : passwords_in(text)) add(password);
  };
  for (const auto& [name, value] : flags) {
    if (value.is_null()) continue;
    if (!is_secret_name(name)) {
      add_passwords(space::to_text(value));
      continue;
    }
    add(space::to_text(value));
    // A list reaches the command line as one word for each element.
    const auto json = space::to_json(value);
    if (!json.is_array()) continue;
    for (const auto& element : json)
      if (element.is_string()) add(element.get<std::string>());
  }
  for (const auto& [name, value] : variables) {
    if (is_secret_name(name))
      add(value);
    else
      add_passwords(value);
  }
  return values;
}

std::string masked(std::string text, const space::Point& flags,
                   const std::map<std::string, std::string>& variables) {
  for (const auto& value : secret_values(flags, variables))
    text = base::replace_all(std::move(text), value, "***");
  return text;
}

std::string mask_urls(std::string_view text) {
  std::string masked;
  std::size_t done = 0;
  for (auto info = next_user_info(text, 0); info; info = next_user_info(text, info->end)) {
    masked.append(text.substr(done, info->begin - done)).append("***");
    done = info->end;
  }
  return masked.append(text.substr(done));
}

std::vector<std::string> masked_command(const std::vector<std::string>& command) {
  std::vector<std::string> masked;
  std::string secret_flag;
  for (const auto& word : command) {
    const bool is_flag = word.starts_with("--");
    const auto equals = word.find('=');
    if (is_flag && equals != std::string::npos && is_secret_name(std::string_view(word).substr(0, equals))) {
      masked.push_back(word.substr(0, equals + 1) + "$" + variable_name(word.substr(0, equals)));
      secret_flag.clear();
    } else if (is_flag) {
      masked.push_back(mask_urls(word));
      secret_flag = is_secret_name(word) ? word : std::string();
    } else if (!secret_flag.empty()) {
      // Of several keys one stands for all.
      if (masked.back() != "$" + variable_name(secret_flag))
        masked.push_back("$" + variable_name(secret_flag));
    } else {
      masked.push_back(mask_urls(word));
    }
  }
  return masked;
}

std::string shell_quote(std::string_view word) {
  if (!word.empty() && std::ranges::all_of(word, is_plain)) return std::string(word);
  return "'" + base::replace_all(std::string(word), "'", "'\\''") + "'";
}

std::string shell_line(const std::map<std::string, std::string>& environment,
                       const std::vector<std::string>& command) {
  std::vector<std::string> words;
  words.reserve(environment.size() + command.size());
  for (const auto& [name, value] : environment) {
    words.push_back(is_secret_name(name) ? fmt::format("{}=\"${}\"", name, name)
                                         : fmt::format("{}={}", name, shell_quote(mask_urls(value))));
  }
  std::string_view flag;
  for (const auto& word : command) {
    words.push_back(shell_word(word, flag));
    if (word.starts_with("--")) flag = word;
  }
  return base::join(words, " ");
}

}  // namespace autotuner::engine
