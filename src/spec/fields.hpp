#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace autotuner::spec {

/// What a field may hold. The *_or_list kinds also take a single value and mean a list of one.
enum class FieldType {
  text,
  integer,
  number,
  boolean,
  object,
  list,
  text_list,
  integer_list,
  number_list,
  integer_or_text,
  boolean_or_object,  ///< false, true for the members' defaults, or the members
  scalar_or_list,     ///< quantization and parallelism: one value or several
};

enum class Mark {
  none,
  required,
  secret,       ///< never stored, shown or logged
  no_effect,    ///< accepted for compatibility; a warning says that it changes nothing
  unavailable,  ///< known, but this version does not act on it: an error that names what there is
};

/// Bounds of a number (for lists: of each element).
struct Bounds {
  std::optional<double> low;
  std::optional<double> high;
  bool above_low = false;  ///< low itself is not allowed
};

/// One row of the table that parsing, the JSON Schema and the reference follow.
struct Field {
  std::string_view path;  ///< benchmark.num_concurrency; "limit.weight" stands for that member of every limit
  FieldType type = FieldType::text;
  std::string_view preset;                    ///< the default as JSON text; empty = none
  std::span<const std::string_view> allowed;  ///< empty = not limited
  Bounds bounds;
  std::string_view help;
  Mark mark = Mark::none;
  std::string_view note;  ///< of no_effect and unavailable: what to do instead
  std::string_view unit;
};

std::span<const Field> all_fields();
const Field* find_field(std::string_view path);
/// The members of an object, in order; `group` is "" for the top level. Empty = free content.
std::vector<const Field*> members_of(std::string_view group);
/// The group that describes what stands at a path: itself, or "limit" for slo.ttft and its like.
std::string_view group_of(std::string_view path);

/// Another name of a field that is read when the first one is absent.
struct FieldAlias {
  std::string_view alias;  ///< full path
  std::string_view path;
  bool outdated = false;  ///< a warning names the present one
};
std::span<const FieldAlias> field_aliases();

/// A word that a field knows, but that can't be used here: an alias (then `instead` is the word it stands
/// for), or something that this version does not offer.
struct KnownWord {
  std::string_view path;
  std::string_view word;
  std::string_view instead;
  bool is_alias = false;
};
const KnownWord* find_word(std::string_view path, std::string_view word);

/// "at least 1", "> 0", "between 0 and 1".
std::string to_text(const Bounds& bounds);

}  // namespace autotuner::spec
