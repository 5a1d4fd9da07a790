// Handlers that read the historian: SQL, last values, ranges; and its upkeep.
#include <charconv>

#include "base/format.hpp"
#include "interfaces/hub_api_core.hpp"

namespace millwright::interfaces {

namespace {

constexpr std::uint64_t limit_default = 10'000;
constexpr std::uint64_t limit_max = 1'000'000;

std::string_view parameter(const HttpRequest& request, std::string_view name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string_view{} : std::string_view(found->second);
}

Error at_parameter(Error error, std::string_view name) {
  error.while_doing(fmt::format("parameter '{}'", name));
  return error;
}

double seconds(Duration duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

Json sample_json(const historian::StoredSample& sample,
                 const historian::SeriesDefinition& definition) {
  return Json::object({{"ts", to_rfc3339(sample.ts)},
                       {"value", to_json(sample.value, definition.metric.datatype)},
                       {"quality", ontology::to_text(sample.quality)},
                       {"revision", exact(sample.revision)},
                       {"arrival", to_rfc3339(historian::arrival_of(sample.revision))},
                       {"provenance", sample.provenance}});
}

Json series_json(const historian::SeriesDefinition& definition) {
  return Json::object({{"series", definition.text()},
                       {"number", std::to_string(definition.number.value())},
                       {"datatype", ontology::name_of(definition.metric.datatype)},
                       {"unit", definition.metric.unit}});
}

Error as_sql_error(Error error) {
  if (error.code() != Code::invalid_input || !error.problems().empty()) return error;
  const Place place = sql_place(error.message());
  if (place.line == 0) return error;
  const std::string message = error.message().substr(0, error.message().find('\n'));
  Problem problem{place, message, "", "", ""};
  return Error(error.code(), message, error.remedy()).with_problems({std::move(problem)});
}

}  // namespace

Result<Timestamp> time_parameter(const HttpRequest& request, std::string_view name,
                                 Timestamp otherwise) {
  const auto text = parameter(request, name);
  if (text.empty()) return otherwise;
  auto time = parse_rfc3339(text);
  if (!time) return std::unexpected(at_parameter(std::move(time.error()), name));
  return *time;
}

Result<std::uint64_t> count_parameter(const HttpRequest& request, std::string_view name,
                                      std::uint64_t otherwise, std::uint64_t most) {
  const auto text = parameter(request, name);
  if (text.empty()) return otherwise;
  std::uint64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size() || value > most) {
    return fail(Code::invalid_input, fmt::format("parameter '{}' is '{}'", name, text),
                fmt::format("give a whole number from 0 to {}", most));
  }
  return value;
}

void HubApi::Core::query(const HttpRequest& request, Responder respond) {
  auto body = parse_json(request.body);
  if (!body) return respond(problem_answer(body.error()));
  const std::string& sql = (*body)["sql"].string();
  if (sql.empty()) {
    return respond(problem_answer(
        {Code::invalid_input, "the request has no member 'sql'", R"(send {"sql": "SELECT …"})"}));
  }
  const Duration began = clock_.monotonic_now();
  historian_.sql(sql, [&clock = clock_, began,
                       respond = std::move(respond)](Result<engine::Table> table) mutable {
    if (!table) return respond(problem_answer(as_sql_error(std::move(table.error()))));
    Json out = to_json(*table);
    out.set("elapsed_ms", seconds(clock.monotonic_now() - began) * 1000);
    respond(json_answer(out));
  });
}

HttpResponse HubApi::Core::last(const HttpRequest& request) const {
  const auto limit = count_parameter(request, "limit", limit_default, limit_max);
  if (!limit) return problem_answer(limit.error());
  const auto pattern = parameter(request, "pattern");
  const auto values = historian_.last(pattern.empty() ? "*" : pattern);
  const Timestamp now = clock_.utc_now();
  Json out = Json::array();
  for (const auto& value : values) {
    if (out.items().size() >= *limit) break;
    Json entry = series_json(*value.definition);
    const Json sample = sample_json(value.sample, *value.definition);
    for (const auto& [name, member] : sample.members()) entry.set(name, member);
    entry.set("age_s", seconds(now - value.sample.ts));
    out.push(std::move(entry));
  }
  return json_answer(Json::object({{"now", to_rfc3339(now)},
                                   {"matched", exact(std::uint64_t{values.size()})},
                                   {"values", std::move(out)}}));
}

Result<const historian::SeriesDefinition*> HubApi::Core::series_of(
    const HttpRequest& request) const {
  const auto text = parameter(request, "series");
  if (text.empty()) {
    return fail(Code::invalid_input, "the parameter 'series' is missing",
                "name a series as site/edge/device/metric");
  }
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code == std::errc{} && end == text.data() + text.size()) {
    if (const auto* found = historian_.definition(ontology::SeriesNumber(number))) return found;
  }
  const historian::SeriesDefinition* latest = nullptr;  // of several datatypes: the newest
  for (const auto* candidate : historian_.find(text)) {
    if (candidate->text() == text) latest = candidate;
  }
  if (latest != nullptr) return latest;
  return fail(Code::not_found, fmt::format("there is no series '{}'", text),
              "GET /api/v1/last?pattern=* lists them");
}

