// Envelope bytes, version 1, little endian:
//
//   u8 version | u8 kind | u64 incarnation | varint first_sequence | varint count | text producer
//   then sections until the end: varint number | varint length | content
//
// A section stands at most once; numbers that are not known are skipped.
#include "wire/envelope/envelope.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/format.hpp"
#include "base/id.hpp"
#include "wire/utf8.hpp"

namespace millwright::envelope {
namespace {

using ontology::LossEntry;
using ontology::Quality;
using ontology::Row;

/// Numbers are on the wire: never reuse one.
enum class Section : std::uint8_t {
  residual_runs = 1,     ///< {varint count, varint microseconds}…
  residuals_packed = 2,  ///< 10 bits each, from the lowest bit of the first byte
  quality = 3,           ///< {varint count, u16 code}…
  provenance = 4,        ///< {varint count, varint number}…
  definitions = 5,       ///< {varint number, text recipe}…
  losses = 6,            ///< {varint count, u8 cause, signed from, signed to, text policy}…
};
constexpr std::uint64_t section_max = 6;

constexpr std::uint16_t residual_end = 1000;
constexpr unsigned residual_bits = 10;
constexpr std::size_t packed_size(std::uint64_t count) {
  return static_cast<std::size_t>((count * residual_bits + 7) / 8);
}

template <typename T>
std::uint64_t covered(const std::vector<Run<T>>& runs) {
  std::uint64_t sum = 0;
  for (const auto& run : runs) sum += run.count;
  return sum;
}

template <typename T>
void extend(std::vector<Run<T>>& runs, T value) {
  if (runs.empty() || runs.back().value != value)
    runs.push_back({1, value});
  else
    ++runs.back().count;
}

/// Nothing is what a single run of the default says.
template <typename T>
void drop_default(std::vector<Run<T>>& runs) {
  if (runs.size() == 1 && runs.front().value == T{}) runs.clear();
}

void write_section(Section section, const Bytes& content, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(section));
  writer.block(content);
}

void write_residuals(const std::vector<std::uint16_t>& residuals, Bytes& out) {
  if (std::ranges::all_of(residuals, [](std::uint16_t us) { return us == 0; })) return;
  std::vector<Run<std::uint16_t>> runs;
  for (const std::uint16_t us : residuals) {
    MILLWRIGHT_ASSERT(us < residual_end);
    extend(runs, us);
  }
  Bytes content;
  ByteWriter writer(content);
  for (const auto& run : runs) {
    writer.varint(run.count);
    writer.varint(run.value);
  }
  if (content.size() <= packed_size(residuals.size())) {
    write_section(Section::residual_runs, content, out);
    return;
  }
  content.clear();
  std::uint32_t bits = 0;
  unsigned held = 0;
  for (const std::uint16_t us : residuals) {
    bits |= std::uint32_t{us} << held;
    for (held += residual_bits; held >= 8; held -= 8, bits >>= 8)
      writer.u8(static_cast<std::uint8_t>(bits));
  }
  if (held > 0) writer.u8(static_cast<std::uint8_t>(bits));
  write_section(Section::residuals_packed, content, out);
}

void write_definitions(const Envelope& envelope, Bytes& out) {
  if (envelope.definitions.empty()) return;
  Bytes content;
  ByteWriter writer(content);
  for (const auto& definition : envelope.definitions) {
    MILLWRIGHT_ASSERT(definition.recipe.size() <= recipe_size_max);
    writer.varint(definition.number);
    writer.text(definition.recipe);
  }
  write_section(Section::definitions, content, out);
}

void write_losses(const Envelope& envelope, Bytes& out) {
  if (envelope.losses.empty()) return;
  Bytes content;
  ByteWriter writer(content);
  for (const LossEntry& loss : envelope.losses) {
    MILLWRIGHT_ASSERT(loss.policy.size() <= text_size_max);
    writer.varint(loss.range.count);
    writer.u8(static_cast<std::uint8_t>(loss.cause));
    writer.signed_varint(loss.from.us);
    writer.signed_varint(loss.to.us);
    writer.text(loss.policy);
  }
  write_section(Section::losses, content, out);
}

/// The rules between the fields, for both directions; empty when they hold.
std::string_view broken_rule(const Envelope& envelope) {
  const std::uint64_t count = envelope.count;
  if (envelope.incarnation == 0) return "the incarnation is zero";
  if (!envelope.producer.empty() && !is_valid_name(envelope.producer))
    return "the producer is not a valid id";
  if (count > std::numeric_limits<std::uint64_t>::max() - envelope.first_sequence)
    return "the sequence overflows";
  if (envelope.kind == Kind::birth && count != 0) return "a birth counts samples";
  if (envelope.kind == Kind::data && count > count_max) return "too many samples";
  const bool has_runs =
      !envelope.residuals_us.empty() || !envelope.quality.empty() || !envelope.provenance.empty();
  if (envelope.kind != Kind::data && has_runs) return "runs without samples";
  if (!envelope.residuals_us.empty() && envelope.residuals_us.size() != count)
    return "the residuals do not cover the count";
  if (!envelope.quality.empty() && covered(envelope.quality) != count)
    return "the quality runs do not cover the count";
  if (!envelope.provenance.empty() && covered(envelope.provenance) != count)
    return "the provenance runs do not cover the count";
  if (envelope.kind != Kind::loss) return envelope.losses.empty() ? "" : "losses out of place";
  ontology::Sequence next = envelope.first_sequence;
  for (const LossEntry& loss : envelope.losses) {
    if (loss.range.incarnation != envelope.incarnation || loss.range.first != next ||
        loss.range.count == 0 || loss.range.count > envelope.first_sequence + count - next) {
      return "the losses do not cover the count";
    }
    next = loss.range.end();
  }
  return next == envelope.first_sequence + count ? "" : "the losses do not cover the count";
}

class Decoder {
 public:
  explicit Decoder(ByteView bytes) : in_(bytes) {}

