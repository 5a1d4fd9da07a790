// The envelope: what a Sparkplug payload of ours carries beside the standard, in its body field
// under uuid `mw/1` (DESIGN D6): who produced the samples, their place in the producer's sequence,
// and what a metric cannot say (microseconds, quality with reason, provenance), by exception. And
// the acknowledgement that travels the other way.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "ontology/batch.hpp"
#include "ontology/custody.hpp"
#include "ontology/quality.hpp"

namespace millwright::envelope {

/// The payload uuid that announces an envelope of this version.
inline constexpr std::string_view uuid = "mw/1";
/// First byte of an envelope and of an acknowledgement list.
inline constexpr std::uint8_t version = 1;

enum class Kind : std::uint8_t {
  birth = 1,  ///< in NBIRTH: where the producer (re)starts; carries the dictionary, no samples
  data = 2,   ///< in NDATA and DDATA: metric i has sequence first_sequence + i
  loss = 3,   ///< in NDATA: declared losses in place of samples
};

/// The same value for `count` samples in a row.
template <typename T>
struct Run {
  std::uint32_t count = 0;
  T value{};

  bool operator==(const Run&) const = default;
};

/// A provenance number of this session and the canonical text of its recipe; sent before the first
/// sample that uses it.
struct ProvenanceDefinition {
  std::uint32_t number = 0;
  std::string recipe;

  bool operator==(const ProvenanceDefinition&) const = default;
};

struct Envelope {
  Kind kind = Kind::data;
  std::string producer;  ///< edge id; empty where the topic says it
  ontology::Incarnation incarnation = 0;
  ontology::Sequence first_sequence = 0;
  std::uint64_t count = 0;  ///< samples (data), lost samples (loss), 0 (birth)
  std::vector<std::uint16_t>
      residuals_us;  ///< 0..999 a sample, added to its milliseconds; empty: all 0
  std::vector<Run<ontology::Quality>> quality;  ///< cover exactly count; empty: all good
  std::vector<Run<std::uint32_t>> provenance;   ///< cover exactly count; empty: all 0
  std::vector<ProvenanceDefinition> definitions;
  /// Consecutive from first_sequence, of this incarnation, covering exactly count; only in `loss`.
  std::vector<ontology::LossEntry> losses;

  bool operator==(const Envelope&) const = default;
};

/// Bounds of a decoded envelope.
inline constexpr std::uint64_t count_max = 1u << 20;  ///< samples of one message
inline constexpr std::size_t text_size_max = 4096;    ///< producer, policy
inline constexpr std::size_t recipe_size_max = 64u << 10;
inline constexpr std::size_t acknowledgements_max = 1u << 16;

/// Appends the envelope. The runs must cover exactly `count` (an invariant of the caller).
void encode(const Envelope& envelope, Bytes& out);
/// `unsupported_version` when written by a newer format; `corrupt` when a length, count or run does
/// not hold. Sections of unknown number are skipped.
Result<Envelope> decode(ByteView bytes);

/// Fills residuals, quality and provenance from rows; sets count.
void extract(std::span<const ontology::Row> rows, Envelope& envelope);
/// Puts residuals, quality and provenance into the batch that the payload gave. `corrupt` when the
/// envelope is not `data` or its count is not the batch's; the batch is unchanged then. A row that
/// the payload's reader marked bad:unparsable stays so.
Result<void> apply(const Envelope& envelope, ontology::Batch& batch);

/// How far a producer's samples got. Cumulative and idempotent.
struct Acknowledgement {
  std::string producer;  ///< edge id
  ontology::Incarnation incarnation = 0;
  ontology::Sequence stored = 0;  ///< every sample below is durable at the hub: may be deleted
  ontology::Sequence received =
      0;  ///< every sample below has arrived at this hop: need not be resent

  bool operator==(const Acknowledgement&) const = default;
};

void encode(std::span<const Acknowledgement> acknowledgements, Bytes& out);
Result<std::vector<Acknowledgement>> decode_acknowledgements(ByteView bytes);

}  // namespace millwright::envelope
