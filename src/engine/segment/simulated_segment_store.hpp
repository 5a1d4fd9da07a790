// The segment store of the simulated world: plain segments through the Disk port, so that power
// cuts reach them too; no SQL.
//
//   segment = "MWSS" version(1) rows(varint) row… crc32c of all that (4)
#pragma once

#include <memory>

#include "engine/segment_store.hpp"

namespace millwright::engine {

class SimulatedSegmentStore final : public SegmentStore {
 public:
  std::string_view extension() const override { return ".rows"; }
  Result<void> write(Disk& disk, std::string_view path, const SegmentRows& rows) override;
  Result<void> read(Disk& disk, std::span<const std::string> paths, const SegmentFilter& filter,
                    SampleColumns& out) override;
  Result<std::uint64_t> merge(Disk& disk, std::span<const std::string> paths,
                              std::string_view to) override;
  Result<void> append_hot(std::uint64_t, const SampleColumns&) override { return {}; }
  Result<void> drop_hot(std::uint64_t) override { return {}; }
  bool has_sql() const override { return false; }
  Result<void> execute(const std::string&) override { return {}; }
  Result<void> insert(std::string_view, const Table&) override { return {}; }
  Result<Table> query(const std::string& sql, std::size_t rows_max) override;
};

/// Appends the rows of an encoded segment to `out`. `corrupt` when it fails its check;
/// `unsupported_version` when a newer program wrote it.
Result<void> decode_simulated_segment(ByteView file, SampleColumns& out);

}  // namespace millwright::engine
