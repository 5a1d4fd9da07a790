#include "catalog/document.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/format.hpp"

namespace millwright::catalog {
namespace {

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_json_scalar(std::string& out, const Node& node) {
  switch (node.type) {
    case Node::Type::boolean:
      out += node.boolean ? "true" : "false";
      break;
    case Node::Type::integer:
      out += fmt::format("{}", node.integer);
      break;
    case Node::Type::number:
      // JSON has neither infinities nor NaN: they stay the texts that YAML has for them.
      if (!std::isfinite(node.number)) return append_json_text(out, node.text);
      out += node.number == 0 ? "0" : fmt::format("{}", node.number);
      break;
    case Node::Type::string:
      append_json_text(out, node.text);
      break;
    default:
      out += "null";
  }
}

void append_canonical(std::string& out, const Node& node) {
  if (node.type == Node::Type::list) {
    out += '[';
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      if (i > 0) out += ',';
      append_canonical(out, node.items[i]);
    }
    out += ']';
  } else if (node.type == Node::Type::map) {
    std::vector<const Member*> members;
    for (const auto& member : node.members) {
      if (member.value.type != Node::Type::null) members.push_back(&member);
    }
    std::ranges::sort(members, {}, [](const Member* m) -> const std::string& { return m->key; });
    out += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) out += ',';
      append_json_text(out, members[i]->key);
      out += ':';
      append_canonical(out, members[i]->value);
    }
    out += '}';
  } else {
    append_json_scalar(out, node);
  }
}

void append_pretty(std::string& out, const Node& node, int indent) {
  const bool list = node.type == Node::Type::list;
  if (node.is_scalar()) return append_json_scalar(out, node);
  const std::size_t count = list ? node.items.size() : node.members.size();
  if (count == 0) {
    out += list ? "[]" : "{}";
    return;
  }
  const std::string inner(static_cast<std::size_t>(indent) + 2, ' ');
  out += list ? '[' : '{';
  for (std::size_t i = 0; i < count; ++i) {
    out += i > 0 ? ",\n" : "\n";
    out += inner;
    if (list) {
      append_pretty(out, node.items[i], indent + 2);
    } else {
      append_json_text(out, node.members[i].key);
      out += ": ";
      append_pretty(out, node.members[i].value, indent + 2);
    }
  }
  out += '\n';
  out.append(static_cast<std::size_t>(indent), ' ');
  out += list ? ']' : '}';
}

bool is_plain(std::string_view text) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (text.empty() || !(alphanumeric(text.front()) || text.front() == '/')) return false;
  if (text.back() == ' ') return false;
  for (const char c : text) {
    if (!alphanumeric(c) && !std::string_view("_./@+- ").contains(c)) return false;
  }
  return resolve_scalar(text).type == Node::Type::string;
}

void append_yaml_scalar(std::string& out, const Node& node) {
  if (node.type == Node::Type::string && is_plain(node.text)) {
    out += node.text;
  } else {
    append_json_scalar(out, node);
  }
}

void append_yaml(std::string& out, const Node& node, int indent, bool first_on_line);

void append_yaml_value(std::string& out, const Node& value, int indent) {
  const bool list = value.type == Node::Type::list;
  if (value.is_scalar()) {
    out += ' ';
    append_yaml_scalar(out, value);
    out += '\n';
  } else if (list ? value.items.empty() : value.members.empty()) {
    out += list ? " []\n" : " {}\n";
  } else {
    out += '\n';
    append_yaml(out, value, indent + 2, false);
  }
}

void append_yaml(std::string& out, const Node& node, int indent, bool first_on_line) {
  const auto margin = [&](bool first) {
    if (!(first && first_on_line)) out.append(static_cast<std::size_t>(indent), ' ');
  };
  if (node.type == Node::Type::list) {
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const auto& item = node.items[i];
      margin(i == 0);
      out += '-';
      if (item.type == Node::Type::map && !item.members.empty()) {
        out += ' ';
        append_yaml(out, item, indent + 2, true);
      } else {
        append_yaml_value(out, item, indent);
      }
    }
  } else if (node.type == Node::Type::map) {
    for (std::size_t i = 0; i < node.members.size(); ++i) {
      margin(i == 0);
      append_yaml_scalar(out, Node::make_text(node.members[i].key));
      out += ':';
      append_yaml_value(out, node.members[i].value, indent);
    }
  } else {
    append_yaml_scalar(out, node);
    out += '\n';
  }
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const auto& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

std::string Node::text_at(std::string_view key, std::string_view absent) const {
  const auto* node = find(key);
  if (node == nullptr || !node->is_scalar() || node->type == Type::null) return std::string(absent);
  return node->text;
}

bool Node::boolean_at(std::string_view key, bool absent) const {
  const auto* node = find(key);
  return node != nullptr && node->type == Type::boolean ? node->boolean : absent;
}

double Node::number_at(std::string_view key, double absent) const {
  const auto* node = find(key);
  return node != nullptr && node->is_number() ? node->number : absent;
}

