#include "cli/doctor.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "cli/exit_code.hpp"
#include "cli/gpus.hpp"

namespace autotuner::cli {
namespace {

constexpr double bytes_per_gib = 1024.0 * 1024.0 * 1024.0;
// Engine logs rotate at 64 MiB an experiment; a data set and a report come on top.
constexpr double little_space_gib = 2;
constexpr const char* local_only = "not used: this version runs engines as local processes only";

struct Group {
  const char* key;
  const char* title;
};
constexpr Group groups[] = {{"engines", "Engines"},   {"models", "Models"},
                            {"devices", "Devices"},   {"storage", "Storage"},
                            {"services", "Services"}, {"host", "What moves numbers on this host"}};

Check engine_check(const EngineFound& engine) {
  Check check{"engines", engine.key, CheckState::ok, "", ""};
  if (engine.command.empty()) {
    check.state = CheckState::missing;
    check.remedy = engine.problem;
    return check;
  }
  check.detail = fmt::format("{}", fmt::join(engine.command, " "));
  if (!engine.version.empty()) check.detail = fmt::format("{} ({})", engine.version, check.detail);
  if (engine.simulated) check.detail += "; real requests, invented speed";
  return check;
}

std::string first_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 3;
  const auto count = std::min(shown, names.size());
  auto text =
      fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(count), ", "));
  if (names.size() > count) text += fmt::format(" and {} more", names.size() - count);
  return text;
}

void add_models(const ModelsFound& models, std::vector<Check>& checks) {
  if (models.base_exists) {
    checks.push_back(
        {"models", "base path", models.base_entries > 0 ? CheckState::ok : CheckState::doubtful,
         fmt::format("{}: {} model files or folders", models.base_path, models.base_entries),
         models.base_entries > 0 ? "" : "nothing lies there; a model can also be named by its full path"});
  } else {
    checks.push_back(
        {"models", "base path", CheckState::missing, fmt::format("{} does not exist", models.base_path),
         "set DOCKER_MODEL_PATH to the folder with your models, or name a model by its full path"});
  }
  const auto cached = models.cached.empty()
                          ? fmt::format("{}: no complete model", models.cache_path)
                          : fmt::format("{}: {}", models.cache_path, first_of(models.cached));
  checks.push_back(
      {"models", "hugging face cache", models.cached.empty() ? CheckState::missing : CheckState::ok, cached,
       models.cached.empty()
           ? "huggingface-cli download ORG/NAME fetches one; set HF_HOME if the cache lies elsewhere"
           : ""});
  if (!models.incomplete.empty()) {
    checks.push_back(
        {"models", "unfinished downloads", CheckState::doubtful, first_of(models.incomplete),
         "run the download again: an engine would load these half, or fetch them while the clock runs"});
  }
}

void add_devices(const base::Result<std::vector<gpu::Device>>& gpus, const engine::Hardware& hardware,
                 std::vector<Check>& checks) {
  checks.push_back(
      {"devices", "cpu", CheckState::ok,
       fmt::format("{} cores, {:.1f} GiB memory for an engine", hardware.cores, hardware.memory_gib), ""});
  if (!gpus) {
    checks.push_back({"devices", "gpus", CheckState::doubtful, gpus.error().message,
                      "repair the driver: nvidia-smi must work by itself"});
    return;
  }
  if (gpus->empty()) {
    checks.push_back(
        {"devices", "gpus", CheckState::missing, "nvidia-smi lists none",
         "llamacpp runs on the CPU; vllm, sglang and tensorrt-llm want an NVIDIA GPU with its driver"});
    return;
  }
  for (const auto& device : *gpus)
    checks.push_back({"devices", fmt::format("gpu {}", device.index), CheckState::ok, gpu_line(device), ""});
}

/// Only GPUs have tables.
Check kernel_check(const base::Result<std::string>& tables) {
  Check check{"devices", "kernel tables", CheckState::ok, tables ? *tables : tables.error().message, ""};
  if (tables) return check;
  check.state =
      tables.error().kind == base::ErrorKind::not_found ? CheckState::missing : CheckState::doubtful;
  check.remedy = "not needed; with them the prediction of dense models in plan and search is a little better";
  return check;
}

Check service_check(const ServiceFound& service) {
  if (service.place.empty())
    return {"services", service.name, CheckState::missing, fmt::format("nothing names one; {}", local_only),
            ""};
  if (service.present)
    return {"services", service.name, CheckState::ok,
            fmt::format("{} is there; {}", service.place, local_only), ""};
  return {"services", service.name, CheckState::missing,
          fmt::format("{}: {}; {}", service.place, service.problem, local_only), ""};
}

Check storage_check(const StorageFound& storage) {
  if (!storage.writable) {
    return {"storage", "data folder", CheckState::missing,
            fmt::format("{}: {}", storage.path, storage.problem),
            "set DATA_DIR to a folder that you may write"};
  }
  return {"storage", "data folder", CheckState::ok, fmt::format("{} can be written", storage.path), ""};
}

Check space_check(const StorageFound& storage) {
  const double gib = static_cast<double>(storage.free_bytes) / bytes_per_gib;
  if (gib >= little_space_gib)
    return {"storage", "free space", CheckState::ok, fmt::format("{:.1f} GiB", gib), ""};
  return {"storage", "free space", CheckState::doubtful,
          fmt::format("{:.1f} GiB; engine logs and data sets may need {:g} GiB", gib, little_space_gib),
          "make room, or set DATA_DIR to another disk"};
}

