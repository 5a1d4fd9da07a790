// A strict reader for our own canonical JSON. It is no general JSON parser on purpose: what it
// takes has one spelling, so that a hash over the text is a hash over the value.
#include <charconv>

#include "base/format.hpp"
#include "governance/event.hpp"

namespace millwright::governance {
namespace {

using catalog::Node;

constexpr int depth_max = 64;

/// Length of the well-formed UTF-8 sequence at the front (Unicode 15, table 3-7), 0 when there is
/// none.
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  const auto tail = [&](std::size_t i) { return at(i) >= 0x80 && at(i) <= 0xBF; };
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const unsigned low = first == 0xE0 ? 0xA0 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : 0xBF;
    return at(1) >= low && at(1) <= high && tail(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const unsigned low = first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xF4 ? 0x8F : 0xBF;
    return at(1) >= low && at(1) <= high && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Result<Node> document() {
    auto node = value(0);
    if (!node) return node;
    if (at_ != text_.size()) return wrong("the end");
    return node;
  }

 private:
  std::unexpected<Error> wrong(std::string_view expected) const {
    return fail(Code::corrupt,
                fmt::format("byte {}: {} was expected in canonical JSON", at_ + 1, expected));
  }
  bool take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  Result<Node> value(int depth) {
    if (depth > depth_max) return wrong("at most 64 levels");
    if (take("{")) return map(depth);
    if (take("[")) return list(depth);
    if (take("\"")) {
      auto content = string();
      if (!content) return pass(std::move(content));
      return Node::make_text(*content);
    }
    if (take("true")) return Node::make_boolean(true);
    if (take("false")) return Node::make_boolean(false);
    if (take("null")) return Node{};
    return number();
  }

  Result<Node> map(int depth) {
    Node node = Node::make_map();
    if (take("}")) return node;
    do {
      if (!take("\"")) return wrong("a key");
      auto key = string();
      if (!key) return pass(std::move(key));
      if (!node.members.empty() && node.members.back().key >= *key) {
        return wrong("the next key in order");
      }
      if (!take(":")) return wrong("':'");
      auto content = value(depth + 1);
      if (!content) return content;
      if (content->type == Node::Type::null) return wrong("a value that is not null");
      node.add(*key, std::move(*content));
    } while (take(","));
    if (!take("}")) return wrong("',' or '}'");
    return node;
  }

  Result<Node> list(int depth) {
    Node node = Node::make_list();
    if (take("]")) return node;
    do {
      auto item = value(depth + 1);
      if (!item) return item;
      node.items.push_back(std::move(*item));
    } while (take(","));
    if (!take("]")) return wrong("',' or ']'");
    return node;
  }

  Result<std::string> string() {
    std::string out;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') {
        const auto read = escape();
        if (read < 0) return wrong("an escape");
        out += static_cast<char>(read);
        continue;
      }
      const std::size_t length = utf8_length(text_.substr(at_));
      if (length == 0) return wrong("UTF-8");
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return wrong("an escape");
      out += text_.substr(at_, length);
      at_ += length;
    }
    if (!take("\"")) return wrong("'\"'");
    return out;
  }

  /// The character that an escape stands for; -1: not one that canonical JSON uses.
  int escape() {
    if (take("\\\"")) return '"';
    if (take("\\\\")) return '\\';
    if (take("\\n")) return '\n';
    if (take("\\t")) return '\t';
    const auto code = text_.substr(at_, 6);
    unsigned value = 0;
    if (code.size() != 6 || !code.starts_with("\\u00")) return -1;
    const auto [end, error] = std::from_chars(code.data() + 4, code.data() + 6, value, 16);
    if (error != std::errc{} || end != code.data() + 6 || value >= 0x20) return -1;
    at_ += 6;
    return static_cast<int>(value);
  }

  Result<Node> number() {
    const auto rest = text_.substr(at_);
    const auto word = rest.substr(0, rest.find_first_not_of("0123456789.eE+-"));
    if (word.empty() || !(word.front() == '-' || (word.front() >= '0' && word.front() <= '9'))) {
      return wrong("a value");
    }
    Node node = catalog::resolve_scalar(word);
    if (!node.is_number() || catalog::canonical_json(node) != word) {
      return wrong("a number in its shortest form");
    }
    at_ += word.size();
    return node;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<Node> parse_canonical_json(std::string_view text) {
  auto node = Reader(text).document();
  // What one of the rules above lets through has another spelling.
  if (node && catalog::canonical_json(*node) != text) {
    return fail(Code::corrupt, "byte 1: this is JSON, but not canonical JSON");
  }
  return node;
}

}  // namespace millwright::governance
