// Lists, plans and steps of deliveries; releases are release_verbs.cpp's, approvals
// approval_verbs.cpp's.
#include "interfaces/delivery_verbs.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <ostream>

#include "base/format.hpp"
#include "interfaces/answer.hpp"

namespace millwright::interfaces {

namespace {

std::string short_digest(const Json& digest) {
  return digest.string().substr(0, 12);
}

std::string share_text(const Json& share) {
  if (share.is_null()) return "not known";
  return fmt::format("{:.2f} [{:.2f}, {:.2f}] of {}", share["value"].number(),
                     share["low"].number(), share["high"].number(), share["n"].text());
}

std::string joined(const Json& list) {
  std::string out;
  for (const Json& item : list.items()) out += (out.empty() ? "" : ", ") + item.string();
  return out;
}

std::string wave_text(const Json& waves) {
  std::string out;
  for (const Json& wave : waves.items()) {
    out += fmt::format("{}{} {}/{} {}", out.empty() ? "" : "; ", wave["name"].string(),
                       wave["done"].text(), wave["members"].text(), wave["state"].string());
  }
  return out;
}

std::string approval_text(const Json& approval) {
  if (approval["by"].is_string()) return "by " + approval["by"].string();
  return "needed from " + approval["needed_from"].string();
}

std::unexpected<Error> bad_wave(const std::string& wave) {
  return fail(Code::invalid_input, fmt::format("'{}' is no wave", wave),
              "write --waves canary=10%,all or --waves lab[kind=edge,ring=lab],all");
}

/// Commas inside brackets do not separate.
std::vector<std::string> split_waves(const std::string& text) {
  std::vector<std::string> out(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '[' ? 1 : c == ']' ? -1 : 0;
    if (c == ',' && depth == 0) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

std::optional<double> share_of(std::string_view text) {
  const bool is_percent = text.ends_with('%');
  if (is_percent) text.remove_suffix(1);
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (is_percent) value /= 100;
  return value > 0 && value <= 1 ? std::optional(value) : std::nullopt;
}

}  // namespace

Result<Json> waves_of(const std::string& text) {
  Json out = Json::array();
  for (const std::string& wave : split_waves(text)) {
    const auto bracket = wave.find('['), equals = wave.find('=');
    if (bracket != std::string::npos) {
      if (!wave.ends_with(']') || bracket == 0) return bad_wave(wave);
      out.push(Json::object({{"name", wave.substr(0, bracket)},
                             {"selector", wave.substr(bracket + 1, wave.size() - bracket - 2)}}));
      continue;
    }
    const auto share = equals == std::string::npos
                           ? std::optional(1.0)
                           : share_of(std::string_view(wave).substr(equals + 1));
    const std::string name = wave.substr(0, equals);
    if (name.empty() || !share) return bad_wave(wave);
    out.push(Json::object({{"name", name}, {"share", *share}}));
  }
  return out;
}

Result<std::string> release_digest(const Json& releases, const std::string& text) {
  const auto at = text.rfind('@');
  const std::string name = text.substr(0, at);
  std::uint64_t newest = 0;
  std::string digest;
  std::vector<std::string_view> names;
  for (const Json& release : releases["releases"].items()) {
    if (release["digest"].string() == text) return text;
    names.push_back(release["name"].string());
    if (release["name"].string() != name) continue;
    const std::uint64_t version = release["version"].natural();
    if (at != std::string::npos && text.substr(at + 1) != std::to_string(version)) continue;
    if (version >= newest) newest = version, digest = release["digest"].string();
  }
  if (!digest.empty()) return digest;
  const auto nearest = nearest_name(name, names);
  return fail(Code::not_found, fmt::format("there is no release '{}'", text),
              nearest.empty() || nearest == name ? std::string("see 'millwright release list'")
                                                 : fmt::format("did you mean '{}'?", nearest));
}

Result<void> DeliveryVerbs::sign_with(const IdentityOptions& options) {
  auto identity = identity_of(options, terminal_);
  if (!identity) return pass(std::move(identity));
  hub_.sign_as(std::move(*identity), clock_);
  return {};
}

Result<void> DeliveryVerbs::list_models() {
  auto answer = hub_.get("/api/v1/models");
  if (!answer) return pass(std::move(answer));
  View view;
  view.document = *answer;
  view.headers = {"MODEL",  "ALIASES",   "TIER",   "CV_RMSE",     "DATA",
                  "DIGEST", "PRECISION", "RECALL", "APPROVED BY", "RUNNING ON"};
  for (const Json& model : (*answer)["models"].items()) {
    view.rows.push_back({fmt::format("{}@{}", model["name"].string(), model["version"].text()),
                         joined(model["aliases"]), model["tier"],
                         model["cv_rmse"].is_number()
                             ? Json(fmt::format("{:.3f}", model["cv_rmse"].number()))
                             : Json("-"),
                         short_digest(model["data_hash"]), short_digest(model["digest"]),
                         share_text(model["precision"]), share_text(model["recall"]),
                         model["approved_by"], model["running_on"]});
  }
  print(view, output_, terminal_.out);
  return {};
}

Result<void> DeliveryVerbs::list_releases() {
  auto answer = hub_.get("/api/v1/releases");
  if (!answer) return pass(std::move(answer));
  View view;
  view.document = *answer;
  view.headers = {"RELEASE", "DIGEST", "AUTHOR", "SIGNED WITH", "CREATED", "ARTIFACTS"};
  for (const Json& release : (*answer)["releases"].items()) {
    std::string artifacts;
    for (const Json& artifact : release["artifacts"].items()) {
      artifacts +=
          fmt::format("{}{} {}@{}", artifacts.empty() ? "" : ", ", artifact["kind"].string(),
                      artifact["name"].string(), artifact["version"].text());
    }
    view.rows.push_back({fmt::format("{}@{}", release["name"].string(), release["version"].text()),
                         short_digest(release["digest"]), release["author"],
                         release["signed_with_key_of"], release["created"], artifacts});
  }
  print(view, output_, terminal_.out);
  return {};
}

void DeliveryVerbs::show_rollouts(const std::vector<Json>& rollouts, const Json& document) {
  View view;
  view.document = document;
  view.headers = {"ROLLOUT", "RELEASE", "STATE", "WAVES", "APPROVAL", "DIGEST"};
  for (const Json& rollout : rollouts) {
    view.rows.push_back({rollout["id"], rollout["release"], rollout["state"],
                         wave_text(rollout["waves"]), approval_text(rollout["approval"]),
                         short_digest(rollout["digest"])});
  }
  print(view, output_, terminal_.out);
}

Result<void> DeliveryVerbs::print_rollout(Result<Json> rollout) {
  if (!rollout) return pass(std::move(rollout));
  show_rollouts({*rollout}, *rollout);
  if (output_ != OutputFormat::table) return {};
  for (const Json& wave : (*rollout)["waves"].items()) {
    for (const Json& gate : wave["gates"].items()) {
      terminal_.out << fmt::format("wave {}, gate {}: {}{}\n", wave["name"].string(),
                                   gate["name"].string(), gate["state"].string(),
                                   gate["why"].string().empty() ? "" : ", " + gate["why"].string());
      for (const Json& statistic : gate["statistics"].items()) {
        terminal_.out << fmt::format("  {} {:g}, limit {:g}: {}\n", statistic["name"].string(),
                                     statistic["value"].number(), statistic["limit"].number(),
                                     statistic["holds"].boolean() ? "holds" : "does not hold");
      }
    }
  }
  if (!(*rollout)["revert_reason"].string().empty())
    terminal_.out << "reverted: " << (*rollout)["revert_reason"].string() << "\n";
  if ((*rollout)["state"].string() == "planned")
    terminal_.out << "approve it: " << (*rollout)["approval"]["command"].string() << "\n";
  return {};
}

Result<void> DeliveryVerbs::list_rollouts() {
  auto answer = hub_.get("/api/v1/rollouts");
  if (!answer) return pass(std::move(answer));
  show_rollouts((*answer)["rollouts"].items(), *answer);
  return {};
}

Result<void> DeliveryVerbs::get_rollout(const std::string& id) {
  auto answer = hub_.get("/api/v1/rollouts");
  if (!answer) return pass(std::move(answer));
  std::vector<std::string_view> ids;
  for (const Json& rollout : (*answer)["rollouts"].items()) {
    if (rollout["id"].string() == id) return print_rollout(rollout);
    ids.push_back(rollout["id"].string());
  }
  const auto nearest = nearest_name(id, ids);
  return fail(Code::not_found, fmt::format("there is no rollout '{}'", id),
              nearest.empty() ? std::string("see 'millwright rollout list'")
                              : fmt::format("did you mean '{}'?", nearest));
}

Result<void> DeliveryVerbs::plan_rollout(const RolloutOptions& options) {
  auto waves = waves_of(options.waves);
  if (!waves) return pass(std::move(waves));
  if (auto done = sign_with(options.identity); !done) return done;
  auto releases = hub_.get("/api/v1/releases");
  if (!releases) return pass(std::move(releases));
  auto digest = release_digest(*releases, options.release);
  if (!digest) return pass(std::move(digest));
  const double soak = static_cast<double>(options.soak.count()) / 1e6;
  return print_rollout(hub_.post(
      "/api/v1/rollouts",
      Json::object({{"rollout", options.id},
                    {"release", *digest},
                    {"waves", std::move(*waves)},
                    {"gates", Json::object({{"behaviour", options.behaviour},
                                            {"soak_s", soak},
                                            {"scored_min", exact(options.scored_min)}})}})));
}

Result<void> DeliveryVerbs::start_rollout(const RolloutOptions& options) {
  if (auto done = sign_with(options.identity); !done) return done;
  return print_rollout(hub_.post("/api/v1/rollouts/" + options.id + "/start"));
}

Result<void> DeliveryVerbs::revert_rollout(const RolloutOptions& options) {
  if (auto done = sign_with(options.identity); !done) return done;
  return print_rollout(hub_.post("/api/v1/rollouts/" + options.id + "/revert",
                                 Json::object({{"why", options.why}})));
}

}  // namespace millwright::interfaces
