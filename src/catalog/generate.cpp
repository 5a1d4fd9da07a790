#include "catalog/generate.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "catalog/declaration.hpp"
#include "ontology/unit.hpp"

namespace millwright::catalog {
namespace {

std::string file_name(Kind kind) {
  std::string out(name_of(kind));
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out + ".json";
}

Node texts(std::initializer_list<std::string_view> values) {
  Node out = Node::make_list();
  for (const auto value : values) out.items.push_back(Node::make_text(value));
  return out;
}

Node object_of(std::string_view key, Node value) {
  Node out = Node::make_map();
  out.add(key, std::move(value));
  return out;
}

class SchemaMaker {
 public:
  explicit SchemaMaker(const Declaration& declaration) : declaration_(&declaration) {}

  Node object(std::string_view path, std::string_view doc) const {
    const auto children = children_of(*declaration_, path);
    Node properties = Node::make_map();
    Node required = Node::make_list();
    const Field* kind = nullptr;
    for (const auto* field : children) {
      properties.add(key_of(*field), value(*field));
      if (field->required && field->when.empty()) {
        required.items.push_back(Node::make_text(key_of(*field)));
      }
      if (key_of(*field) == "kind") kind = field;
    }
    Node out = Node::make_map();
    out.add("type", Node::make_text("object"));
    if (!doc.empty()) out.add("description", Node::make_text(doc));
    out.add("properties", std::move(properties));
    if (!required.items.empty()) out.add("required", std::move(required));
    out.add("additionalProperties", Node::make_boolean(false));
    if (kind != nullptr) out.add("allOf", variants(*kind, children));
    return out;
  }

 private:
  /// Per value of `kind`: what must stand, what must not.
  static Node variants(const Field& kind, const std::vector<const Field*>& children) {
    Node out = Node::make_list();
    for (const auto choice : kind.choices) {
      Node forbidden = Node::make_map();
      Node required = Node::make_list();
      for (const auto* field : children) {
        if (!applies_to(*field, choice)) {
          forbidden.add(key_of(*field), Node::make_boolean(false));
        } else if (field->required && !field->when.empty()) {
          required.items.push_back(Node::make_text(key_of(*field)));
        }
      }
      Node then = Node::make_map();
      if (!forbidden.members.empty()) then.add("properties", std::move(forbidden));
      if (!required.items.empty()) then.add("required", std::move(required));
      if (then.members.empty()) continue;
      Node condition =
          object_of("properties", object_of("kind", object_of("const", Node::make_text(choice))));
      condition.add("required", texts({"kind"}));
      Node rule = object_of("if", std::move(condition));
      rule.add("then", std::move(then));
      out.items.push_back(std::move(rule));
    }
    return out;
  }

  const Field* field_at(const std::string& path) const {
    const auto found = std::ranges::find(declaration_->fields, path, &Field::path);
    return found == declaration_->fields.end() ? nullptr : &*found;
  }

  Node value(const Field& field) const {
    const std::string path(field.path);
    if (field.type == FieldType::object) return object(path, field.doc);
    Node out = Node::make_map();
    if (field.type == FieldType::list) {
      out.add("type", Node::make_text("array"));
      if (const auto* element = field_at(path + "[]")) out.add("items", value(*element));
    } else if (field.type == FieldType::map) {
      out.add("type", Node::make_text("object"));
      if (const auto* element = field_at(path + "{}")) {
        out.add("additionalProperties", value(*element));
      }
    } else {
      scalar(field, out);
    }
    if (!field.doc.empty()) out.add("description", Node::make_text(field.doc));
    return out;
  }

  static void scalar(const Field& field, Node& out) {
    const auto text = text_of(field.type);
    switch (field.type) {
      case FieldType::scalar:
        out.add("type", texts({"string", "number", "boolean"}));
        break;
      case FieldType::column:
        out.add("type", texts({"string", "integer"}));
        out.add("minimum", Node::make_integer(1));
        break;
      case FieldType::unit:
      case FieldType::keys:
      case FieldType::time_zone:
        out.add("type", texts({"string", "integer"}));
        break;
      default:
        out.add("type", Node::make_text(text.json_type));
    }
    if (field.type == FieldType::text) out.add("minLength", Node::make_integer(1));
    if (!text.pattern.empty()) out.add("pattern", Node::make_text(text.pattern));
    if (!field.choices.empty()) {
      Node values = Node::make_list();
      for (const auto choice : field.choices) values.items.push_back(Node::make_text(choice));
      out.add("enum", std::move(values));
    }
    if (field.low) out.add("minimum", Node::make_number(*field.low));
    if (field.high) out.add("maximum", Node::make_number(*field.high));
  }

