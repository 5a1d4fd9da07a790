// The broker port over libmosquitto: MQTT 3.1.1, clean sessions, one I/O thread a client.
//
// Every call into libmosquitto is made on the client's own I/O thread. `publish` puts a message
// into a bounded queue; the thread hands it on only while the socket takes bytes, so a stalled
// broker fills the queue and the caller hears `exhausted`. Inwards the thread collects messages
// into one bounded queue and posts one task for many of them; when the executor is behind by the
// bound, the thread stops reading, and TCP slows the broker down. Each connection is a fresh
// handle: nothing of an earlier one is ever sent again.
#include <mosquitto.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <deque>
#include <mutex>
#include <thread>
#include <variant>

#include "base/format.hpp"
#include "engine/broker.hpp"

namespace millwright::engine {
namespace {

constexpr std::size_t outgoing_messages_max = 10'000;
constexpr std::size_t outgoing_bytes_max = 64u << 20;
constexpr std::size_t incoming_messages_max = 50'000;
constexpr std::size_t incoming_bytes_max = 64u << 20;
/// QoS 1 messages handed to libmosquitto and not acknowledged by the broker.
constexpr std::size_t unacknowledged_max = 1'000;
/// Packets read or written in one go before looking around again.
constexpr int packets_a_turn = 256;
/// How often keep-alive is looked after; a second is libmosquitto's own resolution.
constexpr int housekeeping_ms = 500;

/// libmosquitto's process-wide state lives as long as any connector.
struct Library {
  Library() { mosquitto_lib_init(); }
  ~Library() { mosquitto_lib_cleanup(); }
  static std::shared_ptr<Library> acquire() {
    static std::mutex mutex;
    static std::weak_ptr<Library> shared;
    const std::lock_guard lock(mutex);
    auto library = shared.lock();
    if (!library) {
      library = std::make_shared<Library>();
      shared = library;
    }
    return library;
  }
};

struct Subscription {
  std::string filter;
  Qos qos;
};
struct Opened {};
struct Closed {
  explicit Closed(Error why) : reason(std::move(why)) {}
  Error reason;
};
using Outgoing = std::variant<BrokerMessage, Subscription>;
using Incoming = std::variant<BrokerMessage, Opened, Closed>;

std::size_t size_of(const BrokerMessage& message) {
  return message.topic.size() + message.payload.size();
}

Error closed_reason(const BrokerEndpoint& endpoint, int code, int refusal) {
  const std::string where = fmt::format("broker {}:{}", endpoint.host, endpoint.port);
  if (refusal == 4 ||
      refusal == 5) {  // MQTT 3.1.1, table 3.1: bad user or password, not authorized
    return Error(Code::refused,
                 fmt::format("{} refused client '{}': {}", where, endpoint.client_id,
                             mosquitto_connack_string(refusal)),
                 "check user and password against the broker's accounts");
  }
  if (refusal != 0) {
    return Error(Code::unavailable,
                 fmt::format("{} refused client '{}': {}", where, endpoint.client_id,
                             mosquitto_connack_string(refusal)));
  }
  if (code == MOSQ_ERR_KEEPALIVE) {
    return Error(Code::timeout, fmt::format("{} does not answer", where));
  }
  return Error(Code::unavailable,
               fmt::format("connection to {} ended: {}", where, mosquitto_strerror(code)),
               "check that the broker runs and listens there");
}

/// What the executor's side and the I/O thread share; outlives both.
struct Shared {
  std::mutex mutex;
  // towards the broker
  std::deque<Outgoing> outgoing;
  std::size_t outgoing_bytes = 0;
  bool connected = false;
  bool disconnect_wanted = false;
  bool crash_wanted = false;
  // towards the listener
  std::vector<Incoming> incoming;
  std::size_t incoming_bytes = 0;
  bool posted = false;
  bool reading_paused = false;

  int wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  ~Shared() { ::close(wake_fd); }
  void wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_fd, &one, sizeof one);
  }
};

