// Payload bytes to types, over the wire format reader.
#include "base/format.hpp"
#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/compression.hpp"
#include "wire/sparkplug/typing.hpp"
#include "wire/sparkplug/wire_format.hpp"

namespace millwright::sparkplug {
namespace {

using wire_format::block_tag;
using wire_format::fixed32_tag;
using wire_format::fixed64_tag;
using wire_format::Reader;
using wire_format::varint_tag;

/// Keys and values of a property set arrive as two lists; this counts how far each got.
struct Pairing {
  std::size_t keys = 0;
  std::size_t values = 0;
};

class Decoder {
 public:
  Decoder(ByteView whole, const DecodeLimits& limits) : whole_(whole), limits_(limits) {}

  bool payload(Payload& out);
  Error error() const {
    const auto offset = static_cast<std::size_t>(failed_at_ - whole_.data());
    if (at_limit_) {
      return Error(
          Code::exhausted,
          fmt::format("the payload exceeds a limit at byte {}: at most {} levels and {} items",
                      offset, limits_.depth_max, limits_.items_max));
    }
    return Error(Code::invalid_input,
                 fmt::format("byte {} of {} is not Sparkplug B", offset, whole_.size()));
  }

 private:
  bool metric(ByteView bytes, Metric& out, std::size_t depth);
  bool metric_value(Reader& in, std::uint32_t tag, Metric& out, std::size_t depth);
  bool metadata(ByteView bytes, MetaData& out, std::size_t depth);
  bool dataset(ByteView bytes, DataSet& out, std::size_t depth);
  bool dataset_types(ByteView packed, DataSet& out);
  bool row(ByteView bytes, std::vector<Scalar>& out, std::size_t depth);
  bool cell(ByteView bytes, Scalar& out, std::size_t depth);
  bool template_value(ByteView bytes, Template& out, std::size_t depth);
  bool parameter(ByteView bytes, Parameter& out, std::size_t depth);
  bool property_set(ByteView bytes, PropertySet& out, Pairing& pairing, std::size_t depth);
  bool property_value(ByteView bytes, PropertyValue& out, std::size_t depth);
  bool property_sets(ByteView bytes, PropertySetList& out, std::size_t depth);

  /// One more item of the payload; false at the limit.
  bool take_item(const Reader& in) {
    if (++items_ <= limits_.items_max) return true;
    return limit(in);
  }
  bool skip(Reader& in, std::uint32_t tag, std::size_t depth) {
    in.skip(tag, limits_.depth_max - depth);
    if (in.too_deep()) at_limit_ = true;
    return in.ok();
  }
  bool limit(const Reader& in) {
    at_limit_ = true;
    failed_at_ = in.position();
    return false;
  }
  bool may_descend(const Reader& in, std::size_t depth) {
    return depth < limits_.depth_max || limit(in);
  }
  /// Ends a message: true when it was read to its end. Keeps the innermost place of a failure.
  bool done(const Reader& in, bool fields_ok) {
    if (fields_ok && in.ok()) return true;
    if (failed_at_ == nullptr) failed_at_ = in.position();
    return false;
  }

