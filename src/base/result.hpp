// Errors as values. An operating error is an Error in a Result; bad data is data (a quality and a
// counter); bad configuration is an Error that lists every Problem with its place, what was
// expected and the remedy.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millwright {

/// What the caller may do about an error; nothing finer is promised.
enum class Code : std::uint8_t {
  invalid_input,        ///< the input must be changed
  not_found,            ///< the thing named does not exist
  already_exists,       ///< the thing named exists already
  conflict,             ///< somebody else changed it; read again and retry
  refused,              ///< a rule or permission forbids it
  unavailable,          ///< a peer or resource is away; retry later
  exhausted,            ///< a declared bound is reached; retry when there is room
  corrupt,              ///< stored bytes fail their check
  unsupported_version,  ///< written by a newer format than this program reads
  timeout,              ///< no answer in time
  internal,             ///< a defect of this program
};

/// Stable lower-case name, as printed and as used by APIs.
std::string_view code_name(Code code);
/// Process exit status of a command that ended with `code` (0 is never returned).
int exit_status(Code code);

/// Where an input is wrong. Lines and columns count from 1; 0 means unknown.
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
  std::string path;  ///< position inside the document, such as `spec.signals[2].unit`

  /// `file:line:column: path`, without the parts that are unknown.
  std::string text() const;
};

/// One defect of an input.
struct Problem {
  Place place;
  std::string what;
  std::string expected;  ///< what would have been accepted; may be empty
  std::string nearest;   ///< the nearest valid name; may be empty
  std::string remedy;    ///< what to do; may be empty

  std::string text() const;
};

/// An operating error: a closed code, a message, the remedy, every problem of the input, and
/// context added once a layer.
class Error {
 public:
  Error(Code code, std::string message, std::string remedy = {})
      : code_(code), message_(std::move(message)), remedy_(std::move(remedy)) {}

  Code code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& remedy() const { return remedy_; }
  const std::vector<Problem>& problems() const { return problems_; }
  const std::vector<std::string>& context() const { return context_; }

  Error with_problems(std::vector<Problem> problems) &&;
  /// Adds what the layer above was doing, outermost last.
  Error&& while_doing(std::string what) &&;
  Error& while_doing(std::string what) &;

  /// `outer: inner: message (code)`, then one line a problem, then the remedy.
  std::string text() const;

 private:
  Code code_;
  std::string message_;
  std::string remedy_;
  std::vector<Problem> problems_;
  std::vector<std::string> context_;
};

template <typename T>
using Result = std::expected<T, Error>;

/// `return fail(Code::corrupt, "…");`
inline std::unexpected<Error> fail(Code code, std::string message, std::string remedy = {}) {
  return std::unexpected<Error>(std::in_place, code, std::move(message), std::move(remedy));
}

/// Passes an error on, with what this layer was doing.
template <typename T>
std::unexpected<Error> pass(Result<T>&& failed, std::string what = {}) {
  if (!what.empty()) failed.error().while_doing(std::move(what));
  return std::unexpected<Error>(std::move(failed.error()));
}

/// The candidate nearest to `name` by edit distance, or empty when none is near.
std::string_view nearest_name(std::string_view name,
                              const std::vector<std::string_view>& candidates);

/// Ends the process with a message: an invariant of this program is broken.
[[noreturn]] void broken_invariant(std::string_view what, std::string_view file, int line);

}  // namespace millwright

/// An invariant of this program, checked in every build.
#define MILLWRIGHT_ASSERT(condition) \
  ((condition) ? void(0) : ::millwright::broken_invariant(#condition, __FILE__, __LINE__))
