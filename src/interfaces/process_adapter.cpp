// The process around a command: standard streams, environment, files, stop signals.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <iterator>
#include <memory>

#include "base/format.hpp"
#include "engine/disk.hpp"
#include "engine/host.hpp"
#include "engine/system_time.hpp"
#include "interfaces/process.hpp"

namespace millwright::interfaces {

namespace {

Result<std::string> read_file(const std::string& path) {
  if (path == "-") {
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  auto root = engine::open_posix_disk("/");
  if (!root) return pass(std::move(root));
  auto content = engine::read_whole(**root, engine::absolute_path(path).substr(1));
  if (!content) return pass(std::move(content), "reading " + path);
  return std::string(as_text(*content));
}

Result<void> write_file(const std::string& path, std::string_view content, WrittenAs as) {
  const std::string full = engine::absolute_path(path);
  if (as == WrittenAs::new_secret) return engine::create_private_file(full, as_bytes(content));
  auto root = engine::open_posix_disk("/");
  if (!root) return pass(std::move(root));
  auto done = engine::replace_whole(**root, full.substr(1), as_bytes(content));
  if (!done) return pass(std::move(done), "writing " + path);
  return {};
}

int columns_of_output() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

Terminal process_terminal() {
  return {.out = std::cout,
          .err = std::cerr,
          .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
          .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
          .columns = columns_of_output(),
          .environment = [](const std::string& name) -> std::optional<std::string> {
            const char* value = std::getenv(name.c_str());
            if (value == nullptr) return std::nullopt;
            return value;
          },
          .read_file = read_file,
          .pause =
              [stop = std::shared_ptr<engine::StopSignal>()](std::int64_t milliseconds) mutable {
                if (!stop) stop = engine::make_stop_signal();
                return !stop->wait(std::chrono::milliseconds(milliseconds));
              },
          .random = engine::make_real_random(),
          .write_file = write_file};
}

std::function<std::uint64_t()> make_resident_bytes() {
  return [] { return engine::memory_bytes(static_cast<int>(::getpid())); };
}

}  // namespace millwright::interfaces
