#include "base/result.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "base/format.hpp"

namespace millwright {

std::string_view code_name(Code code) {
  switch (code) {
    case Code::invalid_input:
      return "invalid_input";
    case Code::not_found:
      return "not_found";
    case Code::already_exists:
      return "already_exists";
    case Code::conflict:
      return "conflict";
    case Code::refused:
      return "refused";
    case Code::unavailable:
      return "unavailable";
    case Code::exhausted:
      return "exhausted";
    case Code::corrupt:
      return "corrupt";
    case Code::unsupported_version:
      return "unsupported_version";
    case Code::timeout:
      return "timeout";
    case Code::internal:
      return "internal";
  }
  return "unknown";
}

int exit_status(Code code) {
  // 1 is left to uncaught failures of the runtime, 2 to unusable arguments (CLI11).
  return static_cast<int>(code) + 10;
}

std::string Place::text() const {
  std::string out = file;
  if (line > 0) out += fmt::format("{}{}", out.empty() ? "" : ":", line);
  if (line > 0 && column > 0) out += fmt::format(":{}", column);
  if (!path.empty()) out += (out.empty() ? "" : ": ") + path;
  return out;
}

std::string Problem::text() const {
  std::string out = place.text();
  if (!out.empty()) out += ": ";
  out += what;
  if (!expected.empty()) out += "; expected " + expected;
  if (!nearest.empty()) out += "; did you mean '" + nearest + "'?";
  if (!remedy.empty()) out += "; " + remedy;
  return out;
}

Error Error::with_problems(std::vector<Problem> problems) && {
  problems_ = std::move(problems);
  return std::move(*this);
}

Error&& Error::while_doing(std::string what) && {
  context_.push_back(std::move(what));
  return std::move(*this);
}

Error& Error::while_doing(std::string what) & {
  context_.push_back(std::move(what));
  return *this;
}

std::string Error::text() const {
  std::string out;
  for (auto it = context_.rbegin(); it != context_.rend(); ++it) out += *it + ": ";
  out += fmt::format("{} ({})", message_, code_name(code_));
  for (const auto& problem : problems_) out += "\n  " + problem.text();
  if (!remedy_.empty()) out += "\n  remedy: " + remedy_;
  return out;
}

std::string_view nearest_name(std::string_view name,
                              const std::vector<std::string_view>& candidates) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  std::vector<std::size_t> row;
  for (auto candidate : candidates) {
    row.resize(candidate.size() + 1);
    for (std::size_t j = 0; j <= candidate.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= name.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t substituted = diagonal + (name[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

void broken_invariant(std::string_view what, std::string_view file, int line) {
  fmt::print(stderr, "millwright: broken invariant: {} at {}:{}\n", what, file, line);
  std::abort();
}

}  // namespace millwright
