# Builds the screen (web/) when its sources changed and embeds the files, gzipped, into a target
# (interfaces/web_files.hpp). The npm packages come from tools/setup.sh; without them the target cannot be built.
#
#   millwright_embed_web(millwright_interfaces)
#
# Runs in web/ itself, since its tools look for their packages there; what it makes stands in the build folder.
find_program(NODE_PROGRAM NAMES node nodejs REQUIRED)
set(MILLWRIGHT_WEB_DIST "${CMAKE_BINARY_DIR}/web/dist" CACHE INTERNAL "the built screen")

function(millwright_embed_web target)
  set(web "${CMAKE_SOURCE_DIR}/web")
  set(modules "${web}/node_modules")
  set(out "${CMAKE_BINARY_DIR}/web")
  if(NOT EXISTS "${modules}/vite")
    message(FATAL_ERROR "web/node_modules is missing; tools/setup.sh installs it")
  endif()
  file(MAKE_DIRECTORY "${out}")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${web}/src/*.ts" "${web}/src/*.tsx" "${web}/src/*.css" "${web}/public/*")
  list(FILTER sources EXCLUDE REGEX "(\\.test\\.ts|openapi\\.gen\\.ts)$")
  set(made "${web}/index.html" "${web}/package-lock.json" "${web}/tsconfig.json" "${web}/vite.config.ts"
    "${web}/embed.mjs" "${web}/types.mjs" "${CMAKE_SOURCE_DIR}/api/openapi.yaml" ${sources})
  add_custom_command(
    OUTPUT "${out}/web_files.cpp" "${out}/web_files.blob"
    COMMAND "${NODE_PROGRAM}" types.mjs
    COMMAND "${NODE_PROGRAM}" "${modules}/typescript/bin/tsc" --noEmit
    COMMAND "${NODE_PROGRAM}" "${modules}/vite/bin/vite.js" build --outDir "${out}/dist" --emptyOutDir --logLevel warn
    COMMAND "${NODE_PROGRAM}" embed.mjs "${out}/dist" "${out}/web_files.cpp" "${out}/web_files.blob"
    DEPENDS ${made}
    WORKING_DIRECTORY "${web}"
    COMMENT "Building the screen"
    VERBATIM)
  target_sources(${target} PRIVATE "${out}/web_files.cpp")
  set_property(SOURCE "${out}/web_files.cpp" APPEND PROPERTY OBJECT_DEPENDS "${out}/web_files.blob")
endfunction()