  ByteView whole_;
  const DecodeLimits& limits_;
  std::size_t items_ = 0;
  bool at_limit_ = false;
  const std::byte* failed_at_ = nullptr;
};

void append(Bytes& out, ByteView bytes) {
  out.assign(bytes.begin(), bytes.end());
}

/// The scalar kinds have consecutive field numbers from `first` in every message that has them.
/// False when the tag is none of them.
template <typename Variant>
bool read_scalar(Reader& in, std::uint32_t tag, std::uint32_t first, Variant& out) {
  if (tag == varint_tag(first))
    out = std::uint64_t{static_cast<std::uint32_t>(in.varint())};
  else if (tag == varint_tag(first + 1))
    out = in.varint();
  else if (tag == fixed32_tag(first + 2))
    out = in.float32();
  else if (tag == fixed64_tag(first + 3))
    out = in.float64();
  else if (tag == varint_tag(first + 4))
    out = in.varint() != 0;
  else if (tag == block_tag(first + 5))
    out = std::string(as_text(in.block()));
  else
    return false;
  return true;
}

template <typename Kind, typename Variant>
Kind& held(Variant& value) {
  if (auto* present = std::get_if<Kind>(&value)) return *present;
  return value.template emplace<Kind>();
}

void close(PropertySet& set, const Pairing& pairing) {
  set.resize(std::min(pairing.keys, pairing.values));
}

bool Decoder::payload(Payload& out) {
  Reader in(whole_);
  bool fine = true;
  while (fine && !in.at_end()) {
    const std::uint32_t tag = in.tag();
    switch (tag) {
      case varint_tag(1):
        out.timestamp_ms = in.varint();
        break;
      case block_tag(2): {
        const ByteView bytes = in.block();
        fine = in.ok() && take_item(in) && metric(bytes, out.metrics.emplace_back(), 1);
        break;
      }
      case varint_tag(3):
        out.seq = in.varint();
        break;
      case block_tag(4):
        out.uuid = as_text(in.block());
        break;
      case block_tag(5):
        append(out.body, in.block());
        break;
      default:
        fine = skip(in, tag, 0);
    }
  }
  return done(in, fine);
}

bool Decoder::metric(ByteView bytes, Metric& out, std::size_t depth) {
  Reader in(bytes);
  if (!may_descend(in, depth)) return false;
  Pairing pairing;
  bool fine = true;
  while (fine && !in.at_end()) {
    const std::uint32_t tag = in.tag();
    switch (tag) {
      case block_tag(1):
        out.name = as_text(in.block());
        break;
      case varint_tag(2):
        out.alias = in.varint();
        break;
      case varint_tag(3):
        out.timestamp_ms = in.varint();
        break;
      case varint_tag(4):
        out.datatype = static_cast<std::uint32_t>(in.varint());
        break;
      case varint_tag(5):
        out.is_historical = in.varint() != 0;
        break;
      case varint_tag(6):
        out.is_transient = in.varint() != 0;
        break;
      case varint_tag(7):
        out.is_null = in.varint() != 0;
        break;
      case block_tag(8): {
        const ByteView inner = in.block();
        fine = metadata(inner, out.metadata.make(), depth + 1);
        break;
      }
      case block_tag(9): {
        const ByteView inner = in.block();
        fine = property_set(inner, out.properties, pairing, depth + 1);
        break;
      }
      default:
        fine = metric_value(in, tag, out, depth);
    }
  }
  if (!done(in, fine)) return false;
  close(out.properties, pairing);
  if (out.is_null) out.value = std::monostate{};
  if (auto* set = std::get_if<DataSet>(&out.value)) {
    for (auto& cells : set->rows) {
      for (std::size_t i = 0; i < cells.size() && i < set->types.size(); ++i)
        resolve_scalar(set->types[i], cells[i]);
    }
  }
  resolve_type(out, out.datatype);
  return true;
}

bool Decoder::metric_value(Reader& in, std::uint32_t tag, Metric& out, std::size_t depth) {
  if (read_scalar(in, tag, 10, out.value)) return in.ok();
  switch (tag) {
    case block_tag(16):
      append(held<Bytes>(out.value), in.block());
      return in.ok();
    case block_tag(17):
      return dataset(in.block(), held<DataSet>(out.value), depth + 1);
    case block_tag(18):
      return template_value(in.block(), held<Template>(out.value), depth + 1);
    default:
      return skip(in, tag, depth);
  }
}

bool Decoder::metadata(ByteView bytes, MetaData& out, std::size_t depth) {
  Reader in(bytes);
  if (!may_descend(in, depth)) return false;
  bool fine = true;
  while (fine && !in.at_end()) {
    const std::uint32_t tag = in.tag();
    switch (tag) {
      case varint_tag(1):
        out.is_multi_part = in.varint() != 0;
        break;
      case block_tag(2):
        out.content_type = as_text(in.block());
        break;
      case varint_tag(3):
        out.size = in.varint();
        break;
      case varint_tag(4):
        out.seq = in.varint();
        break;
      case block_tag(5):
        out.file_name = as_text(in.block());
        break;
      case block_tag(6):
        out.file_type = as_text(in.block());
        break;
      case block_tag(7):
        out.md5 = as_text(in.block());
        break;
      case block_tag(8):
        out.description = as_text(in.block());
        break;
      default:
        fine = skip(in, tag, depth);
    }
  }
  return done(in, fine);
}

bool Decoder::dataset(ByteView bytes, DataSet& out, std::size_t depth) {
  Reader in(bytes);
  if (!may_descend(in, depth)) return false;
  bool fine = true;
  while (fine && !in.at_end()) {
    const std::uint32_t tag = in.tag();
    switch (tag) {
      case varint_tag(1):
        out.column_count = in.varint();
        break;
      case block_tag(2):
        fine = take_item(in);
        out.columns.emplace_back(as_text(in.block()));
        break;
      case varint_tag(3):
        fine = take_item(in);
        out.types.push_back(static_cast<std::uint32_t>(in.varint()));
        break;
      case block_tag(3):
        fine = dataset_types(in.block(), out);
        break;
      case block_tag(4): {
        const ByteView inner = in.block();
        fine = take_item(in) && row(inner, out.rows.emplace_back(), depth + 1);
        break;
      }
      default:
        fine = skip(in, tag, depth);
    }
  }
  return done(in, fine);
}

// Written packed by writers of proto3, one by one by those of proto2.
bool Decoder::dataset_types(ByteView packed, DataSet& out) {
  Reader in(packed);
  bool fine = true;
  while (fine && !in.at_end()) {
    fine = take_item(in);
    out.types.push_back(static_cast<std::uint32_t>(in.varint()));
  }
  return done(in, fine);
}

bool Decoder::row(ByteView bytes, std::vector<Scalar>& out, std::size_t depth) {
  Reader in(bytes);
  if (!may_descend(in, depth)) return false;
  bool fine = true;
  while (fine && !in.at_end()) {
    const std::uint32_t tag = in.tag();
    if (tag == block_tag(1)) {
      const ByteView inner = in.block();
      fine = take_item(in) && cell(inner, out.emplace_back(), depth + 1);
    } else {
      fine = skip(in, tag, depth);
    }
  }
  return done(in, fine);
}

bool Decoder::cell(ByteView bytes, Scalar& out, std::size_t depth) {
  Reader in(bytes);
  if (!may_descend(in, depth)) return false;
  bool fine = true;
  while (fine && !in.at_end()) {
    const std::uint32_t tag = in.tag();
    if (!read_scalar(in, tag, 1, out)) fine = skip(in, tag, depth);
  }
  return done(in, fine);
}

bool Decoder::template_value(ByteView bytes, Template& out, std::size_t depth) {
  Reader in(bytes);
  if (!may_descend(in, depth)) return false;
  bool fine = true;
  while (fine && !in.at_end()) {
    const std::uint32_t tag = in.tag();
    switch (tag) {
      case block_tag(1):
        out.version = as_text(in.block());
        break;
      case block_tag(2): {
        const ByteView inner = in.block();
        fine = take_item(in) && metric(inner, out.metrics.emplace_back(), depth + 1);
        break;
      }
      case block_tag(3): {
        const ByteView inner = in.block();
        fine = take_item(in) && parameter(inner, out.parameters.emplace_back(), depth + 1);
        break;
      }
      case block_tag(4):
        out.template_ref = as_text(in.block());
        break;
      case varint_tag(5):
        out.is_definition = in.varint() != 0;
        break;
      default:
        fine = skip(in, tag, depth);
    }
  }
  return done(in, fine);
}

bool Decoder::parameter(ByteView bytes, Parameter& out, std::size_t depth) {
  Reader in(bytes);
  if (!may_descend(in, depth)) return false;
  bool fine = true;
  while (fine && !in.at_end()) {
    const std::uint32_t tag = in.tag();
    if (tag == block_tag(1))
      out.name = as_text(in.block());
    else if (tag == varint_tag(2))
      out.type = static_cast<std::uint32_t>(in.varint());
    else if (!read_scalar(in, tag, 3, out.value))
      fine = skip(in, tag, depth);
  }
  if (!done(in, fine)) return false;
  resolve_scalar(out.type, out.value);
  return true;
}

bool Decoder::property_set(ByteView bytes, PropertySet& out, Pairing& pairing, std::size_t depth) {
  Reader in(bytes);
  if (!may_descend(in, depth)) return false;
  bool fine = true;
  while (fine && !in.at_end()) {
    const std::uint32_t tag = in.tag();
    const bool is_key = tag == block_tag(1);
    if (!is_key && tag != block_tag(2)) {
      fine = skip(in, tag, depth);
      continue;
    }
    const ByteView inner = in.block();
    if (!take_item(in)) return false;
    const std::size_t index = is_key ? pairing.keys++ : pairing.values++;
    if (index == out.size()) out.emplace_back();
    if (is_key)
      out[index].key = as_text(inner);
    else
      fine = property_value(inner, out[index].value, depth + 1);
  }
  return done(in, fine);
}

bool Decoder::property_value(ByteView bytes, PropertyValue& out, std::size_t depth) {
  Reader in(bytes);
  if (!may_descend(in, depth)) return false;
  Pairing pairing;
  bool fine = true;
  while (fine && !in.at_end()) {
    const std::uint32_t tag = in.tag();
    if (tag == varint_tag(1)) {
      out.type = static_cast<std::uint32_t>(in.varint());
    } else if (tag == varint_tag(2)) {
      out.is_null = in.varint() != 0;
    } else if (tag == block_tag(9)) {
      const ByteView inner = in.block();
      if (!std::holds_alternative<PropertySet>(out.value)) pairing = {};
      fine = property_set(inner, held<PropertySet>(out.value), pairing, depth + 1);
    } else if (tag == block_tag(10)) {
      const ByteView inner = in.block();
      fine = property_sets(inner, held<PropertySetList>(out.value), depth + 1);
    } else if (!read_scalar(in, tag, 3, out.value)) {
      fine = skip(in, tag, depth);
    }
  }
  if (!done(in, fine)) return false;
  if (auto* set = std::get_if<PropertySet>(&out.value)) close(*set, pairing);
  if (out.is_null) out.value = std::monostate{};
  resolve_scalar(out.type, out.value);
  return true;
}

bool Decoder::property_sets(ByteView bytes, PropertySetList& out, std::size_t depth) {
  Reader in(bytes);
  if (!may_descend(in, depth)) return false;
  bool fine = true;
  while (fine && !in.at_end()) {
    const std::uint32_t tag = in.tag();
    if (tag == block_tag(1)) {
      const ByteView inner = in.block();
      Pairing pairing;
      PropertySet& set = out.emplace_back();
      fine = take_item(in) && property_set(inner, set, pairing, depth + 1);
      close(set, pairing);
    } else {
      fine = skip(in, tag, depth);
    }
  }
  return done(in, fine);
}

Result<Payload> decode_plain(ByteView bytes, const DecodeLimits& limits) {
  Payload payload;
  Decoder decoder(bytes, limits);
  if (!decoder.payload(payload)) return std::unexpected(decoder.error());
  return payload;
}

}  // namespace

Result<Payload> decode(ByteView bytes, const DecodeLimits& limits) {
  Result<Payload> outer = decode_plain(bytes, limits);
  if (!outer || outer->uuid != compressed_uuid) return outer;
  const Result<Bytes> inner_bytes = inflate(outer->body, limits.inflated_max);
  if (!inner_bytes) {
    return std::unexpected(Error(inner_bytes.error()).while_doing("inflating a payload"));
  }
  Result<Payload> inner = decode_plain(*inner_bytes, limits);
  if (!inner) return pass(std::move(inner), "decoding a payload that was compressed");
  if (inner->uuid == compressed_uuid) {
    return fail(Code::invalid_input, "a compressed payload holds another compressed payload");
  }
  if (!inner->timestamp_ms) inner->timestamp_ms = outer->timestamp_ms;
  if (!inner->seq) inner->seq = outer->seq;
  return inner;
}

}  // namespace millwright::sparkplug
