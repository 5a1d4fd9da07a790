#include "interfaces/train_verbs.hpp"

#include <algorithm>
#include <ostream>

#include "base/format.hpp"
#include "governance/base64.hpp"
#include "interfaces/answer.hpp"
#include "interfaces/text_table.hpp"

namespace millwright::interfaces {

namespace {

engine::Cell cell_of(const Json& json) {
  if (json.is_bool()) return json.boolean();
  if (json.is_string()) return json.string();
  if (json.is_number()) return json.number();
  return std::monostate{};
}

/// Numbers keep their kind by the column's type, so that times in microseconds stay exact.
engine::Table table_of(const Json& json) {
  engine::Table out;
  for (const Json& column : json["columns"].items())
    out.columns.push_back({column["name"].string(), column["type"].string()});
  for (const Json& row : json["rows"].items()) {
    auto& cells = out.rows.emplace_back();
    for (std::size_t i = 0; i < row.items().size(); ++i) {
      const Json& cell = row.items()[i];
      const bool is_whole = i < out.columns.size() && out.columns[i].type.ends_with("BIGINT");
      cells.push_back(is_whole && cell.is_number() ? engine::Cell(cell.integer()) : cell_of(cell));
    }
  }
  out.truncated = json["truncated"].boolean();
  return out;
}

Json parameters_json(const stewardship::TrainedBundle& trained) {
  auto read = parse_json(catalog::canonical_json(trained.bundle.training.parameters));
  return read ? std::move(*read) : Json();
}

Json candidates_json(const stewardship::TrainedBundle& trained) {
  Json out = Json::array();
  for (const auto& candidate : trained.candidates) {
    auto parameters = parse_json(catalog::canonical_json(candidate.parameters.node()));
    out.push(Json::object({{"cv_rmse", candidate.rmse},
                           {"deviation", candidate.deviation},
                           {"parameters", parameters ? std::move(*parameters) : Json()}}));
  }
  return out;
}

View view_of(const stewardship::TrainedBundle& trained, const std::string& file,
             bool is_registered) {
  const auto& bundle = trained.bundle;
  const auto& training = bundle.training;
  Json metrics = Json::object();
  for (const auto& [name, value] : training.metrics) metrics.set(name, value);
  View view;
  view.document = Json::object({{"model", bundle.name},
                                {"version", bundle.version},
                                {"digest", trained.digest.hex()},
                                {"kind", models::kind_name(bundle.kind)},
                                {"rows", exact(training.rows)},
                                {"devices", exact(training.groups)},
                                {"metrics", metrics},
                                {"parameters", parameters_json(trained)},
                                {"candidates", candidates_json(trained)},
                                {"data_sha256", training.data.hex()},
                                {"as_of", exact(trained.as_of)},
                                {"query", trained.query},
                                {"bytes", exact(std::uint64_t{trained.bytes.size()})},
                                {"file", file.empty() ? Json() : Json(file)},
                                {"registered", is_registered}});
  const auto rmse = training.metrics.find("cv_rmse");
  view.headers = {"MODEL", "CV_RMSE", "ROWS", "DEVICES", "AS OF", "DATA", "DIGEST", "FILE"};
  view.rows.push_back({fmt::format("{}@{}", bundle.name, bundle.version),
                       rmse == training.metrics.end()
                           ? Json("-")
                           : Json(fmt::format("{:.3f} {}", rmse->second, bundle.target_unit)),
                       exact(training.rows), exact(training.groups), exact(trained.as_of),
                       training.data.hex().substr(0, 12), trained.digest.hex().substr(0, 12),
                       file.empty() ? Json("-") : Json(file)});
  return view;
}

Result<void> register_bundle(HubClient& hub, const stewardship::TrainedBundle& trained) {
  auto stored = hub.post("/api/v1/artifacts",
                         Json::object({{"content", governance::to_base64(trained.bytes)}}));
  if (!stored) return pass(std::move(stored), "uploading the bundle");
  auto added = hub.post("/api/v1/models", Json::object({{"digest", trained.digest.hex()}}));
  if (!added) return pass(std::move(added), "registering the model");
  return {};
}

/// Overwrites its own line on a terminal; says nothing elsewhere.
models::ReportProgress teller(const std::string& model, const Clock& clock, Terminal& terminal) {
  if (!terminal.err_is_terminal) return {};
  return [&terminal, &clock, model, began = clock.monotonic_now()](const auto& progress) {
    const std::string line = progress_line(model, progress, clock.monotonic_now() - began);
    terminal.err << "\r\x1b[K" << line << (progress.done == progress.total ? "\n" : "")
                 << std::flush;
  };
}

}  // namespace

std::string progress_line(const std::string& model, const models::TrainingProgress& progress,
                          Duration elapsed) {
  std::string out = fmt::format("train {}: {} of {} steps, {}", model, progress.done,
                                progress.total, progress.step);
  if (progress.done == 0 || progress.done >= progress.total) return out;
  const double each = static_cast<double>(elapsed.count()) / static_cast<double>(progress.done);
  const double left = each * static_cast<double>(progress.total - progress.done) / 1e6;
  return out + fmt::format(", about {} left", left < 1 ? std::string("1 s") : age_text(left));
}

stewardship::QueryFn query_of(HubClient& hub) {
  return [&hub](const std::string& sql) -> Result<engine::Table> {
    auto answer = hub.post("/api/v1/query", Json::object({{"sql", sql}}));
    if (!answer) return pass(std::move(answer));
    return table_of(*answer);
  };
}

Result<std::uint32_t> next_version(HubClient& hub, const std::string& model) {
  auto answer = hub.get("/api/v1/models");
  if (!answer) {
    if (answer.error().code() == Code::unavailable) return std::uint32_t{1};
    return pass(std::move(answer));
  }
  std::uint64_t last = 0;
  for (const Json& version : (*answer)["models"].items()) {
    if (version["name"].string() == model) last = std::max(last, version["version"].natural());
  }
  return static_cast<std::uint32_t>(last + 1);
}

Result<void> train(const TrainOptions& options, const std::vector<catalog::Resource>& resources,
                   TrainPorts ports, Terminal& terminal) {
  auto spec = stewardship::find_model_spec(options.model, resources);
  if (!spec) return pass(std::move(spec));
  if (options.is_registered) {
    auto identity = identity_of(options.identity, terminal);
    if (!identity) return pass(std::move(identity));
    ports.hub.sign_as(std::move(*identity), ports.clock);
  }
  auto version = next_version(ports.hub, options.model);
  if (!version) return pass(std::move(version));
  stewardship::TrainingRequest request;
  request.version = *version;
  request.trained_by = ports.program;
  if (options.as_of > 0) request.as_of = options.as_of;
  auto trained = stewardship::train_model(*spec, resources, query_of(ports.hub), ports.training,
                                          request, teller(options.model, ports.clock, terminal));
  if (!trained) return pass(std::move(trained));
  for (const std::string& device : trained->silent)
    terminal.err << "millwright: warning: nothing is stored of " << device << "\n";
  std::string file = options.file;
  if (file.empty() && !options.is_registered)
    file = fmt::format("{}-{}.mwm", options.model, *version);
  if (!file.empty()) {
    auto written = terminal.write_file(file, as_text(trained->bytes), WrittenAs::replaced);
    if (!written) return pass(std::move(written));
  }
  if (options.is_registered) {
    if (auto done = register_bundle(ports.hub, *trained); !done) return done;
  }
  print(view_of(*trained, file, options.is_registered), options.output, terminal.out);
  return {};
}

}  // namespace millwright::interfaces
