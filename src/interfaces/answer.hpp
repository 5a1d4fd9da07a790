// Turning values and errors of the hub into HTTP answers.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "engine/table.hpp"
#include "fabric/historian/historian.hpp"
#include "interfaces/http.hpp"
#include "interfaces/json.hpp"

namespace millwright::interfaces {

/// HTTP status of an error: by its code, and 401 for a refusal by the rule `not_signed_in` or
/// `wrong_password`.
int http_status(const Error& error);
/// RFC 9457 problem+json with code, detail, remedy, context and every problem.
HttpResponse problem_answer(const Error& error);
HttpResponse json_answer(const Json& json);

/// The error that a problem+json document stands for; `internal` when it is none.
Error error_of(const HttpResponse& response);

/// A count: a number up to 2^53, a string beyond, so that no reader rounds it.
Json exact(std::uint64_t value);
Json exact(std::int64_t value);
Json to_json(const engine::Table& table);
Json to_json(const historian::Value& value, ontology::DataType type);

/// Line and column, from 1, of an SQL error whose message quotes the statement (`LINE 1: …` and a
/// caret below); zeros when it does not.
Place sql_place(std::string_view message);

}  // namespace millwright::interfaces
