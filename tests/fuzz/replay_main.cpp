#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/fuzz/replay.hpp"

namespace autotuner::fuzz {
namespace {

constexpr int mutations_per_file = 60;
constexpr std::size_t longest_input = 16 * 1024;

std::vector<std::string> read_corpus(const std::string& name) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(AUTOTUNER_FUZZ_CORPUS) + "/" + name))
    paths.push_back(entry.path());
  std::ranges::sort(paths);
  std::vector<std::string> inputs;
  for (const auto& path : paths) {
    std::ifstream in(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return inputs;
}

/// Makes inputs like those that a fuzzer finds, the same ones in every run.
class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& corpus) : corpus_(corpus) {}

  std::string mutate(std::string text) {
    for (std::size_t left = 1 + below(3); left > 0; --left) change(text);
    return text.substr(0, longest_input);
  }

 private:
  std::size_t below(std::size_t limit) {
    return limit == 0 ? 0 : std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }

  void change(std::string& text) {
    const auto at = below(text.size() + 1);
    const auto length = below(std::min<std::size_t>(32, text.size() - at) + 1);
    switch (below(6)) {
      case 0:
        if (at < text.size())
          text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ (1U << below(8)));
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, text.substr(at, length));
        break;
      case 3:
        text.insert(at, telling_pieces[below(std::size(telling_pieces))]);
        break;
      case 4: {
        const auto& other = corpus_[below(corpus_.size())];
        text = text.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      }
      default:
        text.resize(at);
        break;
    }
  }

  static constexpr std::string_view telling_pieces[] = {std::string_view("\0", 1),
                                                        "\xff",
                                                        "\xc3",
                                                        "\n",
                                                        "\r\n",
                                                        "\"",
                                                        "'",
                                                        "\\u0000",
                                                        "\\ud800",
                                                        "{",
                                                        "[",
                                                        "]]",
                                                        "}}",
                                                        ",",
                                                        ":",
                                                        "-1",
                                                        "0",
                                                        "1e999",
                                                        "-0.0",
                                                        "NaN",
                                                        "99999999999999999999",
                                                        "2147483648",
                                                        "null",
                                                        "true",
                                                        "((((((((",
                                                        "&a *a",
                                                        "<<: ",
                                                        "!!",
                                                        "%",
                                                        "data: "};

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_{20260701};
};

void give(Target target, const std::string& input) {
  // A copy of exactly that size, so that the sanitizer sees a read behind the end.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  EXPECT_EQ(target(bytes.data(), bytes.size()), 0);
}

}  // namespace

void replay(const std::string& name, Target target) {
  const auto corpus = read_corpus(name);
  ASSERT_GE(corpus.size(), 5U) << "too few files in tests/fuzz/corpus/" << name;
  give(target, "");
  Mutator mutator(corpus);
  for (const auto& input : corpus) {
    give(target, input);
    for (int n = 0; n < mutations_per_file; ++n) give(target, mutator.mutate(input));
  }
}

}  // namespace autotuner::fuzz
