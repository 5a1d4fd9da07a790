// Resource files of the command line, which stand anywhere in the file system.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/format.hpp"
#include "catalog/commands.hpp"

namespace millwright::catalog {
namespace {

void read_one(const std::filesystem::path& path, std::vector<SourceText>& out,
              std::vector<Problem>& problems) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) text.assign(std::istreambuf_iterator<char>(file), {});
  if (!file || file.bad()) {
    problems.push_back({{path.string(), 0, 0, {}},
                        fmt::format("cannot be read: {}", std::strerror(errno)),
                        "a YAML file or a folder of them",
                        {},
                        {}});
    return;
  }
  out.push_back({path.string(), std::move(text)});
}

void read_folder(const std::filesystem::path& folder, std::vector<SourceText>& out,
                 std::vector<Problem>& problems) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const auto extension = entry.path().extension();
    if (extension == ".yaml" || extension == ".yml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  if (files.empty()) {
    problems.push_back({{folder.string(), 0, 0, {}},
                        error ? "cannot be read: " + error.message() : "no resource files in it",
                        "a folder with *.yaml files",
                        {},
                        {}});
  }
  for (const auto& file : files) read_one(file, out, problems);
}

}  // namespace

Result<std::vector<SourceText>> read_sources(const std::vector<std::string>& paths) {
  std::vector<SourceText> out;
  std::vector<Problem> problems;
  try {
    for (const auto& path : paths) {
      std::error_code error;
      if (path == "-") {
        out.push_back({"-", std::string(std::istreambuf_iterator<char>(std::cin), {})});
      } else if (std::filesystem::is_directory(path, error)) {
        read_folder(path, out, problems);
      } else {
        read_one(path, out, problems);
      }
    }
  } catch (const std::exception& error) {
    return fail(Code::unavailable, fmt::format("reading resource files: {}", error.what()));
  }
  if (!problems.empty()) {
    return std::unexpected(
        Error(Code::invalid_input, fmt::format("{} of the paths cannot be read", problems.size()))
            .with_problems(std::move(problems)));
  }
  return out;
}

}  // namespace millwright::catalog
