#include <array>

#include "base/text.hpp"
#include "engine/catalogue.hpp"
#include "engine/parallel.hpp"

namespace autotuner::engine {
namespace {

/// The flag that a field becomes; empty = the engine has none.
struct Mapping {
  std::string_view field, sglang, vllm, tensorrt, sim;
};

// In the order in which the flags are put.
constexpr Mapping mappings[] = {
    {"tp", "tp-size", "tensor-parallel-size", "tp_size", "tensor-parallel-size"},
    {"pp", "pp-size", "pipeline-parallel-size", "pp_size", "pipeline-parallel-size"},
    {"dp", "dp-size", "data-parallel-size", "", "data-parallel-size"},
    {"dcp", "", "decode-context-parallel-size", "", ""},
    {"cp", "", "", "cp_size", ""},
    {"enable_expert_parallel", "", "enable-expert-parallel", "", ""},
    {"moe_dense_tp", "moe-dense-tp-size", "", "", ""},
    {"moe_tp", "", "", "moe_tp_size", ""},
    {"moe_ep", "", "", "moe_ep_size", ""},
    {"moe_cluster", "", "", "moe_cluster_size", ""},
    {"ep", "ep-size", "", "", ""},
    {"pcp", "", "prefill-context-parallel-size", "", ""},
    {"enable_dp_attention", "enable-dp-attention", "", "", ""},
};

std::string_view flag_of(const Mapping& mapping, RuntimeId runtime) {
  switch (runtime) {
    case RuntimeId::sglang:
      return mapping.sglang;
    case RuntimeId::vllm:
      return mapping.vllm;
    case RuntimeId::tensorrt_llm:
      return mapping.tensorrt;
    case RuntimeId::sim:
      return mapping.sim;
    case RuntimeId::llamacpp:
      return {};
  }
  return {};
}

/// A size of 1 is the engine's default, except where the engine's own default differs or is asked for
/// explicitly.
bool is_silent_at_one(RuntimeId runtime, std::string_view field) {
  if (runtime == RuntimeId::tensorrt_llm) return field == "cp";
  return field == "tp" || field == "pp" || field == "dp" || field == "dcp" || field == "pcp" || field == "ep";
}

space::Point llamacpp_split(const space::Point& fields) {
  space::Point flags;
  for (const auto* name : {"tp", "pp"}) {
    const auto* value = fields.find(name);
    const auto count = value == nullptr ? std::nullopt : value->as_integer();
    if (!count || *count < 2) continue;
    flags.set("split-mode", std::string_view(name) == "tp" ? "row" : "layer");
    flags.set("tensor-split",
              base::join(std::vector<std::string>(static_cast<std::size_t>(*count), "1"), ","));
  }
  return flags;
}

/// A whole number from 1, also as text; nothing for anything else.
std::optional<std::int64_t> strict_factor(const space::Value& value) {
  auto whole = value.as_integer();
  if (!whole && value.as_text()) {
    const auto number = base::to_number(base::trim(*value.as_text()));
    if (number) whole = space::Value(*number).as_integer();
  }
  constexpr std::int64_t most = 4096;
  return whole && *whole >= 1 && *whole <= most ? whole : std::nullopt;
}

struct FactorName {
  std::string_view field;
  std::string_view people;
};
constexpr FactorName factor_names[] = {{"tp", "tensor parallelism"},
                                       {"pp", "pipeline parallelism"},
                                       {"dp", "data parallelism"},
                                       {"cp", "context parallelism"},
                                       {"dcp", "decode context parallelism"},
                                       {"pcp", "prefill context parallelism"},
                                       {"ep", "an expert parallel size"}};

/// Whether users may set the factor on this engine by a flag; llama.cpp takes tp and pp as tensor-split.
bool takes_factor(RuntimeId runtime, std::string_view field) {
  if (runtime == RuntimeId::llamacpp) return field == "tp" || field == "pp";
  return find_flag(runtime, canonical_flag(runtime, field)) != nullptr;
}

base::Result<void> settle_one(RuntimeId runtime, const FactorName& factor, space::Point& fields,
                              space::Point& user, std::vector<std::string>& notes) {
  const std::string flag = canonical_flag(runtime, factor.field);
  const auto* written = user.find(flag);
  if (written == nullptr) return {};
  const auto size = strict_factor(*written);
  const auto title = engine::runtime(runtime).title;
  if (!size) {
    return base::invalid_input("{} is {}; must be a whole number from 1 to 4096", flag,
                               space::to_text(*written));
  }
  if (!takes_factor(runtime, factor.field)) {
    if (*size > 1)
      return base::invalid_input("{} does not support {} ({} is {})", title, factor.people, flag, *size);
    notes.push_back(
        fmt::format("{} left out: {} does not know it, and 1 is what it does anyway", flag, title));
    user.erase(flag);
    return {};
  }
  if (const auto* field = fields.find(factor.field);
      field != nullptr && !field->is_null() && *field != *size) {
    return base::invalid_input("two values for {}: {} in parallel_config and {} in {}", factor.field,
                               space::to_text(*field), *size, flag);
  }
  if (runtime == RuntimeId::llamacpp) {
    fields.set(std::string(factor.field), *size);
    user.erase(flag);
  } else {
    user.set(flag, *size);
  }
  return {};
}

std::optional<std::int64_t> size_at(const space::Point& flags, std::string_view name) {
  const auto* value = flags.find(name);
  return value == nullptr ? std::nullopt : value->as_integer();
}

std::optional<std::string> why_sglang_invalid(const space::Point& flags, const Factors& f) {
  if (f.dp_attention && f.tp % f.dp != 0) {
    return fmt::format("enable-dp-attention needs tp to be a multiple of dp; tp is {}, dp is {}", f.tp, f.dp);
  }
  if (f.dp > 1 && !f.dp_attention && size_at(flags, "nnodes").value_or(1) > 1) {
    return fmt::format("dp {} on several nodes needs enable-dp-attention", f.dp);
  }
  if (const auto dense = size_at(flags, "moe-dense-tp-size"); dense && *dense != 1) {
    return fmt::format("moe-dense-tp-size is {}; SGLang takes only 1", *dense);
  }
  if (f.tp % f.dcp != 0) return fmt::format("dcp {} does not divide tp {}", f.dcp, f.tp);
  return std::nullopt;
}

std::optional<std::string> why_tensorrt_invalid(const space::Point& flags, const Factors& f) {
  const auto moe_tp = size_at(flags, "moe_tp_size");
  const auto moe_ep = size_at(flags, "moe_ep_size");
  const auto cluster = size_at(flags, "moe_cluster_size").value_or(1);
  if (cluster > 1 && moe_ep.value_or(1) != 1) {
    return fmt::format("moe_cluster {} needs moe_ep 1; it is {}", cluster, moe_ep.value_or(1));
  }
  if (moe_ep.value_or(1) > 1 && f.cp > 1)
    return fmt::format("moe_ep {} does not go with cp {}", *moe_ep, f.cp);
  const auto known = moe_tp.value_or(1) * moe_ep.value_or(1) * cluster;
  // The engine fills in the one of moe_tp and moe_ep that is left out.
  const bool fits = moe_tp && moe_ep ? known == f.tp : f.tp % known == 0;
  if (fits) return std::nullopt;
  return fmt::format("moe_tp {} * moe_ep {} * moe_cluster {} must be tp {}", moe_tp.value_or(1),
                     moe_ep.value_or(1), cluster, f.tp);
}

}  // namespace

space::Point parallel_flags(RuntimeId runtime, const space::Point& fields) {
  if (runtime == RuntimeId::llamacpp) return llamacpp_split(fields);
  space::Point flags;
  for (const auto& mapping : mappings) {
    const auto* value = fields.find(mapping.field);
    const auto flag = flag_of(mapping, runtime);
    if (value == nullptr || value->is_null() || flag.empty()) continue;
    if (value->as_bool() == false) continue;
    if (is_silent_at_one(runtime, mapping.field) && value->as_integer() == 1) continue;
    flags.set(std::string(flag), *value);
  }
  return flags;
}

base::Result<void> settle_factors(RuntimeId runtime, space::Point& fields, space::Point& user,
                                  std::vector<std::string>& notes) {
  for (const auto& factor : factor_names) {
    if (auto settled = settle_one(runtime, factor, fields, user, notes); !settled) return settled;
  }
  const auto* attention = user.find("enable-dp-attention");
  if (attention != nullptr && runtime != RuntimeId::sglang && attention->as_bool() != false) {
    return base::invalid_input("enable-dp-attention is a switch of SGLang; {} does not know it",
                               engine::runtime(runtime).title);
  }
  return {};
}

std::optional<std::string> why_parallel_invalid(RuntimeId runtime, const space::Point& flags,
                                                const Factors& f) {
  switch (runtime) {
    case RuntimeId::sglang:
      return why_sglang_invalid(flags, f);
    case RuntimeId::tensorrt_llm:
      return why_tensorrt_invalid(flags, f);
    case RuntimeId::vllm: {
      const auto ranks = std::int64_t{f.tp} * f.pcp;
      if (ranks % f.dcp == 0) return std::nullopt;
      return fmt::format("dcp {} does not divide tp {}", f.dcp, ranks);
    }
    case RuntimeId::llamacpp:
      if (f.tp == 1 || f.pp == 1) return std::nullopt;
      return fmt::format("tp {} and pp {}: llama.cpp splits a model one way only; at most one may be above 1",
                         f.tp, f.pp);
    case RuntimeId::sim:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace autotuner::engine