  Result<Envelope> run() {
    const std::uint8_t format = in_.u8();
    if (!in_.ok()) return fail(Code::corrupt, "an envelope is empty");
    if (format != version) {
      return fail(
          Code::unsupported_version,
          fmt::format("an envelope has format version {}; this program reads {}", format, version),
          "upgrade this receiver");
    }
    head();
    while (what_.empty() && in_.ok() && !in_.at_end()) section();
    if (what_.empty() && !in_.ok()) what_ = "it ends early";
    if (what_.empty()) what_ = broken_rule(out_);
    if (!what_.empty())
      return fail(Code::corrupt, fmt::format("an envelope is refused: {}", what_));
    if (std::ranges::all_of(out_.residuals_us, [](std::uint16_t us) { return us == 0; }))
      out_.residuals_us.clear();
    return std::move(out_);
  }

 private:
  void head() {
    const std::uint8_t kind = in_.u8();
    out_.kind = static_cast<Kind>(kind);
    out_.incarnation = in_.u64();
    out_.first_sequence = in_.varint();
    out_.count = in_.varint();
    out_.producer = in_.text();
    if (in_.ok() && (kind < 1 || kind > 3)) what_ = "its kind is unknown";
    // What follows allocates by count.
    if (out_.kind == Kind::data && out_.count > count_max) what_ = "too many samples";
  }
  void section() {
    const std::uint64_t number = in_.varint();
    ByteReader content(in_.block());
    if (!in_.ok() || number == 0 || number > section_max) return;
    if (std::exchange(seen_[number], true)) {
      what_ = "a section stands twice";
      return;
    }
    read(static_cast<Section>(number), content);
    if (what_.empty() && !content.ok()) what_ = "a section ends early";
  }
  void read(Section section, ByteReader& content) {
    switch (section) {
      case Section::residual_runs:
        return residual_runs(content);
      case Section::residuals_packed:
        return residuals_packed(content);
      case Section::quality:
        while (content.ok() && !content.at_end()) {
          const auto count = run_length(content);
          out_.quality.push_back({count, Quality{content.u16()}});
        }
        return;
      case Section::provenance:
        while (content.ok() && !content.at_end()) {
          const auto count = run_length(content);
          out_.provenance.push_back({count, number32(content)});
        }
        return;
      case Section::definitions:
        return definitions(content);
      case Section::losses:
        return losses(content);
    }
  }
  std::uint32_t run_length(ByteReader& content) {
    const std::uint64_t count = content.varint();
    if (content.ok() && (count == 0 || count > out_.count || count > count_max))
      what_ = "a run has an impossible length", content.invalidate();
    return static_cast<std::uint32_t>(count);
  }
  std::uint32_t number32(ByteReader& content) {
    const std::uint64_t value = content.varint();
    if (value > std::numeric_limits<std::uint32_t>::max())
      what_ = "a provenance number is too large", content.invalidate();
    return static_cast<std::uint32_t>(value);
  }
  void residual_runs(ByteReader& content) {
    if (!out_.residuals_us.empty()) {
      what_ = "residuals stand twice";
      return;
    }
    while (content.ok() && !content.at_end()) {
      const std::uint32_t count = run_length(content);
      const std::uint64_t us = content.varint();
      if (!content.ok()) return;
      if (us >= residual_end || count > out_.count - out_.residuals_us.size()) {
        what_ = "a residual is out of range";
        return;
      }
      out_.residuals_us.insert(out_.residuals_us.end(), count, static_cast<std::uint16_t>(us));
    }
  }
  void residuals_packed(ByteReader& content) {
    if (!out_.residuals_us.empty() || out_.kind != Kind::data ||
        content.left() != packed_size(out_.count)) {
      what_ = "the residuals do not cover the count";
      return;
    }
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (std::uint64_t i = 0; i < out_.count; ++i) {
      for (; held < residual_bits; held += 8) bits |= std::uint32_t{content.u8()} << held;
      const auto us = static_cast<std::uint16_t>(bits & ((1u << residual_bits) - 1));
      bits >>= residual_bits;
      held -= residual_bits;
      if (us >= residual_end) {
        what_ = "a residual is out of range";
        return;
      }
      out_.residuals_us.push_back(us);
    }
  }
  std::string text(ByteReader& content, std::size_t size_max) {
    const std::string_view value = content.text();
    if (value.size() > size_max) what_ = "a text is too long";
    if (!wire::is_utf8(value)) what_ = "a text is not UTF-8";
    if (!what_.empty()) content.invalidate();
    return std::string(value);
  }
  void definitions(ByteReader& content) {
    while (content.ok() && !content.at_end()) {
      const std::uint32_t number = number32(content);
      out_.definitions.push_back({number, text(content, recipe_size_max)});
    }
  }
  void losses(ByteReader& content) {
    ontology::Sequence next = out_.first_sequence;
    while (content.ok() && !content.at_end()) {
      LossEntry loss;
      loss.range = {out_.incarnation, next, content.varint()};
      next = loss.range.end();
      loss.cause = static_cast<ontology::LossCause>(content.u8());
      loss.from.us = content.signed_varint();
      loss.to.us = content.signed_varint();
      loss.policy = text(content, text_size_max);
      out_.losses.push_back(std::move(loss));
    }
  }

