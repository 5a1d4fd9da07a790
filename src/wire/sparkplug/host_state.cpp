#include "wire/sparkplug/host_state.hpp"

#include <charconv>
#include <string_view>

#include "base/format.hpp"

namespace millwright::sparkplug {
namespace {

constexpr std::size_t state_bytes_max = 64 * 1024;
constexpr int state_depth_max = 64;

/// Reads one JSON text (RFC 8259) and keeps the two members of a STATE; everything else is skipped.
class StateReader {
 public:
  explicit StateReader(std::string_view text) : text_(text) {}

  std::optional<HostState> read() {
    space();
    if (!take('{')) return std::nullopt;
    space();
    if (!take('}')) {
      do {
        if (!member()) return std::nullopt;
        space();
      } while (take(','));
      if (!take('}')) return std::nullopt;
    }
    space();
    if (at_ != text_.size() || !online_ || !timestamp_ms_) return std::nullopt;
    return HostState{.online = *online_, .timestamp_ms = *timestamp_ms_};
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
  }

  bool member() {
    space();
    std::string_view name;
    if (!string(name)) return false;
    space();
    if (!take(':')) return false;
    space();
    if (name == "online") return boolean(online_);
    if (name == "timestamp") return integer(timestamp_ms_);
    return skip(0);
  }
  bool boolean(std::optional<bool>& out) {
    if (take("true")) {
      out = true;
      return true;
    }
    if (!take("false")) return false;
    out = false;
    return true;
  }
  bool integer(std::optional<std::int64_t>& out) {
    std::int64_t value = 0;
    const char* end = text_.data() + text_.size();
    const auto [next, error] = std::from_chars(text_.data() + at_, end, value);
    if (error != std::errc{}) return false;
    if (next != end && std::string_view(".eE").contains(*next)) return false;
    at_ = static_cast<std::size_t>(next - text_.data());
    out = value;
    return true;
  }
  /// `out` is the text between the quotes, escapes as they stand.
  bool string(std::string_view& out) {
    if (!take('"')) return false;
    const std::size_t first = at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return false;
    out = text_.substr(first, at_ - first);
    ++at_;
    return true;
  }
  bool number() {
    const std::size_t first = at_;
    while (at_ < text_.size() && std::string_view("+-.0123456789eE").contains(text_[at_])) ++at_;
    return at_ > first;
  }
  bool skip(int depth) {
    std::string_view ignored;
    if (peek() == '"') return string(ignored);
    if (take("true") || take("false") || take("null")) return true;
    if (peek() != '{' && peek() != '[') return number();
    if (depth == state_depth_max) return false;
    const char close = take('{') ? '}' : (take('['), ']');
    space();
    if (take(close)) return true;
    do {
      space();
      if (close == '}') {
        if (!string(ignored)) return false;
        space();
        if (!take(':')) return false;
        space();
      }
      if (!skip(depth + 1)) return false;
      space();
    } while (take(','));
    return take(close);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::optional<bool> online_;
  std::optional<std::int64_t> timestamp_ms_;
};

}  // namespace

std::string format_host_state(const HostState& state) {
  return fmt::format(R"({{"online":{},"timestamp":{}}})", state.online, state.timestamp_ms);
}

std::optional<HostState> parse_host_state(ByteView payload) {
  if (payload.size() > state_bytes_max) return std::nullopt;
  return StateReader(as_text(payload)).read();
}

}  // namespace millwright::sparkplug
