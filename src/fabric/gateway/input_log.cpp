#include "fabric/gateway/input_log.hpp"

#include <algorithm>
#include <charconv>

#include "base/format.hpp"
#include "fabric/custody/record.hpp"

namespace millwright::gateway {

using ontology::DeviceSchema;

namespace {

constexpr std::string_view log_magic = "MWTIER2";
constexpr std::string_view checkpoint_magic = "MWTIER2C";
constexpr std::size_t prefix_bytes = log_magic.size() + 1;
constexpr std::string_view extension = ".inputs";
/// No frame is longer; a larger length is damage.
constexpr std::uint32_t frame_content_max = 256u << 20;

enum class Entry : std::uint8_t { device = 1, input = 2 };

Result<void> check_version(std::uint8_t version, const std::string& path) {
  if (version != 0 && version <= tier_two_format_version) return {};
  return fail(version == 0 ? Code::corrupt : Code::unsupported_version,
              fmt::format("{} has format version {}, this program reads up to {}", path, version,
                          tier_two_format_version),
              "start the newer program that wrote it");
}

void write_positions(ByteWriter& writer, const std::vector<EdgePosition>& positions) {
  writer.varint(positions.size());
  for (const auto& position : positions) {
    writer.text(position.edge);
    writer.u64(position.incarnation);
    writer.varint(position.next);
  }
}

std::vector<EdgePosition> read_positions(ByteReader& reader) {
  std::vector<EdgePosition> out;
  const std::uint64_t count = reader.count(10);
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    auto& position = out.emplace_back();
    position.edge = reader.text();
    position.incarnation = reader.u64();
    position.next = reader.varint();
  }
  return out;
}

void write_device(ByteWriter& writer, std::uint32_t index, const DeviceSchema& schema) {
  Bytes record;
  custody::append_record(record, custody::DeviceRecord{index, schema});
  writer.block(record);
}

/// Reads devices and inputs; knows the columns of the devices read so far.
class Tables final : public custody::RecordReader {
 public:
  explicit Tables(std::vector<DeviceSchema>& devices) : devices_(devices) {}
  const custody::Columns* columns_of_device(std::uint32_t index) const override {
    return index < columns_.size() ? &columns_[index] : nullptr;
  }
  bool device(ByteReader& reader) {
    auto record = framed(reader);
    auto* device = record ? std::get_if<custody::DeviceRecord>(&*record) : nullptr;
    if (device == nullptr || device->index != devices_.size()) return false;
    columns_.push_back(custody::columns_of(device->schema));
    devices_.push_back(std::move(device->schema));
    return true;
  }
  bool input(ByteReader& reader, LoggedInput& out) {
    out.range.incarnation = reader.u64();
    const std::uint8_t data_class = reader.u8();
    auto record = framed(reader);
    auto* data = record ? std::get_if<custody::DataRecord>(&*record) : nullptr;
    if (data == nullptr || data_class > 1 || out.range.incarnation == 0) return false;
    out.device = data->device;
    out.range.first = data->first_sequence;
    out.range.count = data->batch.size();
    out.data_class = static_cast<sparkplug::DataClass>(data_class);
    out.batch = std::move(data->batch);
    return true;
  }

 private:
  Result<custody::Record> framed(ByteReader& reader) const {
    const ByteView bytes = reader.block();
    const auto size = custody::frame_at(bytes);
    if (!size || *size != bytes.size()) return fail(Code::corrupt, "a record does not decode");
    return read(bytes);
  }

