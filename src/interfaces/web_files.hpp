// The screen: files built from web/, carried gzipped inside the program. Which of them answers a
// path is decided here; headers and the wire are the caller's.
#pragma once

#include <span>
#include <string_view>

namespace millwright::interfaces {

/// One file of the screen.
struct WebFile {
  std::string_view path;          ///< `/index.html`, `/static/index-Cn2W8ZuS.js`
  std::string_view content_type;  ///< with charset where it is text
  std::string_view bytes;         ///< gzip: to be sent with `Content-Encoding: gzip`
  std::string_view etag;          ///< strong, with its quotes; of the unpacked bytes
  bool is_hashed = false;         ///< the name carries a hash: may be kept for ever
};

/// Every file, in order of path. Generated at build (cmake/web.cmake).
std::span<const WebFile> web_files();

/// What answers GET `path`, or null where it is 404. The rule:
/// - a path of a file answers that file;
/// - any other path under `/static/` and `/api/` is 404: a missing script must not be a page;
/// - everything else is a place within the screen and answers `/index.html`, which finds it.
/// Endpoints of the API that stand outside `/api/` (`/healthz`, `/metrics`, `/openapi.yaml`) are
/// the caller's to answer before it asks here.
const WebFile* web_file_for(std::string_view path);

/// `Cache-Control` of a file: a year for what never changes, else asked anew each time by its ETag.
std::string_view cache_control_of(const WebFile& file);

/// `Content-Security-Policy` of the page: nothing from anywhere else, no inline scripts. Styles may
/// be inline, because the component library sets them.
std::string_view web_security_policy();

}  // namespace millwright::interfaces
