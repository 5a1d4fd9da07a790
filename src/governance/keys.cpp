#include "governance/keys.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "governance/base64.hpp"

namespace millwright::governance {
namespace {

constexpr std::string_view file_name = "millwright-secret-key-";
constexpr std::string_view file_head = "millwright-secret-key-v1 ed25519 ";

template <std::size_t size>
bool read_bytes(std::string_view base64, std::array<std::byte, size>& out) {
  const auto bytes = from_base64(base64);
  if (!bytes || bytes->size() != size) return false;
  std::ranges::copy(*bytes, out.begin());
  return true;
}

}  // namespace

std::string Signature::base64() const {
  return to_base64(bytes);
}

Result<Signature> Signature::parse(std::string_view base64) {
  Signature out;
  if (!read_bytes(base64, out.bytes)) {
    return fail(Code::invalid_input, "this is no Ed25519 signature: 64 bytes in Base64",
                "take the whole line that `millwright approve` printed");
  }
  return out;
}

std::string PublicKey::base64() const {
  return to_base64(bytes);
}

Result<PublicKey> PublicKey::parse(std::string_view base64) {
  PublicKey out;
  if (!read_bytes(base64, out.bytes)) {
    return fail(Code::invalid_input, "this is no Ed25519 public key: 32 bytes in Base64");
  }
  return out;
}

SecretKey SecretKey::generate(Random& random) {
  SecretKey key;
  for (std::size_t at = 0; at < key.seed_.size(); at += 8) {
    const std::uint64_t word = random.next();
    for (std::size_t i = 0; i < 8; ++i) key.seed_[at + i] = static_cast<std::byte>(word >> (8 * i));
  }
  return key;
}

SecretKey SecretKey::from_seed(const std::array<std::byte, 32>& seed) {
  SecretKey key;
  key.seed_ = seed;
  return key;
}

SecretKey::~SecretKey() {
  wipe(seed_);
}

std::string SecretKey::file_text() const {
  return fmt::format("{}{}\n", file_head, to_base64(seed_));
}

Result<SecretKey> SecretKey::parse_file(std::string_view text) {
  if (text.starts_with(file_name) && !text.starts_with(file_head)) {
    const auto version = text.substr(file_name.size(), text.find(' ') - file_name.size());
    return fail(Code::unsupported_version,
                fmt::format("the secret key has format '{}'; this program reads 'v1' with ed25519",
                            version.substr(0, 32)),
                "start the newer program that wrote it");
  }
  SecretKey key;
  auto line = text;
  if (line.ends_with('\n')) line.remove_suffix(1);
  if (!line.starts_with(file_head) || !read_bytes(line.substr(file_head.size()), key.seed_)) {
    return fail(Code::corrupt, "this is no secret key of Millwright",
                "restore it from your copy, or make a new one and have its public key registered");
  }
  return key;
}

}  // namespace millwright::governance
