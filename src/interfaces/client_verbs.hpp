// The verbs that ask a hub over its API: query, ledger, status, healthcheck, seal, verify,
// audit-rows, watch.
#pragma once

#include <cstdint>
#include <string>

#include "interfaces/hub_client.hpp"
#include "interfaces/process.hpp"
#include "interfaces/text_table.hpp"

namespace millwright::interfaces {

struct LedgerOptions {
  std::string producer;  ///< site/edge; empty: all
  std::string from;      ///< RFC 3339; empty: whole account
  std::string to;
};

struct WatchOptions {
  std::string pattern = "*";
  std::uint64_t times = 0;  ///< rounds of plain output; 0: until stopped
  Duration interval = std::chrono::seconds(1);
};

class ClientVerbs {
 public:
  /// `hub` is the address; empty: MILLWRIGHT_HUB, else http://127.0.0.1:8080.
  ClientVerbs(HttpClient& http, Terminal& terminal, std::string hub, OutputFormat output);

  /// `sql` `-`: read from standard input.
  Result<void> query(const std::string& sql);
  /// `corrupt` when anything is unexplained.
  Result<void> ledger(const LedgerOptions& options);
  Result<void> status();
  /// `unavailable` with the reasons when the hub is not healthy.
  Result<void> healthcheck();
  Result<void> seal();
  /// `corrupt` when a segment is damaged.
  Result<void> verify();
  /// `corrupt` when a row is double or missing.
  Result<void> audit_rows();
  /// Plain lines; the live screen is watch_screen (watch.hpp).
  Result<void> watch(const WatchOptions& options);

  /// One round of `watch`: the answer of /api/v1/last.
  Result<Json> last_values(const std::string& pattern);
  const std::string& hub() const { return hub_.address(); }

 private:
  Terminal& terminal_;
  HubClient hub_;
  OutputFormat output_;
};

/// Rows of `watch`: series, value with unit, quality, age.
std::vector<std::vector<Json>> watch_rows(const Json& last);
inline const std::vector<std::string> watch_headers{"SERIES", "VALUE", "UNIT", "QUALITY", "AGE"};

}  // namespace millwright::interfaces
