// A script of faults for a run: `at 20% kill hub for 10s`, one a line, `#` comments. Shares are of
// the paced duration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace millwright::roles {

enum class FaultKind : std::uint8_t { kill, stall };
std::string_view name_of(FaultKind kind);

struct Fault {
  double share = 0;  ///< 0 to 1
  FaultKind kind = FaultKind::kill;
  std::string member;
  Duration lasts{0};

  bool operator==(const Fault&) const = default;
};

/// Sorted by share. Every problem with its line.
Result<std::vector<Fault>> parse_fault_script(std::string_view text, const std::string& file);

}  // namespace millwright::roles
