#include "predict/predict.hpp"

#include <algorithm>
#include <cmath>

#include "predict/roofline.hpp"

namespace autotuner::predict {
namespace {

/// One replica's part of the load, in tokens.
struct Share {
  double input = 0;     ///< that are computed: without the cached prefix
  double attended = 0;  ///< whole prompts
  double output = 0;
  double requests = 0;
};

Share share_of(const Deployment& deployment, const Workload& load) {
  const double cached = deployment.prefix_caching ? std::clamp(load.shared_prefix_share, 0.0, 1.0) : 0;
  return {.input = std::max(1.0, load.input_tokens * (1 - cached)),
          .attended = load.input_tokens,
          .output = std::max(1.0, load.output_tokens),
          .requests = std::max(1.0, load.concurrency / deployment.replicas)};
}

/// Requests that the engine takes at once. A shared prefix is in the cache once.
double running(const Share& share, const Deployment& deployment, const Memory& memory) {
  const double sequences = deployment.max_sequences * deployment.attention_data_parallel;
  const double per_request = share.input + share.output / 2;
  const double room = memory.cache_tokens / per_request;
  return std::max(1.0, std::min({share.requests, sequences, room}));
}

class Replica {
 public:
  Replica(const ModelShape& shape, const Device& device, const Deployment& deployment,
          const Efficiency& efficiency, const ModelKernels* kernels)
      : roofline_(shape, device, deployment, efficiency, kernels),
        deployment_(deployment),
        overhead_(overhead_of(deployment.engine)),
        efficiency_(efficiency) {}

  /// One of the pipeline's groups of requests, one token each, through one stage.
  double lane(double sequences, double context) const { return stage(lane_of(sequences, context)); }

  /// One token for each of `sequences` requests; `lane` as above.
  double cycle(double lane, double sequences) const {
    const double stages = deployment_.pipeline_parallel;
    const double bubble = 1 + efficiency_.bubble * (1 - 1 / stages);
    return stages * bubble * lane + host(sequences);
  }

  /// What a step with `tokens` of a prompt that looks at `attended` on average costs beyond `lane`.
  double chunk(double tokens, double attended, double sequences, double context, double lane) const {
    auto with = lane_of(sequences, context);
    with.tokens += tokens;
    with.prompt = tokens;
    with.attended = attended;
    return std::max(0.0, stage(with) - lane);
  }

  /// A pass of prompt tokens alone.
  double prompt(double tokens, double attended) const {
    return roofline_.seconds({.tokens = tokens, .sequences = 1, .prompt = tokens, .attended = attended});
  }

 private:
  Pass lane_of(double sequences, double context) const {
    // llama.cpp decodes all sequences in one batch, which visits the GPUs one after the other.
    const double lanes = deployment_.engine == Engine::llamacpp ? 1 : deployment_.pipeline_parallel;
    const double lane = std::max(1.0, sequences / lanes);
    return {.tokens = lane, .sequences = lane, .context = lane * context};
  }

  double stage(const Pass& pass) const {
    const double seconds = roofline_.seconds(pass);
    const bool captured = pass.sequences / deployment_.attention_data_parallel <= deployment_.graph_size;
    const bool eager = !captured && deployment_.engine != Engine::llamacpp;
    return eager ? std::max(seconds, roofline_.eager_seconds()) : seconds;
  }

  double host(double sequences) const {
    const double serial = deployment_.async_scheduling ? 0 : overhead_.serial;
    return overhead_.step + serial + overhead_.sequence * sequences / deployment_.attention_data_parallel;
  }