  const Declaration* declaration_;
};

Node metadata_schema() {
  const auto id = text_of(FieldType::name);
  Node name = object_of("type", Node::make_text("string"));
  name.add("pattern", Node::make_text(id.pattern));
  name.add("description", Node::make_text("Name of the resource, unique in its kind."));
  Node labels = object_of("type", Node::make_text("object"));
  labels.add("additionalProperties", object_of("type", Node::make_text("string")));
  labels.add("description", Node::make_text("Texts by which resources are selected."));
  Node properties = object_of("name", std::move(name));
  properties.add("labels", std::move(labels));
  Node out = object_of("type", Node::make_text("object"));
  out.add("properties", std::move(properties));
  out.add("required", texts({"name"}));
  out.add("additionalProperties", Node::make_boolean(false));
  return out;
}

std::string type_text(const Field& field) {
  if (field.refers_to) return fmt::format("name of a {}", name_of(*field.refers_to));
  if (field.type == FieldType::choice) {
    std::string out;
    for (const auto choice : field.choices) {
      out += fmt::format("{}`{}`", out.empty() ? "" : ", ", choice);
    }
    return out;
  }
  std::string out(text_of(field.type).expected);
  if (field.type == FieldType::name) out = "an id";
  if (field.type == FieldType::name_or_key) out = "an id, `{key}` allowed";
  if (field.low && field.high) out += fmt::format(", {} to {}", *field.low, *field.high);
  if (field.low && !field.high) out += fmt::format(", at least {}", *field.low);
  return out;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string bars_as_list(std::string_view when) {
  std::string out;
  for (const char c : when) {
    if (c == '|') {
      out += ", ";
    } else {
      out += c;
    }
  }
  return out;
}

void append_kind(std::string& out, const Declaration& declaration) {
  out += fmt::format("\n## {}\n\n{}\n\n", name_of(declaration.kind), declaration.doc);
  out += "| path below `spec` | value | required | without it | meaning |\n|---|---|---|---|---|\n";
  for (const auto& field : declaration.fields) {
    const auto when = field.when.empty() ? std::string()
                                         : fmt::format(" (with kind {})", bars_as_list(field.when));
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", field.path, escaped(type_text(field)),
                       field.required ? "yes" + when : (when.empty() ? "" : "no" + when),
                       escaped(field.absent), escaped(field.doc));
  }
}

}  // namespace

std::string json_schema(Kind kind) {
  const auto& declaration = declaration_of(kind);
  Node properties = object_of("apiVersion", object_of("const", Node::make_text(api_version)));
  properties.add("kind", object_of("const", Node::make_text(name_of(kind))));
  properties.add("metadata", metadata_schema());
  properties.add("spec", SchemaMaker(declaration).object("", ""));
  Node out = object_of("$schema", Node::make_text("https://json-schema.org/draft/2020-12/schema"));
  out.add("title", Node::make_text(name_of(kind)));
  out.add("description", Node::make_text(declaration.doc));
  out.add("type", Node::make_text("object"));
  out.add("properties", std::move(properties));
  out.add("required", texts({"apiVersion", "kind", "metadata", "spec"}));
  out.add("additionalProperties", Node::make_boolean(false));
  return pretty_json(out) + "\n";
}

std::string json_schema_of_all() {
  Node kinds = Node::make_list();
  for (const Kind kind : all_kinds) {
    kinds.items.push_back(object_of("$ref", Node::make_text(file_name(kind))));
  }
  Node out = object_of("$schema", Node::make_text("https://json-schema.org/draft/2020-12/schema"));
  out.add("title", Node::make_text("Millwright resource"));
  out.add("oneOf", std::move(kinds));
  return pretty_json(out) + "\n";
}

std::string reference_page() {
  std::string out =
      "# Resources\n\n"
      "Generated from the declarations in `src/catalog/declaration_*.cpp`; do not edit.\n\n"
      "A resource is a YAML document; a file may hold several, separated by `---`:\n\n"
      "```yaml\napiVersion: millwright/v1\nkind: Site\nmetadata:\n  name: site-a\n  labels: "
      "{region: north}\nspec:\n  title: Works A\n  timeZone: Europe/Vienna\n  edges:\n    - name: "
      "edge-a1\n```\n\n"
      "`metadata.name` is an id (`[a-z0-9][a-z0-9_.-]{0,62}`), unique in its kind. "
      "`millwright check -f` reports every problem, `millwright apply -f` puts all resources of a "
      "command into force or none. Unknown keys are errors.\n\n"
      "With `each`, one Asset or Device stands for many: `each: {keys: 1..25, name: "
      "\"test-{key:03}\"}` makes `test-001` to `test-025`, and `{key}` may stand in the name of "
      "the "
      "asset. Signals come from the asset's type; a Signal is declared only where one differs.\n\n"
      "JSON Schemas for editors are in `schemas/`; `schemas/resource.json` takes any kind.\n";
  for (const auto& declaration : declarations()) append_kind(out, declaration);
  out +=
      "\n## Units\n\nUnits are written as UCUM case-sensitive codes: atoms, with `.` and `/` "
      "between "
      "them, whole exponents (`m3/h`), parentheses and notes in braces (`{rev}/min`). Prefixes "
      "(`k`, `m`, `u`, …) go with the metric ones. Codes that begin with `%`, `{` or `[` must be "
      "quoted in YAML.\n\n| code | name | value | prefixes |\n|---|---|---|---|\n";
  for (const auto& atom : ontology::unit_atoms()) {
    const auto value = atom.kelvin_offset != 0 ? fmt::format("{:.6g} K, offset {:.6g} K",
                                                             atom.value, atom.kelvin_offset)
                       : atom.definition.empty() && atom.value == 1
                           ? std::string("base unit")
                           : fmt::format("{:.9g} {}", atom.value, atom.definition);
    out += fmt::format("| `{}` | {} | {} | {} |\n", atom.code, atom.name, value,
                       atom.metric ? "yes" : "");
  }
  return out;
}

std::vector<GeneratedFile> generated_files() {
  std::vector<GeneratedFile> out;
  for (const Kind kind : all_kinds)
    out.push_back({"schemas/" + file_name(kind), json_schema(kind)});
  out.push_back({"schemas/resource.json", json_schema_of_all()});
  out.push_back({"docs/reference/resources.md", reference_page()});
  return out;
}

}  // namespace millwright::catalog
