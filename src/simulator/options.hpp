#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "simulator/fault.hpp"

namespace autotuner::simulator {

/// The constants of the cost model; a profile file may replace them. GB and kB are decimal.
struct Constants {
  double gpu_memory_gb = 80;               ///< memory of one simulated GPU
  double weight_gb_per_billion = 2;        ///< weights at full precision
  double kv_kb_per_billion = 16;           ///< KV cache of one token at full precision
  double weight_ms_per_billion = 0.9;      ///< a step: reading the weights once
  double sequence_ms_per_billion = 0.005;  ///< a step: each sequence that is given a token
  double prompt_ms_per_billion = 0.003;    ///< a step: each prompt token
  double tp_exponent = 0.85;               ///< speed-up = tp to this power
  double pp_exponent = 0.5;
  bool operator==(const Constants&) const = default;
};

/// All that `autotuner sim` can be told. The flags mirror vLLM's.
struct Options {
  std::string model = "demo-8b";
  std::string served_model_name;  ///< empty: the model
  std::string host = "127.0.0.1";
  std::int64_t port = 8000;  ///< 0: any free port
  std::string api_key;       ///< empty: none asked for
  std::int64_t tensor_parallel_size = 1;
  std::int64_t pipeline_parallel_size = 1;
  std::int64_t data_parallel_size = 1;
  std::int64_t max_num_seqs = 256;
  std::int64_t max_num_batched_tokens = 8192;
  std::int64_t max_model_len = 32768;
  double gpu_memory_utilization = 0.9;
  std::string kv_cache_dtype = "auto";  ///< auto, fp8
  std::string quantization = "none";    ///< none, fp8
  bool enable_chunked_prefill = true;   ///< false: prompts run alone
  double step_ms = 4;
  double noise = 0.02;  ///< relative standard deviation of a step
  std::int64_t seed = 0;
  double startup_s = 2;
  std::optional<double> ttft_ms;  ///< with tpot_ms: fixed delays instead of the cost model
  std::optional<double> tpot_ms;
  Fault fail;
  std::int64_t die_signal = 0;  ///< 0: exit with code 1
  std::string profile;          ///< the file that `constants` came from
  bool help = false;            ///< --help was given: print help_text() and end
  Constants constants;
  bool operator==(const Options&) const = default;
};

/// One row of the flag table, which parsing, --help and the documentation follow.
struct Flag {
  using Member = std::variant<std::string Options::*, std::int64_t Options::*, double Options::*,
                              bool Options::*, std::optional<double> Options::*, Fault Options::*>;
  std::string_view name;   ///< without the dashes
  std::string_view value;  ///< what --help calls the value: N, TEXT, or the choices "auto|fp8"
  Member member;
  double low = 0;
  double high = 0;
  std::string_view help;
};
std::span<const Flag> all_flags();

/// Reads "--name value", "--name=value", "--switch", "--no-switch" and "--switch false"; underscores count as
/// hyphens, a first word without dashes is the model, the last of two equal flags wins. Loads the profile.
/// Errors: invalid_input naming the flag, its value and what is allowed.
base::Result<Options> parse_options(const std::vector<std::string>& args);

/// Constants from a JSON object with the members of Constants; those left out keep their default.
base::Result<Constants> parse_profile(std::string_view json);

std::string help_text();

/// The text of a flag's default, "none" where there is none.
std::string default_text(const Flag& flag);

}  // namespace autotuner::simulator
