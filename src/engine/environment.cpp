#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "engine/command_line.hpp"

namespace autotuner::engine {
namespace {

// Compared in capitals: tools read the proxy variables in both cases.
constexpr std::array<std::string_view, 15> own_variables = {"CUDA_VISIBLE_DEVICES",
                                                            "CUDA_DEVICE_ORDER",
                                                            "NVIDIA_VISIBLE_DEVICES",
                                                            "HIP_VISIBLE_DEVICES",
                                                            "ROCR_VISIBLE_DEVICES",
                                                            "HTTP_PROXY",
                                                            "HTTPS_PROXY",
                                                            "NO_PROXY",
                                                            "HF_TOKEN",
                                                            "HUGGING_FACE_HUB_TOKEN",
                                                            "HF_HOME",
                                                            "HF_HUB_OFFLINE",
                                                            "TRANSFORMERS_OFFLINE",
                                                            "PATH",
                                                            "HOME"};

bool is_letter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

void set(std::map<std::string, std::string>& variables, std::initializer_list<const char*> names,
         const std::string& value) {
  if (value.empty()) return;
  for (const auto* name : names) variables[name] = value;
}

}  // namespace

std::map<std::string, std::string> environment(const EnvironmentSettings& settings) {
  std::map<std::string, std::string> variables;
  set(variables, {"HTTP_PROXY", "http_proxy"}, settings.http_proxy);
  set(variables, {"HTTPS_PROXY", "https_proxy"}, settings.https_proxy);
  set(variables, {"NO_PROXY", "no_proxy"}, settings.no_proxy);
  set(variables, {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}, settings.hf_token);
  set(variables, {"HF_HOME"}, settings.hf_home);
  if (!settings.gpu_uuids.empty()) {
    variables["CUDA_VISIBLE_DEVICES"] = base::join(settings.gpu_uuids, ",");
    variables["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID";
  }
  if (settings.offline) set(variables, {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"}, "1");
  return variables;
}

std::optional<std::string> why_not_a_parameter(std::string_view variable) {
  if (!is_variable_name(variable)) return "is no name of a variable; must be letters, digits and underscores";
  std::string upper(variable);
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  if (std::ranges::find(own_variables, upper) != own_variables.end())
    return "is a variable that autotuner sets itself";
  if (is_secret_name(variable)) return "names a secret, which can't be a parameter; secrets are settings";
  return std::nullopt;
}

}  // namespace autotuner::engine
