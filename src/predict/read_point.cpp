#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/text.hpp"
#include "predict/deployment.hpp"
#include "predict/fact_reader.hpp"
#include "predict/meaning.hpp"

namespace autotuner::predict {
namespace {

/// A reading under way: what only makes sense together is settled at the end.
struct Draft {
  PointReading reading{};
  double data_parallel = 0, gpus = 0, batch_size = 0;
  bool shares_data_parallel = false, has_concurrency = false;
};

using Value = space::Value;

const std::string* text(const Value& value) {
  return std::get_if<std::string>(&value.variant());
}

std::optional<double> number(const Value& value) {
  if (const auto plain = value.as_number()) return plain;
  const auto* written = text(value);
  return written == nullptr ? std::nullopt : base::to_number(base::trim(*written));
}

/// Whole numbers from 1; larger ones than any installation has count as that.
void read_count(double& target, const Value& value, double most = 1e6) {
  const auto count = usable(number(value));
  if (count && *count >= 1) target = std::min(std::floor(*count), most);
}

void read_size(double& target, const Value& value) {
  read_count(target, value, 1e9);
}

void read_group(double& target, const Value& value) {
  read_count(target, value, 4096);
}

std::optional<bool> flag(const Value& value) {
  if (const auto plain = value.as_bool()) return plain;
  const auto* written = text(value);
  if (written == nullptr) return std::nullopt;
  if (*written == "true") return true;
  return *written == "false" ? std::optional(false) : std::nullopt;
}

void read_switch(bool& target, const Value& value, bool when_on = true) {
  if (const auto on = flag(value)) target = *on == when_on;
}

void read_fraction(double& target, const Value& value) {
  const auto fraction = usable(number(value));
  if (fraction && *fraction <= 1) target = *fraction;
}

void read_format(NumberFormat& target, const Value& value) {
  if (const auto* word = text(value)) target = find_format(*word).value_or(target);
}

/// Splitting prompts is off with a chunk below 1.
void read_chunk(Deployment& deployment, const Value& value) {
  const auto tokens = number(value);
  if (!tokens || !std::isfinite(*tokens)) return;
  deployment.chunked_prefill = *tokens >= 1;
  if (*tokens >= 1) read_size(deployment.token_budget, value);
}

void read_graph_size(Deployment& deployment, const Value& value) {
  const auto size = number(value);
  if (size && *size >= 0 && *size <= 1e6) deployment.graph_size = std::floor(*size);
}

void read_load(Draft& draft, Meaning meaning, const Value& value) {
  auto& load = draft.reading.load;
  if (meaning == Meaning::concurrency) {
    read_size(load.concurrency, value);
    draft.has_concurrency = load.concurrency >= 1;
  } else if (meaning == Meaning::batch_size) {
    read_size(draft.batch_size, value);
  } else if (meaning == Meaning::max_model_len) {
    read_size(load.max_model_len, value);
  } else {
    read_size(meaning == Meaning::input_tokens ? load.input_tokens : load.output_tokens, value);
  }
}

void read(Draft& draft, Meaning meaning, const Value& value) {
  auto& to = draft.reading.deployment;
  switch (meaning) {
    case Meaning::tensor_parallel:
      return read_group(to.tensor_parallel, value);
    case Meaning::pipeline_parallel:
      return read_group(to.pipeline_parallel, value);
    case Meaning::data_parallel:
      return read_group(draft.data_parallel, value);
    case Meaning::attention_data_parallel:
      return read_group(to.attention_data_parallel, value);
    case Meaning::share_data_parallel:
      return read_switch(draft.shares_data_parallel, value);
    case Meaning::expert_parallel:
    case Meaning::expert_tensor_parallel:
    case Meaning::expert_parallel_on:
      return;  // every layout keeps an equal share of the experts on each GPU
    case Meaning::weight_format:
      return read_format(to.weights, value);
    case Meaning::cache_format:
      return read_format(to.cache, value);
    case Meaning::max_sequences:
      return read_count(to.max_sequences, value);
    case Meaning::token_budget:
      return read_size(to.token_budget, value);
    case Meaning::chunked_prefill:
      return read_switch(to.chunked_prefill, value);
    case Meaning::prefill_chunk:
      return read_chunk(to, value);
    case Meaning::prefix_caching:
      return read_switch(to.prefix_caching, value);
    case Meaning::no_prefix_caching:
      return read_switch(to.prefix_caching, value, false);
    case Meaning::memory_fraction:
      to.fraction_of_free = false;
      return read_fraction(to.memory_fraction, value);
    case Meaning::free_fraction:
      to.fraction_of_free = true;
      return read_fraction(to.memory_fraction, value);
    case Meaning::graph_size:
      return read_graph_size(to, value);
    case Meaning::no_graphs:
      if (flag(value).value_or(false)) to.graph_size = 0;
      return;
    case Meaning::async_scheduling:
      return read_switch(to.async_scheduling, value);
    case Meaning::no_async_scheduling:
      return read_switch(to.async_scheduling, value, false);
    case Meaning::cache_tokens:
      return read_size(to.cache_tokens, value);
    case Meaning::layers_on_gpu:
      to.on_cpu = number(value) == 0.0;
      return;
    case Meaning::gpus:
      return read_group(draft.gpus, value);
    case Meaning::concurrency:
    case Meaning::batch_size:
    case Meaning::max_model_len:
    case Meaning::input_tokens:
    case Meaning::output_tokens:
      return read_load(draft, meaning, value);
    case Meaning::device:
      if (const auto* name = text(value)) draft.reading.device = *name;
      return;
    case Meaning::engine:
      return;  // read first
  }
}

/// `gpus` and data parallelism into groups and replicas.
void settle_layout(Draft& draft, double shared_gpus) {
  auto& to = draft.reading.deployment;
  if (draft.shares_data_parallel && draft.data_parallel > 1) {
    // SGLang splits the tensor-parallel GPUs into so many attention groups.
    const double groups = std::min(draft.data_parallel, to.tensor_parallel);
    to.attention_data_parallel = groups;
    to.tensor_parallel = std::max(1.0, std::floor(to.tensor_parallel / groups));
    draft.data_parallel = 0;
  }
  if (draft.gpus > 0) {
    // A point that only counts its GPUs spreads one model over them.
    if (gpus_per_replica(to) == 1) to.tensor_parallel = draft.gpus;
    shared_gpus = draft.gpus;
  }
  if (to.engine == Engine::llamacpp) {
    // It splits by layers unless told otherwise: GPUs take turns.
    to.pipeline_parallel = std::max(to.pipeline_parallel, std::exchange(to.tensor_parallel, 1));
  }
  if (draft.data_parallel > 0) {
    to.replicas = draft.data_parallel;
  } else if (shared_gpus > 0) {
    to.replicas = std::max(1.0, std::floor(shared_gpus / gpus_per_replica(to)));
  }
}

/// Of the same name: a batch of requests in offline benchmarks, tokens of one step with llama.cpp.
void settle_batch(Draft& draft, bool load_known) {
  if (draft.batch_size <= 0) return;
  auto& [to, load, device] = draft.reading;
  if (to.engine == Engine::llamacpp && (load_known || draft.has_concurrency)) {
    to.token_budget = draft.batch_size;
  } else if (!draft.has_concurrency) {
    load.concurrency = draft.batch_size;
    to.max_sequences = std::max(to.max_sequences, draft.batch_size);
  }
}

}  // namespace

PointReading read_point(const space::Point& point, const Setting& setting) {
  Draft draft{.reading = {.deployment = setting.base, .load = setting.load}};
  std::array<std::pair<Meaning, const Value*>, 64> known;
  std::size_t count = 0;
  for (const auto& [name, value] : point) {
    const auto meaning = value.is_null() ? std::nullopt : find_meaning(name);
    if (!meaning || count == known.size()) continue;
    known[count++] = {*meaning, &value};
    if (const auto* engine = text(value); *meaning == Meaning::engine && engine != nullptr) {
      auto& to = draft.reading.deployment;
      to = engine_defaults(find_engine(*engine));
      to.weights = setting.base.weights;
      to.cache = setting.base.cache;
    }
  }
  for (std::size_t i = 0; i < count; ++i) read(draft, known[i].first, *known[i].second);
  settle_layout(draft, setting.gpus);
  settle_batch(draft, setting.load.concurrency > 0);
  return draft.reading;
}

}  // namespace autotuner::predict
