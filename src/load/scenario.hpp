#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "base/result.hpp"

namespace autotuner::load {

/// Tokens to send and to ask for. output 0 = no limit (dataset).
struct Lengths {
  int input = 0;
  int output = 0;
  bool operator==(const Lengths&) const = default;
};

enum class ScenarioKind { deterministic, normal, uniform, embeddings, rerank, image, audio, dataset };

/// The shape of traffic, e.g. D(100,100), N(480,240)/(300,150), U(50,100)/(200,250), dataset.
class Scenario {
 public:
  /// Errors: invalid_input with what is allowed (no spaces, case matters).
  static base::Result<Scenario> parse(std::string_view text);

  const std::string& text() const { return text_; }
  ScenarioKind kind() const { return kind_; }
  /// Draws one request's lengths: D exactly its numbers; N and U truncate the draw to whole tokens and keep
  /// at least 1 token in and 2 out (one token out has no time per output token). Other kinds give longest().
  Lengths sample(base::Random& random) const;
  /// An upper bound that fits the context: exact for D and U, mean + 3 sd for N.
  /// embeddings: the input alone; the other kinds count no tokens and give zeros.
  Lengths longest() const;
  /// The least that sample() gives, for N the least within 3 sd: a shared prefix has to fit into it.
  Lengths shortest() const;
  /// As it stands in result file names: parentheses removed, comma and slash become underscores.
  std::string file_name() const;

  bool operator==(const Scenario& other) const { return text_ == other.text_; }

 private:
  /// What is wrong with its numbers, if anything.
  std::optional<std::string> fault() const;

  std::string text_;
  ScenarioKind kind_ = ScenarioKind::deterministic;
  int a_ = 0;  ///< input: exact, mean or low
  int b_ = 0;  ///< input: sd or high
  int c_ = 0;  ///< output: exact, mean or low
  int d_ = 0;  ///< output: sd or high
};

}  // namespace autotuner::load
