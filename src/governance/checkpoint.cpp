#include "governance/checkpoint.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/format.hpp"
#include "governance/base64.hpp"

namespace millwright::governance {
namespace {

constexpr std::string_view dash = "\u2014 ";  // em dash, space: how a signature line begins
constexpr std::size_t note_bytes_max = 64 * 1024;

std::unexpected<Error> no_checkpoint(std::string_view why) {
  return fail(Code::corrupt, fmt::format("this is no signed checkpoint: {}", why));
}

/// Takes a line without its end off the front.
std::optional<std::string_view> take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const auto line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

/// Key hash and signature of a line `— name base64`; nothing when it is none.
struct SignatureLine {
  std::string_view name;
  std::uint32_t hash = 0;
  Bytes signature;
};
std::optional<SignatureLine> read_signature(std::string_view line) {
  if (!line.starts_with(dash)) return std::nullopt;
  line.remove_prefix(dash.size());
  const auto space = line.find(' ');
  if (space == std::string_view::npos || space == 0) return std::nullopt;
  const auto bytes = from_base64(line.substr(space + 1));
  if (!bytes || bytes->size() < 5) return std::nullopt;
  SignatureLine out;
  out.name = line.substr(0, space);
  for (std::size_t i = 0; i < 4; ++i) {
    out.hash = (out.hash << 8) | std::to_integer<std::uint32_t>((*bytes)[i]);
  }
  out.signature.assign(bytes->begin() + 4, bytes->end());
  return out;
}

Bytes big_endian(std::uint32_t value) {
  Bytes out;
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::byte>(value >> shift));
  return out;
}

}  // namespace

std::uint32_t LogKey::hash() const {
  Bytes text(as_bytes(origin).begin(), as_bytes(origin).end());
  text.push_back(std::byte{'\n'});
  text.push_back(std::byte{1});  // Ed25519
  text.insert(text.end(), key.bytes.begin(), key.bytes.end());
  const Digest digest = sha256(text);
  std::uint32_t out = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    out = (out << 8) | std::to_integer<std::uint32_t>(digest.bytes[i]);
  }
  return out;
}

std::string LogKey::verifier_text() const {
  Bytes typed{std::byte{1}};
  typed.insert(typed.end(), key.bytes.begin(), key.bytes.end());
  return fmt::format("{}+{:08x}+{}", origin, hash(), to_base64(typed));
}

Result<LogKey> parse_verifier(std::string_view text) {
  LogKey out;
  const auto first = text.find('+');
  const auto second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second != std::string_view::npos) {
    out.origin = text.substr(0, first);
    const auto bytes = from_base64(text.substr(second + 1));
    if (bytes && bytes->size() == 33 && bytes->front() == std::byte{1}) {
      std::copy_n(bytes->begin() + 1, 32, out.key.bytes.begin());
      if (check_origin(out.origin) && out.verifier_text() == text) return out;
    }
  }
  return fail(Code::invalid_input, "this is no verifier key of a log",
              "give the line that `millwright audit key` prints: name+hash+base64");
}

Result<void> check_origin(std::string_view origin) {
  const bool fits = !origin.empty() && origin.size() <= 200 &&
                    std::ranges::all_of(origin, [](char c) { return c > 0x20 && c < 0x7F; }) &&
                    !origin.contains('+');
  if (fits) return {};
  return fail(Code::invalid_input, fmt::format("'{}' cannot be the origin of a log", origin),
              "use 1 to 200 visible ASCII characters without '+'");
}

std::string Checkpoint::text() const {
  return fmt::format("{}\n{}\n{}\n", origin, head.size, to_base64(head.root.bytes));
}

std::string sign_checkpoint(const Checkpoint& checkpoint, const SecretKey& key) {
  const std::string text = checkpoint.text();
  const LogKey public_part{checkpoint.origin, key.public_key()};
  Bytes signature = big_endian(public_part.hash());
  const Signature signed_text = key.sign(as_bytes(text));
  signature.insert(signature.end(), signed_text.bytes.begin(), signed_text.bytes.end());
  return fmt::format("{}\n{}{} {}\n", text, dash, checkpoint.origin, to_base64(signature));
}

Result<Checkpoint> read_checkpoint(std::string_view note) {
  if (note.size() > note_bytes_max) return no_checkpoint("it is too long");
  std::string_view rest = note;
  const auto origin = take_line(rest), size = take_line(rest), root = take_line(rest),
             blank = take_line(rest);
  if (!blank) return no_checkpoint("it has fewer than four lines");
  Checkpoint out;
  out.origin = *origin;
  const auto [end, error] =
      std::from_chars(size->data(), size->data() + size->size(), out.head.size);
  const auto bytes = from_base64(*root);
  if (error != std::errc{} || end != size->data() + size->size()) {
    return no_checkpoint("line 2 is not a number");
  }
  if (!bytes || bytes->size() != 32) return no_checkpoint("line 3 is not 32 bytes in Base64");
  std::ranges::copy(*bytes, out.head.root.bytes.begin());
  if (!check_origin(out.origin)) return no_checkpoint("line 1 is not an origin");
  if (!note.starts_with(out.text() + "\n")) return no_checkpoint("it has more than one spelling");
  if (rest.empty()) return no_checkpoint("it has no signature");
  while (!rest.empty()) {
    const auto line = take_line(rest);
    if (!line || !read_signature(*line)) return no_checkpoint("a signature line is malformed");
  }
  return out;
}

Result<Checkpoint> open_checkpoint(std::string_view note, const LogKey& key) {
  auto checkpoint = read_checkpoint(note);
  if (!checkpoint) return checkpoint;
  if (checkpoint->origin != key.origin) {
    return fail(Code::corrupt, fmt::format("the checkpoint is of the log '{}', not of '{}'",
                                           checkpoint->origin, key.origin));
  }
  const std::string text = checkpoint->text();
  std::string_view rest = note.substr(text.size() + 1);
  bool found = false;
  while (const auto line = take_line(rest)) {
    const auto signature = read_signature(*line);
    if (!signature || signature->name != key.origin || signature->hash != key.hash()) continue;
    Signature bytes;
    if (signature->signature.size() != bytes.bytes.size()) continue;
    std::ranges::copy(signature->signature, bytes.bytes.begin());
    if (!verify(key.key, as_bytes(text), bytes)) {
      return fail(Code::corrupt, fmt::format("the signature of the checkpoint of size {} is wrong",
                                             checkpoint->head.size));
    }
    found = true;
  }
  if (!found) {
    return fail(Code::corrupt,
                fmt::format("the checkpoint of size {} is not signed by the log's key",
                            checkpoint->head.size));
  }
  return checkpoint;
}

}  // namespace millwright::governance
