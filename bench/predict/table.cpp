// Holds the predictor against a tuning table that nothing was fitted to: predict_table NAME.json NAME.csv
// [FOLDER of aiconfigurator_core, whose measured kernels then replace parts of the roofline]
//
// Prints the rank correlation of every predicted metric over the rows that were measured, and how rows split
// by the sign of the memory margin and by what became of them.
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/text.hpp"
#include "kernels/package.hpp"
#include "predict/estimate.hpp"
#include "predict/ranks.hpp"

namespace autotuner::bench {
namespace {

struct Series {
  std::vector<double> predicted{}, measured{};
};

space::Value value_of(const std::string& cell) {
  if (cell == "true" || cell == "false") return cell == "true";
  const auto number = base::to_number(cell);
  return number ? space::Value(*number) : space::Value(cell);
}

/// The share of pairs with low < high, equal ones as half (Mann and Whitney's U over all pairs).
double order(const std::vector<double>& low, const std::vector<double>& high) {
  if (low.empty() || high.empty()) return 0;
  auto both = low;
  both.insert(both.end(), high.begin(), high.end());
  const auto rank = ranks(both);
  const auto n = static_cast<double>(low.size()), m = static_cast<double>(high.size());
  double sum = 0;
  for (std::size_t i = low.size(); i < rank.size(); ++i) sum += rank[i];
  return (sum - m * (m - 1) / 2) / (n * m);
}

class Comparison {
 public:
  Comparison(std::vector<std::string> columns, std::size_t parameters, const predict::Estimator& estimator)
      : columns_(std::move(columns)), parameters_(parameters), estimator_(estimator) {}

  void add(const std::vector<std::string>& cells) {
    if (cells.size() != columns_.size()) return;
    space::Point point;
    for (std::size_t i = 0; i < parameters_; ++i) point.set(columns_[i], value_of(cells[i]));
    const auto estimate = estimator_.estimate(point);
    const auto& status = cells[parameters_];
    if (!estimate) return ++nothing_, void();
    ++fates_[{std::string(predict::to_text(estimate->memory.shortage)),
              status + " " + cells[parameters_ + 1]}];
    if (status.starts_with("oom")) short_margins_.push_back(estimate->memory.margin);
    if (status != "ok") return;
    margins_.push_back(estimate->memory.margin);
    for (std::size_t i = parameters_ + 2; i < cells.size(); ++i) {
      const auto predicted = predict::metric(*estimate, columns_[i]);
      const auto measured = base::to_number(cells[i]);
      if (!predicted || !measured) continue;
      series_[columns_[i]].predicted.push_back(*predicted);
      series_[columns_[i]].measured.push_back(*measured);
    }
  }

  void print() const {
    std::printf("%zu rows without an estimate\n", nothing_);
    for (const auto& [name, series] : series_)
      std::printf("%-34s %6zu rows, rank correlation %.3f\n", name.c_str(), series.measured.size(),
                  rank_correlation(series.predicted, series.measured));
    std::printf("memory margin puts a row that ran out of memory below one that ran in %.3f of pairs\n",
                order(short_margins_, margins_));
    std::printf("predicted shortage -> status: rows\n");
    for (const auto& [fate, count] : fates_)
      std::printf("%-40s -> %-44s %6zu\n", fate.first.c_str(), fate.second.c_str(), count);
  }

 private:
  std::vector<std::string> columns_;
  std::size_t parameters_;
  const predict::Estimator& estimator_;
  std::map<std::string, Series> series_;
  std::map<std::pair<std::string, std::string>, std::size_t> fates_;
  std::vector<double> margins_, short_margins_;
  std::size_t nothing_ = 0;
};

int fail(const std::string& reason) {
  std::fprintf(stderr, "predict_table: %s\n", reason.c_str());
  return 2;
}

int run(const char* head_path, const char* rows_path, const char* kernel_tables) {
  std::ifstream head_file(head_path), rows(rows_path);
  std::ostringstream head_text;
  head_text << head_file.rdbuf();
  const auto head = base::parse_json(head_text.str());
  if (!head) return fail(head.error().message);
  const auto facts = space::point_from_json(head->value("facts", base::Json::object()));
  if (!facts) return fail(facts.error().message);
  auto estimator = predict::Estimator::make(*facts);
  if (!estimator) return fail("the facts name no model");
  if (kernel_tables != nullptr && estimator->device()) {
    auto read = kernels::read_kernels(kernel_tables,
                                      {estimator->shape(), *estimator->device(), estimator->engine(), {}});
    if (!read) return fail(read.error().message);
    std::printf("kernel tables: %s\n", read->source.c_str());
    estimator->use(std::move(read->kernels));
  }
  std::string line;
  std::getline(rows, line);
  Comparison comparison(base::split(line, ','), head->value("parameters", base::Json::array()).size(),
                        *estimator);
  while (std::getline(rows, line)) comparison.add(base::split(line, ','));
  comparison.print();
  return 0;
}

}  // namespace
}  // namespace autotuner::bench

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4)
    return autotuner::bench::fail("usage: predict_table NAME.json NAME.csv [FOLDER]");
  return autotuner::bench::run(argv[1], argv[2], argc == 4 ? argv[3] : nullptr);
}
