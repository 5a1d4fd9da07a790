// The verbs over the files of an audit log, on the machine where they or a copy lie.
#include <ostream>

#include "base/format.hpp"
#include "governance/audit_verify.hpp"
#include "governance/keys.hpp"
#include "interfaces/answer.hpp"
#include "interfaces/evidence_verbs.hpp"
#include "interfaces/text_table.hpp"

namespace millwright::interfaces {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

/// The key that the hub itself signs with: good against accidents, not against who has the machine.
Result<governance::LogKey> key_beside(engine::Disk& disk, const AuditFileOptions& options,
                                      Terminal& terminal) {
  const std::string file = options.directory + "/log.key";
  auto text = engine::read_whole(disk, file);
  if (!text) {
    text.error().while_doing("no --verifier was given and the key of the log is not here");
    return pass(std::move(text));
  }
  auto secret = governance::SecretKey::parse_file(as_text(*text));
  if (!secret) return pass(std::move(secret), file);
  auto note = engine::read_whole(disk, options.directory + "/audit/checkpoint");
  if (!note) return pass(std::move(note), "audit log");
  auto checkpoint = governance::read_checkpoint(as_text(*note));
  if (!checkpoint) return pass(std::move(checkpoint), "audit log");
  terminal.err << "millwright: warning: the key of the log is taken from beside the log; give "
                  "--verifier with the key that you keep elsewhere\n";
  return governance::LogKey{checkpoint->origin, secret->public_key()};
}

Result<governance::VerifyOptions> options_of(engine::Disk& disk, const AuditFileOptions& options,
                                             Terminal& terminal) {
  governance::VerifyOptions out;
  out.directory = options.directory + "/audit";
  if (options.verifier.empty()) {
    auto key = key_beside(disk, options, terminal);
    if (!key) return pass(std::move(key));
    out.key = std::move(*key);
  } else {
    auto key = governance::parse_verifier(options.verifier);
    if (!key) {
      auto file = terminal.read_file(options.verifier);
      if (!file) return pass(std::move(key), "--verifier");
      key = governance::parse_verifier(trimmed(*file));
      if (!key) return pass(std::move(key), options.verifier);
    }
    out.key = std::move(*key);
  }
  if (!options.remembered.empty()) {
    auto note = terminal.read_file(options.remembered);
    if (!note) return pass(std::move(note), "--remembered");
    out.remembered = std::move(*note);
  }
  return out;
}

}  // namespace

Result<void> verify_audit_files(engine::Disk& disk, const AuditFileOptions& options,
                                OutputFormat output, Terminal& terminal) {
  auto chosen = options_of(disk, options, terminal);
  if (!chosen) return pass(std::move(chosen));
  auto verified = governance::verify_audit(disk, *chosen);
  if (!verified) return pass(std::move(verified), "audit log");
  const std::string defect = verified->defect ? verified->defect->text() : std::string();
  View view;
  view.document = Json::object({{"sound", verified->sound()},
                                {"entries", exact(verified->entries)},
                                {"checkpoints", exact(verified->checkpoints)},
                                {"size", exact(verified->head.size)},
                                {"root", verified->head.root.hex()},
                                {"verifier", chosen->key.verifier_text()},
                                {"remembered", chosen->remembered.has_value()},
                                {"defect", defect.empty() ? Json() : Json(defect)}});
  view.headers = {"SOUND", "ENTRIES", "CHECKPOINTS", "ROOT", "VERIFIER"};
  view.rows.push_back({verified->sound() ? "yes" : "no", exact(verified->entries),
                       exact(verified->checkpoints), verified->head.root.hex().substr(0, 16),
                       chosen->key.verifier_text()});
  print(view, output, terminal.out);
  if (verified->sound()) return {};
  return fail(Code::corrupt, "the audit log is not what was acknowledged: " + defect,
              "keep the files as they are; compare them with a copy and a checkpoint kept "
              "elsewhere");
}

Result<void> export_audit_files(engine::Disk& disk, const AuditFileOptions& options,
                                engine::Disk& to, const std::string& folder, Terminal& terminal) {
  auto chosen = options_of(disk, options, terminal);
  if (!chosen) return pass(std::move(chosen));
  auto done = governance::export_audit(disk, *chosen, to, folder);
  if (!done) return pass(std::move(done), "audit log");
  terminal.out << "entries, checkpoint, checkpoints and key are written\n";
  return {};
}

}  // namespace millwright::interfaces