Check ports_check(const PortsFound& ports) {
  const auto range = fmt::format("{} of {}-{} are free", ports.free, ports.first, ports.last);
  if (ports.free > 0) return {"storage", "ports", CheckState::ok, range, ""};
  return {"storage", "ports", CheckState::missing, range,
          "end what listens there (ss -ltnp): an engine needs one"};
}

CheckState state_of(const tuning::HostFact& fact) {
  if (fact.state == "ok") return CheckState::ok;
  return fact.state == "doubtful" ? CheckState::doubtful : CheckState::unknown;
}

char mark(CheckState state) {
  switch (state) {
    case CheckState::ok:
      return '+';
    case CheckState::doubtful:
      return '!';
    case CheckState::missing:
      return '-';
    case CheckState::unknown:
      return '?';
  }
  return '?';
}

const char* paint(CheckState state) {
  switch (state) {
    case CheckState::ok:
      return "\x1b[32m";
    case CheckState::doubtful:
      return "\x1b[33m";
    case CheckState::missing:
      return "\x1b[31m";
    case CheckState::unknown:
      return "\x1b[2m";
  }
  return "";
}

std::string line_of(const Check& check, bool colour) {
  const auto state = fmt::format("{} {:<8}", mark(check.state), to_text(check.state));
  auto text =
      fmt::format("  {}{}{} {:<22} {}", colour ? paint(check.state) : "", state, colour ? "\x1b[0m" : "",
                  check.name, check.detail.empty() ? check.remedy : check.detail);
  while (text.ends_with(' ')) text.pop_back();
  text += "\n";
  if (!check.detail.empty() && !check.remedy.empty()) text += fmt::format("{:36}-> {}\n", "", check.remedy);
  return text;
}

const char* conclusion(const Diagnosis& diagnosis) {
  if (!diagnosis.can_tune) return "Nothing can be tuned here yet: see what is missing above.";
  if (diagnosis.only_simulated)
    return "Only the simulated engine can be tuned here; for a real one, see Engines above.";
  return "Tuning can start: autotuner tune";
}

}  // namespace

const char* to_text(CheckState state) {
  switch (state) {
    case CheckState::ok:
      return "ok";
    case CheckState::doubtful:
      return "doubtful";
    case CheckState::missing:
      return "missing";
    case CheckState::unknown:
      return "unknown";
  }
  return "unknown";
}

Diagnosis diagnose(const DoctorParts& parts) {
  Diagnosis diagnosis;
  bool any = false;
  bool real = false;
  for (const auto& engine : parts.engines()) {
    any = any || !engine.command.empty();
    real = real || (!engine.command.empty() && !engine.simulated);
    diagnosis.checks.push_back(engine_check(engine));
  }
  add_models(parts.models(), diagnosis.checks);
  const auto gpus = parts.gpus();
  add_devices(gpus, parts.hardware(), diagnosis.checks);
  if (gpus && !gpus->empty()) diagnosis.checks.push_back(kernel_check(parts.kernel_tables()));
  const auto storage = parts.storage();
  const auto ports = parts.ports();
  diagnosis.checks.push_back(storage_check(storage));
  if (storage.writable) diagnosis.checks.push_back(space_check(storage));
  diagnosis.checks.push_back(ports_check(ports));
  for (const auto& service : parts.services()) diagnosis.checks.push_back(service_check(service));
  for (const auto& fact : parts.audit())
    diagnosis.checks.push_back({"host", fact.name, state_of(fact), fact.value, fact.remedy});
  diagnosis.can_tune = any && storage.writable && ports.free > 0;
  diagnosis.only_simulated = any && !real;
  return diagnosis;
}

std::string doctor_text(const Diagnosis& diagnosis, bool colour) {
  std::string text;
  for (const auto& group : groups) {
    text += fmt::format("{}{}\n", text.empty() ? "" : "\n", group.title);
    for (const auto& check : diagnosis.checks) {
      if (check.group == group.key) text += line_of(check, colour);
    }
  }
  return text + "\n" + conclusion(diagnosis) + "\n";
}

std::string doctor_json(const Diagnosis& diagnosis) {
  base::Json checks = base::Json::array();
  for (const auto& check : diagnosis.checks) {
    checks.push_back({{"group", check.group},
                      {"name", check.name},
                      {"state", to_text(check.state)},
                      {"detail", check.detail},
                      {"remedy", check.remedy.empty() ? base::Json(nullptr) : base::Json(check.remedy)}});
  }
  return base::to_pretty_text({{"can_tune", diagnosis.can_tune},
                               {"only_simulated", diagnosis.only_simulated},
                               {"conclusion", conclusion(diagnosis)},
                               {"checks", std::move(checks)}}) +
         "\n";
}

void add_doctor(CLI::App& app, const Settings& settings, DoctorParts parts, int& exit_code) {
  auto json = std::make_shared<bool>(false);
  auto* command = app.add_subcommand("doctor", "say what is here, what is missing and how to get it");
  command->add_flag("--json", *json, "as JSON");
  command->footer(
      "Exit code 0 when something can be tuned here, 1 when not. Marks: + ok, ! doubtful, - missing, ? "
      "unknown.\n\n"
      "Examples:\n  autotuner doctor\n  autotuner doctor --json | jq '.checks[] | select(.state != \"ok\")'");
  command->callback([json, &settings, parts = std::move(parts), &exit_code] {
    const auto diagnosis = diagnose(parts);
    fmt::print("{}", *json ? doctor_json(diagnosis)
                           : doctor_text(diagnosis, settings.colour && settings.stdout_is_terminal));
    exit_code = diagnosis.can_tune ? success : work_failed;
  });
}

}  // namespace autotuner::cli
