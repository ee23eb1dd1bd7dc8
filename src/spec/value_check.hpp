#pragma once

#include <optional>
#include <string>

#include "spec/document.hpp"
#include "spec/fields.hpp"

namespace autotuner::spec {

/// What a value of the field must be: "must be a whole number".
std::string wanted(const Field& field);

/// Holds one value against its field: type, range, words. Aliases of words come back as the word, one value
/// where a list is wanted as a list; the members of an object are not looked at. Nothing when the value can't
/// be used; the report says why.
std::optional<Node> check_value(const Field& field, const Node& node, const std::string& path,
                                Report& report);

}  // namespace autotuner::spec
