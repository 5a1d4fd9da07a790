#include "governance/users.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/id.hpp"
#include "governance/base64.hpp"
#include "governance/keys.hpp"

namespace millwright::governance {
namespace {

constexpr std::string_view format_name = "millwright-users-v1";
constexpr std::string_view format_family = "millwright-users-";
constexpr std::size_t users_max = 10'000;
constexpr std::size_t sessions_max = 1'000;
constexpr std::size_t wrong_names_max = 1'000;
constexpr std::size_t password_bytes_max = 1'024;
constexpr std::size_t name_bytes_max = 63;

std::unexpected<Error> broken(std::size_t line) {
  return fail(Code::corrupt, fmt::format("line {} of the file of users is damaged", line),
              "restore it from a backup");
}

}  // namespace

std::string users_text(const UserHashes& users) {
  std::string out = fmt::format("{}\n", format_name);
  for (const auto& [name, hash] : users) out += fmt::format("{} {}\n", name, hash);
  return out;
}

Result<UserHashes> parse_users(std::string_view text) {
  UserHashes out;
  std::size_t line_number = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    ++line_number;
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return broken(line_number);
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    if (line_number == 1) {
      if (line == format_name) continue;
      if (line.starts_with(format_family)) {
        return fail(Code::unsupported_version,
                    fmt::format("the file of users has format '{}'; this program reads '{}'",
                                line.substr(0, 64), format_name),
                    "start the newer program that wrote it");
      }
      return broken(1);
    }
    const auto space = line.find(' ');
    if (space == std::string_view::npos) return broken(line_number);
    const auto name = line.substr(0, space), hash = line.substr(space + 1);
    if (!is_valid_name(name) || !hash.starts_with('$') || hash.contains(' ')) {
      return broken(line_number);
    }
    out.emplace(name, hash);
  }
  // Sorted and without repetition, as it is written.
  if (line_number == 0 || users_text(out) != text) return broken(line_number);
  return out;
}

Users::Users(engine::Disk& disk, PasswordHasher& hasher, const Clock& clock, Random& random,
             UserOptions options)
    : disk_(disk), hasher_(hasher), clock_(clock), random_(random), options_(std::move(options)) {}

Result<std::unique_ptr<Users>> Users::open(engine::Disk& disk, PasswordHasher& hasher,
                                           const Clock& clock, Random& random,
                                           UserOptions options) {
  std::unique_ptr<Users> users(new Users(disk, hasher, clock, random, std::move(options)));
  auto present = disk.exists(users->options_.path);
  if (!present) return pass(std::move(present), "opening the users");
  if (*present) {
    auto content = engine::read_whole(disk, users->options_.path);
    if (!content) return pass(std::move(content), "opening the users");
    auto hashes = parse_users(as_text(*content));
    if (!hashes) return pass(std::move(hashes), fmt::format("reading {}", users->options_.path));
    users->hashes_ = std::move(*hashes);
  }
  auto decoy = hasher.hash("nobody has this password");
  if (!decoy) return pass(std::move(decoy), "opening the users");
  users->decoy_hash_ = std::move(*decoy);
  return users;
}

std::vector<std::string> Users::names() const {
  std::vector<std::string> out;
  for (const auto& [name, hash] : hashes_) out.push_back(name);
  return out;
}

Result<void> Users::check(std::string_view name, std::string_view password) const {
  if (!is_valid_name(name)) {
    return fail(Code::invalid_input, fmt::format("'{}' is not a valid user name", name),
                "use 1 to 63 of a-z, 0-9, '_', '.', '-', starting with a letter or digit");
  }
  if (password.size() < options_.password_bytes_min || password.size() > password_bytes_max) {
    return fail(Code::invalid_input,
                fmt::format("a password has {} to {} characters", options_.password_bytes_min,
                            password_bytes_max),
                "a few words that do not belong together are easier to keep than signs");
  }
  return {};
}

Result<void> Users::store(UserHashes next) {
  auto done = engine::replace_whole(disk_, options_.path, as_bytes(users_text(next)));
  if (!done) return pass(std::move(done), "storing the users");
  hashes_ = std::move(next);
  return {};
}

Result<void> Users::create(std::string_view name, std::string_view password) {
  if (auto valid = check(name, password); !valid) return valid;
  if (hashes_.contains(name)) {
    return fail(Code::already_exists, fmt::format("the user '{}' exists already", name));
  }
  if (hashes_.size() >= users_max) {
    return fail(Code::exhausted, fmt::format("there are {} users already", users_max));
  }
  auto hash = hasher_.hash(password);
  if (!hash) return pass(std::move(hash));
  UserHashes next = hashes_;
  next.emplace(name, std::move(*hash));
  return store(std::move(next));
}

Result<void> Users::set_up(std::string_view name, std::string_view password) {
  if (!setup_required()) {
    return fail(Code::refused, "setup_done: the first user exists already",
                "sign in as that user; further local users cannot be made yet");
  }
  return create(name, password);
}

