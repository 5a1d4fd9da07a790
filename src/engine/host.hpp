// The process and its machine, for composition roots: stop signals, the program's own path, working
// files' root, a free port, memory. Real only (host_adapter.cpp): a simulated process is not asked
// to stop by a signal.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace millwright::engine {

/// SIGINT and SIGTERM as something to wait for. Make it before any thread starts: they inherit the
/// blocked mask.
class StopSignal {
 public:
  virtual ~StopSignal() = default;
  /// True when a stop was asked for within `limit`; stays true.
  virtual bool wait(Duration limit) = 0;
};
std::unique_ptr<StopSignal> make_stop_signal();

/// Path of the running program, and of a program beside it.
Result<std::string> program_path();
Result<std::string> sibling_program(std::string_view name);
/// Becomes another program (exec); returns only when that fails.
Result<void> replace_program(const std::vector<std::string>& arguments);
/// Absolute form of a path, from the working directory.
std::string absolute_path(std::string_view path);
/// A loopback TCP port that was free a moment ago.
Result<std::uint16_t> free_loopback_port();
/// Proportional set size of a process in bytes; 0 when it cannot be read.
std::uint64_t memory_bytes(int pid);
/// A new directory below the system's place for temporary files.
Result<std::string> make_temporary_directory(std::string_view prefix);
/// Removes a directory and all below it.
void remove_tree(const std::string& path);

}  // namespace millwright::engine