  ByteReader in_;
  Envelope out_;
  std::string_view what_;
  bool seen_[section_max + 1] = {};
};

}  // namespace

void encode(const Envelope& envelope, Bytes& out) {
  MILLWRIGHT_ASSERT(broken_rule(envelope).empty());
  ByteWriter writer(out);
  writer.u8(version);
  writer.u8(static_cast<std::uint8_t>(envelope.kind));
  writer.u64(envelope.incarnation);
  writer.varint(envelope.first_sequence);
  writer.varint(envelope.count);
  writer.text(envelope.producer);
  write_residuals(envelope.residuals_us, out);
  Bytes content;
  ByteWriter section(content);
  if (!envelope.quality.empty()) {
    for (const auto& run : envelope.quality) {
      section.varint(run.count);
      section.u16(run.value.code);
    }
    write_section(Section::quality, content, out);
  }
  if (!envelope.provenance.empty()) {
    content.clear();
    for (const auto& run : envelope.provenance) {
      section.varint(run.count);
      section.varint(run.value);
    }
    write_section(Section::provenance, content, out);
  }
  write_definitions(envelope, out);
  write_losses(envelope, out);
}

Result<Envelope> decode(ByteView bytes) {
  return Decoder(bytes).run();
}

void extract(std::span<const Row> rows, Envelope& envelope) {
  envelope.count = rows.size();
  envelope.residuals_us.clear();
  envelope.quality.clear();
  envelope.provenance.clear();
  bool any_residual = false;
  for (const Row& row : rows) {
    const std::int64_t residual = row.ts_us - Timestamp{row.ts_us}.whole_ms() * 1000;
    any_residual = any_residual || residual != 0;
    envelope.residuals_us.push_back(static_cast<std::uint16_t>(residual));
    extend(envelope.quality, row.quality);
    extend(envelope.provenance, row.provenance);
  }
  if (!any_residual) envelope.residuals_us.clear();
  drop_default(envelope.quality);
  drop_default(envelope.provenance);
}

