#include "catalog/validate.hpp"

#include <algorithm>
#include <set>

#include "base/format.hpp"
#include "base/id.hpp"
#include "base/time.hpp"
#include "catalog/declaration.hpp"
#include "catalog/device_spec.hpp"
#include "catalog/text_form.hpp"
#include "ontology/unit.hpp"

namespace millwright::catalog {
namespace {

class Validator {
 public:
  Validator(const Declaration& declaration, const std::string& file, std::vector<Problem>& problems)
      : declaration_(&declaration), file_(&file), problems_(&problems) {}

  void object(const Node& node, std::string_view declared, const std::string& path) {
    const auto children = children_of(*declaration_, declared);
    const std::string kind = node.text_at("kind");
    const bool tells_kind = std::ranges::any_of(children, [&](const Field* field) {
      return key_of(*field) == "kind" &&
             std::ranges::find(field->choices, kind) != field->choices.end();
    });
    std::vector<const Field*> allowed;
    for (const auto* field : children) {
      if (!tells_kind || applies_to(*field, kind)) allowed.push_back(field);
    }
    std::set<std::string_view> seen;
    for (const auto& member : node.members) {
      if (!seen.insert(member.key).second) {
        problem(member.mark, join(path, member.key), "a key that stands twice", {}, {},
                "keep one of them");
        continue;
      }
      const auto found =
          std::ranges::find(allowed, member.key, [](const Field* f) { return key_of(*f); });
      if (found != allowed.end()) {
        value(member.value, **found, join(path, member.key));
      } else {
        unknown_key(member, allowed, children, kind, path);
      }
    }
    for (const auto* field : allowed) {
      const bool here = field->when.empty() || tells_kind;
      if (!field->required || !here || seen.contains(key_of(*field))) continue;
      problem(node.mark, join(path, key_of(*field)), fmt::format("'{}' is missing", key_of(*field)),
              expected_of(*field), {}, fmt::format("add '{}:' ({})", key_of(*field), field->doc));
    }
  }

  void value(const Node& node, const Field& field, const std::string& path) {
    switch (field.type) {
      case FieldType::object:
        if (shaped(node, Node::Type::map, field, path)) object(node, field.path, path);
        return;
      case FieldType::list:
        if (shaped(node, Node::Type::list, field, path)) items(node, field, path);
        return;
      case FieldType::map:
        if (shaped(node, Node::Type::map, field, path)) entries(node, field, path);
        return;
      default:
        scalar(node, field, path);
    }
  }

 private:
  static std::string join(const std::string& path, std::string_view key) {
    return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
  }
  void problem(Mark mark, const std::string& path, std::string what, std::string expected,
               std::string nearest, std::string remedy) {
    problems_->push_back({{*file_, mark.line, mark.column, path},
                          std::move(what),
                          std::move(expected),
                          std::move(nearest),
                          std::move(remedy)});
  }
  static std::string expected_of(const Field& field) {
    if (field.type == FieldType::choice) {
      return one_of({field.choices.begin(), field.choices.end()});
    }
    std::string out(text_of(field.type).expected);
    if (field.low && field.high) {
      out += fmt::format(" from {} to {}", *field.low, *field.high);
    } else if (field.low) {
      out += fmt::format(" of at least {}", *field.low);
    }
    return out;
  }

  const Field* field_at(const std::string& path) const {
    const auto found = std::ranges::find(declaration_->fields, path, &Field::path);
    return found == declaration_->fields.end() ? nullptr : &*found;
  }

  void items(const Node& node, const Field& field, const std::string& path) {
    const auto* element = field_at(std::string(field.path) + "[]");
    for (std::size_t i = 0; element != nullptr && i < node.items.size(); ++i) {
      value(node.items[i], *element, fmt::format("{}[{}]", path, i));
    }
  }
  void entries(const Node& node, const Field& field, const std::string& path) {
    const auto* element = field_at(std::string(field.path) + "{}");
    std::set<std::string_view> seen;
    for (const auto& member : node.members) {
      if (!seen.insert(member.key).second) {
        problem(member.mark, join(path, member.key), "a key that stands twice", {}, {},
                "keep one of them");
      } else if (!is_signal_name(member.key)) {
        problem(member.mark, path, fmt::format("'{}' is not a name", member.key),
                std::string(text_of(FieldType::signal_name).expected), {}, {});
      } else if (element != nullptr) {
        value(member.value, *element, join(path, member.key));
      }
    }
  }