  std::vector<DeviceSchema>& devices_;
  std::vector<custody::Columns> columns_;
};

/// Over the length and the content; not that of the records inside, or one of these would pass for
/// a frame behind damage.
std::uint32_t checksum(ByteView length, ByteView content) {
  return crc32c(content, crc32c(length, crc32c(as_bytes(log_magic))));
}

/// Size of the whole frame at the start of `bytes`, when its checksum holds.
std::optional<std::size_t> frame_at(ByteView bytes) {
  ByteReader reader(bytes);
  const std::uint32_t length = reader.u32(), crc = reader.u32();
  if (!reader.ok() || length == 0 || length > frame_content_max || length > reader.left())
    return std::nullopt;
  if (checksum(bytes.first(4), bytes.subspan(8, length)) != crc) return std::nullopt;
  return 8 + std::size_t{length};
}

bool read_frame(ByteView content, Tables& tables, LogFrame& out) {
  ByteReader reader(content);
  const std::uint64_t count = reader.count(2);
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    switch (static_cast<Entry>(reader.u8())) {
      case Entry::device:
        if (!tables.device(reader)) return false;
        break;
      case Entry::input:
        if (!tables.input(reader, out.inputs.emplace_back())) return false;
        break;
      default:
        return false;
    }
  }
  out.positions = read_positions(reader);
  out.output.incarnation = reader.u64();
  out.output.next = reader.varint();
  return reader.ok() && reader.at_end();
}

void read_pending(ByteReader& reader, PendingScans& out) {
  const std::uint64_t count = reader.count(36);
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    ScanKey key;
    key.device = reader.text();
    key.ts_us = reader.i64();
    key.source = reader.text();
    key.watermark = reader.varint();
    Digest digest;
    const ByteView bytes = reader.raw(digest.bytes.size());
    if (reader.ok()) std::ranges::copy(bytes, digest.bytes.begin());
    out[std::move(key)] = digest;
  }
}

}  // namespace

void encode(const Checkpoint& checkpoint, Bytes& out) {
  out.clear();
  ByteWriter writer(out);
  writer.raw(as_bytes(checkpoint_magic));
  writer.u8(tier_two_format_version);
  writer.varint(checkpoint.generation);
  write_positions(writer, checkpoint.positions);
  writer.u64(checkpoint.output.incarnation);
  writer.varint(checkpoint.output.next);
  writer.varint(checkpoint.active.size());
  for (const auto& digest : checkpoint.active) writer.text(digest);
  writer.varint(checkpoint.schemas.size());
  for (std::uint32_t i = 0; i < checkpoint.schemas.size(); ++i)
    write_device(writer, i, checkpoint.schemas[i]);
  writer.block(checkpoint.state);
  writer.varint(checkpoint.pending.size());
  for (const auto& [key, digest] : checkpoint.pending) {
    writer.text(key.device);
    writer.i64(key.ts_us);
    writer.text(key.source);
    writer.varint(key.watermark);
    writer.raw(digest.bytes);
  }
  writer.u32(crc32c(out));
}

Result<Checkpoint> decode_checkpoint(ByteView bytes, const std::string& path) {
  const auto corrupt = [&] {
    return fail(Code::corrupt, path + " is not a checkpoint of tier 2, or damaged");
  };
  if (bytes.size() < checkpoint_magic.size() + 5 ||
      as_text(bytes.first(checkpoint_magic.size())) != checkpoint_magic)
    return corrupt();
  const auto version = static_cast<std::uint8_t>(bytes[checkpoint_magic.size()]);
  if (version > tier_two_format_version) {
    if (auto done = check_version(version, path); !done) return pass(std::move(done));
  }
  const ByteView body = bytes.first(bytes.size() - 4);
  ByteReader tail(bytes.last(4));
  if (version == 0 || tail.u32() != crc32c(body)) return corrupt();
  ByteReader reader(body.subspan(checkpoint_magic.size() + 1));
  Checkpoint out;
  out.generation = reader.varint();
  out.positions = read_positions(reader);
  out.output.incarnation = reader.u64();
  out.output.next = reader.varint();
  for (std::uint64_t i = reader.count(1); i > 0 && reader.ok(); --i)
    out.active.emplace_back(reader.text());
  Tables tables(out.schemas);
  for (std::uint64_t i = reader.count(1); i > 0 && reader.ok(); --i) {
    if (!tables.device(reader)) return corrupt();
  }
  const ByteView state = reader.block();
  out.state.assign(state.begin(), state.end());
  read_pending(reader, out.pending);
  if (!reader.ok() || !reader.at_end()) return corrupt();
  return out;
}