Result<void> apply(const Envelope& envelope, ontology::Batch& batch) {
  if (envelope.kind != Kind::data || envelope.count != batch.size()) {
    return fail(Code::corrupt, fmt::format("an envelope speaks of {} samples, its payload has {}",
                                           envelope.count, batch.size()));
  }
  const Quality unparsable = Quality::bad(ontology::Reason::unparsable);
  std::size_t quality_run = 0, provenance_run = 0;
  std::uint32_t quality_used = 0, provenance_used = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    Row& row = batch.rows[i];
    if (!envelope.residuals_us.empty()) row.ts_us += envelope.residuals_us[i];
    Quality quality;
    if (!envelope.quality.empty()) {
      quality = envelope.quality[quality_run].value;
      if (++quality_used == envelope.quality[quality_run].count) ++quality_run, quality_used = 0;
    }
    if (row.quality != unparsable) row.quality = quality;
    row.provenance = 0;
    if (envelope.provenance.empty()) continue;
    row.provenance = envelope.provenance[provenance_run].value;
    if (++provenance_used == envelope.provenance[provenance_run].count)
      ++provenance_run, provenance_used = 0;
  }
  return {};
}

void encode(std::span<const Acknowledgement> acknowledgements, Bytes& out) {
  MILLWRIGHT_ASSERT(acknowledgements.size() <= acknowledgements_max);
  ByteWriter writer(out);
  writer.u8(version);
  writer.varint(acknowledgements.size());
  for (const Acknowledgement& one : acknowledgements) {
    writer.text(one.producer);
    writer.u64(one.incarnation);
    writer.varint(one.stored);
    writer.varint(one.received);
  }
}

Result<std::vector<Acknowledgement>> decode_acknowledgements(ByteView bytes) {
  ByteReader in(bytes);
  const std::uint8_t format = in.u8();
  if (in.ok() && format != version) {
    return fail(Code::unsupported_version,
                fmt::format("an acknowledgement has format version {}; this program reads {}",
                            format, version),
                "upgrade this receiver");
  }
  constexpr std::size_t entry_size_min = 1 + 8 + 1 + 1;
  const std::uint64_t count = in.count(entry_size_min);
  if (!in.ok() || count > acknowledgements_max)
    return fail(Code::corrupt, "an acknowledgement list is cut or too long");
  std::vector<Acknowledgement> out;
  for (std::uint64_t i = 0; i < count; ++i) {
    Acknowledgement& one = out.emplace_back();
    one.producer = in.text();
    one.incarnation = in.u64();
    one.stored = in.varint();
    one.received = in.varint();
    if (!in.ok() || !is_valid_name(one.producer) || one.incarnation == 0)
      return fail(Code::corrupt, fmt::format("acknowledgement {} of {} is damaged", i + 1, count));
  }
  if (!in.at_end()) return fail(Code::corrupt, "bytes follow an acknowledgement list");
  return out;
}

}  // namespace millwright::envelope
