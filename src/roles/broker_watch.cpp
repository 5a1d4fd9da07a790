#include "roles/broker_watch.hpp"

#include <charconv>

namespace millwright::roles {
namespace {
constexpr const char* dropped_topic = "$SYS/broker/publish/messages/dropped";
}

BrokerWatch::BrokerWatch(engine::BrokerConnector& connector, engine::BrokerEndpoint endpoint,
                         engine::Executor& executor)
    : executor_(executor) {
  client_ = connector.create(std::move(endpoint), *this, executor);
  client_->connect({});
}

BrokerWatch::~BrokerWatch() {
  if (timer_) executor_.cancel(*timer_);
}

void BrokerWatch::on_connected() {
  (void)client_->subscribe(dropped_topic, engine::Qos::at_most_once);
}

void BrokerWatch::on_closed(const Error&) {
  dropped_before_ += dropped_;
  dropped_ = 0;
  timer_ = executor_.post_after(std::chrono::milliseconds(500), [this] {
    timer_.reset();
    client_->connect({});
  });
}

void BrokerWatch::on_message(engine::BrokerMessage message) {
  const auto text = as_text(message.payload);
  (void)std::from_chars(text.data(), text.data() + text.size(), dropped_);
}

}  // namespace millwright::roles
