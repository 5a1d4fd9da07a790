// Password hashing by libsodium: argon2id, with salts and comparison of its own.
#include <sodium.h>

#include <array>

#include "base/format.hpp"
#include "governance/users.hpp"

namespace millwright::governance {
namespace {

struct Limits {
  unsigned long long passes;
  std::size_t bytes;
};

class Argon2id final : public PasswordHasher {
 public:
  explicit Argon2id(Limits limits) : limits_(limits) {}

  Result<std::string> hash(std::string_view password) override {
    std::array<char, crypto_pwhash_STRBYTES> out{};
    if (crypto_pwhash_str_alg(out.data(), password.data(), password.size(), limits_.passes,
                              limits_.bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
      return fail(Code::exhausted,
                  fmt::format("hashing a password needs {} KiB of memory", limits_.bytes / 1024),
                  "free memory");
    }
    return std::string(out.data());
  }

  bool matches(const std::string& hash, std::string_view password) override {
    return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
  }

 private:
  Limits limits_;
};

}  // namespace

Result<std::unique_ptr<PasswordHasher>> make_argon2id(HashCost cost) {
  if (sodium_init() < 0) return fail(Code::internal, "libsodium does not start");
  const Limits limits =
      cost == HashCost::least
          ? Limits{crypto_pwhash_argon2id_OPSLIMIT_MIN, crypto_pwhash_argon2id_MEMLIMIT_MIN}
          : Limits{crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE,
                   crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE};
  return std::make_unique<Argon2id>(limits);
}

}  // namespace millwright::governance