  void unknown_key(const Member& member, const std::vector<const Field*>& allowed,
                   const std::vector<const Field*>& children, std::string_view kind,
                   const std::string& path) {
    std::vector<std::string_view> names;
    for (const auto* field : allowed) names.push_back(key_of(*field));
    const bool elsewhere = std::ranges::any_of(
        children, [&](const Field* field) { return key_of(*field) == member.key; });
    const auto what = elsewhere ? fmt::format("'{}' does not go with kind {}", member.key, kind)
                                : fmt::format("unknown key '{}'", member.key);
    const std::string nearest(elsewhere ? std::string_view() : nearest_name(member.key, names));
    problem(member.mark, join(path, member.key), what, one_of(names), nearest,
            nearest.empty() ? "remove it" : fmt::format("write '{}:'", nearest));
  }

  bool shaped(const Node& node, Node::Type type, const Field& field, const std::string& path) {
    if (node.type == type) return true;
    wrong_type(node, field, path);
    return false;
  }
  void wrong_type(const Node& node, const Field& field, const std::string& path) {
    std::string remedy;
    if (node.type == Node::Type::null) {
      remedy = "give it a value, or remove the key";
    } else if (field.type == FieldType::unit && node.type == Node::Type::list &&
               node.items.size() == 1) {
      remedy = fmt::format("put it in quotes: \"[{}]\"", node.items[0].text);
    } else if (node.is_scalar() && text_of(field.type).json_type == "string" &&
               node.type != Node::Type::string) {
      remedy = fmt::format("put it in quotes: \"{}\"", node.text);
    } else if (node.type == Node::Type::string && node.is_scalar() &&
               resolve_scalar(node.text).type != Node::Type::string) {
      remedy = fmt::format("remove the quotes: {}", node.text);
    } else if (field.type == FieldType::boolean) {
      remedy = "write true or false";
    }
    problem(node.mark, path,
            node.type == Node::Type::null
                ? "no value"
                : fmt::format("{}", node.is_scalar()
                                        ? fmt::format("{} '{}'", type_name(node.type), node.text)
                                        : std::string(type_name(node.type))),
            expected_of(field), {}, remedy);
  }

  void scalar(const Node& node, const Field& field, const std::string& path) {
    const bool whole_allowed = field.type == FieldType::unit || field.type == FieldType::keys ||
                               field.type == FieldType::column ||
                               field.type == FieldType::time_zone;
    const bool right = [&] {
      switch (field.type) {
        case FieldType::integer:
          return node.type == Node::Type::integer;
        case FieldType::number:
          return node.is_number();
        case FieldType::boolean:
          return node.type == Node::Type::boolean;
        case FieldType::scalar:
          return node.is_scalar() && node.type != Node::Type::null;
        default:
          return node.type == Node::Type::string ||
                 (whole_allowed && node.type == Node::Type::integer);
      }
    }();
    if (!right) return wrong_type(node, field, path);
    if (node.is_number()) {
      if (field.type == FieldType::number && !(node.number - node.number == 0)) {
        return problem(node.mark, path, "not a finite number", expected_of(field), {}, {});
      }
      if ((field.low && node.number < *field.low) || (field.high && node.number > *field.high)) {
        return problem(node.mark, path, fmt::format("{} is out of bounds", node.text),
                       expected_of(field), {}, {});
      }
    }
    content(node, field, path);
  }

