// The text of a blueprint: one line a fact, so that a person, a diff and a script of twenty lines
// read it alike. Only canonical text is accepted: what is read writes back to the same bytes.
#include <charconv>

#include "base/format.hpp"
#include "operations/rollout.hpp"

namespace millwright::operations {
namespace {

constexpr std::string_view format_line = "millwright-blueprint/1";
constexpr std::string_view format_family = "millwright-blueprint/";

void append_gates(std::string& out, const GateLimits& gates) {
  const auto line = [&](std::string_view name, const auto& value) {
    fmt::format_to(std::back_inserter(out), "gate {} {}\n", name, value);
  };
  line("attested_share_min", gates.attested_share_min);
  line("failures_max", gates.failures_max);
  line("in_flight_max", gates.in_flight_max);
  line("polls_missed_max", gates.polls_missed_max);
  line("install_deadline_us", gates.install_deadline.count());
  line("behaviour", gates.behaviour == BehaviourGate::required ? "required" : "none");
  line("scored_min", gates.scored_min);
  line("soak_us", gates.soak.count());
  line("behaviour_deadline_us", gates.behaviour_deadline.count());
  line("error_share_max", gates.error_share_max);
  line("invalid_share_max", gates.invalid_share_max);
  line("rate_difference_max", gates.rate_difference_max);
  line("rate_alpha", gates.rate_alpha);
}

/// Lines and words of a text. After the first thing that is not as expected, `ok` is false.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : left_(text) {}

  bool ok() const { return ok_; }
  bool at_end() const { return left_.empty(); }
  void invalidate() { ok_ = false, left_ = {}, line_ = {}; }
  bool next_starts_with(std::string_view word) const {
    return left_.starts_with(word) && left_.substr(word.size()).starts_with(' ');
  }
  void line() {
    if (!line_.empty()) invalidate();
    const auto end = left_.find('\n');
    if (end == std::string_view::npos) return invalidate();
    line_ = left_.substr(0, end);
    left_.remove_prefix(end + 1);
  }
  std::string_view word() {
    const auto end = std::min(line_.find(' '), line_.size());
    const std::string_view word = line_.substr(0, end);
    if (word.empty()) invalidate();
    line_.remove_prefix(std::min(end + 1, line_.size()));
    return word;
  }
  void expect(std::string_view wanted) {
    if (word() != wanted) invalidate();
  }
  template <typename T>
  T number() {
    const std::string_view digits = word();
    T value{};
    const auto* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (digits.empty() || error != std::errc{} || stop != end) invalidate();
    return value;
  }
  Digest digest() {
    const std::string_view hex = word();
    if (hex == "-") return no_release;
    const auto digest = parse_digest(hex);
    if (!digest) invalidate();
    return digest.value_or(Digest{});
  }

 private:
  std::string_view left_;
  std::string_view line_;
  bool ok_ = true;
};

GateLimits read_gates(LineReader& reader) {
  GateLimits gates;
  const auto limit = [&](std::string_view name, auto& value) {
    reader.line();
    reader.expect("gate");
    reader.expect(name);
    value = reader.number<std::remove_cvref_t<decltype(value)>>();
  };
  std::int64_t install_us = 0;
  std::int64_t soak_us = 0;
  std::int64_t behaviour_us = 0;
  limit("attested_share_min", gates.attested_share_min);
  limit("failures_max", gates.failures_max);
  limit("in_flight_max", gates.in_flight_max);
  limit("polls_missed_max", gates.polls_missed_max);
  limit("install_deadline_us", install_us);
  reader.line();
  reader.expect("gate");
  reader.expect("behaviour");
  gates.behaviour = reader.word() == "none" ? BehaviourGate::none : BehaviourGate::required;
  limit("scored_min", gates.scored_min);
  limit("soak_us", soak_us);
  limit("behaviour_deadline_us", behaviour_us);
  limit("error_share_max", gates.error_share_max);
  limit("invalid_share_max", gates.invalid_share_max);
  limit("rate_difference_max", gates.rate_difference_max);
  limit("rate_alpha", gates.rate_alpha);
  gates.install_deadline = Duration(install_us);
  gates.soak = Duration(soak_us);
  gates.behaviour_deadline = Duration(behaviour_us);
  return gates;
}

Wave read_wave(LineReader& reader) {
  Wave wave;
  reader.line();
  reader.expect("wave");
  wave.rule.name = reader.word();
  const std::string_view how = reader.word();
  if (how == "share") {
    wave.rule.share = reader.number<double>();
  } else if (how == "selector") {
    auto selector = Selector::parse(reader.word());
    if (!selector) {
      reader.invalidate();
    } else {
      wave.rule.selector = std::move(*selector);
    }
  } else {
    reader.invalidate();
  }
  while (reader.ok() && reader.next_starts_with("member")) {
    reader.line();
    reader.expect("member");
    Member member;
    member.target = reader.word();
    member.previous = reader.digest();
    if (!is_valid_target_id(member.target)) reader.invalidate();
    wave.members.push_back(std::move(member));
  }
  return wave;
}

}  // namespace

std::string Blueprint::canonical() const {
  std::string out;
  out.reserve(1024 + members() * 96);
  auto at = std::back_inserter(out);
  fmt::format_to(at, "{}\nrollout {}\ngeneration {}\nrelease {} {} {}\n", format_line, rollout,
                 generation, release.name, release.version, release.digest.hex());
  append_gates(out, gates);
  for (const auto& wave : waves) {
    if (wave.rule.share == 0) {
      fmt::format_to(at, "wave {} selector {}\n", wave.rule.name, wave.rule.selector.text());
    } else {
      fmt::format_to(at, "wave {} share {}\n", wave.rule.name, wave.rule.share);
    }
    for (const auto& member : wave.members) {
      out.append("member ").append(member.target).append(1, ' ');
      out.append(member.previous == no_release ? "-" : member.previous.hex()).append(1, '\n');
    }
  }
  fmt::format_to(at, "end {}\n", members());
  return out;
}

Result<Blueprint> Blueprint::parse(std::string_view canonical) {
  const auto first = canonical.substr(0, canonical.find('\n'));
  if (first != format_line && first.starts_with(format_family)) {
    return fail(Code::unsupported_version, fmt::format("format {} is not read here", first),
                "update this program");
  }
  LineReader reader(canonical);
  Blueprint blueprint;
  reader.line();
  reader.expect(format_line);
  reader.line();
  reader.expect("rollout");
  blueprint.rollout = reader.word();
  reader.line();
  reader.expect("generation");
  blueprint.generation = reader.number<std::int64_t>();
  reader.line();
  reader.expect("release");
  blueprint.release.name = reader.word();
  blueprint.release.version = reader.number<std::int64_t>();
  blueprint.release.digest = reader.digest();
  blueprint.gates = read_gates(reader);
  while (reader.ok() && reader.next_starts_with("wave")) {
    blueprint.waves.push_back(read_wave(reader));
  }
  reader.line();
  reader.expect("end");
  const bool whole = reader.number<std::size_t>() == blueprint.members();
  if (!reader.ok() || !whole || !reader.at_end() || blueprint.canonical() != canonical) {
    return fail(Code::invalid_input, "this is not the canonical text of a blueprint",
                "use the bytes that `plan` gave");
  }
  return blueprint;
}

}  // namespace millwright::operations
