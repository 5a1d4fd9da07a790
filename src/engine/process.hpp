// Child processes: started by argument list, never through a shell; signalled, waited for, reaped.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace millwright::engine {

struct ProcessRequest {
  /// Program and arguments. A program without '/' is looked for in PATH, then in /usr/local/sbin,
  /// /usr/sbin and /sbin, where Debian keeps servers.
  std::vector<std::string> arguments;
  /// Added to this process's environment; an equal name is replaced.
  std::vector<std::pair<std::string, std::string>> environment;
  /// Files that take standard output and error (appended to); empty: this process's own.
  std::string output_path;
  std::string error_path;
  /// The kernel kills the child when the thread that started it ends, so that a crash of this
  /// process leaves nothing behind. Start such children from a thread that lives on.
  bool dies_with_parent = true;
};

enum class ProcessSignal : std::uint8_t { interrupt, terminate, kill, stop, resume, hang_up };

/// How a process ended.
struct ExitStatus {
  int code = 0;    ///< exit code; 128 + signal when a signal ended it, as shells say
  int signal = 0;  ///< 0: it exited by itself

  bool operator==(const ExitStatus&) const = default;
};

/// A started child. Destroying it kills and reaps the child.
class Process {
 public:
  virtual ~Process() = default;
  virtual int pid() const = 0;
  /// `not_found`: it has ended.
  virtual Result<void> signal(ProcessSignal signal) = 0;
  /// Waits at most `limit` (0: looks only); nullopt when it still runs.
  virtual Result<std::optional<ExitStatus>> wait(Duration limit) = 0;
};

class ProcessStarter {
 public:
  virtual ~ProcessStarter() = default;
  /// `not_found`: there is no such program.
  virtual Result<std::unique_ptr<Process>> start(const ProcessRequest& request) = 0;
};

/// fork, exec, pidfd (posix_process_adapter.cpp).
std::unique_ptr<ProcessStarter> make_process_starter();

/// Terminates, waits for `grace`, kills if needed; how it ended.
Result<ExitStatus> stop_process(Process& process, Duration grace);

}  // namespace millwright::engine
