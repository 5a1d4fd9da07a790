// Probe of a listening port by POSIX sockets.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/format.hpp"
#include "engine/listen_port.hpp"

namespace millwright::engine {

namespace {

struct Socket {
  int descriptor = -1;
  ~Socket() {
    if (descriptor >= 0) ::close(descriptor);
  }
};

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<Address> address_of(const std::string& host, std::uint16_t port) {
  Address out;
  auto* four = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* six = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (::inet_pton(AF_INET, host.c_str(), &four->sin_addr) == 1) {
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    out.size = sizeof(sockaddr_in);
    return out;
  }
  if (::inet_pton(AF_INET6, host.c_str(), &six->sin6_addr) == 1) {
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    out.size = sizeof(sockaddr_in6);
    return out;
  }
  return fail(Code::invalid_input, fmt::format("'{}' is not a numeric address", host),
              "use 127.0.0.1 for this machine alone, 0.0.0.0 for every network");
}

}  // namespace

Result<std::uint16_t> probe_listen_port(const std::string& host, std::uint16_t port) {
  auto address = address_of(host, port);
  if (!address) return pass(std::move(address));
  const int family = address->storage.ss_family;
  const Socket socket{::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (socket.descriptor < 0) {
    return fail(Code::exhausted, fmt::format("no socket: {}", std::strerror(errno)));
  }
  const int on = 1;  // a port whose last connections linger is free
  ::setsockopt(socket.descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto* raw = reinterpret_cast<sockaddr*>(&address->storage);
  if (::bind(socket.descriptor, raw, address->size) != 0) {
    const int number = errno;
    const std::string what =
        fmt::format("cannot listen on {}:{}: {}", host, port, std::strerror(number));
    if (number == EADDRINUSE) {
      return fail(Code::already_exists, what, "stop what listens there, or choose another port");
    }
    if (number == EACCES) return fail(Code::refused, what, "choose a port above 1023");
    return fail(Code::invalid_input, what);
  }
  socklen_t size = sizeof address->storage;
  if (::getsockname(socket.descriptor, raw, &size) != 0) {
    return fail(Code::internal, fmt::format("getsockname: {}", std::strerror(errno)));
  }
  return ntohs(family == AF_INET ? reinterpret_cast<sockaddr_in*>(raw)->sin_port
                                 : reinterpret_cast<sockaddr_in6*>(raw)->sin6_port);
}

}  // namespace millwright::engine
