#pragma once

#include <chrono>
#include <cmath>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "metrics/aggregate.hpp"

/// Short ways to write measurements down in tests.
namespace autotuner::metrics::testing {

inline load::Nanoseconds at(double seconds) {
  return load::Nanoseconds(std::llround(seconds * 1e9));
}

struct Sent {
  double start = 0;
  double first = 0.2;
  double end = 1.2;
  int input = 100;
  int output = 101;
};

/// A successful request with one chunk per token, evenly spaced.
inline load::RequestRecord answered(const Sent& sent) {
  load::RequestRecord record;
  record.scheduled = record.sent = at(sent.start);
  record.first_token = at(sent.first);
  record.end = record.last_token = at(sent.end);
  record.input_tokens = sent.input;
  record.output_tokens = record.asked_output_tokens = sent.output;
  for (int i = 0; i < sent.output; ++i) {
    const double share = sent.output > 1 ? static_cast<double>(i) / (sent.output - 1) : 0;
    record.chunks.push_back(at(sent.first + (sent.end - sent.first) * share));
  }
  return record;
}

inline load::RequestRecord failed(double start, double end, int code) {
  load::RequestRecord record;
  record.scheduled = record.sent = at(start);
  record.end = at(end);
  record.error_code = code;
  record.error_message = "refused";
  return record;
}

inline load::RequestRecord waiting(double start) {
  load::RequestRecord record;
  record.scheduled = record.sent = at(start);
  return record;
}

inline load::LevelRun run_of(std::vector<load::RequestRecord> records, double duration) {
  load::LevelRun run;
  run.records = std::move(records);
  run.duration = at(duration);
  run.stopped = "max_requests";
  return run;
}

/// `users` in a closed loop, each `rounds` requests of `latency` seconds back to back, `pause` seconds in
/// between.
inline load::LevelRun closed_loop(int users, int rounds, double latency, double pause = 0) {
  std::vector<load::RequestRecord> records;
  for (int round = 0; round < rounds; ++round) {
    for (int user = 0; user < users; ++user) {
      const double start = user * 0.01 + round * (latency + pause);
      records.push_back(
          answered({.start = start, .first = start + latency * 0.2, .end = start + latency, .output = 11}));
    }
  }
  auto run = run_of(std::move(records), rounds * (latency + pause) + users * 0.01);
  run.client.peak_in_flight = users;
  return run;
}

inline Statistics flat(double value) {
  return {.count = 1,
          .min = value,
          .max = value,
          .mean = value,
          .stddev = 0,
          .sum = value,
          .p25 = value,
          .p50 = value,
          .p75 = value,
          .p90 = value,
          .p95 = value,
          .p99 = value};
}

inline Batch batch_at(int concurrency, double total_throughput, double p90,
                      const std::string& scenario = "D(100,100)") {
  Batch batch;
  batch.scenario = scenario;
  batch.num_concurrency = concurrency;
  batch.run_duration = 10;
  batch.mean_total_throughput = total_throughput;
  batch.mean_output_throughput = total_throughput / 2;
  batch.mean_input_throughput = total_throughput / 2;
  batch.num_completed_requests = batch.num_requests = 50;
  batch.stats["e2e_latency"] = flat(p90);
  return batch;
}

inline Limit limit(const std::string& name, double threshold, double weight = 1) {
  Limit made;
  made.name = name;
  made.threshold = threshold;
  made.weight = weight;
  return made;
}

inline Limit hard(const std::string& name, double threshold, double fail_ratio = 0.5, double weight = 1) {
  auto made = limit(name, threshold, weight);
  made.hard_fail = true;
  made.fail_ratio = fail_ratio;
  return made;
}

inline Slo slo_of(std::vector<Limit> limits, double steepness = 0.1) {
  Slo slo;
  slo.limits = std::move(limits);
  slo.steepness = steepness;
  return slo;
}

inline Metrics values_of(const MetricValues& values) {
  Metrics metrics;
  metrics.values = values;
  return metrics;
}

}  // namespace autotuner::metrics::testing
