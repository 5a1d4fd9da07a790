// Rows of a file as batches of devices: what the replay driver and the import share.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "fabric/drivers/event_time.hpp"
#include "fabric/drivers/replay.hpp"

namespace millwright::drivers {

enum class ReplayStep : std::uint8_t {
  row,         ///< the batch is filled
  broken,      ///< `problem()` says why; counted
  unselected,  ///< a row of a key that is not asked for; its time is set
  end,
};

/// One row, without its samples.
struct ReplayRow {
  std::uint32_t device = 0;
  Timestamp time;
  std::uint64_t number = 0;
  std::uint64_t offset_after = 0;
};

class ReplayReader {
 public:
  /// Lists every problem of the spec against the file.
  static Result<std::unique_ptr<ReplayReader>> create(const ReplaySpec& spec,
                                                      const Formats& formats, engine::Disk& files);
  /// `batch` is replaced.
  Result<ReplayStep> next(ReplayRow& row, ontology::Batch& batch);
  /// Goes on after record `number`, or from the beginning with 0.
  Result<void> skip_to(std::uint64_t number, std::uint64_t offset);
  std::uint32_t fingerprint() const { return source_->fingerprint(); }
  const std::string& problem() const { return problem_; }

  std::uint64_t records = 0;
  std::uint64_t records_broken = 0;
  std::uint64_t records_unselected = 0;
  std::uint64_t samples_unparsable = 0;

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  enum class Parsed : std::uint8_t { value, missing, unparsable };

  ReplayReader(const ReplaySpec& spec, EventTimeReader times)
      : spec_(spec), times_(std::move(times)) {}
  void bind_columns(std::vector<Problem>& problems);
  Result<void> check_first_row();
  std::string_view key_text(const Cell& cell);
  Parsed parse(const Cell& cell, const ReplayMetric& metric, ontology::Batch& batch,
               ontology::Row& row);
  std::optional<double> parse_real(std::string_view text);
  Parsed parse_number(const Cell& cell, const ReplayMetric& metric, ontology::Row& row);
  void fill(ontology::Batch& batch, const EventTime& time);
  ReplayStep broken(std::string what);

  ReplaySpec spec_;
  EventTimeReader times_;
  std::unique_ptr<RecordSource> source_;
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> device_of_key_;
  std::unordered_set<std::string, TextHash, std::equal_to<>> missing_;
  /// Rows seen per key, for TimeKind::row.
  std::unordered_map<std::string, std::uint64_t, TextHash, std::equal_to<>> rows_of_key_;
  std::vector<std::size_t> metric_column_;
  std::size_t time_column_ = 0;
  std::size_t key_column_ = 0;
  Record record_;
  std::string scratch_;
  std::string problem_;
};

}  // namespace millwright::drivers
