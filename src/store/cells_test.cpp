#include "store/cells.hpp"

#include <array>
#include <limits>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <soci/soci.h>

#include "store/dialect.hpp"

namespace autotuner::store {
namespace {

constexpr std::array<ColumnOf, 4> columns = {{{"id", CellType::integer},
                                              {"word", CellType::text},
                                              {"amount", CellType::real},
                                              {"n", CellType::integer}}};

std::unique_ptr<soci::session> with_table() {
  auto sql = dialect::connect_to_memory();
  dialect::run_script(*sql,
                      "CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT UNIQUE, amount FLOAT, n INTEGER)");
  return sql;
}

TEST(Cells, KeepsEveryBitOfARealAndAnInteger) {
  const auto sql = with_table();
  for (const double real : {0.1 + 0.2, 1e-300, -1.0 / 3, 4.9e-324, std::numeric_limits<double>::max(), 7.0}) {
    const auto id = insert(*sql, "t", {{"amount", real}, {"n", std::int64_t{-9'007'199'254'740'993}}});
    const auto row = select(*sql, columns, "FROM t WHERE id = :a0", std::array{Cell(id)}).at(0);
    EXPECT_EQ(real_in(row, "amount"), real);
    EXPECT_EQ(integer_in(row, "n"), -9'007'199'254'740'993);
  }
}

TEST(Cells, KeepsTextWithQuotesColonsAndOtherScripts) {
  const auto sql = with_table();
  const std::string text = "it's :word \"x\" \n ünï 日本 -- ;";
  insert(*sql, "t", {{"word", text}});
  EXPECT_EQ(text_in(select(*sql, columns, "FROM t", {}).at(0), "word"), text);
}

TEST(Cells, ReadsNullAsNothing) {
  const auto sql = with_table();
  insert(*sql, "t", {{"word", Cell()}, {"amount", Cell()}, {"n", Cell()}});
  const auto row = select(*sql, columns, "FROM t", {}).at(0);
  EXPECT_EQ(text_in(row, "word"), "");
  EXPECT_FALSE(real_in(row, "amount"));
  EXPECT_FALSE(integer_in(row, "n"));
  EXPECT_TRUE(json_in(row, "word").is_null());
}

TEST(Cells, UpsertReplacesTheRowWithTheSameKey) {
  const auto sql = with_table();
  upsert(*sql, "t", {{"word", std::string("a")}, {"n", std::int64_t{1}}}, "word");
  upsert(*sql, "t", {{"word", std::string("a")}, {"n", std::int64_t{2}}}, "word");
  const auto rows = select(*sql, columns, "FROM t", {});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(integer_in(rows[0], "n"), 2);
}

TEST(Cells, UpdateSaysHowManyRowsItChanged) {
  const auto sql = with_table();
  insert(*sql, "t", {{"word", std::string("a")}});
  const Cells change = {{"n", std::int64_t{5}}};
  EXPECT_EQ(update(*sql, "t", change, "word = :a0", std::array{Cell(std::string("a"))}), 1);
  EXPECT_EQ(update(*sql, "t", change, "word = :a0", std::array{Cell(std::string("b"))}), 0);
}

TEST(Cells, ReadsJsonThatPythonWrote) {
  const auto json = [](std::string text) { return json_in({{"c", std::move(text)}}, "c"); };
  EXPECT_EQ(json(R"({"a": Infinity, "b": [-Infinity, NaN], "c": "NaN \" Infinity"})").dump(),
            R"({"a":null,"b":[null,null],"c":"NaN \" Infinity"})");
  EXPECT_TRUE(json("null").is_null());
  EXPECT_EQ(json(R"("{\"a\": 1}")").dump(), R"({"a":1})");
  EXPECT_TRUE(json("{broken").is_null());
}

TEST(Cells, ChangesTimesBetweenIsoAndSqlWithoutLoss) {
  EXPECT_EQ(to_sql_time("2026-01-15T09:16:07.25Z"), "2026-01-15 09:16:07.250000");
  EXPECT_EQ(to_sql_time("2026-01-15T09:16:07Z"), "2026-01-15 09:16:07.000000");
  EXPECT_EQ(to_iso_time("2026-01-15 09:16:07.000000"), "2026-01-15T09:16:07Z");
  EXPECT_EQ(to_iso_time("2026-01-15 09:16:07.250000"), "2026-01-15T09:16:07.250000Z");
  EXPECT_EQ(to_iso_time("2026-01-15 09:16:07"), "2026-01-15T09:16:07Z");
  for (const auto* odd : {"", "soon", "2026-01-15T09:16:07+01:00"}) {
    EXPECT_EQ(to_sql_time(odd), odd);
    EXPECT_EQ(to_iso_time(odd), odd);
  }
}

}  // namespace
}  // namespace autotuner::store
