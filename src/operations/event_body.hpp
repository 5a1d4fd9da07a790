// Reading the body of an event or document: every field is required; the first one that is absent
// or of another shape is remembered and named.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/time.hpp"
#include "catalog/document.hpp"

namespace millwright::operations {

class BodyReader {
 public:
  explicit BodyReader(const catalog::Node& body) : body_(&body) {}

  std::string text(std::string_view key);
  std::int64_t integer(std::string_view key);
  double number(std::string_view key);
  bool boolean(std::string_view key);
  Timestamp time(std::string_view key);
  Digest digest(std::string_view key);
  /// The items of a list; a list without items when it is absent (and then not `ok`).
  const std::vector<catalog::Node>& list(std::string_view key);
  void invalidate(std::string_view what);

  bool ok() const { return wrong_.empty(); }
  /// `corrupt`, naming the first field that was wrong.
  Error error(std::string_view what) const;

 private:
  const catalog::Node* body_;
  std::string wrong_;
};

/// Text of a time as events carry it.
catalog::Node time_node(Timestamp time);

}  // namespace millwright::operations
