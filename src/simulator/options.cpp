#include "simulator/options.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"

namespace autotuner::simulator {
namespace {

constexpr double many = 1e9;

constexpr std::array flags{
    Flag{"model", "TEXT", &Options::model, 0, 0,
         "any text; a size in it (8b, 0.5b, 8x7b, 135m) sets the weights"},
    Flag{"served-model-name", "TEXT", &Options::served_model_name, 0, 0,
         "served instead of the model's name"},
    Flag{"host", "ADDRESS", &Options::host, 0, 0, "address to listen on"},
    Flag{"port", "N", &Options::port, 0, 65535, "port to listen on; 0 takes any free one"},
    Flag{"api-key", "TEXT", &Options::api_key, 0, 0, "asked for as bearer token under /v1"},
    Flag{"tensor-parallel-size", "N", &Options::tensor_parallel_size, 1, 1024, "GPUs that share each layer"},
    Flag{"pipeline-parallel-size", "N", &Options::pipeline_parallel_size, 1, 1024, "groups of layers"},
    Flag{"data-parallel-size", "N", &Options::data_parallel_size, 1, 1024,
         "independent copies, requests go round robin"},
    Flag{"max-num-seqs", "N", &Options::max_num_seqs, 1, many, "sequences that run at a time, per copy"},
    Flag{"max-num-batched-tokens", "N", &Options::max_num_batched_tokens, 1, many,
         "prompt tokens in one step"},
    Flag{"max-model-len", "N", &Options::max_model_len, 1, many, "prompt and answer together, in tokens"},
    Flag{"gpu-memory-utilization", "X", &Options::gpu_memory_utilization, 0, 1,
         "share of the memory that is used"},
    Flag{"kv-cache-dtype", "auto|fp8", &Options::kv_cache_dtype, 0, 0, "fp8 halves the KV cache of a token"},
    Flag{"quantization", "none|fp8", &Options::quantization, 0, 0, "fp8 halves the weights"},
    Flag{"enable-chunked-prefill", "", &Options::enable_chunked_prefill, 0, 0,
         "mix prompts with running sequences; --no-enable-chunked-prefill runs prompts alone"},
    Flag{"step-ms", "X", &Options::step_ms, 0, 1e6, "part of a step that nothing shortens, in ms"},
    Flag{"noise", "X", &Options::noise, 0, 1, "relative standard deviation of a step"},
    Flag{"seed", "N", &Options::seed, 0, 9e15, "of noise, answers and error-rate"},
    Flag{"startup-s", "X", &Options::startup_s, 0, 1e6, "seconds until ready; 503 until then"},
    Flag{"ttft-ms", "X", &Options::ttft_ms, 0, 1e7, "fixed time to the first token, with --tpot-ms"},
    Flag{"tpot-ms", "X", &Options::tpot_ms, 0, 1e7, "fixed time between tokens, with --ttft-ms"},
    Flag{"fail", "FAULT", &Options::fail, 0, 0, "what goes wrong on purpose, see below"},
    Flag{"die-signal", "N", &Options::die_signal, 0, 31,
         "die-after ends by this signal; 0 exits with code 1"},
    Flag{"profile", "FILE", &Options::profile, 0, 0, "JSON file with other constants of model and GPU"},
};

const Flag* find_flag(std::string_view name) {
  for (const auto& flag : flags) {
    if (flag.name == name) return &flag;
  }
  return nullptr;
}

bool is_switch(const Flag& flag) {
  return std::holds_alternative<bool Options::*>(flag.member);
}

std::optional<bool> to_bool(std::string_view text) {
  const auto word = base::to_lower(text);
  if (word == "true" || word == "1") return true;
  if (word == "false" || word == "0") return false;
  return std::nullopt;
}

/// Sets one member from text, whatever its type.
struct Assign {
  const Flag& flag;
  Options& options;
  std::string_view text;

  base::Result<void> operator()(std::string Options::* member) const {
    if (flag.value.find('|') != std::string_view::npos) {
      const auto choices = base::split(flag.value, '|');
      bool known = false;
      for (const auto& choice : choices) known = known || choice == text;
      if (!known) {
        return base::invalid_input("--{} is '{}'; must be one of {}", flag.name, text,
                                   base::join(choices, ", "));
      }
    }
    options.*member = std::string(text);
    return {};
  }

