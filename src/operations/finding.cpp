#include "operations/finding.hpp"

#include <cmath>

#include "base/digest.hpp"
#include "base/format.hpp"
#include "operations/event_body.hpp"

namespace millwright::operations {
namespace {

using catalog::Node;
using governance::Event;

constexpr std::uint8_t tracker_version = 1;

}  // namespace

std::string finding_id(const FindingKey& key, Timestamp episode) {
  std::string text;
  for (const auto* part : {&key.asset, &key.model, &key.rule}) text.append(*part).append(1, '\0');
  text.append(fmt::format("{}", episode.us)).append(1, '\0');
  return "f-" + sha256(as_bytes(text)).hex().substr(0, 16);
}

Result<void> EpisodeRule::check() const {
  const bool ordered = side == Side::above ? open_at >= clear_at : open_at <= clear_at;
  if (!ordered) {
    return fail(Code::invalid_input,
                fmt::format("rule '{}' opens at {} and clears at {}", name, open_at, clear_at),
                "it must clear on the other side of where it opens, or at the same value");
  }
  if (open_after == 0 || clear_after == 0) {
    return fail(Code::invalid_input, fmt::format("rule '{}' counts to 0", name),
                "1 is the first sample");
  }
  return {};
}

std::optional<EpisodeChange> EpisodeTracker::on_sample(Timestamp at, double score, bool is_good) {
  if (!is_good || !std::isfinite(score) || (last_ && at <= *last_)) {
    ++passed_over_;
    return std::nullopt;
  }
  last_ = at;
  const bool above = rule_.side == Side::above;
  const bool beyond = above ? score >= rule_.open_at : score <= rule_.open_at;
  const bool back = above ? score < rule_.clear_at : score > rule_.clear_at;
  if (open_ ? !back : !beyond) {
    run_ = 0;
    return std::nullopt;
  }
  if (run_++ == 0) run_began_ = at;
  if (run_ < (open_ ? rule_.clear_after : rule_.open_after)) return std::nullopt;
  run_ = 0;
  open_ = !open_;
  const auto kind = open_ ? EpisodeChange::Kind::opened : EpisodeChange::Kind::cleared;
  return EpisodeChange{kind, run_began_, score};
}

Bytes EpisodeTracker::save() const {
  Bytes bytes;
  ByteWriter writer(bytes);
  writer.u8(tracker_version);
  writer.u8(open_ ? 1 : 0);
  writer.u32(run_);
  writer.i64(run_began_.us);
  writer.u8(last_ ? 1 : 0);
  writer.i64(last_ ? last_->us : 0);
  writer.u64(passed_over_);
  return bytes;
}

Result<void> EpisodeTracker::load(ByteView bytes) {
  ByteReader reader(bytes);
  const std::uint8_t version = reader.u8();
  const std::uint8_t open = reader.u8();
  const std::uint32_t run = reader.u32();
  const Timestamp began{reader.i64()};
  const std::uint8_t has_last = reader.u8();
  const Timestamp last{reader.i64()};
  const std::uint64_t passed_over = reader.u64();
  if (reader.ok() && version > tracker_version) {
    return fail(Code::unsupported_version, "the state of an episode is of a later version",
                "start the newer program that wrote it");
  }
  if (!reader.ok() || !reader.at_end() || version != tracker_version || open > 1 || has_last > 1 ||
      (has_last == 0 && last.us != 0)) {
    return fail(Code::corrupt, "the state of an episode is damaged");
  }
  open_ = open == 1;
  run_ = run;
  run_began_ = began;
  last_ = has_last == 1 ? std::optional(last) : std::nullopt;
  passed_over_ = passed_over;
  return {};
}

Result<Event> Findings::open(const FindingKey& key, const EpisodeChange& change, std::string reason,
                             std::string query, Timestamp now) const {
  if (const auto known = by_key_.find(key); known != by_key_.end()) {
    for (const auto& id : known->second) {
      const Finding& finding = findings_.find(id)->second;
      const bool covers =
          change.at >= finding.at && (!finding.cleared || change.at < *finding.cleared);
      if (covers || (!finding.cleared && change.at < finding.at)) {
        return fail(Code::already_exists, fmt::format("finding {} covers this episode", id));
      }
    }
  }
  const std::string id = finding_id(key, change.at);
  if (find(id) != nullptr) {
    return fail(Code::already_exists, fmt::format("finding {} covers this episode", id));
  }
  auto body = Node::make_map();
  body.add("asset", Node::make_text(key.asset));
  body.add("at", time_node(change.at));
  body.add("model", Node::make_text(key.model));
  body.add("query", Node::make_text(query));
  body.add("reason", Node::make_text(reason));
  body.add("rule", Node::make_text(key.rule));
  body.add("score", Node::make_number(change.score));
  return Event{"finding.opened", "finding/" + id, "system/hub", now, std::move(body)};
}

Result<Event> Findings::clear(const FindingKey& key, const EpisodeChange& change,
                              Timestamp now) const {
  const Finding* open = open_of(key);
  if (open == nullptr) {
    return fail(Code::not_found, fmt::format("asset {} has no open finding of model {} and rule {}",
                                             key.asset, key.model, key.rule));
  }
  auto body = Node::make_map();
  body.add("at", time_node(change.at));
  body.add("score", Node::make_number(change.score));
  return Event{"finding.cleared", "finding/" + open->id, "system/hub", now, std::move(body)};
}

Result<void> Findings::apply(const Event& event) {
  if (event.kind != "finding.opened" && event.kind != "finding.cleared") return {};
  const auto wrong = [&] {
    return fail(Code::corrupt, fmt::format("{} of {} does not follow", event.kind, event.subject));
  };
  constexpr std::string_view prefix = "finding/";
  if (!event.subject.starts_with(prefix)) return wrong();
  const std::string id = event.subject.substr(prefix.size());
  BodyReader reader(event.body);
  const Timestamp at = reader.time("at");
  const double score = reader.number("score");
  if (event.kind == "finding.cleared") {
    const auto known = findings_.find(id);
    if (!reader.ok()) return std::unexpected(reader.error(event.kind));
    if (known == findings_.end() || known->second.cleared) return wrong();
    known->second.cleared = at;
    return {};
  }
  const FindingKey key{reader.text("asset"), reader.text("model"), reader.text("rule")};
  Finding finding{id, key, score, at, reader.text("reason"), reader.text("query"), {}};
  if (!reader.ok()) return std::unexpected(reader.error(event.kind));
  if (id != finding_id(key, at) || open_of(key) != nullptr) return wrong();
  if (!findings_.try_emplace(id, std::move(finding)).second) return wrong();
  by_key_[key].push_back(id);
  return {};
}

const Finding* Findings::find(std::string_view id) const {
  const auto at = findings_.find(id);
  return at == findings_.end() ? nullptr : &at->second;
}

const Finding* Findings::open_of(const FindingKey& key) const {
  const auto known = by_key_.find(key);
  if (known == by_key_.end()) return nullptr;
  for (const auto& id : known->second) {
    const Finding& finding = findings_.find(id)->second;
    if (!finding.cleared) return &finding;
  }
  return nullptr;
}

}  // namespace millwright::operations
