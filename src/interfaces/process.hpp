// What the command line takes from the process around it, as values and ports. Real:
// process_adapter.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace millwright::interfaces {

enum class WrittenAs : std::uint8_t { new_secret, replaced };

/// Where a command writes, and what it may ask its surroundings.
struct Terminal {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;  ///< colours, live views
  bool err_is_terminal = false;  ///< progress bars
  int columns = 80;              ///< of the terminal on `out`
  /// Value of an environment variable.
  std::function<std::optional<std::string>(const std::string&)> environment;
  /// Whole content of a file by its path, `-` for standard input.
  std::function<Result<std::string>(const std::string&)> read_file;
  /// Waits; false when the person asked to stop (Ctrl-C). For plain repeated output.
  std::function<bool(std::int64_t milliseconds)> pause;
  std::shared_ptr<Random> random;  ///< for ids of what is stored, and for keys
  /// Writes a file as a whole: one that only its owner may read and that must not be there yet
  /// (`already_exists`), or one that replaces what was there.
  std::function<Result<void>(const std::string& path, std::string_view content, WrittenAs)>
      write_file = {};
};

/// Standard output and error, the environment, the file system of this process.
Terminal process_terminal();
/// Reads the memory of this process in bytes (its proportional share, Pss).
std::function<std::uint64_t()> make_resident_bytes();

}  // namespace millwright::interfaces