  base::Result<void> operator()(std::int64_t Options::* member) const {
    std::int64_t value = 0;
    const auto* const begin = text.data();
    const auto* const end = begin + text.size();
    const auto parsed = std::from_chars(begin, end, value);
    const auto as_double = static_cast<double>(value);
    if (parsed.ec != std::errc() || parsed.ptr != end || as_double < flag.low || as_double > flag.high) {
      return base::invalid_input("--{} is '{}'; must be an integer from {:.0f} to {:.0f}", flag.name, text,
                                 flag.low, flag.high);
    }
    options.*member = value;
    return {};
  }

  base::Result<double> number() const {
    const auto value = base::to_number(text);
    if (!value || !std::isfinite(*value) || *value < flag.low || *value > flag.high) {
      return base::invalid_input("--{} is '{}'; must be a number from {} to {:.0f}", flag.name, text,
                                 flag.low, flag.high);
    }
    return *value;
  }

  base::Result<void> operator()(double Options::* member) const {
    return number().map([&](double value) { options.*member = value; });
  }

  base::Result<void> operator()(std::optional<double> Options::* member) const {
    return number().map([&](double value) { options.*member = value; });
  }

  base::Result<void> operator()(bool Options::* member) const {
    const auto value = to_bool(text);
    if (!value) return base::invalid_input("--{} is '{}'; must be true or false", flag.name, text);
    options.*member = *value;
    return {};
  }

  base::Result<void> operator()(Fault Options::* member) const {
    return parse_fault(text).map([&](const Fault& fault) { options.*member = fault; });
  }
};

struct DefaultText {
  const Options& defaults;

