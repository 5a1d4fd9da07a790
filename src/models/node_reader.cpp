#include "models/node_reader.hpp"

#include "base/format.hpp"

namespace millwright::models {

using catalog::Node;

void NodeReader::wrong(std::string_view key, std::string what, std::string expected) {
  wrong(Problem{.place = {.file = {}, .line = 0, .column = 0, .path = std::string(key)},
                .what = std::move(what),
                .expected = std::move(expected),
                .nearest = {},
                .remedy = {}});
}

const Node* NodeReader::member(std::string_view key, std::string_view expected) {
  const Node* found = node_->type == Node::Type::map ? node_->find(key) : nullptr;
  if (found == nullptr) wrong(key, "missing", std::string(expected));
  return found;
}

std::string NodeReader::text(std::string_view key) {
  const Node* found = member(key, "a string");
  if (found == nullptr) return {};
  if (found->type == Node::Type::string) return found->text;
  wrong(key, std::string(catalog::type_name(found->type)), "a string");
  return {};
}

bool NodeReader::boolean(std::string_view key) {
  const Node* found = member(key, "true or false");
  if (found == nullptr) return false;
  if (found->type == Node::Type::boolean) return found->boolean;
  wrong(key, std::string(catalog::type_name(found->type)), "true or false");
  return false;
}

double NodeReader::number(std::string_view key) {
  const Node* found = member(key, "a number");
  if (found == nullptr) return 0;
  if (found->is_number()) return found->number;
  wrong(key, std::string(catalog::type_name(found->type)), "a number");
  return 0;
}

std::int64_t NodeReader::integer(std::string_view key) {
  const Node* found = member(key, "an integer");
  if (found == nullptr) return 0;
  if (found->type == Node::Type::integer) return found->integer;
  wrong(key, std::string(catalog::type_name(found->type)), "an integer");
  return 0;
}

std::uint64_t NodeReader::count(std::string_view key) {
  const std::int64_t value = integer(key);
  if (value >= 0) return static_cast<std::uint64_t>(value);
  wrong(key, fmt::format("{}", value), "an integer of at least 0");
  return 0;
}

const Node& NodeReader::list(std::string_view key) {
  static const Node empty = Node::make_list();
  const Node* found = member(key, "a list");
  if (found == nullptr) return empty;
  if (found->type == Node::Type::list) return *found;
  wrong(key, std::string(catalog::type_name(found->type)), "a list");
  return empty;
}

std::vector<std::string> NodeReader::texts(std::string_view key) {
  std::vector<std::string> out;
  for (const Node& item : list(key).items) {
    if (item.type != Node::Type::string) {
      wrong(fmt::format("{}[{}]", key, out.size()), std::string(catalog::type_name(item.type)),
            "a string");
    }
    out.push_back(item.text);
  }
  return out;
}

std::vector<std::int64_t> NodeReader::integers(std::string_view key) {
  std::vector<std::int64_t> out;
  for (const Node& item : list(key).items) {
    if (item.type != Node::Type::integer) {
      wrong(fmt::format("{}[{}]", key, out.size()), std::string(catalog::type_name(item.type)),
            "an integer");
    }
    out.push_back(item.integer);
  }
  return out;
}

std::vector<double> NodeReader::numbers(std::string_view key) {
  std::vector<double> out;
  for (const Node& item : list(key).items) {
    if (!item.is_number()) {
      wrong(fmt::format("{}[{}]", key, out.size()), std::string(catalog::type_name(item.type)),
            "a number");
    }
    out.push_back(item.number);
  }
  return out;
}

const Node& NodeReader::map(std::string_view key) {
  static const Node empty = Node::make_map();
  const Node* found = member(key, "a map");
  if (found == nullptr) return empty;
  if (found->type == Node::Type::map) return *found;
  wrong(key, std::string(catalog::type_name(found->type)), "a map");
  return empty;
}

std::optional<Error> NodeReader::failure(std::string message) {
  if (problems_.empty()) return std::nullopt;
  return Error(Code::invalid_input, std::move(message)).with_problems(problems_);
}

}  // namespace millwright::models