  void content(const Node& node, const Field& field, const std::string& path) {
    const auto& text = node.text;
    const auto refuse = [&](std::string nearest = {}, std::string remedy = {}) {
      problem(node.mark, path, fmt::format("'{}' is not allowed here", text), expected_of(field),
              std::move(nearest), std::move(remedy));
    };
    switch (field.type) {
      case FieldType::text:
        if (text.empty()) problem(node.mark, path, "an empty text", "a text", {}, {});
        break;
      case FieldType::name:
      case FieldType::reference:
        if (!is_valid_name(text)) refuse(id_like(text));
        break;
      case FieldType::name_or_key:
        if (!is_valid_name(fill_key(text, "1"))) refuse();
        break;
      case FieldType::signal_name:
        if (!is_signal_name(text)) refuse();
        break;
      case FieldType::keys:
        if (const auto parsed = parse_keys(text); !parsed) {
          problem(node.mark, path, parsed.error().message(), expected_of(field), {},
                  parsed.error().remedy());
        }
        break;
      case FieldType::column:
        if (text.empty() || (node.type == Node::Type::integer && node.integer < 1)) refuse();
        break;
      case FieldType::duration:
        if (!parse_duration(text)) refuse();
        break;
      case FieldType::timestamp:
        if (const auto parsed = parse_rfc3339(text); !parsed) refuse({}, parsed.error().remedy());
        break;
      case FieldType::time_zone:
        if (!is_time_zone(text)) refuse();
        break;
      case FieldType::unit:
        unit(node, path);
        break;
      case FieldType::choice:
        choice(node, field, path);
        break;
      case FieldType::email: {
        const auto sign = text.find('@');
        if (sign == std::string::npos || sign == 0 || sign + 1 >= text.size() ||
            text.find('@', sign + 1) != std::string::npos || text.contains(' ')) {
          refuse();
        }
        break;
      }
      case FieldType::ed25519_key:
        if (text.size() != 44 || text.back() != '=' ||
            !consists_of(std::string_view(text).substr(0, 43), "+/")) {
          refuse({}, "never put a private key here");
        }
        break;
      case FieldType::party:
        if (!is_party(text)) refuse();
        break;
      case FieldType::currency:
        if (!is_currency(text)) refuse();
        break;
      default:
        break;
    }
  }

  void unit(const Node& node, const std::string& path) {
    const auto parsed = ontology::parse_unit(node.text);
    if (parsed) return;
    const auto& found = parsed.error().problems().front();
    // YAML reads a plain [, {, % or number as something else.
    const bool quoted =
        !found.nearest.empty() && std::string_view("[{%1").contains(found.nearest.front());
    problem(node.mark, path, found.what, found.expected, found.nearest,
            quoted ? fmt::format("write \"{}\"", found.nearest) : found.remedy);
  }

  void choice(const Node& node, const Field& field, const std::string& path) {
    if (std::ranges::find(field.choices, node.text) != field.choices.end()) return;
    const std::vector<std::string_view> names(field.choices.begin(), field.choices.end());
    const std::string nearest(nearest_name(node.text, names));
    problem(node.mark, path, fmt::format("'{}' is not allowed here", node.text), one_of(names),
            nearest, {});
  }

  const Declaration* declaration_;
  const std::string* file_;
  std::vector<Problem>* problems_;
};

/// Checks `apiVersion`, `kind` and `metadata`, which are the same for all kinds.
class Envelope {
 public:
  Envelope(const std::string& file, std::vector<Problem>& problems)
      : file_(&file), problems_(&problems) {}

  bool read(const Node& document, Declared& out) {
    if (document.type != Node::Type::map) {
      problem(document.mark, "", fmt::format("{} as a document", type_name(document.type)),
              "a map with apiVersion, kind, metadata and spec", {}, {});
      return false;
    }
    keys(document, "", {"apiVersion", "kind", "metadata", "spec"});
    version(document);
    const bool kind_known = kind(document, out);
    const bool named = metadata(document, out);
    const auto* spec = document.find("spec");
    if (spec == nullptr || spec->type != Node::Type::map) {
      problem(
          spec != nullptr ? spec->mark : document.mark, "spec",
          spec != nullptr ? fmt::format("{} as spec", type_name(spec->type)) : "'spec' is missing",
          "a map", {}, {});
      return false;
    }
    out.resource.spec = *spec;
    out.resource.file = *file_;
    out.resource.mark = document.mark;
    return kind_known && named;
  }

