#include "traffic/native_load_runner.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/random.hpp"
#include "traffic/corpus.hpp"
#include "traffic/load_session.hpp"

namespace autotuner::traffic {
namespace {

/// Up to `count` words of the data set's prompts, drawn line by line.
std::pair<std::string, int> dataset_sample(const std::vector<std::string>& lines, int count) {
  base::Random random(7);
  std::string text;
  int words = 0;
  for (int tries = 0; words < count && tries < count; ++tries) {
    const auto& line =
        lines[static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(lines.size()) - 1))];
    bool inside = false;
    for (const char c : line) {
      const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
      if (!blank && !inside) {
        if (words == count) break;
        if (words > 0) text += ' ';
        ++words;
      }
      if (!blank) text += c;
      inside = !blank;
    }
  }
  return {std::move(text), words};
}

std::pair<std::string, int> sample(const std::vector<std::string>& dataset, int words) {
  if (!dataset.empty()) return dataset_sample(dataset, words);
  base::Random random(7);
  return {random_words(common_words(), words, random), words};
}

/// The server tells the tokens of a request only: two requests of different length tell what a word costs.
TokenFit fit_by_requests(const Control& control, bool chat, const std::vector<std::string>& dataset,
                         const std::stop_token& stop) {
  const auto [few_text, few] = sample(dataset, 50);
  const auto few_tokens = reported_prompt_tokens(control, chat, few_text, stop);
  for (const int words : {600, 200}) {
    const auto [many_text, many] = sample(dataset, words);
    const auto many_tokens = reported_prompt_tokens(control, chat, many_text, stop);
    if (few_tokens && many_tokens) return fit_by_usage(few, *few_tokens, many, *many_tokens, common_words());
  }
  return fit_by_usage(0, 0, 0, 0, common_words());
}

/// True when a fit found on another server of the same name predicts this one's count.
bool still_fits(const TokenFit& fit, const TokenCounter& count) {
  constexpr int words = 300;
  base::Random random(3);
  const auto counted = count(random_words(fit.vocabulary, words, random));
  return counted && std::abs(counted->count - (fit.base + fit.per_word * words)) <= 0.005 * words + 1;
}

}  // namespace

NativeLoadRunner::NativeLoadRunner(boost::asio::thread_pool& pool, NativeOptions options)
    : pool_(pool), options_(std::move(options)) {}

base::Awaitable<tuning::LoadResult> NativeLoadRunner::run(tuning::LoadRequest request,
                                                          tuning::RunningEngine* engine, std::stop_token stop,
                                                          tuning::LoadWatcher watcher) {
  auto work = [this, &request, engine, &stop, &watcher] {
    return run_blocking(request, engine, stop, watcher);
  };
  co_return co_await base::run_blocking(pool_, work);
}

tuning::LoadResult NativeLoadRunner::run_blocking(const tuning::LoadRequest& request,
                                                  tuning::RunningEngine* engine, std::stop_token stop,
                                                  const tuning::LoadWatcher& watcher) {
  const auto find_fit = [this, &request, &stop](
                            const Control& control,
                            const std::vector<std::string>& dataset) -> base::Result<TokenFit> {
    const TokenCounter count = [&control, &stop](std::string_view text) {
      return tokenize(control, text, stop);
    };
    const bool chat = request.workload.api == load::Api::chat;
    if (!dataset.empty()) {
      const auto [few_text, few] = sample(dataset, 100);
      const auto [many_text, many] = sample(dataset, 3000);
      const auto few_tokens = count(few_text);
      const auto many_tokens = few_tokens ? count(many_text) : few_tokens;
      if (many_tokens) return fit_by_usage(few, few_tokens->count, many, many_tokens->count, common_words());
      return fit_by_requests(control, chat, dataset, stop);
    }
    const auto key = fmt::format("{}|{}|{}", engine::runtime(request.runtime).key, request.task_name,
                                 request.workload.model_tokenizer);
    std::optional<TokenFit> known;
    {
      const std::scoped_lock lock(mutex_);
      if (const auto found = fits_.find(key); found != fits_.end()) known = found->second;
    }
    if (known && known->source == "tokenize" && still_fits(*known, count)) return std::move(*known);
    auto fit = fit_by_counting(count, common_words());
    if (!fit) fit = fit_by_requests(control, chat, dataset, stop);
    const std::scoped_lock lock(mutex_);
    fits_.insert_or_assign(key, *fit);
    return fit;
  };
  try {
    return LoadSession(request, engine, std::move(stop), watcher, options_, find_fit).run();
  } catch (const std::exception& error) {
    tuning::LoadResult result;
    result.failure = engine::Failure{.code = engine::FailureCode::internal,
                                     .cls = engine::FailureClass::other,
                                     .message = fmt::format("load generator: {}", error.what())};
    return result;
  }
}

}  // namespace autotuner::traffic
