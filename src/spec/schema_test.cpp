#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "spec/fields.hpp"
#include "spec/load_task.hpp"

namespace autotuner::spec {
namespace {

using testing::HasSubstr;

TEST(TaskSchema, DescribesEveryFieldThatIsAvailable) {
  const auto schema = task_schema();
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["properties"]["optimization"]["properties"]["max_iterations"]["minimum"], 1);
  EXPECT_EQ(schema["properties"]["optimization"]["properties"]["max_iterations"]["default"], 100);
  EXPECT_EQ(schema["properties"]["optimization"]["properties"]["timeout_per_iteration"]["exclusiveMinimum"],
            0);
  EXPECT_EQ(schema["properties"]["slo"]["properties"]["latency"]["properties"]["p95"]["$ref"],
            "#/$defs/limit");
  EXPECT_EQ(schema["$defs"]["limit"]["properties"]["stat"]["enum"][1], "p50");
  EXPECT_EQ(schema["properties"]["parallel_config"]["additionalProperties"], false);
  EXPECT_FALSE(schema["properties"].contains("engines"));
  EXPECT_TRUE(schema["properties"]["model_config"]["properties"].contains("id_or_path"));
  EXPECT_TRUE(schema["properties"]["model"]["properties"]["hf_token"]["writeOnly"]);
}

TEST(TaskSchema, RefersOnlyToWhatItDefines) {
  const auto schema = task_schema();
  std::function<void(const base::Json&)> walk = [&](const base::Json& node) {
    if (node.is_object() && node.contains("$ref")) {
      const auto ref = node["$ref"].get<std::string>();
      EXPECT_TRUE(schema.contains(base::Json::json_pointer(ref.substr(1)))) << ref;
    }
    for (const auto& child : node) {
      if (child.is_structured()) walk(child);
    }
  };
  walk(schema);
}

TEST(TaskFields, HaveReadableDefaultsAndGroupsThatExist) {
  for (const auto& field : all_fields()) {
    EXPECT_FALSE(field.help.empty()) << field.path;
    EXPECT_EQ(find_field(field.path), &field) << field.path << " stands twice in the table";
    if (!field.preset.empty()) EXPECT_NO_THROW((void)base::Json::parse(field.preset)) << field.path;
    const auto dot = field.path.rfind('.');
    if (dot == std::string_view::npos) continue;
    const auto group = field.path.substr(0, dot);
    EXPECT_TRUE(group == "limit" || find_field(group) != nullptr) << field.path;
  }
  for (const auto& alias : field_aliases()) EXPECT_NE(find_field(alias.path), nullptr) << alias.alias;
}

TEST(TaskReference, NamesEveryFieldWithTypeDefaultAndMeaning) {
  const auto text = task_reference_markdown();
  for (const auto& field : all_fields())
    EXPECT_THAT(text, HasSubstr(std::string(field.path.substr(field.path.rfind('.') + 1)))) << field.path;
  EXPECT_THAT(text, HasSubstr("| `max_time_per_iteration` | number, min | `10` | > 0 | Longest time of one "
                              "level. Minutes, not seconds. |"));
  EXPECT_THAT(text, HasSubstr("| `model_config` | `model` |"));
  EXPECT_THAT(text, HasSubstr("| `benchmark.capacity_search` | "));
}

}  // namespace
}  // namespace autotuner::spec
