#include "operations/event_body.hpp"

#include "base/format.hpp"
#include "operations/artifact.hpp"

namespace millwright::operations {

using catalog::Node;

void BodyReader::invalidate(std::string_view what) {
  if (wrong_.empty()) wrong_ = what;
}

std::string BodyReader::text(std::string_view key) {
  const Node* node = body_->find(key);
  if (node == nullptr || node->type != Node::Type::string) {
    invalidate(key);
    return {};
  }
  return node->text;
}

std::int64_t BodyReader::integer(std::string_view key) {
  const Node* node = body_->find(key);
  if (node == nullptr || node->type != Node::Type::integer) {
    invalidate(key);
    return 0;
  }
  return node->integer;
}

double BodyReader::number(std::string_view key) {
  const Node* node = body_->find(key);
  if (node == nullptr || !node->is_number()) {
    invalidate(key);
    return 0;
  }
  return node->number;
}

bool BodyReader::boolean(std::string_view key) {
  const Node* node = body_->find(key);
  if (node == nullptr || node->type != Node::Type::boolean) {
    invalidate(key);
    return false;
  }
  return node->boolean;
}

Timestamp BodyReader::time(std::string_view key) {
  const auto time = parse_rfc3339(text(key));
  if (!time) {
    invalidate(key);
    return {};
  }
  return *time;
}

Digest BodyReader::digest(std::string_view key) {
  const auto digest = parse_digest(text(key));
  if (!digest) {
    invalidate(key);
    return {};
  }
  return *digest;
}

const std::vector<Node>& BodyReader::list(std::string_view key) {
  static const std::vector<Node> none;
  const Node* node = body_->find(key);
  if (node == nullptr || node->type != Node::Type::list) {
    invalidate(key);
    return none;
  }
  return node->items;
}

Error BodyReader::error(std::string_view what) const {
  return {Code::corrupt, fmt::format("{}: field '{}' is absent or of another shape", what, wrong_)};
}

Node time_node(Timestamp time) {
  return Node::make_text(to_rfc3339(time));
}

}  // namespace millwright::operations
