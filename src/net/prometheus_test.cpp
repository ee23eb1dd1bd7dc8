#include "net/prometheus.hpp"

#include <cmath>

#include <gtest/gtest.h>

namespace autotuner::net {
namespace {

TEST(Prometheus, ReadsNamesLabelsAndValues) {
  const auto page = parse_prometheus(
      "# HELP vllm:num_requests_running Requests\n# TYPE vllm:num_requests_running gauge\n"
      "vllm:num_requests_running{engine=\"0\",model_name=\"a \\\"b\\\" \\\\ c\\nd\"} 3.0\n"
      "vllm:num_requests_running{engine=\"1\", model_name=\"x\",} 4 1700000000000\n"
      "llamacpp:n_decode_total 1.5e3\r\n  spaced  {}  -2\n");
  EXPECT_EQ(page.bad_lines, 0);
  ASSERT_EQ(page.samples.size(), 4U);
  EXPECT_EQ(page.samples[0].labels.at("model_name"), "a \"b\" \\ c\nd");
  EXPECT_EQ(page.sum("vllm:num_requests_running"), 7);
  EXPECT_EQ(page.sum("vllm:num_requests_running", {{"engine", "1"}}), 4);
  EXPECT_EQ(page.sum("llamacpp:n_decode_total"), 1500);
  EXPECT_EQ(page.sum("spaced"), -2);
  EXPECT_EQ(page.sum("absent"), std::nullopt);
}

TEST(Prometheus, ReadsInfinitiesAndNan) {
  const auto page = parse_prometheus("a +Inf\nb -Inf\nc NaN\nh_bucket{le=\"+Inf\"} 9");
  EXPECT_TRUE(std::isinf(*page.sum("a")));
  EXPECT_LT(*page.sum("b"), 0);
  EXPECT_TRUE(std::isnan(*page.sum("c")));
  EXPECT_EQ(page.sum("h_bucket", {{"le", "+Inf"}}), 9);
}

TEST(Prometheus, CountsLinesItCanNotRead) {
  const auto page = parse_prometheus("a 1\n<html>\nb{x=\"1} 2\nc{x=1} 2\nd\ne 1x\n9f 1\nok 2\n");
  EXPECT_EQ(page.bad_lines, 6);
  EXPECT_EQ(page.samples.size(), 2U);
}

}  // namespace
}  // namespace autotuner::net
