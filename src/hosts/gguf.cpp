#include "hosts/gguf.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace autotuner::hosts {
namespace {

using base::Json;
static_assert(std::endian::native == std::endian::little, "numbers are read as they lie in the file");

constexpr std::uint64_t longest_name = 65'535;     // of the format
constexpr std::uint64_t longest_text = 1 << 20;    // what is longer is skipped
constexpr std::uint64_t most_entries = 1'000'000;  // keys, tensors
constexpr std::uint64_t most_elements = 100'000'000;
constexpr std::uint32_t most_dimensions = 8;

enum class Type : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, text, array, u64, i64, f64 };

/// What a key says: the number, the largest number of a list, or a text; and how many elements a list has.
struct Entry {
  std::optional<double> number{};
  std::string text{};
  std::uint64_t count = 0;
};

/// Everything ends as soon as something is wrong: `problem` then says what.
class Reader {
 public:
  explicit Reader(std::istream& file) : file_(file) {}

  bool ok() const { return problem_.empty(); }
  void fail(std::string problem) {
    if (ok()) problem_ = std::move(problem);
  }
  base::Error error() const {
    return {base::ErrorKind::invalid_input, "the GGUF file can't be read: " + problem_};
  }

  template <class T>
  T number() {
    T value{};
    take(reinterpret_cast<char*>(&value), sizeof value);
    return value;
  }

  std::uint64_t count(std::uint64_t most, std::string_view what) {
    const auto value = number<std::uint64_t>();
    if (value <= most) return value;
    fail(fmt::format("{} {} at byte {}; at most {} are possible", value, what, at_, most));
    return 0;
  }

  std::string text(std::uint64_t most) {
    const auto size = number<std::uint64_t>();
    if (size > most) {
      skip(size);
      return {};
    }
    std::string value(size, '\0');
    take(value.data(), size);
    return value;
  }

  Entry value(Type type) {
    Entry entry;
    if (type == Type::text) {
      entry.text = text(longest_text);
    } else if (type == Type::array) {
      const auto element = static_cast<Type>(number<std::uint32_t>());
      if (element == Type::array) fail(fmt::format("a list of lists at byte {}", at_));
      const auto elements = count(most_elements, "elements");
      for (entry.count = 0; ok() && entry.count < elements; ++entry.count) {
        const auto one = scalar(element);
        if (one && *one > entry.number.value_or(0)) entry.number = one;
      }
    } else {
      entry.number = scalar(type);
    }
    return entry;
  }

 private:
  void take(char* target, std::uint64_t size) {
    if (!ok()) return;
    file_.read(target, static_cast<std::streamsize>(size));
    if (static_cast<std::uint64_t>(file_.gcount()) != size) {
      std::memset(target, 0, size);
      fail(fmt::format("it ends after {} bytes", at_ + static_cast<std::uint64_t>(file_.gcount())));
    }
    at_ += size;
  }

  void skip(std::uint64_t size) {
    if (!ok()) return;
    file_.ignore(static_cast<std::streamsize>(std::min<std::uint64_t>(size, 1ULL << 40U)));
    const auto skipped = static_cast<std::uint64_t>(file_.gcount());
    if (skipped != size) fail(fmt::format("it ends after {} bytes", at_ + skipped));
    at_ += skipped;
  }

  std::optional<double> scalar(Type type) {
    switch (type) {
      case Type::u8:
      case Type::boolean:
        return number<std::uint8_t>();
      case Type::i8:
        return number<std::int8_t>();
      case Type::u16:
        return number<std::uint16_t>();
      case Type::i16:
        return number<std::int16_t>();
      case Type::u32:
        return number<std::uint32_t>();
      case Type::i32:
        return number<std::int32_t>();
      case Type::f32:
        return number<float>();
      case Type::u64:
        return static_cast<double>(number<std::uint64_t>());
      case Type::i64:
        return static_cast<double>(number<std::int64_t>());
      case Type::f64:
        return number<double>();
      case Type::text:
        skip(number<std::uint64_t>());
        return std::nullopt;
      case Type::array:
        break;
    }
    fail(fmt::format("no type of a value at byte {}", at_));
    return std::nullopt;
  }

  std::istream& file_;
  std::string problem_;
  std::uint64_t at_ = 0;
};

