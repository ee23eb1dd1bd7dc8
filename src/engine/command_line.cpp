#include "engine/command_line.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "engine/catalogue.hpp"

namespace autotuner::engine {
namespace {

/// The flag as the engine spells it, with dashes.
std::string spelled(std::string_view name, RuntimeId id) {
  if (name.starts_with("--")) return std::string(name);
  std::string flag(name);
  if (find_flag(id, name) == nullptr) {
    flag =
        runtime(id).underscore_flags ? base::replace_all(flag, "-", "_") : base::replace_all(flag, "_", "-");
  }
  return "--" + flag;
}

std::string item_text(const base::Json& item) {
  const auto value = space::value_from_json(item);
  return value ? space::to_text(*value) : base::to_compact_text(item);
}

void add_list(std::vector<std::string>& out, const std::string& flag, const base::Json& list,
              bool many_values) {
  if (many_values && !list.empty()) out.push_back(flag);
  for (const auto& item : list) {
    if (!many_values) out.push_back(flag);
    out.push_back(item_text(item));
  }
}

void add_flag(std::vector<std::string>& out, const std::string& name, const space::Value& value,
              RuntimeId id) {
  if (name.starts_with("__") || value.is_null()) return;
  const auto flag = spelled(name, id);
  const auto* known = find_flag(id, name);
  if (const auto on = value.as_bool()) {
    if (*on) {
      out.push_back(flag);
    } else if (known != nullptr && known->negatable) {
      out.push_back("--no-" + flag.substr(2));
    }
    return;
  }
  if (const auto* opaque = std::get_if<space::JsonValue>(&value.variant())) {
    const auto document = base::parse_json(opaque->canonical);
    if (document && document->is_array()) {
      add_list(out, flag, *document, known != nullptr && known->many_values);
      return;
    }
  }
  out.push_back(flag);
  out.push_back(space::to_text(value));
}

void add_model(std::vector<std::string>& command, const std::string& model, RuntimeId id) {
  const bool positional =
      id == RuntimeId::tensorrt_llm || (id == RuntimeId::vllm && command.back() == "serve");
  if (!positional) command.emplace_back(id == RuntimeId::sglang ? "--model-path" : "--model");
  command.push_back(model);
}

void add_served_name(std::vector<std::string>& command, const std::string& name, const space::Point& flags,
                     RuntimeId id) {
  const std::string flag(runtime(id).served_name_flag);
  if (flag.empty() || name.empty() || flags.contains(flag.substr(2))) return;
  command.push_back(flag);
  command.push_back(name);
}

}  // namespace

std::vector<std::string> arguments(const space::Point& flags, RuntimeId runtime) {
  std::vector<std::string> out;
  for (const auto& [name, value] : flags) add_flag(out, name, value, runtime);
  return out;
}

std::vector<std::string> default_program(RuntimeId runtime) {
  switch (runtime) {
    case RuntimeId::sglang:
      return {"python3", "-m", "sglang.launch_server"};
    case RuntimeId::vllm:
      return {"vllm", "serve"};
    case RuntimeId::tensorrt_llm:
      return {"trtllm-serve"};
    case RuntimeId::llamacpp:
      return {"llama-server"};
    case RuntimeId::sim:
      return {"autotuner", "sim"};
  }
  return {};
}

std::vector<std::string> command_line(const Invocation& invocation, const space::Point& flags,
                                      RuntimeId runtime) {
  auto command = invocation.program.empty() ? default_program(runtime) : invocation.program;
  add_model(command, invocation.model, runtime);
  // llama-server prints its alias while it loads; people look for it beside the file.
  const bool name_first = runtime == RuntimeId::llamacpp;
  if (name_first) add_served_name(command, invocation.served_name, flags, runtime);
  command.insert(command.end(), {"--host", invocation.host, "--port", std::to_string(invocation.port)});
  if (!name_first) add_served_name(command, invocation.served_name, flags, runtime);
  const auto rest = arguments(flags, runtime);
  command.insert(command.end(), rest.begin(), rest.end());
  return command;
}

}  // namespace autotuner::engine