  Roofline roofline_;
  const Deployment& deployment_;
  Overhead overhead_;
  const Efficiency& efficiency_;
};

/// Prompts: how they are cut, and what they cost.
struct Prefill {
  double tokens = 0;   ///< of one step
  double steps = 0;    ///< per prompt
  double seconds = 0;  ///< per prompt, beyond decoding
};

Prefill prefill(const Replica& replica, const Deployment& deployment, const Share& share, double decoding,
                double context, double lane) {
  // Half of the prompt on average, and all of a cached prefix.
  const double attended = share.attended - share.input / 2;
  if (!deployment.chunked_prefill)
    return {.tokens = share.input, .steps = 1, .seconds = replica.prompt(share.input, attended)};
  const double decoded = decoding / deployment.attention_data_parallel;
  const double room = std::max(deployment.token_budget - decoded, 0.05 * deployment.token_budget);
  const double tokens = std::max(1.0, std::min(room, share.input));
  const double steps = share.input / tokens;
  return {.tokens = tokens,
          .steps = steps,
          .seconds = steps * replica.chunk(tokens, attended, decoding, context, lane)};
}

/// How many of `requests` decode at once when one chunk goes into a step: prompts come as fast as answers
/// end.
double decoding_share(const Deployment& deployment, const Share& share, double requests) {
  if (!deployment.chunked_prefill) return requests;
  const double budget = deployment.token_budget * deployment.attention_data_parallel;
  return std::max(1.0, std::min(requests, share.output * budget / (share.input + share.output)));
}

Latency scaled(double mean, double p50, double p90, double p99) {
  return {.mean = mean, .p50 = mean * p50, .p90 = mean * p90, .p99 = mean * p99};
}

}  // namespace

Prediction predict(const ModelShape& shape, const Device& device, const Deployment& deployment,
                   const Workload& load, const Memory& memory, const Efficiency& efficiency,
                   const ModelKernels* kernels) {
  const auto share = share_of(deployment, load);
  const Replica replica(shape, device, deployment, efficiency, kernels);
  const double requests = running(share, deployment, memory);
  const double decoding = decoding_share(deployment, share, requests);
  const double context = share.attended + share.output / 2;
  const double lane = replica.lane(decoding, context);
  const auto prompt = prefill(replica, deployment, share, decoding, context, lane);

  Prediction result;
  result.step_seconds = replica.cycle(lane, decoding);
  result.prefill_seconds = prompt.steps * replica.prompt(prompt.tokens, share.attended - share.input / 2);
  const double tpot = result.step_seconds + decoding / share.output * prompt.seconds;

  // Prompts ahead of one's own: a queue in random order at this load, and the clumps of a closed loop.
  const double busy = std::min(0.9, decoding / share.output * prompt.seconds / tpot);
  const double ahead = 0.5 * busy / (1 - busy) + efficiency.clump * requests;
  const double own = std::max(result.prefill_seconds, prompt.steps * tpot * 0.5);
  const double service = own * (1 + ahead) + 0.5 * result.step_seconds + efficiency.request_seconds;

  // Each running request holds its place for service + decoding; prompts can't come faster than computed.
  const double period = service + (share.output - 1) * tpot;
  const double most = 1 / std::max(prompt.seconds, 1e-9);
  const double rate = std::min({requests / period, decoding / (tpot * share.output), most});
  const double queue = std::max(0.0, share.requests / rate - period);

  result.requests_per_second = rate * deployment.replicas;
  result.output_tokens_per_second = result.requests_per_second * share.output;
  result.total_tokens_per_second = result.requests_per_second * (share.output + load.input_tokens);
  result.running_requests = requests * deployment.replicas;
  result.gpus = gpus_per_replica(deployment) * deployment.replicas;
  const double stall = deployment.chunked_prefill ? 0 : prompt.seconds / (share.output * tpot);
  result.tpot = scaled(tpot, 1, 1.03, 1.06 + std::min(1.0, stall));
  result.ttft = {.mean = queue + service,
                 .p50 = 0.97 * queue + 0.9 * service,
                 .p90 = 1.1 * queue + 1.6 * service,
                 .p99 = 1.2 * queue + 2.3 * service};
  const double answer = (share.output - 1) * tpot;
  result.e2e = {.mean = result.ttft.mean + answer,
                .p50 = result.ttft.p50 + answer,
                .p90 = 1.1 * queue + 1.05 * (service + answer),
                .p99 = 1.2 * queue + 1.1 * (service + answer)};
  return result;
}

}  // namespace autotuner::predict
