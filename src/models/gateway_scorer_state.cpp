// The state of the gateway's scorer between two inputs, as bytes (format 2; format 1, without
// states of machines, is read too). Models are not in it: what belongs to a version that is not in
// force is left out when it is read.
#include "base/format.hpp"
#include "models/gateway_scorer_parts.hpp"

namespace millwright::models {
namespace {

constexpr std::uint8_t state_version = 2;
constexpr std::uint8_t version_without_states = 1;
constexpr std::size_t check_size = 4;

void write_counters(ByteWriter& out, const ModelCounters& counters) {
  for (const std::uint64_t count :
       {counters.scored, counters.invalid, counters.errors, counters.flagged,
        counters.reference_scored, counters.reference_flagged}) {
    out.varint(count);
  }
}

void read_counters(ByteReader& in, ModelCounters& counters) {
  for (std::uint64_t* count :
       {&counters.scored, &counters.invalid, &counters.errors, &counters.flagged,
        &counters.reference_scored, &counters.reference_flagged}) {
    *count = in.varint();
  }
}

std::string digest_of(const std::unique_ptr<ServedModel>& model) {
  return model ? model->digest() : std::string();
}

void write_eye(ByteWriter& out, const std::unique_ptr<ServedModel>& model, const Eye& eye) {
  const bool is_there = model && eye.window;
  out.text(is_there ? model->digest() : "");
  if (!is_there) return;
  out.block(eye.window->save());
  Bytes states;
  ByteWriter writer(states);
  if (eye.track) eye.track->save(writer);
  out.block(states);
}

void write_texts(ByteWriter& out, const std::map<std::string, LastText, std::less<>>& texts) {
  out.varint(texts.size());
  for (const auto& [name, last] : texts) {
    out.text(name);
    out.i64(last.at.us);
    out.u8(last.text ? 1 : 0);
    out.text(last.text.value_or(""));
  }
}

void read_texts(ByteReader& in, std::map<std::string, LastText, std::less<>>& texts) {
  constexpr std::size_t text_size_min = 11;
  for (std::uint64_t count = in.count(text_size_min); count > 0 && in.ok(); --count) {
    const std::string name(in.text());
    LastText last{.at = {in.i64()}, .text = {}};
    const bool is_known = in.u8() != 0;
    const std::string_view text = in.text();
    if (is_known) last.text = text;
    if (in.ok()) texts.insert_or_assign(name, std::move(last));
  }
}

/// False: damaged.
bool read_eye(ByteReader& in, std::uint8_t version, const std::unique_ptr<ServedModel>& model,
              Eye& eye) {
  const std::string_view digest = in.text();
  if (digest.empty()) return in.ok();
  const ByteView window = in.block();
  const ByteView states = version > version_without_states ? in.block() : ByteView();
  if (!in.ok()) return false;
  if (!model || !eye.window || model->digest() != digest) return true;
  if (!eye.window->load(window)) return false;
  if (!eye.track) return states.empty();
  ByteReader reader(states);
  return eye.track->load(reader) && reader.at_end();
}

}  // namespace

void GatewayScorer::save(Bytes& out) const {
  const std::size_t begin = out.size();
  ByteWriter writer(out);
  writer.u8(state_version);
  writer.varint(scans_too_late_);
  writer.varint(slots_.size());
  for (const auto& slot : slots_) {
    writer.text(slot->name);
    writer.text(slot->current->digest());
    writer.text(digest_of(slot->reference));
    writer.varint(slot->reference_left);
    write_counters(writer, slot->counters);
  }
  writer.varint(devices_.size());
  for (const auto& [address, device] : devices_) {
    writer.text(address);
    writer.text(device->judged ? device->asset : "");
    const std::unique_ptr<ServedModel> none;
    const Slot* slot = device->slot;
    write_eye(writer, slot == nullptr ? none : slot->current, device->current);
    write_eye(writer, slot == nullptr ? none : slot->reference, device->reference);
    Bytes history;
    ByteWriter history_writer(history);
    if (device->history) device->history->save(history_writer);
    writer.block(history);
    write_texts(writer, device->last_texts);
  }
  writer.u32(crc32c(ByteView(out).subspan(begin)));
}

Result<void> GatewayScorer::load(ByteView state) {
  auto done = read_state(state);
  if (!done) forget();
  return done;
}

Result<void> GatewayScorer::read_state(ByteView state) {
  if (!state.empty() && static_cast<std::uint8_t>(state[0]) > state_version) {
    return fail(Code::unsupported_version, "a scorer's state saved by a newer program");
  }
  if (state.size() < check_size + 1) return fail(Code::corrupt, "a scorer's state is cut");
  const ByteView body = state.first(state.size() - check_size);
  if (ByteReader tail(state.last(check_size)); tail.u32() != crc32c(body)) {
    return fail(Code::corrupt, "a scorer's state fails its checksum");
  }
  ByteReader in(body);
  const std::uint8_t version = in.u8();
  scans_too_late_ = in.varint();
  Result<void> done = read_slots(in);
  for (auto& [address, device] : devices_) {
    if (device->judged) std::erase_if(assets_, [&](const auto& a) { return a.second == address; });
  }
  for (std::uint64_t count = in.count(5); count > 0 && done; --count) {
    done = read_device(in, version);
  }
  if (done && (!in.ok() || !in.at_end())) done = fail(Code::corrupt, "a scorer's state is damaged");
  // Devices that the state does not know are named after those that it does.
  for (auto& [address, device] : devices_) {
    if (!device->judged) continue;
    const auto owner = assets_.find(device->asset);
    if (owner != assets_.end() && owner->second == address) continue;
    name_asset(*device);
    device->form = form_of(*device);
  }
  return done;
}

Result<void> GatewayScorer::read_slots(ByteReader& in) {
  for (std::uint64_t count = in.count(10); count > 0; --count) {
    const std::string_view name = in.text();
    const std::string_view current = in.text();
    const std::string_view reference = in.text();
    const std::uint64_t left = in.varint();
    ModelCounters counters;
    read_counters(in, counters);
    if (!in.ok()) break;
    for (const auto& slot : slots_) {
      if (slot->name != name || slot->current->digest() != current) continue;
      counters.model = slot->counters.model;
      slot->counters = counters;
      if (slot->reference && slot->reference->digest() == reference && left > 0) {
        slot->reference_left = left;
      }
    }
  }
  if (in.ok()) return {};
  return fail(Code::corrupt, "a scorer's state is damaged");
}

Result<void> GatewayScorer::read_device(ByteReader& in, std::uint8_t version) {
  const std::string address(in.text());
  const std::string asset(in.text());
  const auto found = devices_.find(address);
  std::unique_ptr<Device> forgotten;
  if (found == devices_.end()) forgotten = std::make_unique<Device>();
  Device& device = forgotten ? *forgotten : *found->second;
  const std::unique_ptr<ServedModel> none;
  const Slot* slot = device.slot;
  if (!read_eye(in, version, slot == nullptr ? none : slot->current, device.current) ||
      !read_eye(in, version, slot == nullptr ? none : slot->reference, device.reference)) {
    return fail(Code::corrupt, "a scorer's state of " + address + " is damaged");
  }
  const ByteView history = in.block();
  if (version > version_without_states) read_texts(in, device.last_texts);
  if (!in.ok()) return fail(Code::corrupt, "a scorer's state is damaged");
  if (!forgotten && !asset.empty() && device.judged) {
    assets_.insert_or_assign(asset, address);
    if (device.asset != asset) {
      device.asset = asset;
      device.form = form_of(device);
    }
  }
  if (!device.history || history.empty()) return {};
  ByteReader reader(history);
  auto done = device.history->load(reader);
  // Of another fusion: health begins anew.
  if (!done && done.error().code() == Code::conflict) return {};
  if (done && !reader.at_end()) done = fail(Code::corrupt, "a saved history is too long");
  return done;
}

/// As new, with the models and schemas that it has.
void GatewayScorer::forget() {
  scans_too_late_ = 0;
  for (const auto& slot : slots_) {
    const std::string model = slot->counters.model;
    slot->counters = {};
    slot->counters.model = model;
    slot->reference_left = slot->reference ? options_.reference_scans : 0;
  }
  for (auto& [address, device] : devices_) {
    device->current.window.reset();
    device->reference.window.reset();
    device->history.reset();
    device->last_texts.clear();
    if (device->judged) bind(*device);
  }
}

}  // namespace millwright::models
