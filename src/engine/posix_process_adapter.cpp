// Child processes by fork and exec, watched by pidfd.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/format.hpp"
#include "engine/process.hpp"

namespace millwright::engine {
namespace {

std::optional<std::string> find_program(const std::string& name) {
  if (name.contains('/'))
    return ::access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
  const char* path = ::getenv("PATH");
  std::string places = path == nullptr ? "/usr/bin:/bin" : path;
  places += ":/usr/local/sbin:/usr/sbin:/sbin";
  std::size_t at = 0;
  while (at <= places.size()) {
    const std::size_t end = std::min(places.find(':', at), places.size());
    std::string candidate = places.substr(at, end - at) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    at = end + 1;
  }
  return std::nullopt;
}

int number_of(ProcessSignal signal) {
  switch (signal) {
    case ProcessSignal::interrupt:
      return SIGINT;
    case ProcessSignal::terminate:
      return SIGTERM;
    case ProcessSignal::kill:
      return SIGKILL;
    case ProcessSignal::stop:
      return SIGSTOP;
    case ProcessSignal::resume:
      return SIGCONT;
    case ProcessSignal::hang_up:
      return SIGHUP;
  }
  return SIGKILL;
}

class PosixProcess final : public Process {
 public:
  PosixProcess(pid_t pid, int pid_fd, std::string name)
      : pid_(pid), pid_fd_(pid_fd), name_(std::move(name)) {}
  ~PosixProcess() override {
    if (!status_) {
      ::kill(pid_, SIGKILL);
      reap(0);
    }
    ::close(pid_fd_);
  }

  int pid() const override { return pid_; }

  Result<void> signal(ProcessSignal signal) override {
    // Not reaped yet, so the number cannot belong to anybody else.
    if (!status_) reap(WNOHANG);
    if (status_) return fail(Code::not_found, fmt::format("{} has ended", name_));
    if (::kill(pid_, number_of(signal)) != 0) {
      return fail(Code::refused, fmt::format("signalling {}: {}", name_, ::strerror(errno)));
    }
    return {};
  }

  Result<std::optional<ExitStatus>> wait(Duration limit) override {
    if (status_) return status_;
    pollfd fd{pid_fd_, POLLIN, 0};
    const auto ms = std::chrono::ceil<std::chrono::milliseconds>(limit).count();
    while (::poll(&fd, 1, static_cast<int>(ms)) < 0) {
      if (errno != EINTR) {
        return fail(Code::internal, fmt::format("waiting for {}: {}", name_, ::strerror(errno)));
      }
    }
    reap(WNOHANG);
    return status_;
  }

 private:
  void reap(int options) {
    int raw = 0;
    pid_t got = 0;
    do {
      got = ::waitpid(pid_, &raw, options);
    } while (got < 0 && errno == EINTR);
    if (got != pid_) return;
    if (WIFSIGNALED(raw)) {
      status_ = ExitStatus{128 + WTERMSIG(raw), WTERMSIG(raw)};
    } else {
      status_ = ExitStatus{WEXITSTATUS(raw), 0};
    }
  }

  pid_t pid_;
  int pid_fd_;
  std::string name_;
  std::optional<ExitStatus> status_;
};

std::vector<std::string> environment_with(const ProcessRequest& request) {
  std::vector<std::string> out;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    bool replaced = false;
    for (const auto& [name, value] : request.environment) {
      replaced = replaced || (text.starts_with(name) && text.substr(name.size()).starts_with('='));
    }
    if (!replaced) out.emplace_back(text);
  }
  for (const auto& [name, value] : request.environment) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

/// Between fork and exec: only what is safe after fork in a program with threads.
[[noreturn]] void become(const char* program, char* const* arguments, char* const* environment,
                         const ProcessRequest& request, pid_t parent, int report) {
  const auto give_up = [&] {
    const int number = errno;
    [[maybe_unused]] const auto written = ::write(report, &number, sizeof number);
    ::_exit(127);
  };
  const auto redirect = [&](const std::string& path, int to) {
    if (path.empty()) return;
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0640);
    if (fd < 0 || ::dup2(fd, to) < 0) give_up();
    if (fd != to) ::close(fd);
  };
  if (request.dies_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
  }
  // The terminal's Ctrl-C goes to the parent alone, which stops its children in order.
  ::setpgid(0, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  redirect(request.output_path, STDOUT_FILENO);
  redirect(request.error_path, STDERR_FILENO);
  ::execve(program, arguments, environment);
  give_up();
  ::_exit(127);
}

class PosixStarter final : public ProcessStarter {
 public:
  Result<std::unique_ptr<Process>> start(const ProcessRequest& request) override {
    if (request.arguments.empty()) return fail(Code::invalid_input, "no program was named");
    const std::string& name = request.arguments.front();
    const auto program = find_program(name);
    if (!program) {
      return fail(Code::not_found, fmt::format("program '{}' was not found", name),
                  "install it, or add its directory to PATH");
    }
    std::vector<std::string> argument_texts = request.arguments;
    std::vector<std::string> environment_texts = environment_with(request);
    const auto arguments = pointers_to(argument_texts);
    const auto environment = pointers_to(environment_texts);
    int report[2];
    if (::pipe2(report, O_CLOEXEC) != 0) {
      return fail(Code::exhausted, fmt::format("starting '{}': {}", name, ::strerror(errno)));
    }
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) {
      become(program->c_str(), arguments.data(), environment.data(), request, parent, report[1]);
    }
    const int fork_error = errno;
    ::close(report[1]);
    int exec_error = 0;
    ssize_t got = 0;
    if (pid > 0) {
      do {
        got = ::read(report[0], &exec_error, sizeof exec_error);  // ends when exec closes it
      } while (got < 0 && errno == EINTR);
    }
    ::close(report[0]);
    if (pid < 0 || got > 0) {
      if (pid > 0) ::waitpid(pid, nullptr, 0);
      return fail(Code::refused, fmt::format("starting '{}': {}", name,
                                             ::strerror(pid < 0 ? fork_error : exec_error)));
    }
    const auto pid_fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (pid_fd < 0) {
      const int number = errno;
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
      return fail(Code::internal, fmt::format("watching '{}': {}", name, ::strerror(number)));
    }
    return std::make_unique<PosixProcess>(pid, pid_fd, name);
  }
};

}  // namespace

std::unique_ptr<ProcessStarter> make_process_starter() {
  return std::make_unique<PosixStarter>();
}

}  // namespace millwright::engine
