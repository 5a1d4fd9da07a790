#include "operations/order_text.hpp"

#include <gtest/gtest.h>

#include "operations/operations_rig.hpp"
#include "operations/trusted_keys.hpp"

namespace millwright::operations {
namespace {

const Digest release_digest = sha256(as_bytes("manifest"));
const Digest signed_digest = sha256(as_bytes("signed"));

TEST(ReleaseOrder, ReadsWhatItWritesAndNothingElse) {
  ReleaseOrder order{.order = {"site-a/gw-1", 7, release_digest}, .signed_release = signed_digest};
  EXPECT_EQ(order.encode(), "{\"generation\":7,\"release\":\"" + release_digest.hex() +
                                "\",\"signed\":\"" + signed_digest.hex() +
                                "\",\"target\":\"site-a/gw-1\"}");
  EXPECT_EQ(ReleaseOrder::parse(order.encode()), order);
  order.is_revert = true;
  order.url = "http://hub:8080";
  EXPECT_EQ(ReleaseOrder::parse(order.encode()), order);
  const ReleaseOrder bootstrap{.order = {"site-a/gw-1", 8, no_release}, .signed_release = {}};
  EXPECT_EQ(ReleaseOrder::parse(bootstrap.encode()), bootstrap);
  for (const std::string& text :
       {std::string("{}"), std::string("[]"), std::string("nothing"),
        "{\"generation\":0,\"release\":\"" + std::string(64, '0') + "\",\"target\":\"gw\"}",
        "{\"generation\":1,\"release\":\"" + release_digest.hex() + "\",\"target\":\"gw\"}",
        "{\"generation\":1,\"more\":1,\"release\":\"" + std::string(64, '0') +
            "\",\"target\":\"gw\"}",
        std::string(order_bytes_max + 1, ' ')}) {
    EXPECT_EQ(ReleaseOrder::parse(text).error().code(), Code::invalid_input) << text;
  }
  EXPECT_EQ(ReleaseOrder::parse("{\"v\":2}").error().code(), Code::unsupported_version);
}

TEST(TargetReport, ReadsWhatItWrites) {
  TargetReport report;
  report.report = {"site-a/gw-1", 7, ReportStage::trial, release_digest, {"life", 2}, "why"};
  report.refused = "older_generation: generation 3 is below 7";
  report.counters = {{"rul@3:aa", 10, 1, 2, 3, 4, 5}};
  const auto read = TargetReport::parse(report.encode());
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->encode(), report.encode());
  EXPECT_EQ(read->counters, report.counters);
  EXPECT_EQ(read->report.running, release_digest);
  report.report.running = no_release;
  EXPECT_EQ(TargetReport::parse(report.encode())->report.running, no_release);
  EXPECT_EQ(TargetReport::parse("{}").error().code(), Code::invalid_input);
}

TEST(TrustedKeys, VerifyWhatTheirHoldersSigned) {
  const auto key = governance::SecretKey::from_seed({});
  const std::string line = "release " + key.public_key().base64();
  const auto keys = TrustedKeys::parse("# trusted since the beginning\n\n" + line + "\r\n");
  ASSERT_TRUE(keys) << keys.error().text();
  const auto release = sign_release(toy_manifest(1, release_digest, 5), KeySigner("release", key));
  ASSERT_TRUE(release);
  EXPECT_TRUE(verify_release(*release, *keys));
  auto changed = *release;
  changed.manifest.back() = ' ';
  EXPECT_EQ(rule_of(verify_release(changed, *keys).error()), "bad_signature");
  const auto other = sign_release(toy_manifest(1, release_digest, 5), KeySigner("other", key));
  EXPECT_EQ(rule_of(verify_release(*other, *keys).error()), "unknown_key");
  EXPECT_EQ(keys->verify("release", as_bytes("x"), as_bytes("short")), SignatureState::bad);
}

TEST(TrustedKeys, TellEveryLineThatIsWrong) {
  const std::string key = governance::SecretKey::from_seed({}).public_key().base64();
  const auto done = TrustedKeys::parse("alone\na " + key + "\na " + key + "\nb abc\n", "keys");
  ASSERT_FALSE(done);
  ASSERT_EQ(done.error().problems().size(), 3u);
  EXPECT_EQ(done.error().problems()[1].place.text(), "keys:3:1");
  EXPECT_EQ(TrustedKeys::parse("\n# nobody\n").error().problems().size(), 1u);
}

}  // namespace
}  // namespace millwright::operations
