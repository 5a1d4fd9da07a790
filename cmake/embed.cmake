# Writes a source file that carries examples/demo and adds it to a target (roles/demo_resources.hpp).
function(millwright_embed_demo target)
  file(GLOB files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/examples/demo/*.yaml")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
  set(entries "")
  foreach(file IN LISTS files)
    get_filename_component(name "${file}" NAME)
    file(READ "${file}" content)
    string(APPEND entries "    DemoFile{\"${name}\", R\"yaml(${content})yaml\"},\n")
  endforeach()
  set(out "${CMAKE_BINARY_DIR}/generated/demo_files.cpp")
  file(CONFIGURE OUTPUT "${out}" CONTENT
"#include <array>
#include \"roles/demo_resources.hpp\"
namespace millwright::roles {
namespace {
constexpr std::array files{
@entries@};
}
std::span<const DemoFile> demo_files() { return files; }
}  // namespace millwright::roles
" @ONLY)
  target_sources(${target} PRIVATE "${out}")
endfunction()
