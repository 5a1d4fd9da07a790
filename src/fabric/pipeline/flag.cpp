// Stage `flag`: marks what cannot be right, and keeps it.
#include <algorithm>
#include <utility>

#include "fabric/pipeline/stages.hpp"

namespace millwright::pipeline {
namespace {

using ontology::Quality;
using ontology::Reason;
using ontology::Row;

class Flag final : public Stage {
 public:
  Flag(const FlagSpec& spec, Selection selection)
      : spec_(spec), selection_(std::move(selection)), states_(selection_.size()) {}

  void process(const std::vector<Row>& in, std::vector<Row>& out) override {
    for (Row row : in) {
      if (selection_.takes(row.slot)) {
        if (const auto value = selection_.value(row)) {
          const Quality verdict = check(row, *value);
          if (!verdict.is_good()) {
            ++flagged_;
            row.quality = worse(row.quality, verdict);
          }
        }
      }
      out.push_back(row);
    }
  }

  void reset() override { std::ranges::fill(states_, State{}); }

  void save(ByteWriter& out) const override {
    for (const auto& state : states_) {
      out.u8(static_cast<std::uint8_t>((state.has_rate ? 1 : 0) | (state.has_level ? 2 : 0)));
      out.f64(state.rate_value);
      out.i64(state.rate_us);
      out.f64(state.level);
      out.i64(state.level_since_us);
    }
  }
  bool load(ByteReader& in) override {
    for (auto& state : states_) {
      const auto flags = in.u8();
      state.has_rate = (flags & 1) != 0;
      state.has_level = (flags & 2) != 0;
      state.rate_value = in.f64();
      state.rate_us = in.i64();
      state.level = in.f64();
      state.level_since_us = in.i64();
    }
    return in.ok();
  }
  void add_counts(PipelineCounts& counts) const override { counts.samples_flagged += flagged_; }

 private:
  struct State {
    bool has_rate = false;
    bool has_level = false;
    double rate_value = 0;  ///< last sample that no check of rate or range marked
    std::int64_t rate_us = 0;
    double level = 0;  ///< value that has not been left since
    std::int64_t level_since_us = 0;
  };

  Quality check(const Row& row, double value) {
    auto& state = states_[row.slot];
    Quality verdict = Quality::good();
    const bool in_range =
        !(spec_.low && value < *spec_.low) && !(spec_.high && value > *spec_.high);
    if (!in_range) verdict = Quality::make(spec_.range_severity, Reason::out_of_range);
    if (spec_.rate_max && in_range && !row.quality.is_bad()) {
      verdict = worse(verdict, check_rate(state, row.ts_us, value));
    }
    if (spec_.stuck_after) verdict = worse(verdict, check_stuck(state, row.ts_us, value));
    return verdict;
  }

  Quality check_rate(State& state, std::int64_t ts_us, double value) const {
    if (state.has_rate) {
      if (ts_us <= state.rate_us) return Quality::good();
      const double seconds = static_cast<double>(ts_us - state.rate_us) * 1e-6;
      if (std::abs(value - state.rate_value) > *spec_.rate_max * seconds) {
        return Quality::make(spec_.rate_severity, Reason::rate_exceeded);
      }
    }
    state.has_rate = true;
    state.rate_value = value;
    state.rate_us = ts_us;
    return Quality::good();
  }

  Quality check_stuck(State& state, std::int64_t ts_us, double value) const {
    if (!state.has_level || std::abs(value - state.level) > spec_.stuck_tolerance) {
      state.has_level = true;
      state.level = value;
      state.level_since_us = ts_us;
      return Quality::good();
    }
    return ts_us - state.level_since_us >= spec_.stuck_after->count()
               ? Quality::make(spec_.stuck_severity, Reason::stuck)
               : Quality::good();
  }

  FlagSpec spec_;
  Selection selection_;
  std::vector<State> states_;
  std::uint64_t flagged_ = 0;
};

}  // namespace

std::unique_ptr<Stage> make_flag(const FlagSpec& spec, Selection selection) {
  return std::make_unique<Flag>(spec, std::move(selection));
}

}  // namespace millwright::pipeline