 private:
  void problem(Mark mark, std::string path, std::string what, std::string expected,
               std::string nearest, std::string remedy) {
    problems_->push_back({{*file_, mark.line, mark.column, std::move(path)},
                          std::move(what),
                          std::move(expected),
                          std::move(nearest),
                          std::move(remedy)});
  }
  void keys(const Node& node, std::string_view path, const std::vector<std::string_view>& known) {
    std::set<std::string_view> seen;
    for (const auto& member : node.members) {
      const auto where = path.empty() ? member.key : fmt::format("{}.{}", path, member.key);
      if (!seen.insert(member.key).second) {
        problem(member.mark, where, "a key that stands twice", {}, {}, "keep one of them");
      } else if (std::ranges::find(known, member.key) == known.end()) {
        const std::string nearest(nearest_name(member.key, known));
        problem(member.mark, where, fmt::format("unknown key '{}'", member.key), one_of(known),
                nearest, nearest.empty() ? "remove it" : fmt::format("write '{}:'", nearest));
      }
    }
  }
  void version(const Node& document) {
    const auto* node = document.find("apiVersion");
    if (node != nullptr && node->text == api_version) return;
    problem(node != nullptr ? node->mark : document.mark, "apiVersion",
            node != nullptr ? fmt::format("'{}' is not a version this program reads", node->text)
                            : "'apiVersion' is missing",
            std::string(api_version), {}, fmt::format("write 'apiVersion: {}'", api_version));
  }
  bool kind(const Node& document, Declared& out) {
    const auto* node = document.find("kind");
    std::vector<std::string_view> names;
    for (const Kind known : all_kinds) names.push_back(name_of(known));
    for (const Kind known : all_kinds) {
      if (node != nullptr && node->text == name_of(known)) {
        out.resource.key.kind = known;
        return true;
      }
    }
    const auto meant = node != nullptr ? parse_kind(node->text) : std::nullopt;
    const std::string nearest(node == nullptr ? std::string_view()
                              : meant         ? name_of(*meant)
                                              : nearest_name(node->text, names));
    problem(node != nullptr ? node->mark : document.mark, "kind",
            node != nullptr ? fmt::format("'{}' is no kind", node->text) : "'kind' is missing",
            one_of(names), nearest, {});
    return false;
  }
  bool metadata(const Node& document, Declared& out) {
    const auto* node = document.find("metadata");
    if (node == nullptr || node->type != Node::Type::map) {
      problem(node != nullptr ? node->mark : document.mark, "metadata",
              node != nullptr ? fmt::format("{} as metadata", type_name(node->type))
                              : "'metadata' is missing",
              "a map with name and labels", {}, {});
      return false;
    }
    keys(*node, "metadata", {"name", "labels"});
    labels(*node, out);
    const auto* name = node->find("name");
    if (name != nullptr && name->type == Node::Type::string && is_valid_name(name->text)) {
      out.resource.key.name = name->text;
      return true;
    }
    problem(name != nullptr ? name->mark : node->mark, "metadata.name",
            name != nullptr ? fmt::format("'{}' is not an id", name->text) : "'name' is missing",
            std::string(text_of(FieldType::name).expected),
            name != nullptr && name->is_scalar() ? id_like(name->text) : std::string(),
            name != nullptr && name->is_number() ? "put it in quotes" : "");
    return false;
  }
  void labels(const Node& metadata_node, Declared& out) {
    const auto* node = metadata_node.find("labels");
    if (node == nullptr) return;
    if (node->type != Node::Type::map) {
      problem(node->mark, "metadata.labels", fmt::format("{} as labels", type_name(node->type)),
              "a map of names to texts", {}, {});
      return;
    }
    for (const auto& member : node->members) {
      if (member.value.type != Node::Type::string || !is_signal_name(member.key)) {
        problem(member.mark, "metadata.labels." + member.key, "not a label", "a name and a text",
                {}, member.value.is_scalar() ? "put the value in quotes" : "");
      } else if (!out.resource.labels.emplace(member.key, member.value.text).second) {
        problem(member.mark, "metadata.labels." + member.key, "a key that stands twice", {}, {},
                "keep one of them");
      }
    }
  }

  const std::string* file_;
  std::vector<Problem>* problems_;
};

}  // namespace

std::string one_of(const std::vector<std::string_view>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += names[i];
  }
  return out;
}

bool validate(const Node& document, const std::string& file, std::vector<Problem>& problems,
              Declared& out) {
  const auto before = problems.size();
  const bool known = Envelope(file, problems).read(document, out);
  const auto kind = parse_kind(document.text_at("kind"));
  const bool kind_known = kind && name_of(*kind) == document.text_at("kind");
  if (kind_known && out.resource.spec.type == Node::Type::map) {
    Validator(declaration_of(out.resource.key.kind), file, problems)
        .object(out.resource.spec, "", "spec");
  }
  out.sound = problems.size() == before;
  for (auto i = before; i < problems.size(); ++i) {
    out.problem_paths.push_back(problems[i].place.path);
  }
  return known;
}

Loaded load(const std::vector<SourceText>& sources) {
  Loaded out;
  for (const auto& source : sources) {
    auto parsed = parse_yaml(source);
    for (const auto& document : parsed.documents) {
      Declared declared;
      if (validate(document, source.file, out.problems, declared)) {
        out.resources.push_back(std::move(declared));
      }
    }
    for (auto& problem : parsed.problems) out.problems.push_back(std::move(problem));
  }
  return out;
}

}  // namespace millwright::catalog
