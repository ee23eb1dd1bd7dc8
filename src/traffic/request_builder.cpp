#include "traffic/request_builder.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "traffic/corpus.hpp"

namespace autotuner::traffic {
namespace {

using base::Json;
using base::Random;

/// Tokens of the four hex digits between a shared prefix and what is a request's own.
constexpr int separator_tokens = 3;

std::string json_text(std::string_view text) {
  return base::to_compact_text(Json(text));
}

/// All of a request but its prompt and its length.
class Envelope {
 public:
  static base::Result<Envelope> make(const RequestRecipe& recipe) {
    const auto& workload = recipe.workload;
    const auto additional =
        base::parse_json(workload.additional_params.empty() ? "{}" : workload.additional_params);
    if (!additional || !additional->is_object()) {
      return base::invalid_input("additional_params: must be a JSON object, is '{}'",
                                 workload.additional_params);
    }
    Envelope envelope;
    envelope.chat_ = workload.api == load::Api::chat;
    const auto& url = recipe.control.endpoint.url;
    envelope.head_ = fmt::format(
        "POST {}{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: autotuner\r\nAccept: text/event-stream\r\n"
        "Content-Type: application/json\r\nAuthorization: {}\r\n",
        url.base, envelope.chat_ ? "/v1/chat/completions" : "/v1/completions", url.authority(),
        recipe.control.authorization());
    envelope.opening_ = R"({"model":)" + json_text(recipe.control.model);
    const auto system_message = base::text_at(*additional, "system_message");
    if (envelope.chat_) {
      envelope.opening_ += R"(,"messages":[)";
      if (system_message)
        envelope.opening_ += R"({"role":"system","content":)" + json_text(*system_message) + "},";
      envelope.opening_ += R"({"role":"user","content":)";
    } else {
      envelope.opening_ += R"(,"prompt":)";
    }
    Json rest{{"temperature", 0.0}};
    if (workload.ignore_eos && recipe.scenario.kind() != load::ScenarioKind::dataset)
      rest["ignore_eos"] = true;
    for (const auto& [key, value] : additional->items()) {
      if (key != "system_message") rest[key] = value;
    }
    // what is measured is the stream, and its length is the scenario's
    rest["stream"] = true;
    rest["stream_options"] = Json{{"include_usage", true}};
    if (recipe.scenario.kind() != load::ScenarioKind::dataset) rest.erase("max_tokens");
    envelope.closing_ = (envelope.chat_ ? "}]," : ",") + base::to_compact_text(rest).substr(1);
    return envelope;
  }

  PreparedRequest wrap(std::string_view prompt_json, load::Lengths lengths) const {
    std::string body = opening_;
    body.append(prompt_json);
    body.append(closing_);
    if (lengths.output > 0) {
      body.pop_back();
      body += fmt::format(R"(,"max_tokens":{}}})", lengths.output);
    }
    PreparedRequest request;
    request.bytes = fmt::format("{}Content-Length: {}\r\n\r\n{}", head_, body.size(), body);
    request.input_tokens = lengths.input;
    request.output_tokens = lengths.output;
    return request;
  }

 private:
  bool chat_ = true;
  std::string head_;
  std::string opening_;
  std::string closing_;
};

/// Draws text of a wanted number of words from the data set's prompts or from our vocabulary.
class TextSource {
 public:
  TextSource(const TokenFit& fit, const std::vector<std::string>& lines) : fit_(fit) {
    for (const auto& line : lines) {
      auto words = words_of(line);
      if (!words.empty()) lines_.push_back(std::move(words));
    }
  }

  std::string words(int count, Random& random) const {
    if (lines_.empty()) return random_words(fit_.vocabulary, count, random);
    std::string text;
    for (int left = count; left > 0;) {
      const auto& line =
          lines_[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(lines_.size()) - 1))];
      const auto taken = std::min<std::size_t>(line.size(), static_cast<std::size_t>(left));
      for (std::size_t i = 0; i < taken; ++i) {
        if (!text.empty()) text += ' ';
        text += line[i];
      }
      left -= static_cast<int>(taken);
    }
    return text;
  }

 private:
  static std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
      const auto end = std::min(line.find_first_of(" \t\r\n"), line.size());
      if (end > 0) words.push_back(line.substr(0, end));
      line.remove_prefix(std::min(end + 1, line.size()));
    }
    return words;
  }

  const TokenFit& fit_;
  std::vector<std::vector<std::string_view>> lines_;
};

int prefix_tokens(const load::Workload& workload, const load::Lengths& lengths) {
  if (workload.prefix_len) return *workload.prefix_len;
  if (workload.prefix_ratio) return static_cast<int>(std::trunc(lengths.input * *workload.prefix_ratio));
  return 0;
}

std::string hex4(Random& random) {
  return fmt::format("{:04x}", random.integer(0, 0xFFFF));
}

