#include "governance/approval.hpp"

#include <charconv>

#include "base/format.hpp"
#include "governance/event.hpp"

namespace millwright::governance {
namespace {

using catalog::Node;

constexpr std::string_view format_name = "millwright-approval-v1";
constexpr std::string_view digest_prefix = "sha256:";

std::unexpected<Error> refuse(std::string_view rule, std::string why, std::string remedy = {}) {
  return fail(Code::refused, fmt::format("{}: {}", rule, why), std::move(remedy));
}

std::optional<Digest> parse_digest(std::string_view text) {
  Digest out;
  if (!text.starts_with(digest_prefix)) return std::nullopt;
  text.remove_prefix(digest_prefix.size());
  if (text.size() != 2 * out.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < out.bytes.size(); ++i) {
    unsigned value = 0;
    const char* const begin = text.data() + 2 * i;
    const auto [end, error] = std::from_chars(begin, begin + 2, value, 16);
    if (error != std::errc{} || end != begin + 2) return std::nullopt;
    out.bytes[i] = static_cast<std::byte>(value);
  }
  return out;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  return verdict == Verdict::approve ? "approve" : "reject";
}

std::string Statement::canonical() const {
  Node node = Node::make_map();
  node.add("at", Node::make_text(to_rfc3339(at)))
      .add("by", Node::make_text(by))
      .add("decision", Node::make_text(name_of(decision)))
      .add("digest", Node::make_text(fmt::format("{}{}", digest_prefix, digest.hex())))
      .add("expires", Node::make_text(to_rfc3339(expires)))
      .add("kind", Node::make_text(subject_kind))
      .add("name", Node::make_text(subject_name))
      .add("statement", Node::make_text(format_name));
  return catalog::canonical_json(node);
}

Result<Statement> Statement::parse(std::string_view canonical) {
  if (canonical.size() > 64 * 1024) return fail(Code::corrupt, "this is too long for a statement");
  auto node = parse_canonical_json(canonical);
  if (!node) return pass(std::move(node), "reading a statement");
  const std::string format = node->text_at("statement");
  if (format != format_name) {
    if (format.starts_with("millwright-approval-v")) {
      return fail(Code::unsupported_version,
                  fmt::format("the statement has format '{}'; this program reads '{}'", format,
                              format_name),
                  "start the newer program that wrote it");
    }
    return fail(Code::corrupt, "this is no statement of an approval");
  }
  Statement out;
  const auto digest = parse_digest(node->text_at("digest"));
  const auto at = parse_rfc3339(node->text_at("at"));
  const auto expires = parse_rfc3339(node->text_at("expires"));
  if (!digest || !at || !expires) {
    return fail(Code::corrupt, "a statement needs digest, at and expires");
  }
  out.digest = *digest;
  out.at = *at;
  out.expires = *expires;
  out.decision = node->text_at("decision") == "reject" ? Verdict::reject : Verdict::approve;
  out.by = node->text_at("by");
  out.subject_kind = node->text_at("kind");
  out.subject_name = node->text_at("name");
  if (out.canonical() != canonical) {
    return fail(Code::corrupt, "the statement has other members than those of an approval");
  }
  return out;
}

Bytes Statement::signed_bytes() const {
  const std::string text = fmt::format("{}\n{}", format_name, canonical());
  return {as_bytes(text).begin(), as_bytes(text).end()};
}

Signature sign_statement(const Statement& statement, const SecretKey& key) {
  return key.sign(statement.signed_bytes());
}

Result<void> check_approval(const Statement& statement, const Signature& signature,
                            const ApprovalContext& context, const RaciTable& raci) {
  if (!context.key) {
    return refuse("unknown_key", fmt::format("no key of '{}' is registered", statement.by),
                  "register the person's public key in the catalog");
  }
  if (!verify(*context.key, statement.signed_bytes(), signature)) {
    return refuse(
        "bad_signature",
        fmt::format("the signature is not that of '{}' over this statement", statement.by),
        "sign the statement again with the key that is registered");
  }
  if (context.now >= statement.expires) {
    return refuse("expired",
                  fmt::format("the approval ended at {}; it is {}", to_rfc3339(statement.expires),
                              to_rfc3339(context.now)),
                  "look at it again and sign anew");
  }
  if (statement.digest != context.digest) {
    return refuse(
        "wrong_digest",
        fmt::format("the approval is for {} {} with digest sha256:{}, but this has sha256:{}",
                    statement.subject_kind, statement.subject_name, statement.digest.hex(),
                    context.digest.hex()),
        "what was changed must be approved again");
  }
  return raci.may({statement.by, RaciPart::accountable, statement.subject_kind, context.decision,
                   context.author});
}

}  // namespace millwright::governance
