// The verb over keys of persons: key new.
#pragma once

#include <string>

#include "base/result.hpp"
#include "interfaces/process.hpp"
#include "interfaces/role_options.hpp"

namespace millwright::interfaces {

struct KeyOptions {
  std::string person;
  std::string file;  ///< of the secret part; made with mode 0600, never overwritten
  OutputFormat output = OutputFormat::table;
};

/// Makes a pair of keys: the secret part into the file, the public part onto standard output, as it
/// stands in `publicKey` of the Person. `already_exists`: the file is there.
Result<void> new_key(const KeyOptions& options, Terminal& terminal);

}  // namespace millwright::interfaces