std::uint64_t stream_of(const RequestRecipe& recipe, std::string_view purpose, std::uint64_t index) {
  return base::stable_hash(fmt::format("{}|{}|{}|{}|{}|{}", purpose, recipe.prompt_stream,
                                       recipe.scenario.text(), load::to_text(recipe.level), recipe.pass,
                                       index));
}

/// Prompts with a wanted number of tokens.
class PromptMaker {
 public:
  explicit PromptMaker(const RequestRecipe& recipe) : recipe_(recipe), source_(recipe.fit, recipe.dataset) {}

  std::string json(std::uint64_t index, const load::Lengths& lengths) const {
    Random own(recipe_.workload.seed, stream_of(recipe_, "prompt", index));
    Random shared(recipe_.workload.seed, stream_of(recipe_, "prefix", 0));
    const int prefix = std::min(prefix_tokens(recipe_.workload, lengths), lengths.input);
    if (recipe_.token_ids && !recipe_.fit.ids.empty()) {
      Json ids = Json::array();
      for (int i = 0; i < lengths.input; ++i) ids.push_back(draw_id(i < prefix ? shared : own));
      return base::to_compact_text(ids);
    }
    if (prefix == 0) return json_text(source_.words(recipe_.fit.words_for(lengths.input), own));
    const auto words_of = [this](int tokens) {
      return std::max(0, static_cast<int>(std::lround(tokens / recipe_.fit.per_word)));
    };
    const int rest = std::max(0, lengths.input - prefix - separator_tokens);
    return json_text(source_.words(words_of(prefix), shared) + " " + hex4(own) + " " +
                     source_.words(words_of(rest), own));
  }

 private:
  int draw_id(Random& random) const {
    const auto& ids = recipe_.fit.ids;
    return ids[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(ids.size()) - 1))];
  }

  const RequestRecipe& recipe_;
  TextSource source_;
};

std::vector<std::size_t> shuffled(std::size_t size, Random random) {
  std::vector<std::size_t> order(size);
  for (std::size_t i = 0; i < size; ++i) order[i] = i;
  for (std::size_t i = size; i > 1; --i) {
    std::swap(order[i - 1],
              order[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(i) - 1))]);
  }
  return order;
}

base::Result<std::vector<PreparedRequest>> raw_prompts(const RequestRecipe& recipe, const Envelope& envelope,
                                                       int count, int longest_output) {
  if (recipe.dataset.empty()) return base::invalid_input("scenario 'dataset' needs dataset_url");
  // the same order for every experiment: a data set's lines can't be made to differ, so at least they are
  // comparable
  const auto name = "dataset|" + load::to_text(recipe.level);
  const auto order = shuffled(recipe.dataset.size(), Random(recipe.workload.seed, base::stable_hash(name)));
  std::vector<PreparedRequest> requests;
  for (int i = 0; i < count; ++i) {
    const auto& prompt = recipe.dataset[order[static_cast<std::size_t>(i) % order.size()]];
    requests.push_back(envelope.wrap(json_text(prompt), {0, longest_output}));
  }
  return requests;
}

}  // namespace

base::Result<void> check_prefix(const load::Workload& workload, const load::Scenario& scenario) {
  if (workload.prefix_ratio && scenario.kind() != load::ScenarioKind::deterministic) {
    return base::invalid_input("prefix_ratio needs D(i,o) scenarios; '{}' is none", scenario.text());
  }
  if (workload.prefix_len && scenario.kind() == load::ScenarioKind::deterministic &&
      *workload.prefix_len > scenario.longest().input) {
    return base::invalid_input("prefix_len is {}; the input of {} has {} tokens", *workload.prefix_len,
                               scenario.text(), scenario.longest().input);
  }
  return {};
}

base::Result<std::vector<PreparedRequest>> build_requests(const RequestRecipe& recipe, int count,
                                                          int longest_output) {
  const auto envelope = Envelope::make(recipe);
  if (!envelope) return tl::unexpected(envelope.error());
  if (const auto fits = check_prefix(recipe.workload, recipe.scenario); !fits)
    return tl::unexpected(fits.error());
  if (recipe.scenario.kind() == load::ScenarioKind::dataset)
    return raw_prompts(recipe, *envelope, count, longest_output);

  const auto name = "lengths|" + recipe.scenario.text() + "|" + load::to_text(recipe.level);
  Random draw(recipe.workload.seed, base::stable_hash(name));
  const PromptMaker maker(recipe);
  std::vector<PreparedRequest> requests;
  requests.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    auto lengths = recipe.scenario.sample(draw);
    if (longest_output > 0) lengths.output = std::min(lengths.output, longest_output);
    requests.push_back(envelope->wrap(maker.json(static_cast<std::uint64_t>(i), lengths), lengths));
  }
  return requests;
}

}  // namespace autotuner::traffic
