// How many configurations per second one core predicts: predict_speed [--kernel-tables FOLDER]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "kernels/package.hpp"
#include "predict/estimate.hpp"

namespace autotuner::bench {
namespace {

using Clock = std::chrono::steady_clock;

predict::Facts facts(bool experts) {
  predict::Facts facts{{"gpu", "NVIDIA H100 SXM"},   {"gpus", 8},
                       {"model_layers", 80},         {"model_hidden", 8192},
                       {"model_heads", 64},          {"model_kv_heads", 8},
                       {"model_head_dim", 128},      {"model_vocab", 128256},
                       {"model_parameters", 70.6e9}, {"input_tokens", 1000},
                       {"output_tokens", 1000},      {"concurrency", 256}};
  if (experts) {
    facts.set("model_experts", 64);
    facts.set("model_experts_per_token", 4);
    facts.set("model_active_parameters", 12e9);
  }
  return facts;
}

std::vector<space::Point> points() {
  std::vector<space::Point> result;
  for (const int tp : {1, 2, 4, 8})
    for (const int pp : {1, 2})
      for (const char* format : {"none", "fp8"})
        for (const int sequences : {64, 128, 256, 512})
          for (const int budget : {512, 2048, 8192})
            for (const bool chunked : {false, true})
              for (const double fraction : {0.85, 0.9, 0.95})
                result.push_back({{"tensor_parallel_size", tp},
                                  {"pipeline_parallel_size", pp},
                                  {"quantization", format},
                                  {"kv_cache_dtype", "auto"},
                                  {"max_num_seqs", sequences},
                                  {"max_num_batched_tokens", budget},
                                  {"enable_chunked_prefill", chunked},
                                  {"gpu_memory_utilization", fraction},
                                  {"max_cudagraph_capture_size", 512},
                                  {"async_scheduling", true}});
  return result;
}

template <class Work>
void measure(const char* title, std::size_t count, const Work& work) {
  constexpr int repeats = 7;
  double best = 0, sum = 0;
  std::vector<double> rates;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    const auto start = Clock::now();
    sum += work();
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    rates.push_back(static_cast<double>(count) / seconds);
    best = std::max(best, rates.back());
  }
  std::ranges::sort(rates);
  std::printf("%-44s %.2f M/s (%.2f to %.2f over %d repeats; checksum %.6g)\n", title,
              rates[repeats / 2] / 1e6, rates.front() / 1e6, best / 1e6, repeats, sum);
}

void run(const char* title, bool experts, const std::string& kernel_tables) {
  const auto known = facts(experts);
  auto estimator = predict::Estimator::make(known);
  const auto shape = predict::shape_from_facts(known);
  const auto device = predict::find_device("h100");
  if (!estimator || !shape || !device) return;
  predict::ModelKernels kernels;
  if (!kernel_tables.empty()) {
    const auto start = Clock::now();
    const auto read = kernels::read_kernels(kernel_tables, {*shape, *device, predict::Engine::vllm, {}});
    if (!read) return void(std::printf("%s: %s\n", title, read.error().message.c_str()));
    std::printf("%s, read in %.0f ms\n", read->source.c_str(),
                std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    kernels = read->kernels;
    estimator->use(kernels);
  }
  const auto* used = kernel_tables.empty() ? nullptr : &kernels;
  const auto all = points();
  const predict::Setting setting{.load = {.input_tokens = 1000, .output_tokens = 1000, .concurrency = 256},
                                 .gpus = 8};
  std::vector<predict::PointReading> readings;
  for (const auto& point : all) readings.push_back(predict::read_point(point, setting));
  constexpr std::size_t rounds = 400;
  std::printf("%s\n", title);
  measure("  memory and prediction", all.size() * rounds, [&] {
    double sum = 0;
    for (std::size_t round = 0; round < rounds; ++round)
      for (const auto& [deployment, load, name] : readings) {
        const auto memory = predict::memory(*shape, *device, deployment, load);
        sum +=
            predict::predict(*shape, *device, deployment, load, memory, {}, used).tpot.mean + memory.margin;
      }
    return sum;
  });
  measure("  the same from points of names and values", all.size() * rounds, [&] {
    double sum = 0;
    for (std::size_t round = 0; round < rounds; ++round)
      for (const auto& point : all) sum += estimator->estimate(point)->prediction.tpot.mean;
    return sum;
  });
}

}  // namespace
}  // namespace autotuner::bench

int main(int argc, char** argv) {
  const std::string kernel_tables = argc > 2 && std::string(argv[1]) == "--kernel-tables" ? argv[2] : "";
  autotuner::bench::run("dense", false, kernel_tables);
  autotuner::bench::run("with experts", true, kernel_tables);
  return 0;
}
