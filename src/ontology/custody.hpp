// Who answers for a sample until it is stored. A producer numbers every sample that it accepted, or
// lost before it could accept it, without a gap; so "sent = stored + declared loss" is arithmetic
// over one counter (DESIGN D3, D6).
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace millwright::ontology {

/// A producer of samples: an edge, or a gateway for its own values; `site/edge`.
struct ProducerId {
  std::string site;
  std::string edge;

  auto operator<=>(const ProducerId&) const = default;
  std::string text() const { return site + "/" + edge; }
};

/// One life of a producer's journal. Random and non-zero; a new one begins whenever the journal
/// begins anew. (producer, incarnation, sequence) names one sample for ever.
using Incarnation = std::uint64_t;
/// Counts samples of an incarnation from 0.
using Sequence = std::uint64_t;

/// The samples [first, first + count) of one incarnation of a producer.
struct SequenceRange {
  Incarnation incarnation = 0;
  Sequence first = 0;
  std::uint64_t count = 0;

  constexpr Sequence end() const { return first + count; }
  auto operator<=>(const SequenceRange&) const = default;
};

/// Why samples that a producer numbered will never arrive. Numbers are stored: never reuse one.
enum class LossCause : std::uint8_t {
  inbox_full = 1,       ///< overflow rule "drop oldest" of an inbox
  buffer_full = 2,      ///< declared bound of the edge's disk buffer reached
  disk_error = 3,       ///< the edge's disk refused to store them
  journal_corrupt = 4,  ///< the edge's journal failed its check
  journal_lost = 5,     ///< the hub knows of a range that the producer no longer has
};
std::string_view name_of(LossCause cause);

/// A declared loss: it takes the place of its samples in the sequence. [from, to] bounds their
/// event times.
struct LossEntry {
  SequenceRange range;
  LossCause cause = LossCause::inbox_full;
  Timestamp from;
  Timestamp to;
  std::string
      policy;  ///< the declared rule that led to it, such as `buffer: drop_oldest at 64 MiB`

  bool operator==(const LossEntry&) const = default;
};

}  // namespace millwright::ontology

template <>
struct std::hash<millwright::ontology::ProducerId> {
  std::size_t operator()(const millwright::ontology::ProducerId& p) const noexcept {
    const std::hash<std::string> h;
    return h(p.site) * 31 + h(p.edge);
  }
};
