#include "space/constraint.hpp"
#include "space/point.hpp"
#include "tests/fuzz/require.hpp"

using namespace autotuner;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto constraint = space::Constraint::parse(text);
  if (!constraint) {
    fuzz::require(!constraint.error().message.empty(), "a refused expression says why");
    return 0;
  }
  fuzz::require(constraint->text() == text, "an expression keeps its text");
  const space::Point point{
      {"tp-size", 2}, {"dtype", "fp8"}, {"x", 0.5}, {"flag", true}, {"none", space::Value()}};
  (void)constraint->holds(point);
  (void)constraint->holds({});
  for (const auto& name : constraint->names()) fuzz::require(!name.empty(), "a name is not empty");
  return 0;
}
