#include "operations/trusted_keys.hpp"

#include <algorithm>

#include "base/format.hpp"

namespace millwright::operations {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

Result<TrustedKeys> TrustedKeys::parse(std::string_view text, std::string_view file) {
  std::map<std::string, governance::PublicKey, std::less<>> keys;
  std::vector<Problem> problems;
  int line = 0;
  const auto wrong = [&](std::string what) {
    problems.push_back({.place = {.file = std::string(file), .line = line, .column = 1, .path = {}},
                        .what = std::move(what),
                        .expected = "a name, a blank, an Ed25519 public key of 44 characters",
                        .nearest = {},
                        .remedy = {}});
  };
  for (std::size_t at = 0; at < text.size();) {
    ++line;
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view content = trimmed(text.substr(at, end - at));
    at = end + 1;
    if (content.empty() || content.front() == '#') continue;
    const auto blank = content.find_first_of(blanks);
    const std::string_view name = content.substr(0, blank);
    const auto key = governance::PublicKey::parse(
        blank == std::string_view::npos ? std::string_view() : trimmed(content.substr(blank)));
    if (!key) {
      wrong(fmt::format("'{}' is no trusted key", content));
    } else if (!keys.try_emplace(std::string(name), *key).second) {
      wrong(fmt::format("'{}' stands twice", name));
    }
  }
  if (keys.empty() && problems.empty()) wrong("no key is trusted");
  if (!problems.empty()) {
    return std::unexpected(Error(Code::invalid_input, "the file of trusted keys cannot be used")
                               .with_problems(std::move(problems)));
  }
  return TrustedKeys(std::move(keys));
}

SignatureState TrustedKeys::verify(std::string_view key, ByteView message,
                                   ByteView signature) const {
  const auto known = keys_.find(key);
  if (known == keys_.end()) return SignatureState::unknown_key;
  governance::Signature given;
  if (signature.size() != given.bytes.size()) return SignatureState::bad;
  std::ranges::copy(signature, given.bytes.begin());
  return governance::verify(known->second, message, given) ? SignatureState::good
                                                           : SignatureState::bad;
}

}  // namespace millwright::operations
