// The verbs that show why: usecase readiness, lineage, review, audit log, audit verify, audit
// export. The last two read the files of an audit log themselves: they trust no hub.
#pragma once

#include <cstdint>
#include <string>

#include "engine/disk.hpp"
#include "interfaces/hub_client.hpp"
#include "interfaces/role_options.hpp"

namespace millwright::interfaces {

struct LineageOptions {
  std::string series;
  std::string at;              ///< RFC 3339; empty: the last
  std::uint64_t revision = 0;  ///< 0: the greatest
};

/// Form of a review; `html` is the page that prints.
enum class ReviewForm : std::uint8_t { table, json, yaml, html };

struct AuditLogOptions {
  std::uint64_t from = 0;
  std::uint64_t limit = 1000;
};

class EvidenceVerbs {
 public:
  /// Both outlive it.
  EvidenceVerbs(HubClient& hub, Terminal& terminal, OutputFormat output)
      : hub_(hub), terminal_(terminal), output_(output) {}

  /// `use_case` empty: all. `not_found` names the nearest.
  Result<void> readiness(const std::string& use_case);
  /// `corrupt` when the value cannot be walked back whole; what does not fit is named.
  Result<void> lineage(const LineageOptions& options);
  Result<void> review(const std::string& use_case, ReviewForm form);
  Result<void> audit_log(const AuditLogOptions& options);

 private:
  HubClient& hub_;
  Terminal& terminal_;
  OutputFormat output_;
};

struct AuditFileOptions {
  std::string directory = "office";  ///< of the office on the disk: `audit` and `log.key` are in it
  std::string verifier;    ///< `name+hash+base64`, or a file with it; empty: the key beside the log
  std::string remembered;  ///< file with a checkpoint that was kept elsewhere
};

/// `corrupt` with the place of the first entry that is not what was acknowledged.
Result<void> verify_audit_files(engine::Disk& disk, const AuditFileOptions& options,
                                OutputFormat output, Terminal& terminal);
/// Writes what a foreign verifier needs into the new folder `folder` of `to`.
Result<void> export_audit_files(engine::Disk& disk, const AuditFileOptions& options,
                                engine::Disk& to, const std::string& folder, Terminal& terminal);

}  // namespace millwright::interfaces
