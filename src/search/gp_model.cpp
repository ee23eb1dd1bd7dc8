#include "search/gp_model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "search/frontier.hpp"
#include "search/log_score.hpp"

namespace autotuner::search {
namespace {

constexpr double expected_noise = 0.02;
/// By how many nats the twin with the prior may be behind and still be believed.
constexpr double evidence_margin = 0.5;

/// What an earlier group decides, later ones have to live with: its parameters are taken to matter more
/// beforehand, by length scales that are shorter by this in the logarithm for each rank. No stage: data
/// outweigh it soon.
constexpr double rank_step = 0.3;

std::vector<double> length_offsets(const Features& features, const Problem& problem) {
  std::vector<double> offsets(features.group_count(), 0);
  double sum = 0;
  int known = 0;
  for (std::size_t g = 0; g < offsets.size(); ++g) {
    const auto* knob = problem.find(features.name(g));
    if (knob == nullptr || knob->group_rank < 0) continue;
    offsets[g] = rank_step * knob->group_rank;
    sum += offsets[g];
    ++known;
  }
  for (std::size_t g = 0; g < offsets.size(); ++g) {
    const auto* knob = problem.find(features.name(g));
    if (knob != nullptr && knob->group_rank >= 0) offsets[g] -= sum / known;
  }
  return offsets;
}

MetricModel::Settings metric_settings(const GpGround& ground, bool larger_is_worse, bool expects,
                                      bool expects_anything) {
  const auto groups = ground.features().group_count();
  MetricModel::Settings settings;
  settings.prior.length_mean =
      std::log(0.5 * std::sqrt(static_cast<double>(std::max<std::size_t>(groups, 1))));
  // Where a performance model expects something, it knows more of this than a table of groups does.
  if (!expects_anything) settings.prior.length_offsets = length_offsets(ground.features(), ground.problem());
  settings.prior.length_deviation = 1;
  settings.noise = expected_noise;
  settings.larger_is_worse = larger_is_worse;
  settings.expects = expects;
  return settings;
}

bool scored(const Trial& trial) {
  return trial.finished && trial.rank != TrialClass::failed;
}

}  // namespace

GpModel::GpModel(const GpGround& ground) : ground_(ground) {
  const auto& problem = ground_.problem();
  auto objectives = problem.objectives;
  if (objectives.empty() && problem.objective) objectives.push_back(*problem.objective);
  by_score_ = objectives.empty();
  if (by_score_) objectives.push_back({"", Direction::maximize});
  objectives_ = objectives.size();
  for (const auto& objective : objectives) {
    const bool minimizes = objective.direction == Direction::minimize;
    parts_.push_back(make_part(objective.metric, minimizes));
    parts_.back().sign = minimizes ? -1 : 1;
  }
  for (const auto& slo : problem.slos) {
    if (by_score_ || !(slo.max > 0)) continue;
    parts_.push_back(make_part(slo.metric, true));
    parts_.back().limit = std::log(slo.max);
    exponents_.push_back(slo.hard ? 0 : slo.exponent);
    hard_.push_back(slo.hard);
  }
}

GpModel::Part GpModel::make_part(const std::string& metric, bool larger_is_worse) const {
  const bool expects = !metric.empty() && !ground_.expected(metric).empty();
  Part part{metric,
            1,
            0,
            MetricModel(ground_.features(), metric_settings(ground_, larger_is_worse, false, expects)),
            {}};
  if (expects)
    part.expecting = MetricModel(ground_.features(), metric_settings(ground_, larger_is_worse, true, true));
  return part;
}

double GpModel::expectation(const Part& part, const Prospect& prospect) const {
  if (!part.expecting) return 0;
  const auto found = prospect.expected.find(part.metric);
  if (found != prospect.expected.end()) return found->second;
  const auto pool = ground_.expected(part.metric);
  return std::accumulate(pool.begin(), pool.end(), 0.0) / static_cast<double>(pool.size());
}

void GpModel::see_form_of_scores(std::span<const Sample> samples) {
  bool gains = true;
  bool losses = true;
  score_scale_ = 0;
  for (const auto& sample : samples) {
    if (!scored(*sample.trial) || !sample.trial->score) continue;
    const double value = -*sample.trial->score;
    gains = gains && value > 0;
    losses = losses && value < 0;
    score_scale_ = std::max(score_scale_, std::abs(value));
  }
  score_form_ = gains ? ScoreForm::gains : losses ? ScoreForm::losses : ScoreForm::plain;
  if (score_scale_ == 0) score_scale_ = 1;
}

std::optional<double> GpModel::observed(const Trial& trial) const {
  if (!scored(trial)) return std::nullopt;
  if (!by_score_) {
    const auto& problem = ground_.problem();
    if (!problem.objective) return std::nullopt;
    const auto score = soft_score(*problem.objective, problem.slos, trial.metrics);
    return score ? std::optional(std::log(*score)) : std::nullopt;
  }
  if (!trial.score) return std::nullopt;
  switch (score_form_) {
    case ScoreForm::gains:
      return std::log(-*trial.score);
    case ScoreForm::losses:
      return -std::log(*trial.score);
    case ScoreForm::plain:
      break;
  }
  return -*trial.score / score_scale_;
}

bool GpModel::is_success(const Trial& trial) const {
  const auto& objectives = ground_.problem().objectives;
  return objectives.empty() ? observed(trial).has_value() : !log_values(trial, objectives).empty();
}

std::vector<Observation> GpModel::observations(const Part& part, std::span<const Sample> samples) const {
  std::vector<Observation> result;
  for (const auto& sample : samples) {
    if (!scored(*sample.trial)) continue;
    const auto value = by_score_ ? observed(*sample.trial) : logarithm(sample.trial->metrics, part.metric);
    if (!value) continue;
    result.push_back({.number = sample.trial->number,
                      .features = sample.prospect->features,
                      .expectation = expectation(part, *sample.prospect),
                      .value = *value,
                      .noise_scale = 1 / sample.trial->fidelity});
  }
  return result;
}

void GpModel::learn(std::span<const Sample> samples) {
  if (by_score_) see_form_of_scores(samples);
  successes_ = static_cast<std::size_t>(
      std::ranges::count_if(samples, [this](const Sample& s) { return is_success(*s.trial); }));
  for (auto& part : parts_) {
    const auto known = observations(part, samples);
    part.plain.learn(known);
    if (part.expecting) part.expecting->learn(known);
  }
}

void GpModel::believe(const Prospect& prospect) {
  for (auto& part : parts_) {
    part.plain.believe(prospect.features, 0);
    if (part.expecting) part.expecting->believe(prospect.features, expectation(part, prospect));
  }
}

void GpModel::forget_beliefs() {
  for (auto& part : parts_) {
    part.plain.forget_beliefs();
    if (part.expecting) part.expecting->forget_beliefs();
  }
}

const MetricModel& GpModel::chosen(const Part& part, Outlook outlook) const {
  if (outlook == Outlook::unbiased || !part.expecting) return part.plain;
  const bool believed = part.expecting->evidence() + evidence_margin >= part.plain.evidence();
  return believed ? *part.expecting : part.plain;
}

bool GpModel::prior_holds() const {
  return std::ranges::any_of(std::span(parts_).first(objectives_), [this](const Part& part) {
    return part.expecting && &chosen(part, Outlook::guarded) != &part.plain;
  });
}

double GpModel::evidence_for_prior() const {
  double nats = 0;
  for (const auto& part : parts_) {
    if (part.expecting && part.plain.size() > 0) nats += part.expecting->evidence() - part.plain.evidence();
  }
  return nats;
}

void GpModel::judge(Outlook outlook) {
  for (auto& part : parts_) {
    auto& model = &chosen(part, outlook) == &part.plain ? part.plain : *part.expecting;
    if (model.size() > 0) model.judge(ground_.candidates(), ground_.expected(part.metric));
  }
}

std::vector<float> GpModel::optimistic_values(std::size_t objective, Outlook outlook) const {
  const auto& part = parts_[objective];
  const auto& model = chosen(part, outlook);
  if (model.size() == 0) return std::vector<float>(ground_.pool().size(), 0.0F);
  auto bounds = model.bounds(2 * part.sign);
  for (auto& bound : bounds) bound *= static_cast<float>(part.sign);
  return bounds;
}

void GpModel::subtract_optimistic_losses(std::vector<float>& scores, Outlook outlook) const {
  for (std::size_t p = objectives_; p < parts_.size(); ++p) {
    const auto& model = chosen(parts_[p], outlook);
    if (model.size() == 0) continue;
    const auto bounds = model.bounds(-2);
    const auto limit = static_cast<float>(parts_[p].limit);
    const auto exponent = static_cast<float>(hard_[p - objectives_] ? 3 : exponents_[p - objectives_]);
    for (std::size_t i = 0; i < scores.size(); ++i) scores[i] -= exponent * std::max(0.0F, bounds[i] - limit);
  }
}

/// In the sense of the part: larger is better of an objective, above 0 is too much of a limit.
Gaussian GpModel::oriented(std::size_t part, Gaussian natural) const {
  natural.mean = parts_[part].sign * natural.mean - parts_[part].limit;
  return natural;
}

ScoreBelief GpModel::gathered(std::span<const Gaussian> by_part) const {
  const auto limits = by_part.subspan(objectives_);
  const auto further = by_part.subspan(1, objectives_ - 1);
  return {by_part.front(), {limits.begin(), limits.end()}, {further.begin(), further.end()}};
}

ScoreBelief GpModel::belief(std::size_t index, Outlook outlook) const {
  std::vector<Gaussian> by_part;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto& model = chosen(parts_[i], outlook);
    by_part.push_back(oriented(i, model.size() > 0 ? model.candidate(index) : Gaussian{parts_[i].limit, 1}));
  }
  return gathered(by_part);
}

