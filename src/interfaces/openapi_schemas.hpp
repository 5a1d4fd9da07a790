// Tables of the schemas in the OpenAPI document: openapi.cpp writes them out, openapi_office.cpp
// holds those of decisions.
#pragma once

#include <span>
#include <string_view>

namespace millwright::interfaces {

struct Field {
  std::string_view name;
  /// JSON Schema type, `time`, `count`, `[X]` list of X, or schema X; `?` behind it: or null.
  std::string_view type;
};

struct Schema {
  std::string_view name;
  std::string_view description;
  std::span<const Field> fields;
};

std::span<const Schema> office_schemas();

}  // namespace millwright::interfaces
