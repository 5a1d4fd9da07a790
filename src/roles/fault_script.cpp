#include "roles/fault_script.hpp"

#include <algorithm>
#include <charconv>

#include "base/format.hpp"

namespace millwright::roles {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const auto first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return words;
    line.remove_prefix(first);
    const auto end = std::min(line.find_first_of(" \t\r"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

}  // namespace

std::string_view name_of(FaultKind kind) {
  return kind == FaultKind::kill ? "kill" : "stall";
}

Result<std::vector<Fault>> parse_fault_script(std::string_view text, const std::string& file) {
  std::vector<Fault> faults;
  std::vector<Problem> problems;
  int number = 0;
  while (!text.empty()) {
    ++number;
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find('#'));
    const auto words = words_of(line);
    if (words.empty()) continue;
    const auto problem = [&](std::string what) {
      problems.push_back({{file, number, 1, ""},
                          std::move(what),
                          "at <share>% kill|stall <member> for <duration>",
                          "",
                          ""});
    };
    if (words.size() != 6 || words[0] != "at" || words[4] != "for" || !words[1].ends_with('%')) {
      problem("this is not a fault");
      continue;
    }
    Fault fault;
    double percent = 0;
    const auto [stop, error] =
        std::from_chars(words[1].data(), words[1].data() + words[1].size() - 1, percent);
    if (error != std::errc{} || stop != words[1].data() + words[1].size() - 1 || percent < 0 ||
        percent > 100) {
      problem(fmt::format("'{}' is not a share from 0% to 100%", words[1]));
      continue;
    }
    fault.share = percent / 100;
    if (words[2] == "kill")
      fault.kind = FaultKind::kill;
    else if (words[2] == "stall")
      fault.kind = FaultKind::stall;
    else {
      problem(fmt::format("'{}' is not a kind of fault", words[2]));
      continue;
    }
    fault.member = words[3];
    auto lasts = parse_duration(words[5]);
    if (!lasts) {
      problem(lasts.error().message());
      continue;
    }
    fault.lasts = *lasts;
    faults.push_back(std::move(fault));
  }
  if (!problems.empty()) {
    return std::unexpected(
        Error(Code::invalid_input, fmt::format("{} has {} problems", file, problems.size()))
            .with_problems(std::move(problems)));
  }
  std::ranges::stable_sort(faults, {}, &Fault::share);
  return faults;
}

}  // namespace millwright::roles
