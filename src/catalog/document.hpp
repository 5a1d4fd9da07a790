// A YAML document as a tree that remembers where each part stood, so that every problem can name
// its line and column. Parsing is yaml_adapter.cpp's; nothing here knows a library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace millwright::catalog {

/// A position in a file, counted from 1; 0 means unknown.
struct Mark {
  int line = 0;
  int column = 0;
};

struct Member;

/// A value of a document. Plain scalars are typed by YAML 1.2's core schema (`yes`, `on` and `no`
/// are strings); quoted scalars are strings.
struct Node {
  enum class Type : std::uint8_t { null, boolean, integer, number, string, list, map };

  Type type = Type::null;
  std::string text;             ///< a scalar as it was written
  bool boolean = false;         ///< value of a boolean
  std::int64_t integer = 0;     ///< value of an integer
  double number = 0;            ///< value of an integer or number
  std::vector<Node> items;      ///< of a list
  std::vector<Member> members;  ///< of a map, in the order written
  Mark mark;

  bool is_scalar() const { return type != Type::list && type != Type::map; }
  bool is_number() const { return type == Type::integer || type == Type::number; }
  /// The value under `key` of a map, or nullptr.
  const Node* find(std::string_view key) const;
  /// The value under `key` when it has that shape, else the default: for documents that may still
  /// be wrong.
  std::string text_at(std::string_view key, std::string_view absent = {}) const;
  bool boolean_at(std::string_view key, bool absent) const;
  double number_at(std::string_view key, double absent) const;
  std::int64_t integer_at(std::string_view key, std::int64_t absent) const;

  static Node make_text(std::string_view value);
  static Node make_boolean(bool value);
  static Node make_integer(std::int64_t value);
  static Node make_number(double value);
  static Node make_list();
  static Node make_list(std::vector<Node> items);
  static Node make_map();
  /// Adds a member to a map and gives it back for more.
  Node& add(std::string_view key, Node value);
};

struct Member {
  std::string key;
  Mark mark;  ///< where the key stands
  Node value;
};

/// A plain scalar by YAML 1.2's core schema (section 10.3.2).
Node resolve_scalar(std::string_view text);
/// Where `path` (`metrics[2].unit`) stands in `root`, else where its nearest present ancestor does.
Mark mark_at(const Node& root, std::string_view path);
/// What a person calls the type: `a list`, `a string`.
std::string_view type_name(Node::Type type);
/// Canonical JSON: keys sorted, no spaces, shortest numbers that read back the same; nulls of maps
/// are left out. Equal values have equal text, however they were written.
std::string canonical_json(const Node& node);
/// JSON for people: the order written, two spaces a level.
std::string pretty_json(const Node& node, int indent = 0);
/// YAML block style, the order written.
std::string to_yaml(const Node& node, int indent = 0);

/// Content of one file, or of standard input (named `-`).
struct SourceText {
  std::string file;
  std::string text;
};

/// The documents of one file, and the syntax errors that ended the reading (at most one, with
/// place and remedy). Documents before the error are there.
struct ParsedFile {
  std::vector<Node> documents;
  std::vector<Problem> problems;
};

/// Reads a multi-document YAML file (JSON is read too). Bounded: 200,000 values and 64 levels after
/// aliases are expanded; 16 MiB of text. (yaml_adapter.cpp)
ParsedFile parse_yaml(const SourceText& source);

}  // namespace millwright::catalog
