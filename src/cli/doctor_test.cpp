#include "cli/doctor.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "cli/gpus.hpp"

namespace autotuner::cli {
namespace {

/// A host with everything in place; each test spoils one thing.
DoctorParts healthy() {
  DoctorParts parts;
  parts.engines = [] {
    return std::vector<EngineFound>{
        {"llamacpp", "llama.cpp", false, {"/usr/bin/llama-server"}, "10068 (abc)", ""},
        {"vllm", "vLLM", false, {}, "", "vLLM is not installed here: pip install vllm"},
        {"sim", "simulated engine", true, {"/usr/bin/autotuner", "sim"}, "0.1.0", ""}};
  };
  parts.models = [] { return ModelsFound{"/models", true, 2, "/home/u/.cache/huggingface", {"org/a"}, {}}; };
  parts.gpus = []() -> base::Result<std::vector<gpu::Device>> { return std::vector<gpu::Device>{}; };
  parts.hardware = [] { return engine::Hardware{.cores = 8, .memory_gib = 30.5}; };
  parts.kernel_tables = [] { return base::Result<std::string>("tables 1.0 in /site: h100_sxm"); };
  parts.services = [] {
    return std::vector<ServiceFound>{{"docker", "/var/run/docker.sock", true, ""}, {"redis", "", false, ""}};
  };
  parts.storage = [] { return StorageFound{"/data", true, "", 50ULL << 30}; };
  parts.ports = [] { return PortsFound{30000, 30100, 100}; };
  parts.audit = [] {
    return std::vector<tuning::HostFact>{
        {"governor", "doubtful", "powersave", "cpupower frequency-set -g performance"},
        {"swap", "ok", "off", ""},
        {"boost", "unknown", "", ""}};
  };
  return parts;
}

const Check* find(const Diagnosis& diagnosis, const std::string& name) {
  for (const auto& check : diagnosis.checks) {
    if (check.name == name) return &check;
  }
  return nullptr;
}

CheckState state_of(const Diagnosis& diagnosis, const std::string& name) {
  const auto* check = find(diagnosis, name);
  return check == nullptr ? CheckState::unknown : check->state;
}

TEST(Doctor, CanTuneWithOneRealEngine) {
  const auto diagnosis = diagnose(healthy());
  EXPECT_TRUE(diagnosis.can_tune);
  EXPECT_FALSE(diagnosis.only_simulated);
  EXPECT_EQ(find(diagnosis, "llamacpp")->detail, "10068 (abc) (/usr/bin/llama-server)");
  EXPECT_NE(doctor_text(diagnosis, false).find("Tuning can start: autotuner tune"), std::string::npos);
}

TEST(Doctor, TellsOfKernelTablesWhereThereAreGpus) {
  auto parts = healthy();
  EXPECT_EQ(find(diagnose(parts), "kernel tables"), nullptr) << "CPUs have none";
  parts.gpus = []() -> base::Result<std::vector<gpu::Device>> { return std::vector<gpu::Device>(1); };
  EXPECT_EQ(find(diagnose(parts), "kernel tables")->detail, "tables 1.0 in /site: h100_sxm");
  parts.kernel_tables = []() -> base::Result<std::string> {
    return base::fail(base::ErrorKind::not_found, "nothing is installed");
  };
  const auto missing = diagnose(parts);
  EXPECT_EQ(state_of(missing, "kernel tables"), CheckState::missing);
  EXPECT_TRUE(missing.can_tune);
  parts.kernel_tables = []() -> base::Result<std::string> { return base::invalid_input("a wrong folder"); };
  EXPECT_EQ(state_of(diagnose(parts), "kernel tables"), CheckState::doubtful);
}

TEST(Doctor, SaysHowToGetAMissingEngine) {
  const auto diagnosis = diagnose(healthy());
  EXPECT_EQ(state_of(diagnosis, "vllm"), CheckState::missing);
  EXPECT_NE(doctor_text(diagnosis, false)
                .find("- missing  vllm                   vLLM is not installed here: pip install vllm"),
            std::string::npos);
}

TEST(Doctor, SaysWhenOnlyTheSimulatedEngineIsThere) {
  auto parts = healthy();
  parts.engines = [] {
    return std::vector<EngineFound>{{"sim", "simulated engine", true, {"/bin/autotuner", "sim"}, "", ""}};
  };
  const auto diagnosis = diagnose(parts);
  EXPECT_TRUE(diagnosis.can_tune);
  EXPECT_TRUE(diagnosis.only_simulated);
  EXPECT_NE(doctor_text(diagnosis, false).find("Only the simulated engine can be tuned here"),
            std::string::npos);
}

TEST(Doctor, CannotTuneWithoutAnEngine) {
  auto parts = healthy();
  parts.engines = [] { return std::vector<EngineFound>{{"vllm", "vLLM", false, {}, "", "not here"}}; };
  const auto diagnosis = diagnose(parts);
  EXPECT_FALSE(diagnosis.can_tune);
  EXPECT_FALSE(diagnosis.only_simulated);
  EXPECT_NE(doctor_text(diagnosis, false).find("Nothing can be tuned here yet"), std::string::npos);
}

TEST(Doctor, CannotTuneWhereResultsCannotBeKept) {
  auto parts = healthy();
  parts.storage = [] { return StorageFound{"/data", false, "/ can't be written: Permission denied", 0}; };
  const auto diagnosis = diagnose(parts);
  EXPECT_FALSE(diagnosis.can_tune);
  EXPECT_EQ(find(diagnosis, "data folder")->remedy, "set DATA_DIR to a folder that you may write");
  EXPECT_EQ(find(diagnosis, "free space"), nullptr);
}

TEST(Doctor, CannotTuneWithoutAFreePort) {
  auto parts = healthy();
  parts.ports = [] { return PortsFound{30000, 30001, 0}; };
  const auto diagnosis = diagnose(parts);
  EXPECT_FALSE(diagnosis.can_tune);
  EXPECT_EQ(find(diagnosis, "ports")->detail, "0 of 30000-30001 are free");
}

TEST(Doctor, DoubtsAFullDisk) {
  auto parts = healthy();
  parts.storage = [] { return StorageFound{"/data", true, "", 1ULL << 30}; };
  const auto diagnosis = diagnose(parts);
  EXPECT_EQ(state_of(diagnosis, "free space"), CheckState::doubtful);
  EXPECT_EQ(find(diagnosis, "free space")->detail, "1.0 GiB; engine logs and data sets may need 2 GiB");
  EXPECT_TRUE(diagnosis.can_tune);
}

TEST(Doctor, SaysOfServicesThatThisVersionDoesNotUseThem) {
  const auto diagnosis = diagnose(healthy());
  EXPECT_EQ(find(diagnosis, "docker")->detail,
            "/var/run/docker.sock is there; not used: this version runs engines as local processes only");
  EXPECT_EQ(find(diagnosis, "redis")->detail,
            "nothing names one; not used: this version runs engines as local processes only");
}

TEST(Doctor, NamesDownloadsThatHaveNotEnded) {
  auto parts = healthy();
  parts.models = [] { return ModelsFound{"/models", false, 0, "/hf", {}, {"org/b"}}; };
  const auto diagnosis = diagnose(parts);
  EXPECT_EQ(state_of(diagnosis, "unfinished downloads"), CheckState::doubtful);
  EXPECT_EQ(find(diagnosis, "base path")->detail, "/models does not exist");
  EXPECT_EQ(find(diagnosis, "hugging face cache")->detail, "/hf: no complete model");
}

TEST(Doctor, PassesOnWhatTheDriverSays) {
  auto parts = healthy();
  parts.gpus = []() -> base::Result<std::vector<gpu::Device>> {
    return base::fail(base::ErrorKind::unavailable, "nvidia-smi failed: exit code 9");
  };
  const auto diagnosis = diagnose(parts);
  EXPECT_EQ(state_of(diagnosis, "gpus"), CheckState::doubtful);
  EXPECT_EQ(find(diagnosis, "gpus")->detail, "nvidia-smi failed: exit code 9");
}

TEST(Doctor, ShowsTheHostAuditWithItsRemedies) {
  const auto diagnosis = diagnose(healthy());
  EXPECT_EQ(state_of(diagnosis, "governor"), CheckState::doubtful);
  EXPECT_EQ(state_of(diagnosis, "swap"), CheckState::ok);
  EXPECT_EQ(state_of(diagnosis, "boost"), CheckState::unknown);
  const auto text = doctor_text(diagnosis, false);
  EXPECT_NE(text.find("! doubtful governor               powersave\n"), std::string::npos);
  EXPECT_NE(text.find("-> cpupower frequency-set -g performance"), std::string::npos);
}

TEST(Doctor, ColoursOnlyWhenAsked) {
  const auto diagnosis = diagnose(healthy());
  EXPECT_EQ(doctor_text(diagnosis, false).find('\x1b'), std::string::npos);
  EXPECT_NE(doctor_text(diagnosis, true).find("\x1b[32m"), std::string::npos);
}

TEST(Doctor, GivesEveryCheckToMachines) {
  const auto diagnosis = diagnose(healthy());
  const auto json = base::parse_json(doctor_json(diagnosis));
  ASSERT_TRUE(json);
  EXPECT_EQ((*json)["can_tune"], true);
  ASSERT_EQ((*json)["checks"].size(), diagnosis.checks.size());
  EXPECT_EQ((*json)["checks"][0]["state"], "ok");
  EXPECT_TRUE((*json)["checks"][0]["remedy"].is_null());
  EXPECT_EQ((*json)["checks"][1]["remedy"], "vLLM is not installed here: pip install vllm");
}

TEST(Doctor, EndsWithOneWhenNothingCanBeTuned) {
  auto parts = healthy();
  parts.engines = [] { return std::vector<EngineFound>{}; };
  CLI::App app;
  const Settings settings;
  int code = 0;
  add_doctor(app, settings, parts, code);
  testing::internal::CaptureStdout();
  app.parse("doctor --json");
  EXPECT_NE(testing::internal::GetCapturedStdout().find("\"can_tune\": false"), std::string::npos);
  EXPECT_EQ(code, 1);
}

TEST(Gpus, ListsTheCpuToo) {
  gpu::Device device;
  device.name = "NVIDIA H100";
  device.memory_total_mb = 81559;
  device.memory_free_mb = 79100;
  device.utilization_gpu = 3;
  EXPECT_EQ(gpus_text({device}, {.cores = 2, .memory_gib = 7.25}),
            "cpu    2 cores, 7.2 GiB memory for an engine\ngpu 0  NVIDIA H100, 79,100 of 81,559 MiB free, 3 "
            "% busy\n");
}

TEST(Gpus, LeavesOutWhatTheDriverDoesNotTell) {
  EXPECT_EQ(gpu_line(gpu::Device{}), "unnamed GPU");
  const auto json = base::parse_json(gpus_json({gpu::Device{}}, {}));
  ASSERT_TRUE(json);
  EXPECT_TRUE((*json)["gpus"][0]["memory_total_mb"].is_null());
  EXPECT_TRUE((*json)["gpus"][0]["uuid"].is_null());
}

TEST(Gpus, SaysThatAProhibitedGpuIsNotUsed) {
  gpu::Device device;
  device.name = "A";
  device.compute_mode = "Prohibited";
  EXPECT_EQ(gpu_line(device), "A, compute mode Prohibited: not used");
}

}  // namespace
}  // namespace autotuner::cli
