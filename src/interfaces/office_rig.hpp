// A hub with an office on the simulated disk: the declared objects of examples/turbofan, a key for
// each person, and a client of the command line that needs no socket.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "catalog/commands.hpp"
#include "governance/users.hpp"
#include "interfaces/hub_api_rig.hpp"
#include "interfaces/office_api.hpp"
#include "operations/release.hpp"

namespace millwright::interfaces {

/// The key of a person, the same at each run.
inline governance::SecretKey key_of_person(const std::string& person) {
  return governance::SecretKey::from_seed(sha256(as_bytes("key of " + person)).bytes);
}

inline std::vector<catalog::Resource> turbofan_resources() {
  auto sources = catalog::read_sources({std::string(MILLWRIGHT_SOURCE_DIR) + "/examples/turbofan"});
  EXPECT_TRUE(sources);
  auto report = catalog::check(*sources, {});
  EXPECT_TRUE(report.problems.empty());
  std::vector<catalog::Resource> out;
  for (auto& declared : report.resources) {
    auto& resource = out.emplace_back(std::move(declared.resource));
    if (resource.key.kind != catalog::Kind::person) continue;
    const auto key = key_of_person(resource.key.name).public_key().base64();
    resource.spec.add("publicKey", catalog::Node::make_text(key));
  }
  return out;
}

class OfficeTest : public HubApiTest {
 protected:
  OfficeTest() { open(); }
  explicit OfficeTest(std::unique_ptr<engine::SegmentStore> store) : HubApiTest(std::move(store)) {
    open();
  }

  void open() {
    hasher_ = *governance::make_argon2id(governance::HashCost::least);
    auto office =
        stewardship::Office::open({}, disk_, scheduler_, random_, log_, turbofan_resources());
    ASSERT_TRUE(office) << office.error().text();
    office_ = std::move(*office);
    explainer_ = std::make_unique<stewardship::Explainer>(*office_, *historian_, scheduler_, true);
    users_ = *governance::Users::open(disk_, *hasher_, scheduler_, random_);
    office_api_ = std::make_unique<OfficeApi>(OfficeApiParts{
        .office = *office_,
        .explainer = *explainer_,
        .users = *users_,
        .historian = *historian_,
        .clock = scheduler_,
        .simulated = true,
        .inventory = [] {
          return operations::Inventory::create(
              {{"site-a/edge-a1", "site-a", operations::TargetKind::edge, {}, {}, {}},
               {"site-b/edge-b1", "site-b", operations::TargetKind::edge, {}, {}, {}}});
        }});
    open_api(office_api_.get());
  }

  HttpRequest signed_post(const std::string& path, const std::string& body,
                          const std::string& person, const governance::SecretKey& key,
                          Duration skew = Duration(0)) {
    HttpRequest request{Method::post, path, {}, {}, body};
    for (auto& [name, value] :
         sign_request(Method::post, path, body, person, scheduler_.utc_now() + skew, key))
      request.headers[name] = value;
    return request;
  }
  HttpResponse post_as(const std::string& person, const std::string& path,
                       const std::string& body = "{}") {
    scheduler_.run_for(std::chrono::milliseconds(1));  // no two requests are the same
    return finish(ask(signed_post(path, body, person, key_of_person(person))));
  }
  /// What a person reads of a refusal: status, then the detail, then the remedy.
  static std::string refusal(const HttpResponse& response) {
    const Json problem = json(response);
    return std::to_string(response.status) + " " + problem["detail"].string() + " | " +
           problem["remedy"].string();
  }
  /// The id of the work order of a new finding.
  std::string open_work_order(const std::string& asset = "test-007") {
    const operations::FindingKey key{asset, "turbofan-rul@1:00", "short-life"};
    const operations::EpisodeChange change{operations::EpisodeChange::Kind::opened,
                                           scheduler_.utc_now(), 12};
    auto finding =
        office_->open_finding(key, change, "12 h left", "SELECT 1", "Inspect it", "critical");
    EXPECT_TRUE(finding) << finding.error().text();
    return office_->work_orders().of_finding((*finding)->id)->id;
  }
  /// Registers a release of one configuration by ben and plans a rollout of it.
  void plan_rollout(const std::string& id) {
    const std::string content = "{\"limit\":1}";
    const auto digest = office_->put_artifact(as_bytes(content));
    ASSERT_TRUE(digest);
    operations::Manifest manifest;
    manifest.name = "turbofan";
    manifest.version = 1;
    manifest.artifacts = {{operations::ArtifactKind::config, "limits", 1, *digest, content.size()}};
    manifest.compatible = {operations::Selector()};
    manifest.author = "person/ben";
    manifest.created = scheduler_.utc_now();
    auto whole = operations::sign_release(manifest, PersonSigner());
    ASSERT_TRUE(whole);
    const Json body = Json::object({{"signed", whole->encode()}});
    const auto release = post_as("ben", "/api/v1/releases", body.dump());
    ASSERT_EQ(release.status, 200) << release.body;
    const Json wanted =
        Json::object({{"rollout", id},
                      {"release", json(release)["digest"]},
                      {"gates", Json::object({{"behaviour", "none"}, {"soak_s", 10}})}});
    const auto planned = post_as("ben", "/api/v1/rollouts", wanted.dump());
    ASSERT_EQ(planned.status, 200) << planned.body;
  }

  class PersonSigner final : public operations::Signer {
   public:
    std::string key() const override { return "ben"; }
    Result<Bytes> sign(ByteView message) const override {
      const auto signature = key_of_person("ben").sign(message);
      return Bytes(signature.bytes.begin(), signature.bytes.end());
    }
  };

  /// The port of the command line, onto this hub.
  class Client final : public HttpClient {
   public:
    explicit Client(OfficeTest& test) : test_(test) {}
    Result<HttpResponse> call(const HttpCall& call) override {
      HttpRequest request{call.method, "", {}, {}, call.body};
      std::string_view rest =
          std::string_view(call.url).substr(std::string_view("http://hub").size());
      const auto mark = rest.find('?');
      request.path = decoded(rest.substr(0, mark));
      while (mark != std::string_view::npos && !rest.empty()) {
        rest = rest.substr(rest.find_first_of("?&") + 1);
        const auto part = rest.substr(0, rest.find('&'));
        const auto equals = part.find('=');
        request.query[decoded(part.substr(0, equals))] = decoded(part.substr(equals + 1));
        if (!rest.contains('&')) break;
      }
      for (const auto& [name, value] : call.headers) request.headers[name] = value;
      return test_.finish(test_.ask(std::move(request)));
    }

   private:
    static std::string decoded(std::string_view text) {
      std::string out;
      for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%') {
          out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
          i += 2;
        } else {
          out += text[i];
        }
      }
      return out;
    }
    OfficeTest& test_;
  };

  std::unique_ptr<governance::PasswordHasher> hasher_;
  std::unique_ptr<stewardship::Office> office_;
  std::unique_ptr<stewardship::Explainer> explainer_;
  std::unique_ptr<governance::Users> users_;
  std::unique_ptr<OfficeApi> office_api_;
};

}  // namespace millwright::interfaces
