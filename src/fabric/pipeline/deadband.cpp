// Stage `deadband`: passes what changed.
#include <algorithm>
#include <utility>

#include "fabric/pipeline/stages.hpp"

namespace millwright::pipeline {
namespace {

using ontology::Row;

class Deadband final : public Stage {
 public:
  Deadband(const DeadbandSpec& spec, Selection selection)
      : spec_(spec), selection_(std::move(selection)), last_(selection_.size()) {}

  void process(const std::vector<Row>& in, std::vector<Row>& out) override {
    for (const Row& row : in) {
      if (!selection_.takes(row.slot) || passes(row)) {
        out.push_back(row);
      } else {
        ++held_;
      }
    }
  }

  void reset() override { std::ranges::fill(last_, Last{}); }

  void save(ByteWriter& out) const override {
    for (const auto& last : last_) {
      out.u8(static_cast<std::uint8_t>((last.known ? 1 : 0) | (last.usable ? 2 : 0)));
      out.f64(last.value);
      out.i64(last.ts_us);
      out.u16(last.quality.code);
    }
  }
  bool load(ByteReader& in) override {
    for (auto& last : last_) {
      const auto flags = in.u8();
      last.known = (flags & 1) != 0;
      last.usable = (flags & 2) != 0;
      last.value = in.f64();
      last.ts_us = in.i64();
      last.quality.code = in.u16();
    }
    return in.ok();
  }
  void add_counts(PipelineCounts& counts) const override { counts.samples_in_deadband += held_; }

 private:
  struct Last {
    bool known = false;
    bool usable = false;  ///< had a value
    double value = 0;
    std::int64_t ts_us = 0;
    ontology::Quality quality;
  };

  bool passes(const Row& row) {
    auto& last = last_[row.slot];
    // What is older than the last one passed has nothing to be compared with.
    if (last.known && row.ts_us < last.ts_us) return true;
    const auto value = selection_.value(row);
    if (last.known && last.quality == row.quality && last.usable == value.has_value()) {
      const bool silent_long =
          spec_.silence_max.count() > 0 && row.ts_us - last.ts_us >= spec_.silence_max.count();
      const double band = std::max(spec_.absolute, spec_.percent / 100 * std::abs(last.value));
      if (!silent_long && (!value || std::abs(*value - last.value) <= band)) return false;
    }
    last = {true, value.has_value(), value.value_or(0), row.ts_us, row.quality};
    return true;
  }

  DeadbandSpec spec_;
  Selection selection_;
  std::vector<Last> last_;
  std::uint64_t held_ = 0;
};

}  // namespace

std::unique_ptr<Stage> make_deadband(const DeadbandSpec& spec, Selection selection) {
  return std::make_unique<Deadband>(spec, std::move(selection));
}

}  // namespace millwright::pipeline