void HubApi::Core::range(const HttpRequest& request, Responder respond) {
  auto definition = series_of(request);
  if (!definition) return respond(problem_answer(definition.error()));
  const auto from = time_parameter(request, "from", Timestamp{INT64_MIN});
  const auto to = time_parameter(request, "to", Timestamp{INT64_MAX});
  const auto limit = count_parameter(request, "limit", limit_default, limit_max);
  const auto as_of = count_parameter(request, "as_of", UINT64_MAX, UINT64_MAX);
  if (!from) return respond(problem_answer(from.error()));
  if (!to) return respond(problem_answer(to.error()));
  if (!limit) return respond(problem_answer(limit.error()));
  if (!as_of) return respond(problem_answer(as_of.error()));
  historian::RangeQuery query{(*definition)->number,
                              *from,
                              *to,
                              *limit,
                              std::nullopt,
                              parameter(request, "all_revisions") == "true"};
  if (*as_of != UINT64_MAX) query.as_of = *as_of;
  if (!parameter(request, "step").empty()) {
    return buckets(**definition, request, query, std::move(respond));
  }
  historian_.range(query, [definition = *definition,
                           respond = std::move(respond)](Result<historian::Range> range) mutable {
    if (!range) return respond(problem_answer(range.error()));
    Json samples = Json::array();
    for (const auto& sample : range->samples) samples.push(sample_json(sample, *definition));
    Json out = series_json(*definition);
    out.set("samples", std::move(samples)).set("truncated", range->truncated);
    respond(json_answer(out));
  });
}

void HubApi::Core::buckets(const historian::SeriesDefinition& definition,
                           const HttpRequest& request, const historian::RangeQuery& query,
                           Responder respond) {
  auto step = parse_duration(parameter(request, "step"));
  if (!step) {
    return respond(problem_answer(at_parameter(std::move(step.error()), "step")));
  }
  if (query.from.us == INT64_MIN || query.to.us == INT64_MAX || *step <= Duration(0) ||
      (query.to - query.from) / *step > static_cast<std::int64_t>(limit_max)) {
    return respond(problem_answer({Code::invalid_input,
                                   "buckets need an interval and a step that fit together",
                                   "give from and to, and a step above zero that makes at most "
                                   "1000000 buckets"}));
  }
  const historian::DownsampleQuery down{query.series, query.from, query.to, *step, query.as_of};
  historian_.downsample(down, [&definition, respond = std::move(respond)](
                                  Result<std::vector<historian::Bucket>> buckets) mutable {
    if (!buckets) return respond(problem_answer(buckets.error()));
    Json list = Json::array();
    for (const auto& bucket : *buckets) {
      list.push(Json::object({{"start", to_rfc3339(bucket.start)},
                              {"count", exact(bucket.count)},
                              {"count_bad", exact(bucket.count_bad)},
                              {"min", bucket.minimum},
                              {"max", bucket.maximum},
                              {"mean", bucket.mean},
                              {"first", bucket.first},
                              {"last", bucket.last}}));
    }
    Json out = series_json(definition);
    out.set("buckets", std::move(list));
    respond(json_answer(out));
  });
}

void HubApi::Core::seal(Responder respond) {
  historian_.seal(
      [weak = weak_from_this(), respond = std::move(respond)](Result<void> sealed) mutable {
        if (!sealed) return respond(problem_answer(sealed.error()));
        const auto core = weak.lock();
        if (!core || core->stopped_) return respond(json_answer(Json::object()));
        const auto stats = core->historian_.stats();
        respond(json_answer(Json::object({{"revision", exact(stats.revision)},
                                          {"segments", exact(stats.segments)},
                                          {"rows_sealed", exact(stats.rows_sealed)},
                                          {"segment_bytes", exact(stats.segment_bytes)}})));
      });
}

void HubApi::Core::verify(Responder respond) {
  historian_.verify([respond = std::move(respond)](
                        Result<std::vector<historian::Damage>> damages) mutable {
    if (!damages) return respond(problem_answer(damages.error()));
    Json list = Json::array();
    for (const auto& damage : *damages) {
      list.push(Json::object(
          {{"place", damage.place.text()}, {"what", damage.what}, {"remedy", damage.remedy}}));
    }
    respond(json_answer(Json::object({{"sound", damages->empty()}, {"damages", std::move(list)}})));
  });
}

void HubApi::Core::audit(Responder respond) {
  historian_.audit(
      [respond = std::move(respond)](Result<std::vector<historian::AuditLine>> lines) mutable {
        if (!lines) return respond(problem_answer(lines.error()));
        Json list = Json::array();
        std::uint64_t rows = 0, doubles = 0, missing = 0;
        for (const auto& line : *lines) {
          rows += line.rows, doubles += line.rows_double, missing += line.rows_missing;
          list.push(Json::object({{"producer", line.producer.text()},
                                  {"incarnation", std::to_string(line.incarnation)},
                                  {"rows", exact(line.rows)},
                                  {"rows_double", exact(line.rows_double)},
                                  {"rows_missing", exact(line.rows_missing)}}));
        }
        respond(json_answer(Json::object({{"rows", exact(rows)},
                                          {"rows_double", exact(doubles)},
                                          {"rows_missing", exact(missing)},
                                          {"lines", std::move(list)}})));
      });
}

}  // namespace millwright::interfaces
