#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "engine/host.hpp"

namespace millwright::engine {
namespace {

class PosixStopSignal final : public StopSignal {
 public:
  PosixStopSignal() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    signal(SIGPIPE, SIG_IGN);
  }
  bool wait(Duration limit) override {
    if (asked_) return true;
    timespec time{};
    time.tv_sec = limit.count() / 1'000'000;
    time.tv_nsec = (limit.count() % 1'000'000) * 1000;
    while (true) {
      const int got = sigtimedwait(&set_, nullptr, &time);
      if (got > 0) return asked_ = true;
      if (errno != EINTR) return false;
    }
  }

 private:
  sigset_t set_{};
  bool asked_ = false;
};

}  // namespace

std::unique_ptr<StopSignal> make_stop_signal() {
  return std::make_unique<PosixStopSignal>();
}

Result<std::string> program_path() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error)
    return fail(Code::unavailable, "the program cannot find its own path: " + error.message());
  return path.string();
}

Result<std::string> sibling_program(std::string_view name) {
  auto own = program_path();
  if (!own) return own;
  const auto path = std::filesystem::path(*own).parent_path() / name;
  std::error_code error;
  if (!std::filesystem::exists(path, error)) {
    return fail(Code::not_found, path.string() + " is missing", "build it: make build");
  }
  return path.string();
}

Result<void> replace_program(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(argv.front(), argv.data());
  return fail(Code::unavailable, arguments.front() + " cannot be run: " + std::strerror(errno));
}

std::string absolute_path(std::string_view path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error);
  return error ? std::string(path) : absolute.lexically_normal().string();
}

Result<std::uint16_t> free_loopback_port() {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_fd < 0) return fail(Code::unavailable, std::string("socket: ") + std::strerror(errno));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound =
      bind(socket_fd, generic, size) == 0 && getsockname(socket_fd, generic, &size) == 0;
  const int bind_error = errno;
  close(socket_fd);
  if (!bound)
    return fail(Code::unavailable,
                std::string("no free loopback port: ") + std::strerror(bind_error));
  return ntohs(address.sin_port);
}

std::uint64_t memory_bytes(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::string word;
  while (file >> word) {
    std::uint64_t kib = 0;
    if (word == "Pss:" && file >> kib) return kib * 1024;
  }
  return 0;
}

Result<std::string> make_temporary_directory(std::string_view prefix) {
  std::error_code error;
  auto base = std::filesystem::temp_directory_path(error);
  if (error) return fail(Code::unavailable, "no directory for temporary files: " + error.message());
  std::string path = (base / (std::string(prefix) + ".XXXXXX")).string();
  if (mkdtemp(path.data()) == nullptr) {
    return fail(Code::unavailable, path + " cannot be made: " + std::strerror(errno));
  }
  return path;
}

void remove_tree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
}

}  // namespace millwright::engine