std::int64_t Node::integer_at(std::string_view key, std::int64_t absent) const {
  const auto* node = find(key);
  return node != nullptr && node->type == Type::integer ? node->integer : absent;
}

Node Node::make_text(std::string_view value) {
  Node node;
  node.type = Type::string;
  node.text = value;
  return node;
}

Node Node::make_boolean(bool value) {
  return resolve_scalar(value ? "true" : "false");
}

Node Node::make_integer(std::int64_t value) {
  return resolve_scalar(fmt::format("{}", value));
}

Node Node::make_number(double value) {
  Node node;
  node.type = Type::number;
  node.number = value;
  node.text = fmt::format("{}", value);
  return node;
}

Node Node::make_list() {
  return make_list(std::vector<Node>{});
}

Node Node::make_list(std::vector<Node> items) {
  Node node;
  node.type = Type::list;
  node.items = std::move(items);
  return node;
}

Node Node::make_map() {
  Node node;
  node.type = Type::map;
  return node;
}

Node& Node::add(std::string_view key, Node value) {
  members.push_back({std::string(key), Mark{}, std::move(value)});
  return *this;
}

Node resolve_scalar(std::string_view text) {
  Node node;
  node.text = text;
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return node;
  if (text == "true" || text == "True" || text == "TRUE" || text == "false" || text == "False" ||
      text == "FALSE") {
    node.type = Node::Type::boolean;
    node.boolean = text.front() == 't' || text.front() == 'T';
    return node;
  }
  std::string_view body = text;
  const bool negative = body.front() == '-';
  if (negative || body.front() == '+') body.remove_prefix(1);
  const auto whole = [&](std::string_view digits, int base) {
    std::uint64_t magnitude = 0;
    const auto end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, magnitude, base);
    if (digits.empty() || error != std::errc{} || stop != end) return false;
    constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (magnitude > max) return false;
    node.integer =
        negative ? -static_cast<std::int64_t>(magnitude) : static_cast<std::int64_t>(magnitude);
    node.number = static_cast<double>(node.integer);
    node.type = Node::Type::integer;
    return true;
  };
  if (body.size() == text.size() && body.starts_with("0x") && whole(body.substr(2), 16))
    return node;
  if (body.size() == text.size() && body.starts_with("0o") && whole(body.substr(2), 8)) return node;
  if (whole(body, 10)) return node;
  if (body == ".inf" || body == ".Inf" || body == ".INF") {
    node.type = Node::Type::number;
    node.number = std::numeric_limits<double>::infinity() * (negative ? -1 : 1);
    return node;
  }
  if (text == ".nan" || text == ".NaN" || text == ".NAN") {
    node.type = Node::Type::number;
    node.number = std::numeric_limits<double>::quiet_NaN();
    return node;
  }
  const bool number_like =
      !body.empty() && body.find_first_not_of("0123456789.eE+-") == std::string_view::npos &&
      ((body.front() >= '0' && body.front() <= '9') ||
       (body.size() > 1 && body.front() == '.' && body[1] >= '0' && body[1] <= '9'));
  double value = 0;
  if (number_like) {
    const auto [stop, error] = std::from_chars(body.data(), body.data() + body.size(), value);
    if (error == std::errc{} && stop == body.data() + body.size()) {
      node.type = Node::Type::number;
      node.number = negative ? -value : value;
      return node;
    }
  }
  node.type = Node::Type::string;
  return node;
}

Mark mark_at(const Node& root, std::string_view path) {
  const Node* node = &root;
  Mark mark = root.mark;
  while (!path.empty()) {
    if (path.front() == '.') path.remove_prefix(1);
    if (path.starts_with('[')) {
      std::size_t index = 0;
      std::from_chars(path.data() + 1, path.data() + path.size(), index);
      if (index >= node->items.size()) return mark;
      node = &node->items[index];
      path.remove_prefix(std::min(path.find(']'), path.size() - 1) + 1);
    } else {
      const auto key = path.substr(0, path.find_first_of(".["));
      node = node->find(key);
      if (node == nullptr) return mark;
      path.remove_prefix(key.size());
    }
    mark = node->mark;
  }
  return mark;
}

std::string_view type_name(Node::Type type) {
  switch (type) {
    case Node::Type::null:
      return "nothing";
    case Node::Type::boolean:
      return "a boolean";
    case Node::Type::integer:
      return "a whole number";
    case Node::Type::number:
      return "a number";
    case Node::Type::string:
      return "a text";
    case Node::Type::list:
      return "a list";
    case Node::Type::map:
      return "a map";
  }
  return "nothing";
}

std::string canonical_json(const Node& node) {
  std::string out;
  append_canonical(out, node);
  return out;
}

std::string pretty_json(const Node& node, int indent) {
  std::string out;
  append_pretty(out, node, indent);
  return out;
}

std::string to_yaml(const Node& node, int indent) {
  std::string out;
  append_yaml(out, node, indent, false);
  return out;
}

}  // namespace millwright::catalog
