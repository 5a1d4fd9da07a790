// Shell completion scripts, from the verbs and options that the program has.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace millwright::interfaces {

struct CompletedVerb {
  std::string name;
  std::string description;
  std::vector<std::string> options;     ///< with their dashes; of its own verbs too
  std::vector<std::string> verbs = {};  ///< of its own, such as `plan` of `rollout`
};

/// `shell` is bash, zsh or fish; invalid_input otherwise.
Result<std::string> completion_script(std::string_view shell,
                                      const std::vector<CompletedVerb>& verbs);

}  // namespace millwright::interfaces
