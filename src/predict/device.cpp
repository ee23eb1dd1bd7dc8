#include "predict/device.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

#include "base/text.hpp"

namespace autotuner::predict {
namespace {

constexpr double giga = 1e9, tera = 1e12, gib = 1024.0 * 1024 * 1024;

/// Words that name a device: the first must be there, the others tell variants apart.
struct Row {
  Device device;
  std::array<std::string_view, 3> words;
};

/// Makers' data sheets, dense figures (half of what sheets print "with sparsity"); link = NVLink, Infinity
/// Fabric or PCIe, one direction.
constexpr Row rows[] = {
    // NVIDIA T4 data sheet: 16 GB GDDR6, 320 GB/s, 65 TFLOPS FP16, 130 TOPS INT8, PCIe 3.0 x16.
    {{"NVIDIA T4", 16 * gib, 320 * giga, 65 * tera, 0, 130 * tera, 0, 16 * giga}, {"t4"}},
    // NVIDIA A10 data sheet: 24 GB, 600 GB/s, 125 TFLOPS BF16, 250 TOPS INT8, PCIe 4.0 x16.
    {{"NVIDIA A10", 24 * gib, 600 * giga, 125 * tera, 0, 250 * tera, 0, 32 * giga}, {"a10"}},
    // NVIDIA L4 data sheet: 24 GB, 300 GB/s, 242 TFLOPS BF16 and 485 FP8 with sparsity, PCIe 4.0 x16.
    {{"NVIDIA L4", 24 * gib, 300 * giga, 121 * tera, 242 * tera, 242 * tera, 0, 32 * giga}, {"l4"}},
    // NVIDIA L40S data sheet: 48 GB, 864 GB/s, 362 TFLOPS BF16, 733 FP8 and INT8, PCIe 4.0 x16.
    {{"NVIDIA L40S", 48 * gib, 864 * giga, 362 * tera, 733 * tera, 733 * tera, 0, 32 * giga}, {"l40s"}},
    // NVIDIA Ada architecture white paper, RTX 4090: 24 GB, 1008 GB/s, 165 TFLOPS BF16 and 330 FP8 with FP32
    // accumulation, 661 TOPS INT8, PCIe 4.0 x16.
    {{"NVIDIA RTX 4090", 24 * gib, 1008 * giga, 165 * tera, 330 * tera, 661 * tera, 0, 32 * giga}, {"4090"}},
    // NVIDIA A100 data sheet: 40 GB 1555 GB/s, 80 GB SXM 2039, 80 GB PCIe 1935; 312 TFLOPS BF16, 624 TOPS
    // INT8; NVLink 600 GB/s both directions.
    {{"NVIDIA A100 80GB", 80 * gib, 2039 * giga, 312 * tera, 0, 624 * tera, 0, 300 * giga}, {"a100"}},
    {{"NVIDIA A100 40GB", 40 * gib, 1555 * giga, 312 * tera, 0, 624 * tera, 0, 300 * giga}, {"a100", "40gb"}},
    {{"NVIDIA A100 80GB PCIe", 80 * gib, 1935 * giga, 312 * tera, 0, 624 * tera, 0, 32 * giga},
     {"a100", "pcie"}},
    {{"NVIDIA A100 40GB PCIe", 40 * gib, 1555 * giga, 312 * tera, 0, 624 * tera, 0, 32 * giga},
     {"a100", "pcie", "40gb"}},
    // NVIDIA H100 data sheet: SXM 3.35 TB/s, 989 TFLOPS BF16, 1979 FP8, NVLink 900 GB/s; PCIe 2 TB/s, 756,
    // 1513, PCIe 5.0 x16.
    {{"NVIDIA H100 SXM", 80 * gib, 3350 * giga, 989 * tera, 1979 * tera, 1979 * tera, 0, 450 * giga},
     {"h100"}},
    {{"NVIDIA H100 PCIe", 80 * gib, 2000 * giga, 756 * tera, 1513 * tera, 1513 * tera, 0, 64 * giga},
     {"h100", "pcie"}},
    // NVIDIA GH200 data sheet: 96 GB HBM3, 4 TB/s, Hopper as H100 SXM.
    {{"NVIDIA GH200", 96 * gib, 4000 * giga, 989 * tera, 1979 * tera, 1979 * tera, 0, 450 * giga}, {"gh200"}},
    // NVIDIA H200 data sheet: 141 GB, 4.8 TB/s, Hopper as H100 SXM.
    {{"NVIDIA H200", 141 * giga, 4800 * giga, 989 * tera, 1979 * tera, 1979 * tera, 0, 450 * giga}, {"h200"}},
    // NVIDIA DGX B200 data sheet, one of eight: 180 GB, 64 TB/s in all, 72 PFLOPS FP8 and 144 FP4 with
    // sparsity
    // in all; NVLink 5 1.8 TB/s.
    {{"NVIDIA B200", 180 * giga, 7700 * giga, 2250 * tera, 4500 * tera, 4500 * tera, 9000 * tera, 900 * giga},
     {"b200"}},
    // NVIDIA GB200 NVL72, one of 72: 186 GB, 8 TB/s, 2.5 PFLOPS BF16, 5 FP8, 10 FP4.
    {{"NVIDIA GB200", 186 * giga, 8000 * giga, 2500 * tera, 5000 * tera, 5000 * tera, 1e4 * tera, 900 * giga},
     {"gb200"}},
    // NVIDIA DGX B300, one of eight: 270 GB, 7.7 TB/s, 108 PFLOPS dense FP4 and 36 FP8 in all.
    {{"NVIDIA B300", 270 * giga, 7700 * giga, 2250 * tera, 4500 * tera, 0, 13500 * tera, 900 * giga},
     {"b300"}},
    // NVIDIA GB300 NVL72, one of 72: 279 GB, 8 TB/s, 15 PFLOPS dense FP4, 5 FP8.
    {{"NVIDIA GB300", 279 * giga, 8000 * giga, 2500 * tera, 5000 * tera, 0, 15000 * tera, 900 * giga},
     {"gb300"}},
    // AMD Instinct MI250: 128 GB, 3.28 TB/s, 362 TFLOPS BF16 and INT8; Infinity Fabric.
    {{"AMD MI250", 128 * gib, 3277 * giga, 362 * tera, 0, 362 * tera, 0, 300 * giga}, {"mi250"}},
    // AMD Instinct MI300X data sheet: 192 GB, 5.3 TB/s, 1307 TFLOPS BF16, 2615 FP8 and INT8; 7 links of 64
    // GB/s.
    {{"AMD MI300X", 192 * gib, 5300 * giga, 1307 * tera, 2615 * tera, 2615 * tera, 0, 448 * giga},
     {"mi300x"}},
    // AMD Instinct MI325X data sheet: 256 GB, 6 TB/s, compute as MI300X.
    {{"AMD MI325X", 256 * gib, 6000 * giga, 1307 * tera, 2615 * tera, 2615 * tera, 0, 448 * giga},
     {"mi325x"}},
    // Intel Gaudi 2 white paper: 96 GB, 2.45 TB/s, 432 TFLOPS BF16, 865 FP8, 24 ports of 100 Gbit/s.
    {{"Intel Gaudi2", 96 * gib, 2450 * giga, 432 * tera, 865 * tera, 0, 0, 300 * giga}, {"gaudi2"}},
    // A server socket of no maker: 8 channels of DDR5-4800 (307 GB/s) of which two thirds are usable, 32
    // cores
    // with 16-bit vector units; nothing is linked.
    {{"CPU", 128 * gib, 200 * giga, 4 * tera, 0, 8 * tera, 0, 20 * giga, true}, {"cpu"}},
};

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      word += static_cast<char>(std::tolower(byte));
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  if (!word.empty()) words.push_back(word);
  return words;
}

/// 2 for the word itself, 1 for the word with letters behind it ("a10g", "h100sxm5"), else 0.
int likeness(const std::vector<std::string>& words, std::string_view wanted) {
  int best = 0;
  for (const auto& word : words) {
    if (word == wanted) return 2;
    if (word.starts_with(wanted) && std::isdigit(static_cast<unsigned char>(word[wanted.size()])) == 0)
      best = 1;
  }
  return best;
}

/// 0 = the name doesn't mean this row.
int likeness(const std::vector<std::string>& words, const Row& row) {
  int sum = 0;
  for (const auto wanted : row.words) {
    if (wanted.empty()) continue;
    const int one = likeness(words, wanted);
    if (one == 0) return 0;
    sum += one;
  }
  return sum;
}

constexpr auto listed = [] {
  std::array<Device, std::size(rows)> result{};
  std::ranges::transform(rows, result.begin(), &Row::device);
  return result;
}();

}  // namespace

std::span<const Device> devices() {
  return listed;
}

std::optional<Device> find_device(std::string_view name) {
  const auto words = words_of(name);
  int best = 0;
  std::optional<Device> found;
  for (const auto& row : rows) {
    const int score = likeness(words, row);
    if (score > best) {
      best = score;
      found = row.device;
    }
  }
  return found;
}

std::optional<Device> find_device(const gpu::Device& device) {
  auto found = find_device(device.name);
  constexpr double mib = 1024.0 * 1024;
  if (found && device.memory_total_mb && *device.memory_total_mb > 0)
    found->memory = *device.memory_total_mb * mib;
  return found;
}

}  // namespace autotuner::predict
