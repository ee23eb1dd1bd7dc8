#include "spec/convert.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/command_line.hpp"
#include "spec/fields.hpp"

namespace autotuner::spec {
namespace {

std::optional<DeploymentMode> mode_from_text(std::string_view text) {
  for (const auto mode : {DeploymentMode::docker, DeploymentMode::local, DeploymentMode::ome}) {
    if (text == to_text(mode)) return mode;
  }
  return std::nullopt;
}

/// The engine: base_runtime, else what stands behind a name of its own.
std::optional<engine::RuntimeId> find_engine(const Node& document, const std::string& base_runtime,
                                             Report& report) {
  const Section top(&document);
  const auto family = top.text("runtime_family");
  if (!family.empty()) {
    auto found = engine::find_runtime(family);
    if (found) return *found;
    report.error("runtime_family", top.line_of("runtime_family"), "not_allowed", found.error().message);
    return std::nullopt;
  }
  auto found = engine::find_runtime(base_runtime);
  if (found) return *found;
  const Section serving(document, "clusterservingruntime_config");
  if (const Node* preset = serving.find("preset"); preset != nullptr && preset->kind == NodeKind::text) {
    if (auto by_preset = engine::find_runtime(preset->text)) return *by_preset;
  }
  report.error("base_runtime", top.line_of("base_runtime"), "not_allowed", found.error().message);
  return std::nullopt;
}

bool is_secret_member(const std::string& key) {
  return engine::is_secret_name(key) || std::ranges::any_of(all_fields(), [&](const Field& f) {
           return f.mark == Mark::secret && f.path.ends_with("." + key);
         });
}

Node without_secrets(const Node& node) {
  Node clean = node;
  if (clean.kind == NodeKind::text) clean.text = engine::mask_urls(clean.text);
  for (auto& item : clean.items) item = without_secrets(item);
  clean.members.clear();
  for (const auto& member : node.members) {
    if (!is_secret_member(member.key))
      clean.members.push_back({member.key, member.line, without_secrets(member.value)});
  }
  return clean;
}

}  // namespace

const char* to_text(DeploymentMode mode) {
  switch (mode) {
    case DeploymentMode::docker:
      return "docker";
    case DeploymentMode::local:
      return "local";
    case DeploymentMode::ome:
      return "ome";
  }
  return "";
}

int Section::line_of(std::string_view key) const {
  if (node_ == nullptr) return line_;
  const auto found = std::ranges::find(node_->members, key, &Member::key);
  return found == node_->members.end() ? line_ : found->value.line;
}

std::string Section::text(std::string_view key, std::string preset) const {
  const Node* node = find(key);
  return node != nullptr && node->kind == NodeKind::text ? node->text : std::move(preset);
}

std::optional<std::int64_t> Section::integer(std::string_view key) const {
  const Node* node = find(key);
  if (node == nullptr || node->kind != NodeKind::integer) return std::nullopt;
  return node->integer;
}

int Section::count(std::string_view key, int preset) const {
  return static_cast<int>(integer(key).value_or(preset));
}

std::optional<double> Section::number(std::string_view key) const {
  const Node* node = find(key);
  if (node == nullptr || !node->is_number()) return std::nullopt;
  return node->number();
}

std::optional<std::chrono::duration<double>> Section::seconds(std::string_view key) const {
  const auto value = number(key);
  if (!value) return std::nullopt;
  return std::chrono::duration<double>(*value);
}

std::optional<bool> Section::boolean(std::string_view key) const {
  const Node* node = find(key);
  if (node == nullptr || node->kind != NodeKind::boolean) return std::nullopt;
  return node->boolean;
}

bool convert_heading(const Node& document, Task& task, Report& report) {
  const Section top(&document);
  task.name = top.text("task_name");
  task.description = top.text("description");
  const Section model(document, "model");
  task.model.id_or_path = model.text("id_or_path");
  task.model.name_space = model.text("namespace", "default");
  task.model.hf_token = model.text("hf_token");
  const Section config(model.find("quantization_config"));
  task.model.quantization = model.text("quantization", config.text("quant_method"));
  task.base_runtime = top.text("base_runtime");
  const auto runtime =
      task.base_runtime.empty() ? std::nullopt : find_engine(document, task.base_runtime, report);
  task.runtime = runtime.value_or(task.runtime);
  task.runtime_image_tag = top.text("runtime_image_tag");
  task.deployment_mode = mode_from_text(top.text("deployment_mode"));
  task.gpu_type = top.text("gpu_type");
  task.price_per_gpu_hour = top.number("price_per_gpu_hour");
  task.owner = top.text("owner");
  task.reference_compat = top.text("compat") == "reference";
  if (const Node* tags = top.find("tags")) {
    for (const auto& tag : tags->items) task.tags.push_back(tag.text);
  }
  return runtime.has_value();
}

std::string stored_text(const Node& document) {
  return base::to_pretty_text(to_json(without_secrets(document)));
}

}  // namespace autotuner::spec
