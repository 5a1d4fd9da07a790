// mosquitto as a child process: configuration, accounts and access rules by file, readiness by
// connecting.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/format.hpp"
#include "engine/broker_process.hpp"
#include "engine/disk.hpp"

namespace millwright::engine {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class Socket {
 public:
  Socket() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Result<std::uint16_t> free_port() {
  const Socket probe;
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (probe.get() < 0 ||
      ::bind(probe.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return fail(Code::unavailable, fmt::format("no free loopback port: {}", ::strerror(errno)));
  }
  return ntohs(address.sin_port);
}

bool accepts(std::uint16_t port) {
  const Socket probe;
  const sockaddr_in address = loopback(port);
  return probe.get() >= 0 &&
         ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

/// mosquitto leaves root for a user that could not read our files; it stays who we are.
std::string current_user() {
  const passwd* entry = ::getpwuid(::geteuid());
  return entry == nullptr ? std::string() : entry->pw_name;
}

class MosquittoProcess final : public BrokerProcess {
 public:
  MosquittoProcess(BrokerProcessOptions options, std::unique_ptr<Disk> disk)
      : options_(std::move(options)), disk_(std::move(disk)), starter_(make_process_starter()) {}
  ~MosquittoProcess() override {
    if (process_) (void)stop_process(*process_, std::chrono::seconds(5));
  }

  std::uint16_t port() const override { return port_; }
  int pid() const override { return process_->pid(); }
  Process& process() override { return *process_; }
  std::string log_path() const override { return native("mosquitto.log"); }

  BrokerEndpoint endpoint(std::string client_id, std::string_view user) const override {
    BrokerEndpoint out;
    out.port = port_;
    out.client_id = std::move(client_id);
    for (const auto& account : options_.accounts) {
      if (account.user == user) out.user = account.user, out.password = account.password;
    }
    return out;
  }

  Result<void> restart() override {
    if (process_) {
      if (auto ended = stop_process(*process_, std::chrono::seconds(5)); !ended) {
        return pass(std::move(ended));
      }
    }
    return start_once();
  }

  Result<void> start() {
    if (auto written = write_accounts(); !written) return written;
    // Between the probe and mosquitto's bind another process may take the port: try again.
    constexpr int attempts = 5;
    Result<void> started;
    for (int i = 0; i < attempts; ++i) {
      port_ = options_.port;
      if (port_ == 0) {
        auto port = free_port();
        if (!port) return pass(std::move(port));
        port_ = *port;
      }
      started = write_configuration();
      if (started) started = start_once();
      if (started || options_.port != 0) break;
    }
    return started;
  }

 private:
  std::string native(std::string_view name) const {
    return options_.directory + "/" + std::string(name);
  }

  Result<void> start_once() {
    ProcessRequest request;
    request.arguments = {"mosquitto", "-c", native("mosquitto.conf")};
    request.output_path = native("mosquitto.out");
    request.error_path = native("mosquitto.out");
    auto started = starter_->start(request);
    if (!started) return pass(std::move(started), "starting the MQTT broker");
    process_ = std::move(*started);
    const Duration look = std::chrono::milliseconds(5);
    for (Duration waited{0}; waited < options_.ready_within; waited += look) {
      if (accepts(port_)) {
        // Somebody else may listen there while ours is about to give up.
        auto ended = process_->wait(Duration(0));
        if (ended && !*ended) return {};
      }
      auto ended = process_->wait(look);
      if (!ended) return pass(std::move(ended));
      if (*ended) {
        return fail(Code::unavailable,
                    fmt::format("the MQTT broker ended with code {}", (*ended)->code),
                    fmt::format("see {} and {}", log_path(), native("mosquitto.out")));
      }
    }
    return fail(Code::timeout, fmt::format("the MQTT broker does not listen on port {}", port_),
                fmt::format("see {}", log_path()));
  }

  Result<void> write_private(std::string_view name, std::string_view content) {
    if (auto written = replace_whole(*disk_, name, as_bytes(content)); !written) return written;
    if (::chmod(native(name).c_str(), 0600) != 0) {
      return fail(Code::refused, fmt::format("protecting {}: {}", native(name), ::strerror(errno)));
    }
    return {};
  }

  /// Passwords are hashed in place by mosquitto's own tool: none stays readable, none is an
  /// argument.
  Result<void> write_accounts() {
    if (options_.accounts.empty()) return {};
    std::string passwords;
    std::string rules;
    for (const auto& account : options_.accounts) {
      passwords += fmt::format("{}:{}\n", account.user, account.password);
      rules += fmt::format("user {}\n", account.user);
      for (const auto& filter : account.read_write)
        rules += fmt::format("topic readwrite {}\n", filter);
      for (const auto& filter : account.read_only) rules += fmt::format("topic read {}\n", filter);
      rules += "\n";
    }
    if (auto written = write_private("accounts", passwords); !written) return written;
    if (auto written = write_private("access", rules); !written) return written;
    ProcessRequest request;
    request.arguments = {"mosquitto_passwd", "-U", native("accounts")};
    request.output_path = native("mosquitto.out");
    request.error_path = native("mosquitto.out");
    auto hashing = starter_->start(request);
    if (!hashing) return pass(std::move(hashing), "hashing the broker's passwords");
    auto ended = (*hashing)->wait(std::chrono::seconds(30));
    if (!ended) return pass(std::move(ended));
    if (!*ended || (*ended)->code != 0) {
      return fail(Code::internal, "mosquitto_passwd failed",
                  fmt::format("see {}", native("mosquitto.out")));
    }
    return {};
  }

  Result<void> write_configuration() {
    std::string text = fmt::format(
        "listener {} 127.0.0.1\n"
        "persistence false\n"
        "set_tcp_nodelay true\n"
        "max_queued_messages {}\n"
        "max_queued_bytes {}\n"
        "log_dest file {}\n"
        "log_type error\nlog_type warning\nlog_type notice\n"
        "sys_interval 1\n",
        port_, options_.queued_messages_max, options_.queued_bytes_max, log_path());
    if (const std::string user = current_user(); !user.empty()) {
      text += fmt::format("user {}\n", user);
    }
    if (options_.accounts.empty()) {
      text += "allow_anonymous true\n";
    } else {
      text += fmt::format("allow_anonymous false\npassword_file {}\nacl_file {}\n",
                          native("accounts"), native("access"));
    }
    return write_private("mosquitto.conf", text);
  }

  BrokerProcessOptions options_;
  std::unique_ptr<Disk> disk_;
  std::unique_ptr<ProcessStarter> starter_;
  std::unique_ptr<Process> process_;
  std::uint16_t port_ = 0;
};

}  // namespace

Result<std::unique_ptr<BrokerProcess>> start_mosquitto(BrokerProcessOptions options) {
  auto disk = open_posix_disk(options.directory);
  if (!disk) return pass(std::move(disk));
  auto broker = std::make_unique<MosquittoProcess>(std::move(options), std::move(*disk));
  if (auto started = broker->start(); !started) return pass(std::move(started));
  return broker;
}

std::string make_password(Random& random) {
  return fmt::format("{:016x}{:016x}", random.next(), random.next());
}

}  // namespace millwright::engine
