# Language level, warnings, sanitizers, linker: everything that holds for every target.
include(GNUInstallDirs)
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# `all_verify_interface_header_sets` compiles every header alone (part of `make lint`).
set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
set(CMAKE_INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/millwright")
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

set(MILLWRIGHT_SANITIZER "" CACHE STRING "empty, or what -fsanitize= takes (address,undefined or thread)")
option(MILLWRIGHT_FUZZERS "build the libFuzzer targets (needs clang)" OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
  set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  add_link_options(-fuse-ld=mold)
endif()

add_library(millwright_flags INTERFACE)
target_compile_options(millwright_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Werror)
if(MILLWRIGHT_SANITIZER)
  add_compile_options(-fsanitize=${MILLWRIGHT_SANITIZER} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MILLWRIGHT_SANITIZER})
endif()
if(MILLWRIGHT_FUZZERS)
  # The code under test is instrumented too, or a fuzzer would be blind.
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_custom_target(millwright_fuzzers)
endif()
