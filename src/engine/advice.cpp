#include "engine/advice.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"

namespace autotuner::engine {
namespace {

/// On which hardware a row counts.
enum class When { always, on_cpu, on_gpu, on_several_gpus, on_fp8_gpu };

/// Where a row's values come from.
enum class Range {
  words,         ///< as written in the row
  cores,         ///< parts of the cores, never more than there are
  slots,         ///< 1 up to the streams of the workload, by powers of two
  streams,       ///< a quarter, a half and all of the streams
  gpus,          ///< powers of two up to the GPUs
  micro_batch,   ///< as written for short requests, larger for long ones
  context,       ///< the longest request
  slot_context,  ///< the longest request in every slot at once
};

struct Row {
  RuntimeId runtime;
  std::string_view name;
  When when;
  Range range;
  std::string_view words;
  std::string_view reason;  ///< {cores}, {streams}, {gpus}, {context} are filled in
};

constexpr auto llamacpp = RuntimeId::llamacpp;
constexpr auto vllm = RuntimeId::vllm;
constexpr auto sglang = RuntimeId::sglang;
constexpr auto tensorrt = RuntimeId::tensorrt_llm;
constexpr auto sim = RuntimeId::sim;

constexpr std::string_view fp8_cache_reason =
    "an FP8 cache holds twice the tokens on this GPU, so more requests run at once; it changes the numerics";

// Most important first.
constexpr Row tuning_rows[] = {
    {llamacpp, "parallel", When::always, Range::slots, "",
     "requests served at a time: few finish each token sooner, many keep {streams} streams from queueing"},
    {llamacpp, "threads", When::on_cpu, Range::cores, "",
     "there are {cores} cores; more threads than cores slow every token down, fewer leave room for the "
     "client"},
    {llamacpp, "ubatch-size", When::on_cpu, Range::micro_batch, "16 64 512",
     "prompt tokens per step: small steps answer first tokens sooner, large ones read long prompts faster"},
    {llamacpp, "ubatch-size", When::on_gpu, Range::words, "256 512 1024 2048",
     "prompt tokens per step: a GPU needs large steps to be busy, but they hold up running answers"},
    {llamacpp, "flash-attn", When::on_gpu, Range::words, "on off",
     "flash attention saves memory traffic; which is faster depends on GPU and model"},

    {vllm, "tensor-parallel-size", When::on_several_gpus, Range::gpus, "",
     "{gpus} GPUs: splitting the model shortens each token, separate engines serve more requests"},
    {vllm, "max-num-seqs", When::always, Range::streams, "",
     "sequences per step: {streams} streams can't fill more; fewer make tokens faster and the queue longer"},
    {vllm, "max-num-batched-tokens", When::on_gpu, Range::words, "2048 8192 16384",
     "tokens per step: more read prompts faster, fewer keep running answers even"},
    {vllm, "max-num-batched-tokens", When::on_cpu, Range::words, "256 1024 4096",
     "tokens per step: a CPU reads few at a time, and long steps hold up running answers"},
    {vllm, "kv-cache-dtype", When::on_fp8_gpu, Range::words, "auto fp8", fp8_cache_reason},
    {vllm, "gpu-memory-utilization", When::on_gpu, Range::words, "0.9 0.95",
     "memory that the weights leave becomes KV cache: more room for requests, less reserve"},

    {sglang, "tp-size", When::on_several_gpus, Range::gpus, "",
     "{gpus} GPUs: splitting the model shortens each token, separate engines serve more requests"},
    {sglang, "max-running-requests", When::always, Range::streams, "",
     "requests per step: {streams} streams can't fill more; fewer make tokens faster and the queue longer"},
    {sglang, "chunked-prefill-size", When::on_gpu, Range::words, "2048 4096 8192",
     "prompt tokens per step: more read prompts faster, fewer keep running answers even"},
    {sglang, "schedule-conservativeness", When::on_gpu, Range::words, "0.3 0.8 1.0",
     "how much room is kept for answers that grow: low values fill the GPU, at the risk of starting over"},
    {sglang, "attention-backend", When::on_gpu, Range::words, "flashinfer triton",
     "attention kernels differ by GPU, model and length"},
    {sglang, "kv-cache-dtype", When::on_fp8_gpu, Range::words, "auto fp8_e5m2", fp8_cache_reason},
    {sglang, "mem-fraction-static", When::on_gpu, Range::words, "0.82 0.88",
     "memory for weights and KV cache: more room for requests, less for large prompts"},

    {tensorrt, "tp_size", When::on_several_gpus, Range::gpus, "",
     "{gpus} GPUs: splitting the model shortens each token, separate engines serve more requests"},
    {tensorrt, "max_batch_size", When::always, Range::streams, "",
     "requests per step: {streams} streams can't fill more; fewer make tokens faster and the queue longer"},
    {tensorrt, "max_num_tokens", When::on_gpu, Range::words, "2048 8192 16384",
     "tokens per step: more read prompts faster, fewer keep running answers even"},
    {tensorrt, "enable_chunked_prefill", When::on_gpu, Range::words, "true false",
     "long prompts in pieces keep running answers even, whole ones start sooner"},
    {tensorrt, "kv_cache_free_gpu_memory_fraction", When::on_gpu, Range::words, "0.85 0.9 0.95",
     "share of the free memory for the KV cache: more room for requests, less reserve"},

    {sim, "tensor-parallel-size", When::always, Range::words, "1 2 4",
     "simulated GPUs: more of them shorten each token at falling gain per GPU"},
    {sim, "max-num-seqs", When::always, Range::streams, "",
     "sequences per step: {streams} streams can't fill more; fewer make tokens faster and the queue longer"},
    {sim, "max-num-batched-tokens", When::always, Range::words, "512 2048 8192",
     "tokens per step: more read prompts faster, fewer keep running answers even"},
    {sim, "kv-cache-dtype", When::always, Range::words, "auto fp8",
     "an FP8 cache holds twice the tokens, so more requests run at once"},
};

constexpr Row fixed_rows[] = {
    {llamacpp, "ctx-size", When::always, Range::slot_context, "",
     "the context is shared out to the slots: {streams} times {context} tokens, the longest request, rounded "
     "up"},
    {vllm, "max-model-len", When::always, Range::context, "",
     "no request is longer than {context} tokens, so no memory is kept for longer ones"},
    {sglang, "context-length", When::always, Range::context, "",
     "no request is longer than {context} tokens, so no memory is kept for longer ones"},
    {tensorrt, "max_seq_len", When::always, Range::context, "",
     "no request is longer than {context} tokens, so no memory is kept for longer ones"},
    {sim, "max-model-len", When::always, Range::context, "",
     "no request is longer than {context} tokens, so no room is kept for longer ones"},
};

struct Situation {
  const Hardware& hardware;
  int streams;
  int longest;
};

/// GPUs that compute in FP8: Ada, Hopper, Blackwell.
bool has_fp8(std::string_view gpu) {
  constexpr std::array<std::string_view, 12> names = {"H100", "H200",  "H800", "H20", "GH200",  "B200",
                                                      "B300", "GB200", "L40",  "L4",  "RTX 40", "RTX 50"};
  return std::ranges::any_of(names,
                             [&](std::string_view name) { return gpu.find(name) != std::string_view::npos; });
}

bool counts(When when, const Hardware& hardware) {
  switch (when) {
    case When::always:
      return true;
    case When::on_cpu:
      return hardware.gpus == 0;
    case When::on_gpu:
      return hardware.gpus > 0;
    case When::on_several_gpus:
      return hardware.gpus > 1;
    case When::on_fp8_gpu:
      return hardware.gpus > 0 && has_fp8(hardware.gpu_name);
  }
  return false;
}

int rounded_up(std::int64_t value, int step) {
  constexpr std::int64_t most = 1 << 30;
  return static_cast<int>(std::min((value + step - 1) / step * step, most));
}

int power_of_two_from(int value) {
  int power = 1;
  while (power < value && power < (1 << 30)) power *= 2;
  return power;
}

std::vector<int> powers_up_to(int end) {
  std::vector<int> powers;
  for (int power = 1; power <= end && power < (1 << 30); power *= 2) powers.push_back(power);
  return powers;
}

/// 1 up to all streams; of more than four values the ones in between are thinned out.
std::vector<int> slots(int streams) {
  auto values = powers_up_to(streams);
  if (values.back() != streams) values.push_back(streams);
  while (values.size() > 4) {
    std::vector<int> fewer;
    // Counted from the end, so that all streams at once stays in.
    for (std::size_t i = (values.size() - 1) % 2; i < values.size(); i += 2) fewer.push_back(values[i]);
    if (fewer.front() != 1) fewer.insert(fewer.begin(), 1);
    values = std::move(fewer);
  }
  return values;
}

std::vector<int> parts_of(int cores) {
  if (cores < 8) return {std::max(cores / 2, 1), cores};
  return {cores / 2, cores * 3 / 4, cores};
}

space::Value value_of(const std::string& word) {
  if (word == "true" || word == "false") return word == "true";
  const auto number = base::to_number(word);
  if (!number) return word;
  return word.find('.') == std::string::npos ? space::Value(static_cast<std::int64_t>(*number))
                                             : space::Value(*number);
}

std::vector<space::Value> written(std::string_view words) {
  std::vector<space::Value> values;
  for (const auto& word : base::split(words, ' ')) values.push_back(value_of(word));
  return values;
}

std::vector<space::Value> distinct(const std::vector<int>& numbers) {
  std::vector<space::Value> values;
  for (const int number : numbers) {
    if (std::ranges::find(values, space::Value(number)) == values.end()) values.emplace_back(number);
  }
  return values;
}

std::vector<space::Value> values_of(const Row& row, const Situation& at) {
  constexpr int long_request = 1024;
  switch (row.range) {
    case Range::words:
      return written(row.words);
    case Range::cores:
      return distinct(parts_of(std::max(at.hardware.cores, 1)));
    case Range::slots:
      return distinct(slots(at.streams));
    case Range::streams: {
      const int all = power_of_two_from(at.streams);
      return distinct({std::max(all / 4, 1), std::max(all / 2, 1), all});
    }
    case Range::gpus:
      return distinct(powers_up_to(at.hardware.gpus));
    case Range::micro_batch:
      return written(at.longest > long_request ? "64 512 2048" : row.words);
    case Range::context:
      if (at.longest <= 0) return {};
      return {rounded_up(at.longest, 16)};
    case Range::slot_context:
      if (at.longest <= 0) return {};
      // llama-server rounds each slot to 256 tokens itself.
      return {rounded_up(std::int64_t{rounded_up(at.longest, 256)} * at.streams, 256)};
  }
  return {};
}

std::string filled_in(std::string_view reason, const Situation& at) {
  std::string text(reason);
  text = base::replace_all(text, "{cores}", std::to_string(at.hardware.cores));
  text = base::replace_all(text, "{streams}", std::to_string(at.streams));
  text = base::replace_all(text, "{gpus}", std::to_string(at.hardware.gpus));
  return base::replace_all(text, "{context}", std::to_string(at.longest));
}

std::vector<Advice> advise(std::span<const Row> rows, RuntimeId runtime, const Situation& at, bool varying) {
  std::vector<Advice> advice;
  for (const auto& row : rows) {
    if (row.runtime != runtime || !counts(row.when, at.hardware)) continue;
    auto values = values_of(row, at);
    if (values.empty() || (varying && values.size() < 2)) continue;
    advice.push_back(
        {.parameter = {.name = std::string(row.name), .domain = space::Choices{std::move(values)}},
         .reason = filled_in(row.reason, at)});
  }
  return advice;
}

}  // namespace

std::vector<Advice> worth_tuning(RuntimeId runtime, const Hardware& hardware, int max_concurrency,
                                 int longest_context) {
  return advise(tuning_rows, runtime, {hardware, std::max(max_concurrency, 1), longest_context}, true);
}

std::vector<Advice> fixed_settings(RuntimeId runtime, const Hardware& hardware, int max_concurrency,
                                   int longest_context) {
  return advise(fixed_rows, runtime, {hardware, std::max(max_concurrency, 1), longest_context}, false);
}

}  // namespace autotuner::engine
