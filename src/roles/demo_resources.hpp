// The resources of the demo (examples/demo), carried in the program so that it runs from anywhere.
#pragma once

#include <span>
#include <string_view>

namespace millwright::roles {

struct DemoFile {
  std::string_view name;
  std::string_view content;
};
std::span<const DemoFile> demo_files();

}  // namespace millwright::roles
