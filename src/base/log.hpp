// The log port: structured enough for a person, cheap enough to leave on. Counters are metrics, not
// log lines.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace millwright {

enum class Severity : std::uint8_t { debug, info, warning, error };

class Log {
 public:
  virtual ~Log() = default;
  /// `component` is a folder or role name, such as "historian" or "edge test-1".
  virtual void write(Severity severity, std::string_view component, std::string_view message) = 0;

  void debug(std::string_view component, std::string_view message) {
    write(Severity::debug, component, message);
  }
  void info(std::string_view component, std::string_view message) {
    write(Severity::info, component, message);
  }
  void warning(std::string_view component, std::string_view message) {
    write(Severity::warning, component, message);
  }
  void error(std::string_view component, std::string_view message) {
    write(Severity::error, component, message);
  }
};

/// Keeps nothing; for tests and for the simulator.
class SilentLog final : public Log {
 public:
  void write(Severity, std::string_view, std::string_view) override {}
};

/// Lines on stderr with UTC times, from `least` upwards (spdlog_adapter.cpp).
std::unique_ptr<Log> make_stderr_log(Severity least);

}  // namespace millwright
