#include "sim/world/planted_bugs.hpp"

#include <map>
#include <utility>

#include "base/time.hpp"
#include "wire/sparkplug/codec.hpp"

namespace millwright::sim {
namespace {

class EagerFile final : public engine::File {
 public:
  EagerFile(std::unique_ptr<engine::File> file, engine::Executor& executor)
      : state_(std::make_shared<State>(State{std::move(file), {}})), executor_(executor) {}

  Result<void> append(ByteView bytes) override {
    state_->waiting.insert(state_->waiting.end(), bytes.begin(), bytes.end());
    executor_.post_after(std::chrono::seconds(5), [held = std::weak_ptr(state_)] {
      if (const auto state = held.lock()) (void)state->write();
    });
    return {};
  }
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    if (auto written = state_->write(); !written) return pass(std::move(written));
    return state_->file->read_at(offset, into);
  }
  Result<std::uint64_t> size() override {
    auto size = state_->file->size();
    if (size) *size += state_->waiting.size();
    return size;
  }
  Result<void> truncate(std::uint64_t size) override {
    if (auto written = state_->write(); !written) return written;
    return state_->file->truncate(size);
  }
  Result<void> sync() override { return {}; }

 private:
  struct State {
    std::unique_ptr<engine::File> file;
    Bytes waiting;
    Result<void> write() {
      const Bytes bytes = std::exchange(waiting, {});
      if (bytes.empty()) return {};
      if (auto done = file->append(bytes); !done) return done;
      return file->sync();
    }
  };
  std::shared_ptr<State> state_;
  engine::Executor& executor_;
};

/// Rewrites births on their way to the listener.
class StaleListener final : public engine::BrokerListener {
 public:
  explicit StaleListener(engine::BrokerListener& inner) : inner_(inner) {}
  void on_connected() override { inner_.on_connected(); }
  void on_closed(const Error& reason) override { inner_.on_closed(reason); }
  void on_message(engine::BrokerMessage message) override {
    if (message.topic.contains("/DBIRTH/")) rewrite(message);
    inner_.on_message(std::move(message));
  }

 private:
  using Aliases = std::map<std::string, std::uint64_t>;
  void rewrite(engine::BrokerMessage& message) {
    auto payload = sparkplug::decode(message.payload);
    if (!payload) return;
    const auto [known, is_first] = aliases_.try_emplace(message.topic);
    for (auto& metric : payload->metrics) {
      if (!metric.alias) continue;
      if (is_first) known->second[metric.name] = *metric.alias;
      if (const auto old = known->second.find(metric.name); old != known->second.end()) {
        metric.alias = old->second;
      }
    }
    message.payload.clear();
    sparkplug::encode(*payload, message.payload);
  }

  engine::BrokerListener& inner_;
  std::map<std::string, Aliases> aliases_;
};

class StaleClient final : public engine::BrokerClient {
 public:
  StaleClient(engine::BrokerConnector& connector, engine::BrokerEndpoint endpoint,
              engine::BrokerListener& listener, engine::Executor& executor)
      : listener_(listener), inner_(connector.create(std::move(endpoint), listener_, executor)) {}
  void connect(engine::ConnectRequest request) override { inner_->connect(std::move(request)); }
  Result<void> publish(const engine::BrokerMessage& message) override {
    return inner_->publish(message);
  }
  Result<void> subscribe(const std::string& filter, engine::Qos qos) override {
    return inner_->subscribe(filter, qos);
  }
  void disconnect() override { inner_->disconnect(); }

 private:
  StaleListener listener_;
  std::unique_ptr<engine::BrokerClient> inner_;
};

class StaleConnector final : public engine::BrokerConnector {
 public:
  explicit StaleConnector(std::unique_ptr<engine::BrokerConnector> inner)
      : inner_(std::move(inner)) {}
  std::unique_ptr<engine::BrokerClient> create(engine::BrokerEndpoint endpoint,
                                               engine::BrokerListener& listener,
                                               engine::Executor& executor) override {
    return std::make_unique<StaleClient>(*inner_, std::move(endpoint), listener, executor);
  }

 private:
  std::unique_ptr<engine::BrokerConnector> inner_;
};

}  // namespace

Result<std::unique_ptr<engine::File>> EagerDisk::open_append(std::string_view path) {
  auto file = disk_.open_append(path);
  if (!file) return file;
  return std::make_unique<EagerFile>(std::move(*file), executor_);
}

std::unique_ptr<engine::BrokerConnector> make_stale_alias_connector(
    std::unique_ptr<engine::BrokerConnector> inner) {
  return std::make_unique<StaleConnector>(std::move(inner));
}

}  // namespace millwright::sim
