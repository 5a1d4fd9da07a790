#include <gtest/gtest.h>

#include "models/bundle_rig.hpp"
#include "models/golden_rig.hpp"

namespace millwright::models {
namespace {

class Bundles : public ::testing::TestWithParam<Bundle (*)()> {};

TEST_P(Bundles, DecodeToWhatWasEncoded) {
  const Bundle bundle = GetParam()();
  ASSERT_TRUE(bundle.problems().empty());
  const Bytes bytes = encode(bundle);
  const auto decoded = decode_bundle(bytes);
  ASSERT_TRUE(decoded) << decoded.error().text();
  EXPECT_EQ(encode(*decoded), bytes);
  EXPECT_EQ(decoded->features, bundle.features);
  EXPECT_EQ(decoded->trees, bundle.trees);
  EXPECT_EQ(decoded->pca, bundle.pca);
  EXPECT_EQ(decoded->intervals, bundle.intervals);
  EXPECT_EQ(decoded->onnx, bundle.onnx);
  EXPECT_EQ(decoded->training.data, bundle.training.data);
}

TEST_P(Bundles, NoByteCanChangeUnseen) {
  Bytes bytes = encode(GetParam()());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    EXPECT_FALSE(decode_bundle(ByteView(bytes).first(i))) << "cut at " << i;
    bytes[i] ^= std::byte{0x10};
    EXPECT_FALSE(decode_bundle(bytes)) << "byte " << i;
    bytes[i] ^= std::byte{0x10};
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, Bundles, ::testing::Values(rul_bundle, pca_bundle));

/// With the checksum put right, as somebody would who meant it.
Bytes resealed(Bytes bytes) {
  bytes.resize(bytes.size() - 4);
  const std::uint32_t check = crc32c(bytes);
  ByteWriter(bytes).u32(check);
  return bytes;
}

TEST(Bundle, WhatAPersonReadsIsWhatIsScored) {
  // The same monitor with another limit in the manifest than in the numbers.
  const Bytes bytes = encode(pca_bundle());
  std::string text(as_text(bytes));
  const std::size_t at = text.find("\"t2_limit\":10");
  ASSERT_NE(at, std::string::npos);
  text[at + 12] = '9';
  const ByteView changed = as_bytes(text);
  const auto decoded = decode_bundle(resealed({changed.begin(), changed.end()}));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().text(),
            "a model bundle has a manifest that is not its own (corrupt)\n  remedy: fetch the "
            "artifact again");
}

TEST(Bundle, OfANewerFormatIsRefusedByThatName) {
  Bytes bytes = encode(pca_bundle());
  bytes[4] = std::byte{2};
  EXPECT_EQ(decode_bundle(resealed(bytes)).error().code(), Code::unsupported_version);
}

TEST(Bundle, ReadsWhatFormat1Wrote) {
  const Bytes now = encode(rul_bundle());
  const std::string bytes = golden("rul_v1.bundle", as_text(now));
  const auto decoded = decode_bundle(as_bytes(bytes));
  ASSERT_TRUE(decoded) << decoded.error().text();
  EXPECT_EQ(as_text(encode(*decoded)), bytes);
  EXPECT_EQ(as_text(now), bytes);
}

TEST(Bundle, ItsCardIsGolden) {
  const std::string card = catalog::pretty_json(rul_bundle().card()) + "\n";
  EXPECT_EQ(card, golden("rul_card.json", card));
}

TEST(Bundle, TellsEveryDefect) {
  Bundle bundle = rul_bundle();
  bundle.name = "Remaining Life";
  bundle.units.pop_back();
  bundle.target_unit = "hours";
  bundle.features.add_age = true;
  std::string text;
  for (const Problem& problem : bundle.problems()) text += problem.text() + "\n";
  EXPECT_EQ(text,
            "name: 'Remaining Life'; expected a valid name\n"
            "units: 1 units; expected 2, one an input\n"
            "features: 5 features; expected 4, as the trees take\n"
            "target_unit: 'hours' is no unit; expected a UCUM code\n");
}

TEST(MatchInputs, ConvertsWhatIsOfferedInAnotherUnit) {
  const OfferedSignal offered[] = {{"P30", "kPa"}, {"T2", "K"}, {"T30", "Cel"}};
  const auto matched = match_inputs(pca_bundle(), offered, "asset/engine-1");
  ASSERT_TRUE(matched) << matched.error().text();
  ASSERT_EQ(matched->size(), 2U);
  EXPECT_EQ((*matched)[0].signal, 2U);
  EXPECT_NEAR(25.0 * (*matched)[0].factor + (*matched)[0].offset, 536.67, 1e-9);  // 25 °C in °R
  EXPECT_EQ((*matched)[1].signal, 0U);
  EXPECT_NEAR(100 * (*matched)[1].factor, 14.503773773, 1e-6);  // psi
}

TEST(MatchInputs, TellsEveryProblemAtOnce) {
  Bundle bundle = pca_bundle();
  bundle.features.inputs = {"T30", "P30", "Nf"};
  bundle.units = {"[degR]", "[psi]", "{rev}/min"};
  const OfferedSignal offered[] = {{"T3O", "[degR]"}, {"P30", "Cel"}, {"Nf", "{rev}/min", false}};
  const auto matched = match_inputs(bundle, offered, "asset/pump-7");
  ASSERT_FALSE(matched);
  EXPECT_EQ(matched.error().code(), Code::refused);
  const std::string text = matched.error().text() + "\n";
  EXPECT_EQ(text, golden("mismatch.txt", text));
}

}  // namespace
}  // namespace millwright::models
