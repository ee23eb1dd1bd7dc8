#include "search/tree_columns.hpp"

#include <algorithm>

namespace autotuner::search {

TreeColumns::TreeColumns(const Features& features) {
  const auto& groups = features.groups();
  for (std::size_t column = 0; column < groups.size(); ++column) {
    if (column > 0 && groups[column] == groups[column - 1]) {
      ++width_.back();
      categories_.back() = width_.back() + 1;
      continue;
    }
    first_.push_back(column);
    width_.push_back(1);
    categories_.push_back(0);
  }
}

void TreeColumns::append(std::span<const double> features, std::vector<double>& cells) const {
  for (std::size_t i = 0; i < size(); ++i) {
    const auto values = features.subspan(first_[i], width_[i]);
    if (values.size() == 1) {
      cells.push_back(values.front());
      continue;
    }
    const auto holds = std::ranges::find_if(values, [](double value) { return value > 0; });
    cells.push_back(static_cast<double>(holds - values.begin()));
  }
}

}  // namespace autotuner::search