/// One connection from CONNECT to its end, on its own thread.
class Connection {
 public:
  Connection(BrokerEndpoint endpoint, ConnectRequest request, std::shared_ptr<Shared> shared,
             std::function<void()> deliver)
      : endpoint_(std::move(endpoint)),
        request_(std::move(request)),
        shared_(std::move(shared)),
        deliver_(std::move(deliver)),
        thread_([this] { run(); }) {}
  ~Connection() { thread_.join(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

 private:
  void run() {
    ::pthread_setname_np(::pthread_self(), "mqtt");
    int code = open();
    while (code == MOSQ_ERR_SUCCESS && !done_) code = turn();
    bool told = false;
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->connected = false;
      shared_->outgoing.clear();
      shared_->outgoing_bytes = 0;
      told = !shared_->crash_wanted;
    }
    if (handle_ != nullptr) mosquitto_destroy(handle_);  // closes the socket without DISCONNECT
    if (!told) return;
    collected_.emplace_back(std::in_place_type<Closed>,
                            asked_ ? Error(Code::unavailable, "disconnected as asked")
                                   : closed_reason(endpoint_, code, refusal_));
    flush_incoming();
  }

  int open() {
    handle_ = mosquitto_new(endpoint_.client_id.empty() ? nullptr : endpoint_.client_id.c_str(),
                            true, this);
    if (handle_ == nullptr) return MOSQ_ERR_NOMEM;
    mosquitto_int_option(handle_, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V311);
    mosquitto_int_option(handle_, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_int_option(handle_, MOSQ_OPT_SEND_MAXIMUM, 65'535);
    if (!endpoint_.user.empty()) {
      mosquitto_username_pw_set(handle_, endpoint_.user.c_str(), endpoint_.password.c_str());
    }
    if (request_.will) {
      const auto& will = *request_.will;
      const int code =
          mosquitto_will_set(handle_, will.topic.c_str(), static_cast<int>(will.payload.size()),
                             will.payload.data(), static_cast<int>(will.qos), will.retained);
      if (code != MOSQ_ERR_SUCCESS) return code;
    }
    mosquitto_connect_callback_set(handle_, [](mosquitto*, void* self, int refusal) {
      static_cast<Connection*>(self)->on_connect(refusal);
    });
    mosquitto_message_callback_set(handle_,
                                   [](mosquitto*, void* self, const mosquitto_message* message) {
                                     static_cast<Connection*>(self)->on_message(*message);
                                   });
    mosquitto_publish_callback_set(handle_, [](mosquitto*, void* self, int) {
      auto* connection = static_cast<Connection*>(self);
      if (connection->unacknowledged_ > 0) --connection->unacknowledged_;
    });
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(endpoint_.keep_alive).count();
    return mosquitto_connect_async(handle_, endpoint_.host.c_str(), endpoint_.port,
                                   std::max(5, static_cast<int>(seconds)));
  }

  /// Waits for the socket or a wish, then reads, writes and keeps the connection alive.
  int turn() {
    bool paused = false;
    {
      const std::lock_guard lock(shared_->mutex);
      // Before CONNACK there is no session to end politely.
      if (shared_->disconnect_wanted && !shared_->connected) asked_ = true;
      if (shared_->crash_wanted || asked_) return done_ = true, MOSQ_ERR_SUCCESS;
      paused = shared_->reading_paused;
    }
    const int socket = mosquitto_socket(handle_);
    if (socket < 0) return MOSQ_ERR_CONN_LOST;
    short events = mosquitto_want_write(handle_) ? POLLOUT : 0;
    if (!paused) events |= POLLIN;
    pollfd fds[2] = {{socket, events, 0}, {shared_->wake_fd, POLLIN, 0}};
    if (::poll(fds, 2, housekeeping_ms) < 0 && errno != EINTR) return MOSQ_ERR_ERRNO;
    if ((fds[1].revents & POLLIN) != 0) {
      std::uint64_t count = 0;
      [[maybe_unused]] const auto got = ::read(shared_->wake_fd, &count, sizeof count);
    }
    int code = MOSQ_ERR_SUCCESS;
    if ((fds[0].revents & (POLLOUT | POLLERR)) != 0) {
      code = mosquitto_loop_write(handle_, packets_a_turn);
    }
    if (code == MOSQ_ERR_SUCCESS && (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      code = read();
    }
    if (code == MOSQ_ERR_SUCCESS) code = send_waiting();
    // Not while paused: the answer to a ping waits unread behind the messages.
    if (code == MOSQ_ERR_SUCCESS && !paused) code = mosquitto_loop_misc(handle_);
    flush_incoming();
    return code;
  }

  /// libmosquitto reads one packet a call here; goes on until nothing more came.
  int read() {
    for (int i = 0; i < packets_a_turn; ++i) {
      const std::size_t before = arrived_;
      const int code = mosquitto_loop_read(handle_, 1);
      if (code != MOSQ_ERR_SUCCESS) return code;
      if (arrived_ == before) break;
    }
    return MOSQ_ERR_SUCCESS;
  }

  int send_waiting() {
    for (int i = 0; i < packets_a_turn; ++i) {
      if (mosquitto_want_write(handle_)) return MOSQ_ERR_SUCCESS;  // the socket is full
      Outgoing next;
      {
        const std::lock_guard lock(shared_->mutex);
        if (!shared_->connected) return MOSQ_ERR_SUCCESS;
        if (shared_->outgoing.empty()) {
          if (!shared_->disconnect_wanted) return MOSQ_ERR_SUCCESS;
          asked_ = done_ = true;
          break;
        }
        if (unacknowledged_ >= unacknowledged_max) return MOSQ_ERR_SUCCESS;
        next = std::move(shared_->outgoing.front());
        shared_->outgoing.pop_front();
        if (const auto* message = std::get_if<BrokerMessage>(&next)) {
          shared_->outgoing_bytes -= size_of(*message);
        }
      }
      if (const int code = send(next); code != MOSQ_ERR_SUCCESS) return code;
    }
    if (!done_) {
      shared_->wake();  // more may wait
      return MOSQ_ERR_SUCCESS;
    }
    mosquitto_disconnect(handle_);
    return MOSQ_ERR_SUCCESS;
  }

  int send(const Outgoing& next) {
    if (const auto* subscription = std::get_if<Subscription>(&next)) {
      return mosquitto_subscribe(handle_, nullptr, subscription->filter.c_str(),
                                 static_cast<int>(subscription->qos));
    }
    const auto& message = std::get<BrokerMessage>(next);
    ++unacknowledged_;  // QoS 0 is counted down as soon as it is written
    return mosquitto_publish(handle_, nullptr, message.topic.c_str(),
                             static_cast<int>(message.payload.size()), message.payload.data(),
                             static_cast<int>(message.qos), message.retained);
  }

  void on_connect(int refusal) {
    if (refusal != 0) {
      refusal_ = refusal;
      done_ = true;
      return;
    }
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->connected = true;
    }
    collected_.emplace_back(std::in_place_type<Opened>);
    flush_incoming();
  }

  void on_message(const mosquitto_message& raw) {
    ++arrived_;
    const auto* bytes = static_cast<const std::byte*>(raw.payload);
    BrokerMessage message{raw.topic,
                          bytes == nullptr ? Bytes{} : Bytes(bytes, bytes + raw.payloadlen),
                          raw.qos == 0 ? Qos::at_most_once : Qos::at_least_once, raw.retain};
    collected_bytes_ += size_of(message);
    collected_.emplace_back(std::move(message));
  }

  /// Hands what was collected to the executor's side: one task for all of it.
  void flush_incoming() {
    if (collected_.empty()) return;
    bool post = false;
    {
      const std::lock_guard lock(shared_->mutex);
      if (shared_->incoming.empty()) {
        shared_->incoming.swap(collected_);
      } else {
        for (auto& event : collected_) shared_->incoming.push_back(std::move(event));
      }
      shared_->incoming_bytes += collected_bytes_;
      shared_->reading_paused = shared_->incoming.size() >= incoming_messages_max ||
                                shared_->incoming_bytes >= incoming_bytes_max;
      post = !shared_->posted;
      shared_->posted = true;
    }
    collected_.clear();
    collected_bytes_ = 0;
    if (post) deliver_();
  }

  BrokerEndpoint endpoint_;
  ConnectRequest request_;
  std::shared_ptr<Shared> shared_;
  std::function<void()> deliver_;
  mosquitto* handle_ = nullptr;
  std::vector<Incoming> collected_;
  std::size_t collected_bytes_ = 0;
  std::size_t arrived_ = 0;
  std::size_t unacknowledged_ = 0;
  int refusal_ = 0;
  bool done_ = false;
  bool asked_ = false;
  std::thread thread_;  // last: it uses all of the above
};

class MosquittoClient final : public BrokerClient {
 public:
  MosquittoClient(BrokerEndpoint endpoint, BrokerListener& listener, Executor& executor,
                  std::shared_ptr<Library> library)
      : library_(std::move(library)),
        endpoint_(std::move(endpoint)),
        listener_(listener),
        executor_(executor) {}

  ~MosquittoClient() override {
    *alive_ = false;
    end_connection();
  }

  void connect(ConnectRequest request) override {
    end_connection();
    shared_ = std::make_shared<Shared>();
    connection_ = std::make_unique<Connection>(
        endpoint_, std::move(request), shared_,
        [this, shared = std::weak_ptr(shared_), alive = alive_] { post_delivery(shared, alive); });
  }

  Result<void> publish(const BrokerMessage& message) override {
    return enqueue(message, size_of(message));
  }
  Result<void> subscribe(const std::string& filter, Qos qos) override {
    return enqueue(Subscription{filter, qos}, 0);
  }

  void disconnect() override {
    if (!shared_) return;
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->disconnect_wanted = true;
    }
    shared_->wake();
  }

 private:
  void end_connection() {
    if (shared_) {
      const std::lock_guard lock(shared_->mutex);
      shared_->crash_wanted = true;
      shared_->wake();
    }
    connection_.reset();
    shared_.reset();
  }

  Result<void> enqueue(Outgoing item, std::size_t bytes) {
    if (!shared_) return fail(Code::unavailable, "not connected to the broker");
    bool was_empty = false;
    {
      const std::lock_guard lock(shared_->mutex);
      if (!shared_->connected || shared_->disconnect_wanted) {
        return fail(Code::unavailable, "not connected to the broker");
      }
      if (shared_->outgoing.size() >= outgoing_messages_max ||
          shared_->outgoing_bytes + bytes > outgoing_bytes_max) {
        return fail(Code::exhausted, "the broker does not take messages fast enough");
      }
      was_empty = shared_->outgoing.empty();
      shared_->outgoing.push_back(std::move(item));
      shared_->outgoing_bytes += bytes;
    }
    if (was_empty) shared_->wake();
    return {};
  }

  /// On the I/O thread; touches nothing of the client but its executor, which outlives it.
  void post_delivery(const std::weak_ptr<Shared>& shared, const std::shared_ptr<bool>& alive) {
    executor_.post([this, shared, alive] {
      if (*alive) deliver(shared.lock());
    });
  }

  void deliver(const std::shared_ptr<Shared>& shared) {
    if (!shared || shared != shared_) return;  // of an earlier connection
    std::vector<Incoming> events;
    bool resume = false;
    {
      const std::lock_guard lock(shared->mutex);
      events.swap(shared->incoming);
      shared->incoming_bytes = 0;
      shared->posted = false;
      resume = std::exchange(shared->reading_paused, false);
    }
    if (resume) shared->wake();
    const auto alive = alive_;
    for (auto& event : events) {
      if (auto* message = std::get_if<BrokerMessage>(&event)) {
        listener_.on_message(std::move(*message));
      } else if (std::holds_alternative<Opened>(event)) {
        listener_.on_connected();
      } else {
        listener_.on_closed(std::get<Closed>(event).reason);
      }
      // The listener may have destroyed or reconnected the client.
      if (!*alive || shared != shared_) return;
    }
  }

  std::shared_ptr<Library> library_;
  BrokerEndpoint endpoint_;
  BrokerListener& listener_;
  Executor& executor_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::shared_ptr<Shared> shared_;
  std::unique_ptr<Connection> connection_;
};

class MosquittoConnector final : public BrokerConnector {
 public:
  std::unique_ptr<BrokerClient> create(BrokerEndpoint endpoint, BrokerListener& listener,
                                       Executor& executor) override {
    return std::make_unique<MosquittoClient>(std::move(endpoint), listener, executor, library_);
  }

 private:
  std::shared_ptr<Library> library_ = Library::acquire();
};

}  // namespace

std::unique_ptr<BrokerConnector> make_mosquitto_connector() {
  return std::make_unique<MosquittoConnector>();
}

}  // namespace millwright::engine
