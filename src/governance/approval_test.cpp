// Approvals: what passes, and what is refused by which rule, with the texts that people see.
#include "governance/approval.hpp"

#include <gtest/gtest.h>

#include "governance/audit_rig.hpp"

namespace millwright::governance {
namespace {

class ApprovalTest : public ::testing::Test {
 protected:
  ApprovalTest()
      : raci_(RaciTable::create(
                  {{"model", "approve", {"role/engineer"}, {"person/anna"}, {}, {}, {}}},
                  {{"engineer"}, {{"anna", {}}, {"ben", {"engineer"}}}})
                  .value()) {
    statement_.subject_kind = "model";
    statement_.subject_name = "remaining-life@3";
    statement_.digest = sha256(as_bytes("bundle"));
    statement_.by = "anna";
    statement_.at = Timestamp{1'767'571'200'000'000};
    statement_.expires = statement_.at + std::chrono::hours(24 * 7);
    context_.now = statement_.at + std::chrono::hours(1);
    context_.digest = statement_.digest;
    context_.author = "ben";
    context_.key = anna_.public_key();
  }
  Result<void> check() const {
    return check_approval(statement_, sign_statement(statement_, anna_), context_, raci_);
  }

  SecretKey anna_ = test_key(21), ben_ = test_key(22);
  RaciTable raci_;
  Statement statement_;
  ApprovalContext context_;
};

TEST_F(ApprovalTest, OfTheAccountablePersonHolds) {
  EXPECT_TRUE(check()) << check().error().text();
  statement_.decision = Verdict::reject;
  EXPECT_TRUE(check()) << "a rejection is checked alike";
}

TEST_F(ApprovalTest, HasOneTextThatReadsBack) {
  const std::string text = statement_.canonical();
  expect_golden("approval_statement", text + "\n");
  const auto again = Statement::parse(text);
  ASSERT_TRUE(again) << again.error().text();
  EXPECT_EQ(*again, statement_);
  EXPECT_EQ(Statement::parse(text + " ").error().code(), Code::corrupt);
  EXPECT_EQ(Statement::parse("{}").error().code(), Code::corrupt);
  EXPECT_EQ(Statement::parse(R"({"statement":"millwright-approval-v2"})").error().code(),
            Code::unsupported_version);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto other = Statement::parse(changed);
    if (!other) continue;
    EXPECT_FALSE(
        verify(anna_.public_key(), other->signed_bytes(), sign_statement(statement_, anna_)));
  }
}

TEST_F(ApprovalTest, IsRefusedByTheNameOfTheRule) {
  std::string texts;
  const auto refused = [&](std::string_view rule, const Result<void>& answer) {
    ASSERT_FALSE(answer) << rule;
    EXPECT_EQ(answer.error().code(), Code::refused);
    EXPECT_EQ(rule_of(answer.error()), rule);
    texts += answer.error().text() + "\n";
  };
  const ApprovalContext good = context_;
  context_.key.reset();
  refused("unknown_key", check());
  context_ = good;
  refused("bad_signature",
          check_approval(statement_, sign_statement(statement_, ben_), context_, raci_));
  const Signature before = sign_statement(statement_, anna_);
  Statement changed = statement_;
  changed.expires = changed.expires + std::chrono::hours(24);
  refused("bad_signature", check_approval(changed, before, context_, raci_));
  context_.now = statement_.expires;
  refused("expired", check());
  context_ = good;
  context_.digest = sha256(as_bytes("bundlE"));
  refused("wrong_digest", check());
  context_ = good;
  context_.author = "anna";
  refused("author_may_not_approve", check());
  context_ = good;
  context_.decision = "retire";
  refused("no_rule", check());
  context_ = good;
  statement_.by = "ben";
  context_.key = ben_.public_key();
  refused("not_accountable",
          check_approval(statement_, sign_statement(statement_, ben_), context_, raci_));
  expect_golden("approval_refusals", texts);
}

}  // namespace
}  // namespace millwright::governance
