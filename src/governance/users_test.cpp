// Local users: set-up, sign-in, five wrong passwords, sessions, the stored file, a power cut.
#include "governance/users.hpp"

#include <gtest/gtest.h>

#include "governance/audit_rig.hpp"

namespace millwright::governance {
namespace {

using namespace std::chrono_literals;

class UsersTest : public ::testing::Test {
 protected:
  UsersTest() : hasher_(make_argon2id(HashCost::least).value()) { reopen(); }
  void reopen() {
    auto users = Users::open(disk_, *hasher_, clock_, random_);
    ASSERT_TRUE(users) << users.error().text();
    users_ = std::move(*users);
  }
  std::string refusal(std::string_view name, std::string_view password) {
    const auto answer = users_->sign_in(name, password);
    EXPECT_FALSE(answer);
    if (answer) return "";
    EXPECT_EQ(answer.error().code(), Code::refused);
    return answer.error().text() + "\n";
  }

  sim::SimDisk disk_{1};
  sim::SimRandom random_{1};
  ManualClock clock_;
  std::unique_ptr<PasswordHasher> hasher_;
  std::unique_ptr<Users> users_;
  const std::string good_ = "correct horse battery";
};

TEST_F(UsersTest, TheFirstStartAsksForTheFirstUser) {
  EXPECT_TRUE(users_->setup_required());
  EXPECT_FALSE(users_->set_up("Anna", good_)) << "a name is lower case";
  EXPECT_EQ(users_->set_up("anna", "short").error().code(), Code::invalid_input);
  EXPECT_TRUE(users_->setup_required());
  ASSERT_TRUE(users_->set_up("anna", good_));
  EXPECT_FALSE(users_->setup_required());
  EXPECT_EQ(users_->set_up("ben", good_).error().code(), Code::refused);
  EXPECT_EQ(users_->create("anna", good_).error().code(), Code::already_exists);
  reopen();
  EXPECT_FALSE(users_->setup_required());
  EXPECT_TRUE(users_->sign_in("anna", good_));
}

TEST_F(UsersTest, FiveWrongPasswordsCloseSignIn) {
  ASSERT_TRUE(users_->create("anna", good_));
  ASSERT_TRUE(users_->create("ben", good_));
  std::string texts;
  for (int i = 0; i < 5; ++i) texts += refusal("anna", "wrong password");
  texts += refusal("anna", good_);  // the right one too
  clock_.now = clock_.now + 30s + 1us;
  texts += refusal("anna", good_);
  EXPECT_TRUE(users_->sign_in("ben", good_)) << "nobody else is locked";
  clock_.now = clock_.now + 30s;
  texts += refusal("anna", "wrong password");
  clock_.now = clock_.now + 2min;
  ASSERT_TRUE(users_->sign_in("anna", good_));
  texts += refusal("anna", "wrong password");  // counted anew
  expect_golden("five_wrong_passwords", texts);
}

TEST_F(UsersTest, TheLockDoublesUpToAnHour) {
  ASSERT_TRUE(users_->create("anna", good_));
  for (int i = 0; i < 5; ++i) refusal("anna", "wrong");
  Duration expected = 1min;
  for (int i = 0; i < 10; ++i) {
    clock_.now = clock_.now + (expected - 1us);
    EXPECT_TRUE(refusal("anna", good_).starts_with("locked")) << i;
    clock_.now = clock_.now + 1us;
    EXPECT_TRUE(refusal("anna", "wrong").starts_with("locked")) << i;
    expected = std::min<Duration>(expected * 2, 1h);
  }
}

TEST_F(UsersTest, AnUnknownNameIsTreatedAsAKnownOne) {
  ASSERT_TRUE(users_->create("anna", good_));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(refusal("anna", "wrong"), refusal("nobody", "wrong"));
  EXPECT_FALSE(users_->sign_in(std::string(10'000, 'x'), std::string(100'000, 'y')));
  EXPECT_FALSE(users_->sign_in("", ""));
  for (int i = 0; i < 1200; ++i) (void)users_->sign_in(fmt::format("u{}", i), "wrong");
  EXPECT_TRUE(refusal("anna", good_).starts_with("locked")) << "the flood unlocks nobody";
}

TEST_F(UsersTest, ASessionEndsByTimeBySignOutAndByANewPassword) {
  ASSERT_TRUE(users_->create("anna", good_));
  const auto token = users_->sign_in("anna", good_);
  const auto second = users_->sign_in("anna", good_);
  ASSERT_TRUE(token && second);
  EXPECT_NE(*token, *second);
  EXPECT_EQ(token->size(), 43u);
  EXPECT_EQ(token->find_first_of("+/="), std::string::npos);
  EXPECT_EQ(users_->session(*token), "anna");
  EXPECT_EQ(users_->session(*token + "x"), std::nullopt);
  EXPECT_EQ(users_->session(""), std::nullopt);
  users_->sign_out(*token);
  EXPECT_EQ(users_->session(*token), std::nullopt);
  clock_.now = clock_.now + (12h - 1us);
  EXPECT_EQ(users_->session(*second), "anna");
  clock_.now = clock_.now + 1us;
  EXPECT_EQ(users_->session(*second), std::nullopt);
  const auto third = users_->sign_in("anna", good_);
  ASSERT_TRUE(third);
  ASSERT_TRUE(users_->set_password("anna", "another long password"));
  EXPECT_EQ(users_->session(*third), std::nullopt);
  EXPECT_FALSE(users_->sign_in("anna", good_));
  const auto fourth = users_->sign_in("anna", "another long password");
  ASSERT_TRUE(fourth);
  EXPECT_EQ(users_->remove("anna").error().code(), Code::refused) << "the last user stays";
  ASSERT_TRUE(users_->create("ben", good_));
  ASSERT_TRUE(users_->remove("anna"));
  EXPECT_EQ(users_->session(*fourth), std::nullopt);
  EXPECT_FALSE(users_->setup_required());
}

TEST_F(UsersTest, SessionsAreBounded) {
  ASSERT_TRUE(users_->create("anna", good_));
  const auto first = users_->sign_in("anna", good_);
  for (int i = 0; i < 999; ++i) ASSERT_TRUE(users_->sign_in("anna", good_));
  EXPECT_TRUE(users_->session(*first));
  ASSERT_TRUE(users_->sign_in("anna", good_));
  EXPECT_FALSE(users_->session(*first)) << "the oldest ends";
}

TEST_F(UsersTest, TheFileIsTextAndItsDamageIsSaid) {
  ASSERT_TRUE(users_->create("anna", good_));
  const std::string text(as_text(*engine::read_whole(disk_, "users")));
  EXPECT_TRUE(text.starts_with("millwright-users-v1\nanna $argon2id$v=19$")) << text;
  EXPECT_EQ(users_text(*parse_users(text)), text);
  EXPECT_EQ(parse_users("").error().code(), Code::corrupt);
  EXPECT_EQ(parse_users(text + text).error().code(), Code::corrupt);
  EXPECT_EQ(parse_users(text.substr(0, text.size() - 1)).error().code(), Code::corrupt);
  EXPECT_EQ(parse_users("millwright-users-v2\n").error().code(), Code::unsupported_version);
  ASSERT_TRUE(disk_.flip("users", 0, std::byte{1}));
  EXPECT_EQ(Users::open(disk_, *hasher_, clock_, random_).error().code(), Code::corrupt)
      << "a damaged file never means that anybody may set up";
}

TEST_F(UsersTest, PowerLostAtAnyStepKeepsTheOldOrTheNewUsers) {
  for (std::uint64_t step = 1; step <= 8; ++step) {
    sim::SimDisk disk(step);
    auto users = Users::open(disk, *hasher_, clock_, random_);
    ASSERT_TRUE(users);
    ASSERT_TRUE((*users)->create("anna", good_));
    disk.power_cut_at(disk.operations() + step);
    const bool done = (*users)->create("ben", good_).has_value();
    if (disk.powered()) disk.power_cut();
    disk.restart();
    auto again = Users::open(disk, *hasher_, clock_, random_);
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_TRUE((*again)->exists("anna"));
    EXPECT_TRUE(!done || (*again)->exists("ben"));
  }
}

}  // namespace
}  // namespace millwright::governance