Result<LogContent> decode_log(ByteView bytes, const std::string& path) {
  LogContent out;
  if (bytes.size() < prefix_bytes || as_text(bytes.first(log_magic.size())) != log_magic) {
    out.bytes_torn = bytes.size();
    return out;
  }
  const auto version = static_cast<std::uint8_t>(bytes[log_magic.size()]);
  if (version > tier_two_format_version) {
    if (auto done = check_version(version, path); !done) return pass(std::move(done));
  }
  Tables tables(out.devices);
  std::size_t at = prefix_bytes;
  while (at < bytes.size()) {
    const auto size = frame_at(bytes.subspan(at));
    LogFrame frame;
    if (!size || !read_frame(bytes.subspan(at + 8, *size - 8), tables, frame)) break;
    out.frames.push_back(std::move(frame));
    at += *size;
  }
  out.bytes_torn = bytes.size() - at;
  for (std::size_t next = at + 1; next < bytes.size() && !out.damaged; ++next)
    out.damaged = frame_at(bytes.subspan(next)).has_value();
  return out;
}

std::string InputLog::path_of(const std::string& directory, std::uint64_t generation) {
  return fmt::format("{}/{:012}{}", directory, generation, extension);
}

void InputLog::begin(std::uint64_t generation) {
  generation_ = generation;
  file_.reset();
  file_bytes_ = 0;
  devices_.clear();
  device_count_ = 0;
  input_count_ = 0;
  inputs_.clear();
}

void InputLog::add(const DeviceSchema& schema, const ontology::SequenceRange& range,
                   sparkplug::DataClass data_class, const ontology::Batch& batch) {
  ByteWriter writer(inputs_);
  auto known = devices_.find(schema.address);
  if (known == devices_.end() || known->second.second.metrics != schema.metrics) {
    known = devices_.insert_or_assign(schema.address, std::pair(device_count_++, schema)).first;
    writer.u8(static_cast<std::uint8_t>(Entry::device));
    write_device(writer, known->second.first, schema);
    ++input_count_;
  }
  writer.u8(static_cast<std::uint8_t>(Entry::input));
  writer.u64(range.incarnation);
  writer.u8(static_cast<std::uint8_t>(data_class));
  Bytes record;
  custody::append_record(record, range.first, known->second.first, {}, {}, batch,
                         custody::columns_of(schema));
  writer.block(record);
  ++input_count_;
}

Result<void> InputLog::commit(const std::vector<EdgePosition>& positions,
                              const OutputPosition& output) {
  Bytes content;
  ByteWriter writer(content);
  writer.varint(input_count_);
  writer.raw(inputs_);
  write_positions(writer, positions);
  writer.u64(output.incarnation);
  writer.varint(output.next);
  Bytes bytes;
  ByteWriter frame(bytes);
  const bool is_new = file_ == nullptr;
  if (is_new) {
    auto file = disk_.open_append(path_of(directory_, generation_));
    if (!file) return pass(std::move(file), "starting an input log");
    if (auto done = (*file)->truncate(0); !done) return pass(std::move(done));
    file_ = std::move(*file);
    frame.raw(as_bytes(log_magic));
    frame.u8(tier_two_format_version);
  }
  const std::size_t at = bytes.size();
  frame.u32(static_cast<std::uint32_t>(content.size()));
  frame.u32(checksum(ByteView(bytes).subspan(at, 4), content));
  frame.raw(content);
  if (auto done = file_->append(bytes); !done) return pass(std::move(done), "writing inputs");
  if (auto done = file_->sync(); !done) return pass(std::move(done), "writing inputs");
  if (is_new) {
    if (auto done = disk_.sync_directory(directory_); !done) return done;
  }
  file_bytes_ += bytes.size();
  inputs_.clear();
  input_count_ = 0;
  return {};
}

void InputLog::remove_others() const {
  auto names = disk_.list(directory_);
  if (!names) return;
  for (const auto& name : *names) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc{} || std::string_view(end) != extension || number == generation_)
      continue;
    (void)disk_.remove(directory_ + "/" + name);  // a leftover costs room and nothing else
  }
}

}  // namespace millwright::gateway
