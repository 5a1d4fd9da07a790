// Which file of the screen answers a path; see the header for the rule.
#include "interfaces/web_files.hpp"

#include <algorithm>

namespace millwright::interfaces {

namespace {

const WebFile* find(std::string_view path) {
  const auto files = web_files();
  const auto found = std::ranges::find(files, path, &WebFile::path);
  return found == files.end() ? nullptr : &*found;
}

}  // namespace

const WebFile* web_file_for(std::string_view path) {
  if (const WebFile* file = find(path)) return file;
  if (path.starts_with("/static/") || path.starts_with("/api/")) return nullptr;
  return find("/index.html");
}

std::string_view cache_control_of(const WebFile& file) {
  return file.is_hashed ? "public, max-age=31536000, immutable" : "no-cache";
}

std::string_view web_security_policy() {
  return "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src "
         "'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors "
         "'none'";
}

}  // namespace millwright::interfaces
