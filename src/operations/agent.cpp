#include "operations/agent.hpp"

#include <algorithm>

#include "base/format.hpp"

namespace millwright::operations {
namespace {

constexpr std::string_view magic = "mwagent";
constexpr std::uint8_t version = 1;
constexpr std::size_t reason_bytes_max = 1000;

Digest read_digest(ByteReader& reader) {
  Digest digest;
  const ByteView bytes = reader.raw(digest.bytes.size());
  if (bytes.size() == digest.bytes.size()) std::ranges::copy(bytes, digest.bytes.begin());
  return digest;
}

}  // namespace

AgentState::AgentState(std::string target, Digest running)
    : target_(std::move(target)), running_(running), previous_(running) {}

Bytes AgentState::save() const {
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.raw(as_bytes(magic));
  writer.u8(version);
  writer.text(target_);
  writer.raw(running_.bytes);
  writer.raw(previous_.bytes);
  writer.i64(generation_);
  writer.raw(ordered_.bytes);
  writer.u8(static_cast<std::uint8_t>(stage_));
  writer.u8(is_proven_ ? 1 : 0);
  writer.u32(trials_);
  writer.u64(swaps_);
  writer.text(process_);
  writer.text(reason_);
  writer.u32(crc32c(bytes));
  return bytes;
}

Result<AgentState> AgentState::load(ByteView bytes) {
  ByteReader reader(bytes);
  const ByteView head = reader.raw(magic.size());
  const std::uint8_t found = reader.u8();
  if (!reader.ok() || as_text(head) != magic) {
    return fail(Code::corrupt, "this is not the state of an agent");
  }
  if (found > version) {
    return fail(Code::unsupported_version,
                fmt::format("agent state of version {} is not read here", found),
                "start the newer program that wrote it");
  }
  AgentState state;
  state.target_ = reader.text();
  state.running_ = read_digest(reader);
  state.previous_ = read_digest(reader);
  state.generation_ = reader.i64();
  state.ordered_ = read_digest(reader);
  const std::uint8_t stage = reader.u8();
  state.is_proven_ = reader.u8() != 0;
  state.trials_ = reader.u32();
  state.swaps_ = reader.u64();
  state.process_ = reader.text();
  state.reason_ = reader.text();
  const std::size_t covered = reader.position();
  const std::uint32_t crc = reader.u32();
  const bool whole = reader.ok() && reader.at_end() && crc == crc32c(bytes.first(covered));
  if (whole && stage <= static_cast<std::uint8_t>(ReportStage::rolled_back)) {
    state.stage_ = static_cast<ReportStage>(stage);
    if (std::ranges::equal(state.save(), bytes)) return state;
  }
  return fail(Code::corrupt, "the state of the agent is damaged",
              "remove it: the target begins with its bootstrap set and asks the hub");
}

void AgentState::begin_life(std::string process) {
  process_ = std::move(process);
  swaps_ = 0;
  if (is_proven_) return;
  if (trials_ >= trials_max) {
    fall_back(fmt::format("it did not confirm in {} lives", trials_max));
  } else {
    ++trials_;
  }
}

Result<bool> AgentState::take(const Order& order) {
  if (order.target != target_) {
    return refuse("another_target", fmt::format("the order is for {}", order.target));
  }
  if (order.generation < generation_) {
    return refuse("older_generation",
                  fmt::format("generation {} is below {}", order.generation, generation_));
  }
  if (order.generation == generation_) {
    if (order.release == ordered_) return false;
    return refuse("generation_reused",
                  fmt::format("generation {} was given for another release", generation_));
  }
  generation_ = order.generation;
  ordered_ = order.release;
  reason_.clear();
  if (ordered_ != running_) {
    stage_ = ReportStage::installing;
  } else {
    stage_ = is_proven_ ? ReportStage::confirmed : ReportStage::trial;
  }
  return true;
}

std::optional<Digest> AgentState::wanted() const {
  if (stage_ != ReportStage::installing && stage_ != ReportStage::installed) return std::nullopt;
  return ordered_;
}

bool AgentState::on_installed() {
  if (stage_ != ReportStage::installing) return false;
  stage_ = ReportStage::installed;
  return true;
}

bool AgentState::on_failed(std::string reason) {
  if (stage_ != ReportStage::installing && stage_ != ReportStage::installed) return false;
  stage_ = ReportStage::failed;
  reason_ = reason.substr(0, reason_bytes_max);
  return true;
}

bool AgentState::activate() {
  if (stage_ != ReportStage::installed) return false;
  // What never proved itself is nothing to fall back to.
  if (is_proven_) previous_ = running_;
  running_ = ordered_;
  is_proven_ = false;
  stage_ = ReportStage::trial;
  trials_ = 1;
  ++swaps_;
  return true;
}

bool AgentState::confirm() {
  if (is_proven_) return false;
  is_proven_ = true;
  if (stage_ == ReportStage::trial) stage_ = ReportStage::confirmed;
  trials_ = 0;
  return true;
}

bool AgentState::fall_back(std::string reason) {
  if (is_proven_) return false;
  running_ = previous_;
  is_proven_ = true;
  trials_ = 0;
  ++swaps_;
  // A newer order may be under way already: then only the set changes.
  if (stage_ != ReportStage::trial) return true;
  stage_ = ReportStage::rolled_back;
  reason_ = reason.substr(0, reason_bytes_max);
  return true;
}

Report AgentState::report() const {
  return {target_, generation_, stage_, running_, {process_, swaps_}, reason_};
}

}  // namespace millwright::operations
