// Peers by others, for tests: an MQTT client that publishes whatever a test gives it, and a
// Sparkplug edge node that numbers its messages but not its samples.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/broker.hpp"
#include "roles/machine.hpp"
#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/well_known.hpp"

namespace millwright::roles {

class ForeignClient final : public engine::BrokerListener {
 public:
  /// Connects, and listens to `filter`.
  ForeignClient(std::unique_ptr<Machine> machine, engine::BrokerEndpoint endpoint,
                std::string filter)
      : machine_(std::move(machine)), filter_(std::move(filter)) {
    machine_->run([&] {
      client_ = machine_->world().brokers.create(std::move(endpoint), *this, machine_->executor());
      client_->connect({});
    });
  }
  ~ForeignClient() override {
    machine_->run([&] { client_.reset(); });
  }
  void publish(std::string topic, Bytes payload) {
    machine_->run([&] {
      engine::BrokerMessage message{std::move(topic), std::move(payload)};
      message.qos = engine::Qos::at_least_once;
      EXPECT_TRUE(client_->publish(message).has_value());
    });
  }
  bool is_listening() {
    bool out = false;
    machine_->run([&] { out = listening_; });
    return out;
  }
  /// What came on topics that hold `part`, in order.
  std::vector<engine::BrokerMessage> heard(std::string_view part) {
    std::vector<engine::BrokerMessage> out;
    machine_->run([&] {
      for (const auto& message : heard_) {
        if (message.topic.contains(part)) out.push_back(message);
      }
    });
    return out;
  }

  void on_connected() override {
    listening_ = client_->subscribe(filter_, engine::Qos{}).has_value();
  }
  void on_closed(const Error&) override { listening_ = false; }
  void on_message(engine::BrokerMessage message) override { heard_.push_back(std::move(message)); }

 private:
  std::unique_ptr<Machine> machine_;
  std::string filter_;
  std::unique_ptr<engine::BrokerClient> client_;
  bool listening_ = false;
  std::vector<engine::BrokerMessage> heard_;
};

/// Edge node `press-9` of site-a with one device that has a speed (alias 1) and a mode (alias 2).
class ForeignEdge {
 public:
  static constexpr std::string_view id = "press-9";
  static constexpr std::int64_t first_ms = 1'700'000'000'000;

  explicit ForeignEdge(ForeignClient& client, std::string device = "motor")
      : client_(client), device_(std::move(device)) {}

  /// Both values at `second` seconds after the first, as NBIRTH and DBIRTH.
  void be_born(double speed, std::string mode, int second) {
    using enum sparkplug::TypeCode;
    seq_ = 0;
    sparkplug::Payload node = numbered(second);
    node.metrics = {metric("bdSeq", int64, std::int64_t{0}, second),
                    metric("Node Control/Rebirth", boolean, false, second)};
    send("NBIRTH", {}, node);
    sparkplug::Payload birth = numbered(second);
    birth.metrics = {metric("speed", float64, speed, second, 1),
                     metric("mode", string, std::move(mode), second, 2)};
    send("DBIRTH", device_, birth);
  }
  void run_at(double speed, int second) { client_.publish(data_topic(), speed_at(speed, second)); }
  /// DATA with one value, under the next number.
  Bytes speed_at(double speed, int second, std::uint64_t alias = 1, std::int64_t quality = 192) {
    sparkplug::Payload data = numbered(second);
    data.metrics = {metric({}, sparkplug::TypeCode::float64, speed, second, alias)};
    if (quality != 192) {
      data.metrics[0].properties.push_back(
          {"Quality", {sparkplug::code_of(sparkplug::TypeCode::int32), false, quality}});
    }
    return encoded(data);
  }
  std::string data_topic() const { return topic("DDATA", device_); }

 private:
  static sparkplug::Metric metric(std::string name, sparkplug::TypeCode type,
                                  sparkplug::Value value, int second,
                                  std::optional<std::uint64_t> alias = {}) {
    sparkplug::Metric made;
    made.name = std::move(name);
    made.alias = alias;
    made.timestamp_ms = at(second);
    made.datatype = sparkplug::code_of(type);
    made.value = std::move(value);
    return made;
  }
  static std::uint64_t at(int second) {
    return static_cast<std::uint64_t>(first_ms + second * std::int64_t{1000});
  }
  sparkplug::Payload numbered(int second) {
    sparkplug::Payload payload;
    payload.timestamp_ms = at(second);
    payload.seq = seq_++;
    return payload;
  }
  static std::string topic(std::string_view type, std::string_view device) {
    std::string out = "spBv1.0/site-a/" + std::string(type) + "/" + std::string(id);
    if (!device.empty()) (out += '/') += device;
    return out;
  }
  static Bytes encoded(const sparkplug::Payload& payload) {
    Bytes bytes;
    sparkplug::encode(payload, bytes);
    return bytes;
  }
  void send(std::string_view type, std::string_view device, const sparkplug::Payload& payload) {
    client_.publish(topic(type, device), encoded(payload));
  }

  ForeignClient& client_;
  std::string device_;
  std::uint8_t seq_ = 0;
};

}  // namespace millwright::roles
