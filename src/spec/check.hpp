#pragma once

#include <string>

#include "spec/document.hpp"

namespace autotuner::spec {

/// Holds a document against the table of fields: unknown and missing members, types, ranges, words. What
/// comes back has aliases resolved and holds only members that can be used as they are, so nothing is checked
/// twice.
Node check_document(const Node& root, Report& report);

}  // namespace autotuner::spec
