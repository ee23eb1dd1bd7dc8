#include "search/region.hpp"

#include <algorithm>

namespace autotuner::search {
namespace {

/// Listing costs one look at the engine's rules per point: a few seconds at worst.
constexpr std::uint64_t max_listed = 200'000;
/// Draws in a row that may fail before a finite region is asked for its free points, or an open one counts as
/// used up.
constexpr int finite_draws = 64;
constexpr int open_draws = 10'000;

/// The space with every integer range written out, so that a grid takes all of it.
space::Space written_out(space::Space space) {
  for (auto& parameter : space.parameters) {
    const auto* range = std::get_if<space::IntegerRange>(&parameter.domain);
    if (range == nullptr || space::grid_count(parameter)) continue;
    space::Choices choices;
    const auto count = space::step_count(*range);
    for (std::uint64_t i = 0; i < count; ++i) {
      choices.values.emplace_back(space::integer_at(*range, i));
    }
    parameter.domain = std::move(choices);
  }
  return space;
}

space::Point drawn(const Domain& domain, base::Random& random) {
  space::Point point;
  for (const auto& dimension : domain.dimensions()) {
    point.set(dimension.name(), dimension.value(dimension.quantile(random.uniform())));
  }
  return point;
}

}  // namespace

Region::Region(space::Space space, space::PointRules rules, Options options)
    : space_(std::move(space)), rules_(std::move(rules)), options_(std::move(options)), domain_(space_) {}

base::Result<Region> Region::grid(const space::Space& space, const space::PointRules& rules,
                                  const Options& options) {
  return Region(space, rules, options).listed(space, options.order);
}

base::Result<Region> Region::sampled(const space::Space& space, const space::PointRules& rules,
                                     const Options& options) {
  Region region(space, rules, options);
  const auto size = region.domain_.size();
  if (size && *size <= max_listed)
    return std::move(region).listed(written_out(space), space::GridOrder::lexicographic);
  return std::move(region).checked();
}

base::Result<Region> Region::listed(const space::Space& grid, space::GridOrder order) && {
  auto candidates = space::enumerate(grid, rules_, options_.dedupe, order, options_.seed);
  if (!candidates) return tl::unexpected(candidates.error());
  if (candidates->items.empty()) {
    return base::invalid_input("no configuration of the search space can run; all {} are excluded: {}",
                               candidates->points, space::to_text(candidates->excluded));
  }
  finite_ = true;
  Listing listing;
  for (const auto& parameter : grid.parameters) {
    Axis axis{parameter.name, 0, {}};
    for (const auto& value : space::grid_values(parameter))
      axis.positions.try_emplace(identity(value), axis.count++);
    if (axis.count > 0) listing.axes.push_back(std::move(axis));
  }
  if (options_.dedupe == space::Dedupe::none) {
    for (std::size_t item = 0; item < candidates->items.size(); ++item) {
      listing.twins[*grid_index(listing.axes, candidates->items[item].point)].push_back(item);
    }
  }
  listing.candidates = std::move(*candidates);
  listing_ = std::make_shared<const Listing>(std::move(listing));
  clear();
  return std::move(*this);
}

base::Result<Region> Region::checked() && {
  base::Random random(options_.seed);
  space::ExclusionTally tally;
  for (int i = 0; i < open_draws; ++i) {
    const auto point = drawn(domain_, random);
    auto reason = space::why_invalid(space_, rules_, point);
    if (!reason) return std::move(*this);
    tally.add(std::move(*reason), point);
  }
  return base::invalid_input(
      "no configuration of the search space can run; all {} that were tried are excluded: {}", open_draws,
      space::to_text(tally.sorted()));
}

std::optional<std::size_t> Region::grid_index(const std::vector<Axis>& axes, const space::Point& point) {
  if (point.size() != axes.size()) return std::nullopt;
  std::size_t index = 0;
  for (const auto& axis : axes) {
    const auto* value = point.find(axis.name);
    if (value == nullptr) return std::nullopt;
    const auto found = axis.positions.find(identity(*value));
    if (found == axis.positions.end()) return std::nullopt;
    index = index * axis.count + found->second;
  }
  return index;
}

std::optional<std::size_t> Region::free_item(const space::Point& point) const {
  const auto index = grid_index(listing_->axes, point);
  if (!index) return std::nullopt;
  if (const auto twins = listing_->twins.find(*index); twins != listing_->twins.end()) {
    for (const auto item : twins->second) {
      if (!taken_[item]) return item;
    }
    return std::nullopt;
  }
  const auto item = listing_->candidates.item_of[*index];
  if (item == space::Candidates::no_item || taken_[item]) return std::nullopt;
  return item;
}

std::vector<const space::Candidate*> Region::free_candidates(std::size_t limit, base::Random& random) const {
  std::vector<const space::Candidate*> free;
  free.reserve(left_);
  for (std::size_t i = 0; i < taken_.size(); ++i) {
    if (!taken_[i]) free.push_back(&listing_->candidates.items[i]);
  }
  if (free.size() <= limit) return free;
  for (std::size_t i = 0; i < limit; ++i) {
    const auto last = static_cast<std::int64_t>(free.size()) - 1;
    std::swap(free[i], free[static_cast<std::size_t>(random.integer(static_cast<std::int64_t>(i), last))]);
  }
  free.resize(limit);
  return free;
}

const space::Candidate* Region::first_free() {
  while (cursor_ < taken_.size() && taken_[cursor_]) ++cursor_;
  return cursor_ < taken_.size() ? &listing_->candidates.items[cursor_] : nullptr;
}

std::optional<space::Candidate> Region::admit(const space::Point& point) const {
  if (finite_) {
    const auto item = free_item(point);
    return item ? std::optional(listing_->candidates.items[*item]) : std::nullopt;
  }
  if (space::why_invalid(space_, rules_, point)) return std::nullopt;
  if (taken_identities_.contains(identity_of(point))) return std::nullopt;
  return space::Candidate{point, {}};
}

std::optional<space::Candidate> Region::draw(base::Random& random) const {
  for (int i = 0; i < (finite_ ? finite_draws : open_draws); ++i) {
    if (auto candidate = admit(drawn(domain_, random))) return candidate;
  }
  const auto free = free_candidates(1, random);
  return free.empty() ? std::nullopt : std::optional(*free.front());
}

std::string Region::identity_of(const space::Point& point) const {
  return space::identity(rules_, options_.dedupe, point);
}

void Region::take(const space::Point& point) {
  if (!finite_) {
    taken_identities_.insert(identity_of(point));
  } else if (const auto item = free_item(point)) {
    taken_[*item] = true;
    --left_;
  }
}

void Region::clear() {
  taken_.assign(listing_->candidates.items.size(), false);
  left_ = taken_.size();
  cursor_ = 0;
  taken_identities_.clear();
  ++times_cleared_;
}

}  // namespace autotuner::search
