#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"

namespace autotuner::traffic {

/// Common English words, each once, lower case. Most tokenizers know each as one token with its leading
/// space.
const std::vector<std::string_view>& common_words();

/// `count` words of `vocabulary`, drawn anew and joined by spaces; the first one is drawn, too, so that two
/// texts hardly share a beginning.
std::string random_words(const std::vector<std::string_view>& vocabulary, int count, base::Random& random);

}  // namespace autotuner::traffic