struct Tensors {
  double parameters = 0;
  bool has_output = false;  ///< an output head of its own
};

Tensors read_tensors(Reader& reader, std::uint64_t count) {
  Tensors tensors;
  for (std::uint64_t i = 0; reader.ok() && i < count; ++i) {
    const auto name = reader.text(longest_name);
    const auto dimensions = reader.number<std::uint32_t>();
    if (dimensions > most_dimensions)
      reader.fail(fmt::format("tensor '{}' has {} dimensions", name, dimensions));
    double numbers = 1;
    for (std::uint32_t d = 0; reader.ok() && d < dimensions; ++d)
      numbers *= static_cast<double>(reader.number<std::uint64_t>());
    reader.number<std::uint32_t>();  // its type
    reader.number<std::uint64_t>();  // where it begins
    tensors.parameters += numbers;
    tensors.has_output = tensors.has_output || name == "output.weight";
  }
  return tensors;
}

/// Words of general.file_type that `predict` reads: what most weights are kept in.
std::string_view weights_of(double file_type) {
  constexpr std::array<std::pair<int, std::string_view>, 6> others = {
      {{0, "f32"}, {1, "f16"}, {7, "q8"}, {18, "q6"}, {32, "bf16"}, {38, "mxfp4"}}};
  for (const auto& [type, word] : others) {
    if (file_type == type) return word;
  }
  return "q4";
}

/// A key behind the architecture's name, and what config.json calls it; the first that is there wins.
struct Word {
  std::string_view key, name;
};
constexpr Word words[] = {
    {"block_count", "num_hidden_layers"},
    {"embedding_length", "hidden_size"},
    {"attention.head_count", "num_attention_heads"},
    {"attention.head_count_kv", "num_key_value_heads"},
    {"attention.key_length", "head_dim"},
    {"feed_forward_length", "intermediate_size"},
    {"vocab_size", "vocab_size"},
    {"expert_count", "num_experts"},
    {"expert_used_count", "num_experts_per_tok"},
    {"expert_feed_forward_length", "moe_intermediate_size"},
    {"expert_shared_count", "n_shared_experts"},
    {"leading_dense_block_count", "first_k_dense_replace"},
    {"attention.kv_lora_rank", "kv_lora_rank"},
};

}  // namespace

base::Result<Json> gguf_config(std::istream& file) {
  Reader reader(file);
  if (reader.number<std::uint32_t>() != 0x46554747) reader.fail("it does not begin with GGUF");
  if (const auto version = reader.number<std::uint32_t>(); version != 2 && version != 3)
    reader.fail(fmt::format("version {}; must be 2 or 3", version));
  const auto tensor_count = reader.count(most_entries, "tensors");
  const auto key_count = reader.count(most_entries, "keys");
  std::map<std::string, Entry, std::less<>> entries;
  for (std::uint64_t i = 0; reader.ok() && i < key_count; ++i) {
    auto key = reader.text(longest_name);
    const auto type = static_cast<Type>(reader.number<std::uint32_t>());
    entries.insert_or_assign(std::move(key), reader.value(type));
  }
  const auto tensors = read_tensors(reader, tensor_count);
  if (!reader.ok()) return tl::unexpected(reader.error());

  Json config = Json::object();
  const auto architecture = entries["general.architecture"].text;
  for (const auto& [key, name] : words) {
    const auto found = entries.find(fmt::format("{}.{}", architecture, key));
    if (found != entries.end() && found->second.number) config[name] = *found->second.number;
  }
  // Keys of latent attention are longer than a head, and its cache is counted by rank.
  if (config.contains("kv_lora_rank"))
    config["qk_rope_head_dim"] = entries[architecture + ".rope.dimension_count"].number.value_or(64);
  if (const auto tokens = entries["tokenizer.ggml.tokens"].count;
      !config.contains("vocab_size") && tokens > 0)
    config["vocab_size"] = tokens;
  // The first of several files lists its own tensors only.
  if (entries["split.count"].number.value_or(1) <= 1) {
    if (tensors.parameters > 0) config["num_parameters"] = tensors.parameters;
    config["tie_word_embeddings"] = !tensors.has_output;
  }
  if (const auto type = entries["general.file_type"].number)
    config["quantization_config"] = {{"quant_method", std::string(weights_of(*type))}};
  return config;
}

}  // namespace autotuner::hosts
