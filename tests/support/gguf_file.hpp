#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace autotuner::tests {

/// The bytes of a GGUF file's head, as its writers put them.
class GgufFile {
 public:
  GgufFile& number(std::string_view key, std::uint32_t value) {
    return entry(text(key) + little(4, 4) + little(value, 4));
  }
  GgufFile& word(std::string_view key, std::string_view value) {
    return entry(text(key) + little(8, 4) + text(value));
  }
  GgufFile& words(std::string_view key, const std::vector<std::string_view>& values) {
    auto bytes = text(key) + little(9, 4) + little(8, 4) + little(values.size(), 8);
    for (const auto value : values) bytes += text(value);
    return entry(bytes);
  }
  GgufFile& numbers(std::string_view key, const std::vector<std::uint32_t>& values) {
    auto bytes = text(key) + little(9, 4) + little(4, 4) + little(values.size(), 8);
    for (const auto value : values) bytes += little(value, 4);
    return entry(bytes);
  }
  GgufFile& tensor(std::string_view name, std::uint64_t rows, std::uint64_t columns) {
    tensors_ +=
        text(name) + little(2, 4) + little(rows, 8) + little(columns, 8) + little(0, 4) + little(0, 8);
    ++tensor_count_;
    return *this;
  }
  std::string bytes(std::uint32_t version = 3) const {
    return "GGUF" + little(version, 4) + little(tensor_count_, 8) + little(entry_count_, 8) + entries_ +
           tensors_;
  }

 private:
  static std::string little(std::uint64_t value, int bytes) {
    std::string text;
    for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xFFU);
    return text;
  }
  static std::string text(std::string_view value) { return little(value.size(), 8) + std::string(value); }
  GgufFile& entry(const std::string& bytes) {
    entries_ += bytes;
    ++entry_count_;
    return *this;
  }
  std::string entries_, tensors_;
  std::uint64_t entry_count_ = 0, tensor_count_ = 0;
};

/// A model of two layers.
inline GgufFile small_gguf() {
  GgufFile file;
  file.word("general.architecture", "qwen2")
      .number("general.file_type", 7)
      .number("qwen2.block_count", 2)
      .number("qwen2.embedding_length", 64)
      .number("qwen2.attention.head_count", 4)
      .number("qwen2.attention.head_count_kv", 2)
      .words("tokenizer.ggml.tokens", {"a", "b", "c"})
      .tensor("token_embd.weight", 64, 3)
      .tensor("blk.0.attn_q.weight", 64, 640);
  return file;
}

}  // namespace autotuner::tests
