#include "engine/segment/simulated_segment_store.hpp"

#include <algorithm>
#include <tuple>

#include "base/format.hpp"

namespace millwright::engine {
namespace {

constexpr std::uint8_t segment_version = 1;

void encode_row(ByteWriter& out, const SampleColumns& rows, std::size_t row) {
  out.varint(rows.series[row]);
  out.signed_varint(rows.ts[row]);
  out.varint(rows.revision[row]);
  out.varint(rows.sequence[row]);
  out.varint(rows.index[row]);
  out.varint(rows.provenance[row]);
  out.varint(rows.producer[row]);
  out.u16(rows.quality[row]);
  out.u8(static_cast<std::uint8_t>(rows.column[row]));
  if (rows.column[row] == ValueColumn::text || rows.column[row] == ValueColumn::blob) {
    out.text(rows.payload(row));
  } else {
    out.u64(rows.bits[row]);
  }
}

bool decode_row(ByteReader& in, SampleColumns& out) {
  out.series.push_back(in.varint());
  out.ts.push_back(in.signed_varint());
  out.revision.push_back(in.varint());
  out.sequence.push_back(in.varint());
  out.index.push_back(static_cast<std::uint32_t>(in.varint()));
  out.provenance.push_back(static_cast<std::uint32_t>(in.varint()));
  out.producer.push_back(static_cast<std::uint32_t>(in.varint()));
  out.quality.push_back(in.u16());
  out.column.push_back(static_cast<ValueColumn>(in.u8()));
  if (out.column.back() == ValueColumn::text || out.column.back() == ValueColumn::blob) {
    const std::string_view content = in.text();
    out.bits.push_back((static_cast<std::uint64_t>(out.arena.size()) << 32) | content.size());
    out.arena.append(content);
  } else {
    out.bits.push_back(in.u64());
  }
  return in.ok() && out.column.back() <= ValueColumn::none;
}

Result<void> write_file(Disk& disk, std::string_view path, Bytes content) {
  ByteWriter(content).u32(crc32c(content));
  auto file = disk.open_append(path);
  if (!file) return pass(std::move(file));
  if (auto done = (*file)->truncate(0); !done) return done;
  return (*file)->append(content);
}

Bytes start_segment(std::uint64_t rows) {
  Bytes out;
  ByteWriter writer(out);
  writer.raw(as_bytes("MWSS"));
  writer.u8(segment_version);
  writer.varint(rows);
  return out;
}

bool passes(const SampleColumns& rows, std::size_t row, const SegmentFilter& filter) {
  if (rows.ts[row] < filter.from || rows.ts[row] > filter.to) return false;
  if (rows.revision[row] > filter.revision_max) return false;
  return filter.series.empty() ||
         std::ranges::find(filter.series, rows.series[row]) != filter.series.end();
}

}  // namespace

Result<void> decode_simulated_segment(ByteView file, SampleColumns& out) {
  if (file.size() >= 5 && as_text(file.first(4)) == "MWSS" &&
      static_cast<unsigned>(file[4]) > segment_version) {
    return fail(Code::unsupported_version, "segment written by a newer format",
                "start the newer program that wrote it");
  }
  if (file.size() < 9) return fail(Code::corrupt, "segment cut off");
  const ByteView body = file.first(file.size() - 4);
  ByteReader tail(file.subspan(body.size()));
  if (crc32c(body) != tail.u32()) return fail(Code::corrupt, "segment fails its checksum");
  ByteReader in(body);
  in.raw(5);
  const std::uint64_t rows = in.count(11);
  for (std::uint64_t i = 0; i < rows; ++i) {
    if (!decode_row(in, out)) return fail(Code::corrupt, "malformed segment");
  }
  return {};
}

Result<void> SimulatedSegmentStore::write(Disk& disk, std::string_view path,
                                          const SegmentRows& rows) {
  Bytes out = start_segment(rows.order.size());
  ByteWriter writer(out);
  for (const RowReference r : rows.order) encode_row(writer, *rows.chunks[r.chunk], r.row);
  return write_file(disk, path, std::move(out));
}

Result<void> SimulatedSegmentStore::read(Disk& disk, std::span<const std::string> paths,
                                         const SegmentFilter& filter, SampleColumns& out) {
  for (const auto& path : paths) {
    auto content = read_whole(disk, path);
    if (!content) return pass(std::move(content));
    SampleColumns rows;
    if (auto done = decode_simulated_segment(*content, rows); !done) {
      return pass(std::move(done), path);
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (passes(rows, i, filter)) out.append_row(rows, i);
    }
  }
  return {};
}

Result<std::uint64_t> SimulatedSegmentStore::merge(Disk& disk, std::span<const std::string> paths,
                                                   std::string_view to) {
  SampleColumns rows;
  if (auto done = read(disk, paths, {}, rows); !done) return pass(std::move(done));
  const auto identity = [&](std::size_t i) {
    return std::tuple(rows.series[i], rows.ts[i], rows.producer[i],
                      rows.sequence[i] + rows.index[i]);
  };
  std::vector<std::size_t> order(rows.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {},
                    [&](std::size_t i) { return std::tuple(identity(i), rows.revision[i]); });
  const auto same = [&](std::size_t a, std::size_t b) { return identity(a) == identity(b); };
  const auto duplicates = std::ranges::unique(order, same);
  order.erase(duplicates.begin(), duplicates.end());
  std::ranges::sort(order, {}, [&](std::size_t i) {
    return std::tuple(rows.series[i], rows.ts[i], rows.revision[i], rows.producer[i],
                      rows.sequence[i] + rows.index[i]);
  });
  Bytes out = start_segment(order.size());
  ByteWriter writer(out);
  for (const std::size_t i : order) encode_row(writer, rows, i);
  if (auto done = write_file(disk, to, std::move(out)); !done) return pass(std::move(done));
  return order.size();
}

Result<Table> SimulatedSegmentStore::query(const std::string&, std::size_t) {
  return fail(Code::refused, "the simulated store has no SQL");
}

}  // namespace millwright::engine
