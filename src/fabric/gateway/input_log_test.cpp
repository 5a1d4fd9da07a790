#include "fabric/gateway/input_log.hpp"

#include <gtest/gtest.h>

#include "sim/disk.hpp"

namespace millwright::gateway {
namespace {

ontology::DeviceSchema schema(std::string device) {
  return {
      {"site-a", "edge-1", std::move(device)},
      {{"flow", ontology::DataType::float64, "m3/h"}, {"state", ontology::DataType::string, ""}}};
}

ontology::Batch batch(double value) {
  ontology::Batch out;
  ontology::Row row;
  row.ts_us = 1'000'123;
  row.set_f64(value);
  row.quality = ontology::Quality::uncertain(ontology::Reason::stuck);
  out.rows.push_back(row);
  row.slot = 1;
  row.quality = {};
  out.set_payload(row, "running");
  out.rows.push_back(row);
  return out;
}

Checkpoint example() {
  Checkpoint out;
  out.generation = 7;
  out.positions = {{"edge-1", 5, 10}, {"edge-2", 6, 0}};
  out.output = {9, 44};
  out.active = {"abcd"};
  out.schemas = {schema("pump-1")};
  out.state = {std::byte{1}, std::byte{2}};
  out.pending[{"pump-1", 1'000'123, "recipe", 3}] = Digest{{std::byte{4}}};
  return out;
}

TEST(InputLog, ACheckpointComesBack) {
  Bytes bytes;
  encode(example(), bytes);
  const auto back = decode_checkpoint(bytes, "checkpoint").value();
  const Checkpoint expected = example();
  EXPECT_EQ(back.generation, expected.generation);
  EXPECT_EQ(back.positions, expected.positions);
  EXPECT_EQ(back.output, expected.output);
  EXPECT_EQ(back.active, expected.active);
  EXPECT_EQ(back.schemas, expected.schemas);
  EXPECT_EQ(back.state, expected.state);
  EXPECT_EQ(back.pending, expected.pending);
}

// Released format: these bytes stay readable for ever (DESIGN D14). Never change a line; add.
constexpr std::string_view checkpoint_version_1 =
    "4d5754494552324301070206656467652d3105000000000000000a06656467652d3206000000000000000009"
    "000000000000002c01046162636401332b000000d95b4ce4020006736974652d6106656467652d310670756d"
    "702d310204666c6f770a046d332f680573746174650c00020102010670756d702d31bb420f00000000000672"
    "65636970650304000000000000000000000000000000000000000000000000000000000000009ecc5dcf";
constexpr std::string_view log_version_1 =
    "4d57544945523201e700000059c668960401332b000000d95b4ce4020006736974652d6106656467652d3106"
    "70756d702d310204666c6f770a046d332f680573746174650c0002050000000000000000261e0000006c7b51"
    "65040a0000000202f68a7a1240000000000000f83f00000772756e6e696e6701332b0000007e5b8500020106"
    "736974652d6106656467652d310670756d702d320204666c6f770a046d332f680573746174650c0002050000"
    "000000000001261e000000429532e2040c0100000202f68a7a1240000000000000044000000772756e6e696e"
    "670106656467652d3105000000000000000e0900000000000000036f000000f158b89f02012b230000006bf5"
    "469b020206736974652d6106656467652d310670756d702d310104666c6f770a046d332f6802060000000000"
    "0000001c14000000c57de83604000200000102f68a7a12400000000000000c400106656467652d3106000000"
    "0000000001090000000000000004";

TEST(InputLog, Version1IsTheGoldenBytes) {
  Bytes bytes;
  encode(example(), bytes);
  EXPECT_EQ(to_hex(bytes), checkpoint_version_1);
}

TEST(InputLog, EveryCutAndEveryFlipOfACheckpointIsRefused) {
  Bytes bytes;
  encode(example(), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(decode_checkpoint(ByteView(bytes).first(size), "c").error().code(), Code::corrupt);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    Bytes damaged = bytes;
    damaged[at] ^= std::byte{0x10};
    EXPECT_FALSE(decode_checkpoint(damaged, "c").has_value()) << at;
  }
  bytes[8] = std::byte{tier_two_format_version + 1};
  EXPECT_EQ(decode_checkpoint(bytes, "c").error().code(), Code::unsupported_version);
}

/// Two frames, of two devices and one of them changed.
Bytes written(sim::SimDisk& disk) {
  EXPECT_TRUE(disk.make_directories("t").has_value());
  InputLog log(disk, "t");
  log.begin(3);
  log.add(schema("pump-1"), {5, 10, 2}, sparkplug::DataClass::live, batch(1.5));
  log.add(schema("pump-2"), {5, 12, 2}, sparkplug::DataClass::historical, batch(2.5));
  EXPECT_TRUE(log.commit({{"edge-1", 5, 14}}, {9, 3}).has_value());
  auto changed = schema("pump-1");
  changed.metrics.pop_back();
  ontology::Batch one = batch(3.5);
  one.rows.pop_back();
  log.add(changed, {6, 0, 1}, sparkplug::DataClass::live, one);
  EXPECT_TRUE(log.commit({{"edge-1", 6, 1}}, {9, 4}).has_value());
  return engine::read_whole(disk, InputLog::path_of("t", 3)).value();
}

TEST(InputLog, FramesComeBack) {
  sim::SimDisk disk(1);
  const Bytes bytes = written(disk);
  const auto content = decode_log(bytes, "log").value();
  ASSERT_EQ(content.frames.size(), 2u);
  EXPECT_EQ(content.devices.size(), 3u);
  EXPECT_EQ(content.bytes_torn, 0u);
  const LogFrame& first = content.frames[0];
  ASSERT_EQ(first.inputs.size(), 2u);
  EXPECT_EQ(first.inputs[1].range, (ontology::SequenceRange{5, 12, 2}));
  EXPECT_EQ(first.inputs[1].data_class, sparkplug::DataClass::historical);
  EXPECT_EQ(first.inputs[1].batch, batch(2.5));
  EXPECT_EQ(content.devices[first.inputs[1].device], schema("pump-2"));
  EXPECT_EQ(first.positions, (std::vector<EdgePosition>{{"edge-1", 5, 14}}));
  EXPECT_EQ(first.output, (OutputPosition{9, 3}));
  EXPECT_EQ(content.devices[content.frames[1].inputs[0].device].metrics.size(), 1u);
  EXPECT_EQ(to_hex(bytes), log_version_1);
}

TEST(InputLog, ATornTailIsTheEndAndDamageBeforeWholeFramesIsSaid) {
  sim::SimDisk disk(1);
  const Bytes bytes = written(disk);
  std::size_t frames = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const auto content = decode_log(ByteView(bytes).first(size), "log").value();
    EXPECT_GE(content.frames.size(), frames);
    frames = content.frames.size();
    EXPECT_FALSE(content.damaged);
  }
  EXPECT_EQ(frames, 1u);
  Bytes damaged = bytes;
  damaged[20] ^= std::byte{1};
  EXPECT_TRUE(decode_log(damaged, "log").value().damaged);
  damaged = bytes;
  damaged[7] = std::byte{tier_two_format_version + 1};
  EXPECT_EQ(decode_log(damaged, "log").error().code(), Code::unsupported_version);
}

TEST(InputLog, OtherGenerationsAreRemoved) {
  sim::SimDisk disk(1);
  (void)written(disk);
  InputLog log(disk, "t");
  log.begin(4);
  ASSERT_TRUE(log.commit({}, {9, 4}).has_value());
  log.remove_others();
  EXPECT_EQ(disk.list("t").value(), std::vector<std::string>{"000000000004.inputs"});
}

}  // namespace
}  // namespace millwright::gateway
