#include "predict/estimate.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "predict/fact_reader.hpp"

namespace autotuner::predict {
namespace {

struct Metric {
  std::string_view name;
  double (*value)(const Estimate&);
};

constexpr double ms = 1e3;

constexpr Metric metrics[] = {
    {"output_throughput_tok_s", [](const Estimate& e) { return e.prediction.output_tokens_per_second; }},
    {"total_throughput_tok_s", [](const Estimate& e) { return e.prediction.total_tokens_per_second; }},
    {"request_throughput_req_s", [](const Estimate& e) { return e.prediction.requests_per_second; }},
    {"output_throughput_per_gpu_tok_s",
     [](const Estimate& e) { return e.prediction.output_tokens_per_second / e.prediction.gpus; }},
    {"total_throughput_per_gpu_tok_s",
     [](const Estimate& e) { return e.prediction.total_tokens_per_second / e.prediction.gpus; }},
    {"ttft_ms", [](const Estimate& e) { return e.prediction.ttft.mean * ms; }},
    {"ttft_ms_mean", [](const Estimate& e) { return e.prediction.ttft.mean * ms; }},
    {"ttft_ms_p50", [](const Estimate& e) { return e.prediction.ttft.p50 * ms; }},
    {"ttft_ms_p90", [](const Estimate& e) { return e.prediction.ttft.p90 * ms; }},
    {"ttft_ms_p99", [](const Estimate& e) { return e.prediction.ttft.p99 * ms; }},
    {"tpot_ms", [](const Estimate& e) { return e.prediction.tpot.mean * ms; }},
    {"tpot_ms_mean", [](const Estimate& e) { return e.prediction.tpot.mean * ms; }},
    {"tpot_ms_p50", [](const Estimate& e) { return e.prediction.tpot.p50 * ms; }},
    {"tpot_ms_p90", [](const Estimate& e) { return e.prediction.tpot.p90 * ms; }},
    {"tpot_ms_p99", [](const Estimate& e) { return e.prediction.tpot.p99 * ms; }},
    {"e2e_ms", [](const Estimate& e) { return e.prediction.e2e.mean * ms; }},
    {"e2e_ms_mean", [](const Estimate& e) { return e.prediction.e2e.mean * ms; }},
    {"e2e_ms_p50", [](const Estimate& e) { return e.prediction.e2e.p50 * ms; }},
    {"e2e_ms_p90", [](const Estimate& e) { return e.prediction.e2e.p90 * ms; }},
    {"e2e_ms_p99", [](const Estimate& e) { return e.prediction.e2e.p99 * ms; }},
    {"latency_s", [](const Estimate& e) { return e.prediction.e2e.mean; }},
    {"running_requests_mean", [](const Estimate& e) { return e.prediction.running_requests; }},
    {"kv_cache_tokens", [](const Estimate& e) { return e.memory.cache_tokens; }},
    {"gpus", [](const Estimate& e) { return e.prediction.gpus; }},
    {"memory_margin", [](const Estimate& e) { return e.memory.margin; }},
};

constexpr auto names_of_metrics = [] {
  std::array<std::string_view, std::size(metrics)> result{};
  std::ranges::transform(metrics, result.begin(), &Metric::name);
  return result;
}();

std::optional<Device> device_from_facts(const Facts& facts) {
  auto device = find_device(text_of(facts, "gpu"));
  const auto bandwidth = number_of(facts, "gpu_bandwidth_bytes_s");
  const auto memory = number_of(facts, "gpu_memory_bytes");
  const auto flops = number_of(facts, "gpu_bf16_flops");
  if (!device) {
    if (!bandwidth || !memory || !flops) return std::nullopt;
    device = Device{.name = "GPU of the facts", .link = 64e9};
  }
  const std::pair<std::string_view, double Device::*> numbers[] = {
      {"gpu_memory_bytes", &Device::memory},    {"gpu_bandwidth_bytes_s", &Device::bandwidth},
      {"gpu_bf16_flops", &Device::flops_16bit}, {"gpu_fp8_flops", &Device::flops_fp8},
      {"gpu_int8_flops", &Device::flops_int8},  {"gpu_fp4_flops", &Device::flops_fp4},
      {"gpu_link_bytes_s", &Device::link}};
  for (const auto& [name, member] : numbers) {
    if (const auto number = number_of(facts, name)) (*device).*member = *number;
  }
  return device;
}

Setting setting_from_facts(const Facts& facts, const ModelShape& shape) {
  Setting setting;
  const auto engine = text_of(facts, "engine");
  setting.base = engine_defaults(engine.empty() ? Engine::vllm : find_engine(engine));
  setting.base.weights = shape.weights;
  setting.gpus = number_of(facts, "gpus").value_or(0);
  setting.load = {.input_tokens = number_of(facts, "input_tokens").value_or(0),
                  .output_tokens = number_of(facts, "output_tokens").value_or(0),
                  .concurrency = number_of(facts, "concurrency").value_or(0),
                  .shared_prefix_share = number_of(facts, "shared_prefix_share").value_or(0),
                  .max_model_len = number_of(facts, "max_model_len").value_or(0)};
  return setting;
}

bool is_finite(const Estimate& estimate) {
  return std::ranges::all_of(metrics, [&](const Metric& m) { return std::isfinite(m.value(estimate)); });
}

}  // namespace

std::span<const std::string_view> metric_names() {
  return names_of_metrics;
}

std::optional<double> metric(const Estimate& estimate, std::string_view name) {
  const auto* const found = std::ranges::find(metrics, name, &Metric::name);
  if (found == std::end(metrics)) return std::nullopt;
  return found->value(estimate);
}

std::optional<Estimator> Estimator::make(const Facts& facts, std::optional<ModelShape> shape) {
  if (!shape) shape = shape_from_facts(facts);
  if (!shape) return std::nullopt;
  Estimator estimator;
  estimator.shape_ = *shape;
  estimator.device_ = device_from_facts(facts);
  estimator.setting_ = setting_from_facts(facts, *shape);
  return estimator;
}

std::optional<Estimate> Estimator::estimate(const space::Point& point) const {
  const auto [deployment, load, name] = read_point(point, setting_);
  auto device = name.empty() ? device_ : find_device(name);
  if (!device) device = device_;  // "cuda" is no product
  if (deployment.on_cpu && device && !device->is_cpu) device = find_device("cpu");
  const double least = std::min({load.input_tokens, load.output_tokens, load.concurrency});
  if (!device || !(least >= 1)) return std::nullopt;
  Estimate result;
  result.memory = memory(shape_, *device, deployment, load);
  result.prediction = predict(shape_, *device, deployment, load, result.memory, {}, kernels_.get());
  if (!is_finite(result)) return std::nullopt;
  return result;
}

std::optional<Estimate> estimate(const space::Point& point, const Facts& facts) {
  const auto estimator = Estimator::make(facts);
  return estimator ? estimator->estimate(point) : std::nullopt;
}

}  // namespace autotuner::predict
