// Stage `median`: removes spikes shorter than half its window.
#include <algorithm>
#include <utility>

#include "fabric/pipeline/stages.hpp"

namespace millwright::pipeline {
namespace {

using ontology::Quality;
using ontology::Row;

class Median final : public Stage {
 public:
  Median(const MedianSpec& spec, Selection selection)
      : window_(spec.window), selection_(std::move(selection)), rings_(selection_.size()) {}

  void process(const std::vector<Row>& in, std::vector<Row>& out) override {
    for (Row row : in) {
      if (selection_.takes(row.slot) && !row.quality.is_bad()) {
        if (const auto value = selection_.value(row)) filter(row, *value);
      }
      out.push_back(row);
    }
  }

  void reset() override { std::ranges::fill(rings_, Ring{}); }

  void save(ByteWriter& out) const override {
    for (const auto& ring : rings_) {
      out.varint(ring.entries.size());
      out.varint(ring.next);
      for (const auto& entry : ring.entries) {
        out.f64(entry.value);
        out.u64(entry.bits);
        out.u16(entry.quality.code);
      }
    }
  }
  bool load(ByteReader& in) override {
    for (auto& ring : rings_) {
      ring.entries.resize(static_cast<std::size_t>(in.count(18)));
      ring.next = static_cast<std::size_t>(in.varint());
      for (auto& entry : ring.entries) {
        entry.value = in.f64();
        entry.bits = in.u64();
        entry.quality.code = in.u16();
      }
      if (ring.entries.size() > window_ || ring.next >= window_) return false;
    }
    return in.ok();
  }

 private:
  struct Entry {
    double value = 0;
    std::uint64_t bits = 0;
    Quality quality;
  };
  struct Ring {
    std::vector<Entry> entries;
    std::size_t next = 0;
  };

  void filter(Row& row, double value) {
    auto& ring = rings_[row.slot];
    const Entry entry{value, row.bits, row.quality};
    if (ring.entries.size() < window_) {
      ring.entries.push_back(entry);
    } else {
      ring.entries[ring.next] = entry;
    }
    ring.next = (ring.next + 1) % window_;
    sorted_.assign(ring.entries.begin(), ring.entries.end());
    const auto middle = sorted_.begin() + static_cast<std::ptrdiff_t>((sorted_.size() - 1) / 2);
    std::ranges::nth_element(sorted_, middle, {}, &Entry::value);
    row.bits = middle->bits;
    for (const auto& other : sorted_) {
      if (other.quality.severity() > row.quality.severity() ||
          (other.quality.severity() == row.quality.severity() &&
           other.quality.reason() > row.quality.reason())) {
        row.quality = other.quality;
      }
    }
  }

  std::size_t window_;
  Selection selection_;
  std::vector<Ring> rings_;
  std::vector<Entry> sorted_;
};

}  // namespace

std::unique_ptr<Stage> make_median(const MedianSpec& spec, Selection selection) {
  return std::make_unique<Median>(spec, std::move(selection));
}

}  // namespace millwright::pipeline
