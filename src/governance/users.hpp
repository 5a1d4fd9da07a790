// Local users who sign in on the screen: passwords as argon2id hashes, lockout with back-off,
// session tokens. What a signed-in person may do is the RACI table's business; a password never
// approves anything, a key does (approval.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/time.hpp"
#include "engine/disk.hpp"

namespace millwright::governance {

/// Hashes passwords; slow on purpose (libsodium_adapter.cpp).
class PasswordHasher {
 public:
  virtual ~PasswordHasher() = default;
  /// A self-describing text `$argon2id$…` with a salt of its own. `exhausted`: no memory.
  virtual Result<std::string> hash(std::string_view password) = 0;
  virtual bool matches(const std::string& hash, std::string_view password) = 0;
};
/// Cost of one hash.
enum class HashCost : std::uint8_t {
  interactive,  ///< libsodium's for sign-in: 64 MiB, two passes
  least,        ///< for tests: 8 KiB, one pass
};
Result<std::unique_ptr<PasswordHasher>> make_argon2id(HashCost cost = HashCost::interactive);

/// Names and hashes, as stored in `USERS_FILE`: `millwright-users-v1`, then `name hash` a line.
using UserHashes = std::map<std::string, std::string, std::less<>>;
std::string users_text(const UserHashes& users);
/// `corrupt`, `unsupported_version`.
Result<UserHashes> parse_users(std::string_view text);

struct UserOptions {
  std::string path = "users";
  std::size_t password_bytes_min = 10;
  int wrong_max = 5;                              ///< the fifth wrong password locks
  Duration lock_first = std::chrono::minutes(1);  ///< each further wrong one doubles it …
  Duration lock_max = std::chrono::hours(1);      ///< … up to this
  Duration session_length = std::chrono::hours(12);
};

/// One owner, one thread; a sign-in keeps it for the time of one hash (about 0.1 s). Bounded:
/// 10,000 users, 1,000 sessions (the oldest ends), wrong passwords remembered for 1,000 names.
/// Sessions and lockouts live in memory: a restart ends the former and forgets the latter.
class Users {
 public:
  static Result<std::unique_ptr<Users>> open(engine::Disk& disk, PasswordHasher& hasher,
                                             const Clock& clock, Random& random,
                                             UserOptions options = {});

  /// True until the first user exists: the screen then only offers to create one.
  bool setup_required() const { return hashes_.empty(); }
  bool exists(std::string_view name) const { return hashes_.contains(name); }
  std::vector<std::string> names() const;

  /// Durable on return. `already_exists`; `invalid_input`: bad name or short password.
  Result<void> create(std::string_view name, std::string_view password);
  /// The first user; `refused` (`setup_done`) once there is one.
  Result<void> set_up(std::string_view name, std::string_view password);
  /// Ends the user's sessions too. `not_found`, `invalid_input`.
  Result<void> set_password(std::string_view name, std::string_view password);
  /// Ends the user's sessions too. `not_found`; `refused` (`last_user`).
  Result<void> remove(std::string_view name);

  /// A session token (43 characters of URL-safe Base64) when the password is right. `refused`, the
  /// message begins with `wrong_password` (the same for an unknown name) or `locked`, which says
  /// from when on to try again.
  Result<std::string> sign_in(std::string_view name, std::string_view password);
  /// Who holds the token; nothing when it is unknown or over.
  std::optional<std::string> session(std::string_view token);
  void sign_out(std::string_view token);

 private:
  struct Session {
    Digest token;  ///< a hash: what memory holds opens nothing
    std::string user;
    Duration ends;
  };
  struct Wrong {
    int count = 0;
    Duration locked_until{0};
  };
  Users(engine::Disk& disk, PasswordHasher& hasher, const Clock& clock, Random& random,
        UserOptions options);
  Result<void> check(std::string_view name, std::string_view password) const;
  Result<void> store(UserHashes next);
  std::unexpected<Error> locked(const Wrong& wrong) const;
  std::unexpected<Error> count_wrong(std::string_view name);
  std::string begin_session(std::string_view name);
  std::deque<Session>::iterator find_session(std::string_view token);

  engine::Disk& disk_;
  PasswordHasher& hasher_;
  const Clock& clock_;
  Random& random_;
  UserOptions options_;
  UserHashes hashes_;
  std::string decoy_hash_;  ///< so that an unknown name takes as long as a known one
  std::map<std::string, Wrong, std::less<>> wrong_;
  std::deque<Session> sessions_;
};

}  // namespace millwright::governance
