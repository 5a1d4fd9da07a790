#include "engine/segment_store.hpp"

namespace millwright::engine {

void SampleColumns::reserve(std::size_t rows) {
  series.reserve(rows);
  ts.reserve(rows);
  revision.reserve(rows);
  sequence.reserve(rows);
  bits.reserve(rows);
  index.reserve(rows);
  provenance.reserve(rows);
  producer.reserve(rows);
  quality.reserve(rows);
  column.reserve(rows);
}

void SampleColumns::clear() {
  series.clear();
  ts.clear();
  revision.clear();
  sequence.clear();
  bits.clear();
  index.clear();
  provenance.clear();
  producer.clear();
  quality.clear();
  column.clear();
  arena.clear();
}

std::string_view SampleColumns::payload(std::size_t row) const {
  if (column[row] != ValueColumn::text && column[row] != ValueColumn::blob) return {};
  const auto offset = static_cast<std::size_t>(bits[row] >> 32);
  const auto length = static_cast<std::size_t>(bits[row] & 0xFFFFFFFF);
  if (offset > arena.size() || length > arena.size() - offset) return {};
  return std::string_view(arena).substr(offset, length);
}

void SampleColumns::append_row(const SampleColumns& from, std::size_t row) {
  series.push_back(from.series[row]);
  ts.push_back(from.ts[row]);
  revision.push_back(from.revision[row]);
  sequence.push_back(from.sequence[row]);
  index.push_back(from.index[row]);
  provenance.push_back(from.provenance[row]);
  producer.push_back(from.producer[row]);
  quality.push_back(from.quality[row]);
  column.push_back(from.column[row]);
  const std::string_view content = from.payload(row);
  if (content.empty()) {
    const bool is_payload =
        from.column[row] == ValueColumn::text || from.column[row] == ValueColumn::blob;
    bits.push_back(is_payload ? 0 : from.bits[row]);
    return;
  }
  bits.push_back((static_cast<std::uint64_t>(arena.size()) << 32) | content.size());
  arena.append(content);
}

}  // namespace millwright::engine