ScoreBelief GpModel::belief(const Prospect& prospect, Outlook outlook) const {
  std::vector<Gaussian> by_part;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const auto& part = parts_[i];
    const auto& model = chosen(part, outlook);
    by_part.push_back(oriented(i, model.size() > 0 ? model.at(prospect.features, expectation(part, prospect))
                                                   : Gaussian{part.limit, 1}));
  }
  return gathered(by_part);
}

std::vector<ScoreBelief> GpModel::beliefs(std::span<const Prospect> prospects, Outlook outlook) const {
  const auto candidates = candidates_of(ground_.features(), prospects);
  std::vector<std::vector<Gaussian>> by_prospect(prospects.size());
  std::vector<double> expectations(prospects.size());
  for (std::size_t p = 0; p < parts_.size(); ++p) {
    const auto& part = parts_[p];
    const auto& model = chosen(part, outlook);
    std::ranges::transform(prospects, expectations.begin(),
                           [&](const Prospect& prospect) { return expectation(part, prospect); });
    const auto values = model.size() > 0 ? model.judge_once(candidates, expectations)
                                         : std::vector<Gaussian>(prospects.size(), {part.limit, 1});
    for (std::size_t i = 0; i < values.size(); ++i) by_prospect[i].push_back(oriented(p, values[i]));
  }
  std::vector<ScoreBelief> beliefs;
  beliefs.reserve(prospects.size());
  for (const auto& by_part : by_prospect) beliefs.push_back(gathered(by_part));
  return beliefs;
}

std::vector<std::vector<MetricModel::Weighted>> GpModel::joint_beliefs(std::span<const Prospect> prospects,
                                                                       Outlook outlook) const {
  std::vector<double> features;
  for (const auto& prospect : prospects)
    features.insert(features.end(), prospect.features.begin(), prospect.features.end());
  std::vector<std::vector<MetricModel::Weighted>> beliefs;
  for (const auto& part : parts_) {
    const auto& model = chosen(part, outlook);
    std::vector<double> expectations;
    for (const auto& prospect : prospects) expectations.push_back(expectation(part, prospect));
    auto by_kernel = model.jointly(features, expectations);
    for (auto& [weight, joint] : by_kernel) {
      for (auto& mean : joint.means) mean = part.sign * mean - part.limit;
      for (auto& entry : joint.factor) entry *= part.sign;
    }
    beliefs.push_back(std::move(by_kernel));
  }
  return beliefs;
}

}  // namespace autotuner::search
