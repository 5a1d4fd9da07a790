#include "governance/event.hpp"

#include "base/format.hpp"

namespace millwright::governance {
namespace {

using catalog::Node;

bool is_word(std::string_view text) {
  if (text.empty() || text.front() < 'a' || text.front() > 'z') return false;
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

bool is_kind(std::string_view text) {
  const auto dot = text.find('.');
  return dot != std::string_view::npos && text.size() <= 128 && is_word(text.substr(0, dot)) &&
         is_word(text.substr(dot + 1));
}

bool is_reference(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0 || text.size() > 512) return false;
  if (slash + 1 == text.size()) return false;
  if (text.substr(0, slash).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") !=
      std::string_view::npos) {
    return false;
  }
  for (const char c : text) {
    if (c <= 0x20 || c >= 0x7F) return false;
  }
  return true;
}

/// The rule that the envelope breaks, or nothing.
std::string broken_rule(const Event& event) {
  if (!is_kind(event.kind)) {
    return fmt::format("kind '{}' is not room.verb in lower snake case", event.kind);
  }
  if (!is_reference(event.subject)) {
    return fmt::format("subject '{}' is not kind/name", event.subject);
  }
  if (!is_reference(event.actor)) {
    return fmt::format("actor '{}' is not kind/name", event.actor);
  }
  if (event.body.type != Node::Type::map) return "the body is not a map";
  return {};
}

}  // namespace

std::string Event::canonical() const {
  Node node = Node::make_map();
  node.add("actor", Node::make_text(actor))
      .add("at", Node::make_text(to_rfc3339(at)))
      .add("body", body)
      .add("kind", Node::make_text(kind))
      .add("subject", Node::make_text(subject));
  return catalog::canonical_json(node);
}

Result<Event> Event::parse(std::string_view canonical) {
  if (canonical.size() > event_bytes_max) {
    return fail(Code::corrupt, fmt::format("byte {}: an event ends before", event_bytes_max));
  }
  auto node = parse_canonical_json(canonical);
  if (!node) return pass(std::move(node), "reading an event");
  if (node->type != Node::Type::map) return fail(Code::corrupt, "byte 1: an event is a map");
  if (node->find("v") != nullptr) {
    return fail(Code::unsupported_version,
                fmt::format("this event has format version {}; this program reads version 1",
                            catalog::canonical_json(*node->find("v"))),
                "start the newer program that wrote it");
  }
  Event event;
  for (auto& member : node->members) {
    std::string* field = member.key == "actor"     ? &event.actor
                         : member.key == "kind"    ? &event.kind
                         : member.key == "subject" ? &event.subject
                                                   : nullptr;
    if (member.key == "body") {
      event.body = std::move(member.value);
    } else if (member.value.type != Node::Type::string) {
      return fail(Code::corrupt, fmt::format("member '{}' of an event is not a text", member.key));
    } else if (member.key == "at") {
      const auto at = parse_rfc3339(member.value.text);
      if (!at) return fail(Code::corrupt, "member 'at' of an event is not a time");
      event.at = *at;
    } else if (field != nullptr) {
      *field = std::move(member.value.text);
    } else {
      return fail(Code::corrupt, fmt::format("an event has no member '{}'", member.key));
    }
  }
  if (const auto rule = broken_rule(event); !rule.empty()) return fail(Code::corrupt, rule);
  if (event.canonical() != canonical) {
    return fail(Code::corrupt, "a member of the event is missing or its time is not canonical");
  }
  return event;
}

Result<void> Event::check() const {
  if (const auto rule = broken_rule(*this); !rule.empty()) return fail(Code::invalid_input, rule);
  const std::string text = canonical();
  if (text.size() > event_bytes_max) {
    return fail(Code::invalid_input, fmt::format("the event has {} bytes, {} are allowed",
                                                 text.size(), event_bytes_max));
  }
  if (auto again = parse(text); !again) {
    return fail(Code::invalid_input, "the event would not read back: " + again.error().message());
  }
  return {};
}

}  // namespace millwright::governance
