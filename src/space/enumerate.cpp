#include <algorithm>
#include <unordered_set>

#include "space/order.hpp"
#include "space/space.hpp"

namespace autotuner::space {
namespace {

/// The parameters with values, expanded, and a counter over their product that changes only what changes.
class Odometer {
 public:
  explicit Odometer(const Space& space) {
    for (const auto& parameter : space.parameters) {
      auto values = grid_values(parameter);
      if (values.empty()) continue;
      point_.set(parameter.name, values.front());
      values_.push_back(std::move(values));
    }
    digits_.resize(values_.size(), 0);
  }

  const Point& point() const { return point_; }

  /// False after the last point.
  bool advance() {
    for (std::size_t i = digits_.size(); i-- > 0;) {
      digits_[i] = (digits_[i] + 1) % values_[i].size();
      point_.set_at(i, values_[i][digits_[i]]);
      if (digits_[i] != 0) return true;
    }
    return false;
  }

  std::vector<std::size_t> radices() const {
    std::vector<std::size_t> radices;
    for (const auto& values : values_) radices.push_back(values.size());
    return radices;
  }

  bool has_repeated_values() const {
    return std::ranges::any_of(values_, [](const std::vector<Value>& values) {
      std::unordered_set<std::string> seen;
      return std::ranges::any_of(values,
                                 [&seen](const Value& v) { return !seen.insert(identity(v)).second; });
    });
  }

 private:
  std::vector<std::vector<Value>> values_;
  std::vector<std::size_t> digits_;
  Point point_;
};

/// Finds the item that already runs a point.
class Twins {
 public:
  Twins(const PointRules& rules, Dedupe dedupe, bool has_repeated_values)
      : rules_(rules),
        dedupe_(dedupe),
        keys_needed_(dedupe != Dedupe::none && (has_repeated_values || resolves())),
        repeats_possible_(has_repeated_values) {}

  /// The item that runs the point, or `next` after noting that this item will.
  std::uint32_t item_for(const Point& point, std::uint32_t next) {
    return keys_needed_ ? items_.try_emplace(identity(rules_, dedupe_, point), next).first->second : next;
  }

  /// Whether this very point was seen before, so that it needs no mention.
  bool is_repetition(const Point& point) {
    return repeats_possible_ && !seen_.insert(identity(point)).second;
  }

 private:
  bool resolves() const { return dedupe_ == Dedupe::resolved && rules_.identity; }

  const PointRules& rules_;
  Dedupe dedupe_;
  bool keys_needed_;
  bool repeats_possible_;
  std::unordered_map<std::string, std::uint32_t> items_;
  std::unordered_set<std::string> seen_;
};

void reorder(Candidates& candidates, const std::vector<std::uint32_t>& order) {
  std::vector<Candidate> items;
  std::vector<std::uint32_t> new_index(order.size());
  items.reserve(order.size());
  for (const auto old : order) {
    new_index[old] = static_cast<std::uint32_t>(items.size());
    items.push_back(std::move(candidates.items[old]));
  }
  candidates.items = std::move(items);
  for (auto& item : candidates.item_of) {
    if (item != Candidates::no_item) item = new_index[item];
  }
}

}  // namespace

base::Result<Candidates> enumerate(const Space& space, const PointRules& rules, Dedupe dedupe,
                                   GridOrder order, std::uint64_t seed, std::uint64_t limit) {
  for (const auto& parameter : space.parameters) {
    if (grid_count(parameter)) continue;
    if (std::holds_alternative<RealRange>(parameter.domain)) {
      return base::invalid_input("{}: a continuous range needs \"points\" to be part of a grid",
                                 parameter.name);
    }
    return base::invalid_input(
        "{}: a grid takes at most {} values from an integer range; give it a larger \"step\"", parameter.name,
        max_grid_integers);
  }
  const auto size = grid_size(space).value_or(0);
  if (size > std::min<std::uint64_t>(limit, Candidates::no_item)) {
    return base::invalid_input("the grid has {} points; at most {} can be enumerated", size, limit);
  }

  Candidates candidates;
  candidates.points = size;
  candidates.item_of.reserve(size);
  Odometer odometer(space);
  Twins twins(rules, dedupe, odometer.has_repeated_values());
  ExclusionTally tally;
  do {
    const Point& point = odometer.point();
    if (auto reason = why_invalid(space, rules, point)) {
      tally.add(std::move(*reason), point);
      candidates.item_of.push_back(Candidates::no_item);
      continue;
    }
    ++candidates.valid;
    const auto next = static_cast<std::uint32_t>(candidates.items.size());
    const auto item = twins.item_for(point, next);
    const bool repeats = twins.is_repetition(point);
    if (item == next) {
      candidates.items.push_back({point, {}});
    } else if (!repeats) {
      candidates.items[item].covers.push_back(point);
    }
    candidates.item_of.push_back(item);
  } while (odometer.advance());
  candidates.excluded = tally.sorted();

  const auto count = candidates.items.size();
  if (order == GridOrder::shuffled) reorder(candidates, shuffled_order(count, seed));
  if (order == GridOrder::halton) {
    reorder(candidates, halton_order(count, odometer.radices(), candidates.item_of, seed));
  }
  return candidates;
}

}  // namespace autotuner::space
