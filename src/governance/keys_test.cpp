// Ed25519 against RFC 8032, key files, Base64, signed notes.
#include "governance/keys.hpp"

#include <gtest/gtest.h>

#include "governance/audit_rig.hpp"
#include "governance/base64.hpp"
#include "governance/checkpoint.hpp"

namespace millwright::governance {
namespace {

template <std::size_t size>
std::array<std::byte, size> from_hex(std::string_view hex) {
  std::array<std::byte, size> out{};
  for (std::size_t i = 0; i < size; ++i) {
    out[i] = static_cast<std::byte>(std::stoi(std::string(hex.substr(2 * i, 2)), nullptr, 16));
  }
  return out;
}

TEST(Keys, SignAsRfc8032Says) {  // section 7.1, TEST 3
  const auto key = SecretKey::from_seed(
      from_hex<32>("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"));
  EXPECT_EQ(to_hex(key.public_key().bytes),
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
  const std::array message{std::byte{0xaf}, std::byte{0x82}};
  const Signature signature = key.sign(message);
  EXPECT_EQ(to_hex(signature.bytes),
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
  EXPECT_TRUE(verify(key.public_key(), message, signature));
  EXPECT_FALSE(verify(key.public_key(), ByteView(message).first(1), signature));
  EXPECT_FALSE(verify(test_key().public_key(), message, signature));
  for (std::size_t i = 0; i < 64; ++i) {
    Signature changed = signature;
    changed.bytes[i] ^= std::byte{1};
    EXPECT_FALSE(verify(key.public_key(), message, changed));
  }
}

TEST(Keys, AreKeptInOneLineOfText) {
  const SecretKey key = test_key();
  const std::string text = key.file_text();
  EXPECT_TRUE(text.starts_with("millwright-secret-key-v1 ed25519 "));
  const auto again = SecretKey::parse_file(text);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->public_key(), key.public_key());
  EXPECT_EQ(SecretKey::parse_file(text + "x").error().code(), Code::corrupt);
  EXPECT_EQ(SecretKey::parse_file("").error().code(), Code::corrupt);
  EXPECT_EQ(SecretKey::parse_file("millwright-secret-key-v2 ed25519 AA").error().code(),
            Code::unsupported_version);
  const auto public_key = PublicKey::parse(key.public_key().base64());
  ASSERT_TRUE(public_key);
  EXPECT_EQ(*public_key, key.public_key());
  EXPECT_EQ(key.public_key().base64().size(), 44u);
  EXPECT_FALSE(PublicKey::parse("AAAA"));
}

TEST(Base64, Rfc4648AndNothingElse) {  // section 10
  for (const auto& [text, coded] : {std::pair<std::string_view, std::string_view>{"", ""},
                                    {"f", "Zg=="},
                                    {"fo", "Zm8="},
                                    {"foo", "Zm9v"},
                                    {"foob", "Zm9vYg=="},
                                    {"fooba", "Zm9vYmE="},
                                    {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(to_base64(as_bytes(text)), coded);
    const auto read = from_base64(coded);
    ASSERT_TRUE(read);
    EXPECT_EQ(as_text(*read), text);
  }
  for (const std::string_view bad :
       {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9v", "Zm-_"}) {
    EXPECT_FALSE(from_base64(bad)) << bad;
  }
}

TEST(SignedNote, OfTheGoImplementationIsRead) {
  // The example of golang.org/x/mod/sumdb/note: verifier key "PeterNeumann+c74f20a3+…".
  const std::string text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
  const auto key = parse_verifier(text);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->origin, "PeterNeumann");
  EXPECT_EQ(key->hash(), 0xc74f20a3u);
  EXPECT_EQ(key->verifier_text(), text);
  EXPECT_FALSE(
      parse_verifier("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
}

TEST(SignedNote, EveryChangedBitIsRefused) {
  const LogKey key{std::string(test_origin), test_key().public_key()};
  const Checkpoint checkpoint{key.origin, {300, leaf_hash(as_bytes("x"))}};
  const std::string note = sign_checkpoint(checkpoint, test_key());
  const auto opened = open_checkpoint(note, key);
  ASSERT_TRUE(opened) << opened.error().text();
  EXPECT_EQ(*opened, checkpoint);
  for (std::size_t at = 0; at < note.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = note;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      EXPECT_FALSE(open_checkpoint(changed, key)) << "byte " << at << " bit " << bit;
    }
    EXPECT_FALSE(open_checkpoint(note.substr(0, at), key)) << at;
  }
  EXPECT_FALSE(open_checkpoint(note + "x", key));
  EXPECT_FALSE(open_checkpoint(note, {key.origin, test_key(8).public_key()}));
  EXPECT_FALSE(open_checkpoint(note, {"another/log", key.key}));
}

TEST(SignedNote, AWitnessMayAddItsLine) {
  const LogKey key{std::string(test_origin), test_key().public_key()};
  const std::string note = sign_checkpoint({key.origin, {1, leaf_hash(as_bytes("x"))}}, test_key());
  EXPECT_TRUE(open_checkpoint(note + "\u2014 witness.example/w1 c3VyZSBub3QgbXkga2V5\n", key));
  EXPECT_FALSE(open_checkpoint(note + "\u2014 witness\n", key));
}

}  // namespace
}  // namespace millwright::governance
