#include "stewardship/stretches.hpp"

#include <algorithm>

#include "base/format.hpp"

namespace millwright::stewardship {

void StretchCutter::close(std::string_view ended_by) {
  if (!open_) return;
  open_->ended_by = ended_by;
  if (!open_->record.at.empty()) done_.push_back(std::move(*open_));
  open_.reset();
}

void StretchCutter::add(const StoredScan& scan) {
  if (scan.state) {
    if (!scope_.holds(*scan.state)) {
      close(*scan.state);
    } else if (!open_) {
      open_.emplace();
      open_->record.group = group_;
      open_->is_begun = !state_.empty();
    }
    state_ = *scan.state;
  }
  if (!open_ || !scan.counts) return;
  open_->record.at.push_back(scan.at);
  open_->record.values.insert(open_->record.values.end(), scan.values.begin(), scan.values.end());
}

std::vector<Stretch> StretchCutter::finish() {
  close({});
  return std::move(done_);
}

std::string StretchCounts::left_out_text(const catalog::ModelSpec& spec) const {
  std::string out;
  if (unseen > 0) out = fmt::format("the beginning of {} was not seen", unseen);
  if (other_end > 0) {
    out += fmt::format("{}{} did not end in {}", out.empty() ? "" : " and ", other_end,
                       fmt::join(spec.target->becomes, " or "));
  }
  return out;
}

StretchCounts take_usable(const catalog::ModelSpec& spec, std::vector<Stretch> stretches,
                          std::vector<models::Record>& out) {
  const bool needs_begin = spec.algorithm == catalog::Algorithm::pca || spec.features.age;
  const bool needs_end = spec.target && !spec.target->becomes.empty();
  StretchCounts counts;
  for (Stretch& stretch : stretches) {
    if (needs_begin && !stretch.is_begun) {
      ++counts.unseen;
    } else if (needs_end && !std::ranges::contains(spec.target->becomes, stretch.ended_by)) {
      ++counts.other_end;
    } else {
      ++counts.used;
      out.push_back(std::move(stretch.record));
    }
  }
  return counts;
}

}  // namespace millwright::stewardship