Result<void> Users::set_password(std::string_view name, std::string_view password) {
  if (auto valid = check(name, password); !valid) return valid;
  if (!hashes_.contains(name)) {
    return fail(Code::not_found, fmt::format("there is no user '{}'", name));
  }
  auto hash = hasher_.hash(password);
  if (!hash) return pass(std::move(hash));
  UserHashes next = hashes_;
  next.find(name)->second = std::move(*hash);
  if (auto stored = store(std::move(next)); !stored) return stored;
  std::erase_if(sessions_, [&](const Session& session) { return session.user == name; });
  if (const auto wrong = wrong_.find(name); wrong != wrong_.end()) wrong_.erase(wrong);
  return {};
}

Result<void> Users::remove(std::string_view name) {
  UserHashes next = hashes_;
  const auto found = next.find(name);
  if (found == next.end()) {
    return fail(Code::not_found, fmt::format("there is no user '{}'", name));
  }
  // Without users anybody could set up the first one.
  if (next.size() == 1) {
    return fail(Code::refused, "last_user: the last user cannot be removed",
                "create another user first");
  }
  next.erase(found);
  if (auto stored = store(std::move(next)); !stored) return stored;
  std::erase_if(sessions_, [&](const Session& session) { return session.user == name; });
  return {};
}

std::unexpected<Error> Users::locked(const Wrong& wrong) const {
  const Duration wait = wrong.locked_until - clock_.monotonic_now();
  // Whole seconds, never too early.
  const Timestamp when{((clock_.utc_now() + wait).us + 999'999) / 1'000'000 * 1'000'000};
  return fail(Code::refused,
              fmt::format("locked: {} wrong passwords in a row; sign-in is closed until {}",
                          wrong.count, to_rfc3339(when)),
              "wait until then");
}

std::unexpected<Error> Users::count_wrong(std::string_view name) {
  auto found = wrong_.find(name);
  if (found == wrong_.end()) {
    // Room first: of the names that were tried least, one is forgotten.
    if (wrong_.size() >= wrong_names_max) {
      const auto least = std::ranges::min_element(
          wrong_, {}, [](const auto& entry) { return entry.second.count; });
      wrong_.erase(least);
    }
    found = wrong_.emplace(std::string(name), Wrong{}).first;
  }
  Wrong& wrong = found->second;
  ++wrong.count;
  if (wrong.count < options_.wrong_max) {
    return fail(Code::refused,
                fmt::format("wrong_password: name or password is wrong; {} more and sign-in closes "
                            "for a while",
                            options_.wrong_max - wrong.count));
  }
  Duration length = options_.lock_first;
  for (int i = options_.wrong_max; i < wrong.count && length < options_.lock_max; ++i) length *= 2;
  wrong.locked_until = clock_.monotonic_now() + std::min(length, options_.lock_max);
  return locked(wrong);
}

Result<std::string> Users::sign_in(std::string_view name, std::string_view password) {
  const auto wrong = wrong_.find(name);
  if (wrong != wrong_.end() && wrong->second.locked_until > clock_.monotonic_now()) {
    return locked(wrong->second);
  }
  const auto known = hashes_.find(name);
  const bool fits = password.size() <= password_bytes_max && name.size() <= name_bytes_max;
  const bool right = hasher_.matches(known == hashes_.end() ? decoy_hash_ : known->second,
                                     fits ? password : std::string_view{});
  if (known == hashes_.end() || !fits || !right) {
    return count_wrong(name.substr(0, name_bytes_max));
  }
  if (wrong != wrong_.end()) wrong_.erase(wrong);
  return begin_session(name);
}

std::string Users::begin_session(std::string_view name) {
  const Duration now = clock_.monotonic_now();
  std::erase_if(sessions_, [&](const Session& session) { return session.ends <= now; });
  if (sessions_.size() >= sessions_max) sessions_.pop_front();
  std::array<std::byte, 32> secret{};
  for (std::size_t at = 0; at < secret.size(); at += 8) {
    const std::uint64_t word = random_.next();
    for (std::size_t i = 0; i < 8; ++i) secret[at + i] = static_cast<std::byte>(word >> (8 * i));
  }
  std::string token = to_base64(secret);
  token.pop_back();  // the padding
  std::ranges::replace(token, '+', '-');
  std::ranges::replace(token, '/', '_');
  sessions_.push_back({sha256(as_bytes(token)), std::string(name), now + options_.session_length});
  return token;
}

std::deque<Users::Session>::iterator Users::find_session(std::string_view token) {
  const Digest wanted = sha256(as_bytes(token));
  auto found = sessions_.end();
  // Every session is compared, each in constant time.
  for (auto it = sessions_.begin(); it != sessions_.end(); ++it) {
    if (equal_in_constant_time(it->token.bytes, wanted.bytes)) found = it;
  }
  return found;
}

std::optional<std::string> Users::session(std::string_view token) {
  const auto found = find_session(token);
  if (found == sessions_.end()) return std::nullopt;
  if (found->ends <= clock_.monotonic_now()) {
    sessions_.erase(found);
    return std::nullopt;
  }
  return found->user;
}

void Users::sign_out(std::string_view token) {
  if (const auto found = find_session(token); found != sessions_.end()) sessions_.erase(found);
}

}  // namespace millwright::governance
