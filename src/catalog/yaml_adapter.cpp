// YAML through yaml-cpp's event interface: builds our tree directly, so that marks survive and
// expansion of aliases is bounded.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <map>
#include <sstream>
#include <stdexcept>

#include "base/format.hpp"
#include "catalog/document.hpp"

namespace millwright::catalog {
namespace {

constexpr std::size_t nodes_max = 200'000;
constexpr std::size_t depth_max = 64;
constexpr std::size_t text_size_max = 16 * 1024 * 1024;

Mark to_mark(const YAML::Mark& mark) {
  return mark.is_null() ? Mark{} : Mark{mark.line + 1, mark.column + 1};
}

/// A rule of ours that YAML itself does not have.
struct Refusal {
  Mark mark;
  std::string what;
  std::string remedy;
};

std::size_t size_of(const Node& node) {
  std::size_t total = 1;
  for (const auto& item : node.items) total += size_of(item);
  for (const auto& member : node.members) total += size_of(member.value);
  return total;
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {
    frames_.clear();
    anchored_.clear();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    // Of an empty value the mark is that of whatever follows: its key says more.
    const bool has_key = !frames_.empty() && frames_.back().has_key;
    node.mark = has_key ? frames_.back().key_mark : to_mark(mark);
    place(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchored_.find(anchor);
    if (found == anchored_.end()) {
      throw Refusal{to_mark(mark), "an alias inside the value that it names", "write it out"};
    }
    Node copy = found->second;
    copy.mark = to_mark(mark);
    count_ += size_of(copy);
    place(std::move(copy), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = tag == "?" || tag.empty() ? resolve_scalar(value) : Node::make_text(value);
    node.mark = to_mark(mark);
    place(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, Node::Type::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, Node::Type::map);
  }
  void OnMapEnd() override { close(); }

  Node take() { return std::move(root_); }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    std::string key;
    Mark key_mark;
  };

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, Node::Type type) {
    if (frames_.size() >= depth_max) {
      throw Refusal{to_mark(mark), fmt::format("more than {} levels", depth_max), "flatten it"};
    }
    if (!frames_.empty() && frames_.back().node.type == Node::Type::map &&
        !frames_.back().has_key) {
      throw Refusal{to_mark(mark), "a list or map as a key", "use a text as the key"};
    }
    Frame frame;
    frame.node.type = type;
    frame.node.mark = to_mark(mark);
    frame.anchor = anchor;
    frames_.push_back(std::move(frame));
  }
  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    place(std::move(frame.node), frame.anchor);
  }
  void place(Node node, YAML::anchor_t anchor) {
    if (++count_ > nodes_max) {
      throw Refusal{node.mark, fmt::format("more than {} values in one file", nodes_max),
                    "split the file, or use 'each' in place of repetition"};
    }
    if (anchor != 0) anchored_[anchor] = node;
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.type == Node::Type::list) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.has_key) {
      frame.has_key = true;
      frame.key = std::move(node.text);
      frame.key_mark = node.mark;
    } else {
      frame.has_key = false;
      frame.node.members.push_back({std::move(frame.key), frame.key_mark, std::move(node)});
      frame.key.clear();
    }
  }

  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Node> anchored_;
  std::size_t count_ = 0;
  Node root_;
};

Problem problem_at(const std::string& file, Mark mark, std::string what, std::string expected,
                   std::string remedy) {
  return {{file, mark.line, mark.column, {}},
          std::move(what),
          std::move(expected),
          {},
          std::move(remedy)};
}

}  // namespace

ParsedFile parse_yaml(const SourceText& source) {
  ParsedFile out;
  if (source.text.size() > text_size_max) {
    out.problems.push_back(
        problem_at(source.file, {}, "a file of more than 16 MiB", {}, "split the file"));
    return out;
  }
  try {
    std::istringstream in(source.text);
    YAML::Parser parser(in);
    TreeBuilder builder;
    while (parser.HandleNextDocument(builder)) {
      Node document = builder.take();
      if (document.type != Node::Type::null) out.documents.push_back(std::move(document));
    }
  } catch (const Refusal& refusal) {
    out.problems.push_back(problem_at(source.file, refusal.mark, refusal.what, {}, refusal.remedy));
  } catch (const YAML::Exception& error) {
    out.problems.push_back(problem_at(
        source.file, to_mark(error.mark), "not YAML: " + error.msg, "YAML 1.2",
        "check indentation (spaces, no tabs), colons and quotes here and in the line above"));
  } catch (const std::exception& error) {
    out.problems.push_back(
        problem_at(source.file, {}, std::string("not YAML: ") + error.what(), "YAML 1.2", {}));
  }
  return out;
}

}  // namespace millwright::catalog