  std::string operator()(std::string Options::* member) const {
    return (defaults.*member).empty() ? "none" : defaults.*member;
  }
  std::string operator()(std::int64_t Options::* member) const { return fmt::format("{}", defaults.*member); }
  std::string operator()(double Options::* member) const { return fmt::format("{}", defaults.*member); }
  std::string operator()(bool Options::* member) const { return defaults.*member ? "true" : "false"; }
  std::string operator()(std::optional<double> Options::*) const { return "none"; }
  std::string operator()(Fault Options::* member) const { return to_text(defaults.*member); }
};

tl::unexpected<base::Error> unknown_flag(std::string_view argument, std::string_view name) {
  std::vector<std::string_view> names;
  names.reserve(flags.size());
  for (const auto& flag : flags) names.push_back(flag.name);
  const auto near = base::nearest(name, names);
  return base::invalid_input("unrecognized arguments: {}{}", argument,
                             near ? fmt::format(" (did you mean --{}?)", *near) : std::string());
}

/// Reads the argument at `index`, and the one behind it where that is its value; `index` ends on the last one
/// read.
base::Result<void> read_argument(const std::vector<std::string>& args, std::size_t& index, Options& options) {
  const std::string_view argument = args[index];
  if (argument == "--help" || argument == "-h") {
    options.help = true;
    return {};
  }
  if (!argument.starts_with("--")) {
    if (index != 0 || argument.starts_with('-')) return unknown_flag(argument, argument);
    options.model = std::string(argument);
    return {};
  }
  const auto equals = argument.find('=');
  const auto name = base::replace_all(std::string(argument.substr(2, equals - 2)), "_", "-");
  if (name.starts_with("no-")) {
    const auto* const flag = find_flag(std::string_view(name).substr(3));
    if (flag != nullptr && is_switch(*flag) && equals == std::string_view::npos) {
      return std::visit(Assign{*flag, options, "false"}, flag->member);
    }
  }
  const auto* const flag = find_flag(name);
  if (flag == nullptr) return unknown_flag(argument.substr(0, equals), name);
  if (equals != std::string_view::npos) {
    return std::visit(Assign{*flag, options, argument.substr(equals + 1)}, flag->member);
  }
  const bool has_next = index + 1 < args.size();
  if (is_switch(*flag) && (!has_next || !to_bool(args[index + 1]))) {
    return std::visit(Assign{*flag, options, "true"}, flag->member);
  }
  if (!has_next) return base::invalid_input("--{} needs a value ({})", flag->name, flag->value);
  ++index;
  return std::visit(Assign{*flag, options, args[index]}, flag->member);
}

base::Result<void> check_together(const Options& options) {
  if (options.model.empty()) return base::invalid_input("--model is empty; must be a name");
  if (options.gpu_memory_utilization <= 0) {
    return base::invalid_input("--gpu-memory-utilization is 0; must be above 0, at most 1");
  }
  if (options.ttft_ms.has_value() != options.tpot_ms.has_value()) {
    return base::invalid_input("--{} is given without --{}; fixed delays need both",
                               options.ttft_ms ? "ttft-ms" : "tpot-ms",
                               options.ttft_ms ? "tpot-ms" : "ttft-ms");
  }
  return {};
}

struct ConstantName {
  std::string_view name;
  double Constants::* member;
};
constexpr std::array constant_names{
    ConstantName{"gpu_memory_gb", &Constants::gpu_memory_gb},
    ConstantName{"weight_gb_per_billion", &Constants::weight_gb_per_billion},
    ConstantName{"kv_kb_per_billion", &Constants::kv_kb_per_billion},
    ConstantName{"weight_ms_per_billion", &Constants::weight_ms_per_billion},
    ConstantName{"sequence_ms_per_billion", &Constants::sequence_ms_per_billion},
    ConstantName{"prompt_ms_per_billion", &Constants::prompt_ms_per_billion},
    ConstantName{"tp_exponent", &Constants::tp_exponent},
    ConstantName{"pp_exponent", &Constants::pp_exponent},
};

}  // namespace

std::span<const Flag> all_flags() {
  return flags;
}

std::string default_text(const Flag& flag) {
  const Options defaults;
  return std::visit(DefaultText{defaults}, flag.member);
}

base::Result<Constants> parse_profile(std::string_view json) {
  const auto document = base::parse_json(json);
  if (!document) return tl::unexpected(document.error());
  if (!document->is_object()) return base::invalid_input("the profile must be a JSON object");
  Constants constants;
  for (const auto& [key, value] : document->items()) {
    const ConstantName* found = nullptr;
    std::vector<std::string> known;
    for (const auto& row : constant_names) {
      known.emplace_back(row.name);
      if (row.name == key) found = &row;
    }
    if (found == nullptr) {
      return base::invalid_input("the profile has '{}'; must be one of {}", key, base::join(known, ", "));
    }
    const double number = value.is_number() ? value.get<double>() : -1;
    const bool may_be_zero =
        found->member != &Constants::gpu_memory_gb && found->member != &Constants::kv_kb_per_billion;
    if (!(number > 0 || (may_be_zero && number == 0)) || number > many) {
      return base::invalid_input("{} of the profile is {}; must be a number {} 0, at most 1e9", key,
                                 base::to_compact_text(value), may_be_zero ? "of at least" : "above");
    }
    constants.*(found->member) = number;
  }
  return constants;
}

base::Result<Options> parse_options(const std::vector<std::string>& args) {
  Options options;
  for (std::size_t index = 0; index < args.size(); ++index) {
    if (const auto read = read_argument(args, index, options); !read) return tl::unexpected(read.error());
  }
  if (options.help) return options;
  if (const auto fit = check_together(options); !fit) return tl::unexpected(fit.error());
  if (!options.profile.empty()) {
    const std::ifstream file(options.profile);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file || !text)
      return base::invalid_input("--profile is '{}'; the file can't be read", options.profile);
    const auto constants = parse_profile(text.view());
    if (!constants)
      return base::invalid_input("--profile {}: {}", options.profile, constants.error().message);
    options.constants = *constants;
  }
  return options;
}

std::string help_text() {
  std::string text =
      "Usage: autotuner sim [MODEL] [FLAGS]\n\n"
      "A simulated inference engine: the OpenAI-compatible HTTP interface of a real one, real sockets, real "
      "time,\n"
      "no weights. Its speed is invented; everything it sends is labelled simulated.\n\nFlags:\n";
  for (const auto& flag : flags) {
    const auto left = fmt::format("--{}{}{}", flag.name, flag.value.empty() ? "" : " ", flag.value);
    text += fmt::format("  {:<34} {} [{}]\n", left, flag.help, default_text(flag));
  }
  text += "\nFaults (--fail):\n";
  for (const auto& row : all_faults()) text += fmt::format("  {:<34} {}\n", row.spelling, row.help);
  text +=
      "\nExamples:\n"
      "  autotuner sim --model demo-8b --port 8000\n"
      "  autotuner sim --model demo-70b --tensor-parallel-size 4 --quantization fp8\n"
      "  autotuner sim --ttft-ms 50 --tpot-ms 10 --startup-s 0      (a yardstick for load generators)\n"
      "  autotuner sim --fail die-after-30s --die-signal 9\n";
  return text;
}

}  // namespace autotuner::simulator
