// Decisions over the API: who may, what is refused by which rule, what stays.
#include <gtest/gtest.h>

#include "governance/approval.hpp"
#include "governance/base64.hpp"
#include "interfaces/office_rig.hpp"

namespace millwright::interfaces {
namespace {

constexpr const char* verdict_body = R"({"outcome":"confirmed","note":"blade worn"})";

TEST_F(OfficeTest, TheFirstStartMakesTheFirstUser) {
  const Json before = json(get("/api/v1/session"));
  EXPECT_TRUE(before["setup_required"].boolean());
  EXPECT_TRUE(before["user"].is_null());
  EXPECT_EQ(before["people"].items().size(), 5u);
  EXPECT_EQ(refusal(post("/api/v1/setup", R"({"user":"nobody","password":"long enough to count"})"))
                .substr(0, 36),
            "404 no Person resource 'nobody' | us");
  EXPECT_EQ(post("/api/v1/setup", R"({"user":"clara","password":"short"})").status, 400);
  const auto made = post("/api/v1/setup", R"({"user":"clara","password":"long enough to count"})");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(json(made)["user"].string(), "clara");
  const std::string& cookie = made.headers.at("Set-Cookie");
  EXPECT_NE(cookie.find("; HttpOnly; SameSite=Strict"), std::string::npos) << cookie;
  HttpRequest request{Method::get, "/api/v1/session", {}, {}, ""};
  request.headers["cookie"] = "other=1; " + cookie.substr(0, cookie.find(';'));
  const Json session = json(finish(ask(request)));
  EXPECT_EQ(session["user"].string(), "clara");
  EXPECT_EQ(session["roles"].dump(), R"(["technician","operator"])");
  EXPECT_FALSE(session["setup_required"].boolean());
  EXPECT_EQ(post("/api/v1/setup", R"({"user":"anna","password":"long enough to count"})").status,
            403);
}

TEST_F(OfficeTest, FiveWrongPasswordsLock) {
  ASSERT_EQ(post("/api/v1/setup", R"({"user":"clara","password":"long enough to count"})").status,
            200);
  const char* wrong = R"({"user":"clara","password":"guessed"})";
  for (int left = 4; left > 0; --left) {
    const std::string text = refusal(post("/api/v1/signin", wrong));
    EXPECT_TRUE(text.starts_with("401 wrong_password: name or password is wrong; " +
                                 std::to_string(left) + " more and "))
        << text;
  }
  const std::string fifth = refusal(post("/api/v1/signin", wrong));
  EXPECT_TRUE(fifth.starts_with("403 locked: ")) << fifth;
  const std::string right =
      refusal(post("/api/v1/signin", R"({"user":"clara","password":"long enough to count"})"));
  EXPECT_TRUE(right.starts_with("403 locked: ")) << right;
  scheduler_.run_for(std::chrono::minutes(2));
  EXPECT_EQ(post("/api/v1/signin", R"({"user":"clara","password":"long enough to count"})").status,
            200);
  const Json log = json(get("/api/v1/audit/entries"));
  EXPECT_NE(log.dump().find("session.refused"), std::string::npos);
}

TEST_F(OfficeTest, NobodyIsRefusedAsSuch) {
  const std::string path = "/api/v1/workorders/" + open_work_order() + "/verdict";
  EXPECT_EQ(refusal(post(path, verdict_body)),
            "401 not_signed_in: nobody is signed in and the request is not signed | sign in on the "
            "screen, or use --person and --key");
  EXPECT_EQ(post("/api/v1/artifacts", R"({"content":""})").status, 401);
  EXPECT_EQ(post("/api/v1/rollouts", "{}").status, 401);
}

TEST_F(OfficeTest, ASignedRequestIsTakenOnce) {
  const std::string path = "/api/v1/workorders/" + open_work_order() + "/verdict";
  const auto request = signed_post(path, verdict_body, "clara", key_of_person("clara"));
  const auto taken = finish(ask(request));
  ASSERT_EQ(taken.status, 200) << taken.body;
  EXPECT_EQ(json(taken)["verdict"]["by"].string(), "person/clara");
  EXPECT_EQ(refusal(finish(ask(request))),
            "403 repeated: this signed request was taken already | sign it anew");
}

TEST_F(OfficeTest, ASignatureThatDoesNotFitIsRefused) {
  const std::string path = "/api/v1/workorders/" + open_work_order() + "/verdict";
  EXPECT_EQ(
      refusal(finish(ask(signed_post(path, verdict_body, "clara", key_of_person("mallory"))))),
      "403 bad_signature: not by the key of 'clara', or the request was changed | ");
  auto changed = signed_post(path, verdict_body, "clara", key_of_person("clara"));
  changed.body = R"({"outcome":"none_found","note":"blade worn"})";
  EXPECT_TRUE(refusal(finish(ask(changed))).starts_with("403 bad_signature: "));
  EXPECT_TRUE(refusal(finish(ask(signed_post(path, verdict_body, "zoe", key_of_person("zoe")))))
                  .starts_with("403 unknown_key: no key of 'zoe' is registered"));
  for (const auto skew : {std::chrono::minutes(-6), std::chrono::minutes(6)}) {
    const auto answer =
        finish(ask(signed_post(path, verdict_body, "clara", key_of_person("clara"), skew)));
    EXPECT_TRUE(refusal(answer).starts_with("403 clock: signed at ")) << answer.body;
  }
}

TEST_F(OfficeTest, AVerdictClosesAndASecondIsAConflict) {
  const std::string id = open_work_order();
  const std::string path = "/api/v1/workorders/" + id + "/verdict";
  EXPECT_TRUE(refusal(post_as("ben", path, verdict_body)).starts_with("403 not_responsible: "));
  EXPECT_EQ(post_as("clara", path, R"({"outcome":"confirmd"})").status, 400);
  EXPECT_EQ(json(get("/api/v1/workorders", {{"state", "open"}}))["work_orders"].items().size(), 1u);
  const auto closed = post_as("clara", path, verdict_body);
  ASSERT_EQ(closed.status, 200) << closed.body;
  EXPECT_EQ(json(closed)["state"].string(), "closed");
  EXPECT_EQ(
      refusal(post_as("clara", path, verdict_body)),
      "409 work order wo-000001 is closed: person/clara gave the verdict 'confirmed' at " +
          json(closed)["verdict"]["at"].string() +
          " | a verdict is given once; the next finding on this asset opens a new work order");
  EXPECT_TRUE(json(get("/api/v1/workorders", {{"state", "open"}}))["work_orders"].items().empty());
  EXPECT_EQ(post_as("clara", "/api/v1/workorders/wo-999999/verdict", verdict_body).status, 404);
}

TEST_F(OfficeTest, ArtifactsAreRoundTripped) {
  Bytes content;
  for (int i = 0; i < 1000; ++i) content.push_back(static_cast<std::byte>(i % 256));
  const Json body = Json::object({{"content", governance::to_base64(content)}});
  const auto stored = post_as("ben", "/api/v1/artifacts", body.dump());
  ASSERT_EQ(stored.status, 200) << stored.body;
  EXPECT_EQ(json(stored)["digest"].string(), sha256(content).hex());
  const auto again = get("/api/v1/artifacts/" + sha256(content).hex());
  EXPECT_EQ(again.content_type, "application/octet-stream");
  EXPECT_EQ(again.body, as_text(content));
  EXPECT_EQ(get("/api/v1/artifacts/" + std::string(64, '0')).status, 404);
  EXPECT_EQ(get("/api/v1/artifacts/short").status, 400);
  EXPECT_EQ(post_as("ben", "/api/v1/artifacts", R"({"content":"?"})").status, 400);
}

class ApprovalTest : public OfficeTest {
 protected:
  std::string approval(const std::string& by, const governance::SecretKey& key,
                       Duration valid = std::chrono::hours(1), bool other = false) {
    governance::Statement statement;
    statement.subject_kind = "rollout";
    statement.subject_name = "r-1";
    statement.digest = office_->rollouts().find("r-1")->digest();
    if (other) statement.digest = sha256(as_bytes("another"));
    statement.by = by;
    statement.at = scheduler_.utc_now();
    statement.expires = statement.at + valid;
    return Json::object({{"statement", statement.canonical()},
                         {"signature", governance::sign_statement(statement, key).base64()}})
        .dump();
  }
  std::string refused(const std::string& body) {
    const std::string text = refusal(post("/api/v1/rollouts/r-1/approval", body));
    return text.substr(0, text.find(':'));
  }
};

TEST_F(ApprovalTest, IsRefusedByRuleAndGivenByTheOneWhoIsAccountable) {
  plan_rollout("r-1");
  const Json planned = json(get("/api/v1/rollouts"))["rollouts"].items().at(0);
  EXPECT_EQ(planned["approval"]["command"].string(),
            "millwright approve rollout r-1 --person anna --key KEYFILE");
  const auto anna = key_of_person("anna");
  EXPECT_EQ(refused(approval("zoe", anna)), "403 unknown_key");
  EXPECT_EQ(refused(approval("anna", key_of_person("ben"))), "403 bad_signature");
  EXPECT_EQ(refused(approval("anna", anna, std::chrono::hours(-1))), "403 expired");
  EXPECT_EQ(refused(approval("anna", anna, std::chrono::hours(1), true)), "403 wrong_digest");
  EXPECT_EQ(refused(approval("emil", key_of_person("emil"))), "403 not_accountable");
  EXPECT_TRUE(refusal(post_as("ben", "/api/v1/rollouts/r-1/start")).starts_with("403 unapproved"));
  const auto given = post("/api/v1/rollouts/r-1/approval", approval("anna", anna));
  ASSERT_EQ(given.status, 200) << given.body;
  EXPECT_EQ(json(given)["state"].string(), "approved");
  EXPECT_EQ(json(given)["approval"]["by"].string(), "person/anna");
  const auto begun = post_as("ben", "/api/v1/rollouts/r-1/start");
  ASSERT_EQ(begun.status, 200) << begun.body;
  EXPECT_EQ(json(begun)["state"].string(), "installing");
}

}  // namespace
}  // namespace millwright::interfaces
