# Libraries of the platform, found once. Which folder may include which of them is written in src/LAYERS.
find_package(PkgConfig REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(Threads REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ftxui REQUIRED)
find_package(Protobuf REQUIRED)
find_package(SQLite3 REQUIRED)
find_path(SOCI_INCLUDE soci/soci.h REQUIRED)
find_library(SOCI_CORE soci_core REQUIRED)
find_library(SOCI_SQLITE3 soci_sqlite3 REQUIRED)
find_package(CURL REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(MOSQUITTO REQUIRED IMPORTED_TARGET libmosquitto)

# DuckDB comes by npm lock file (third_party/package-lock.json): the shared library and, from the source package
# of the same version, its C header.
set(DUCKDB_PREFIX "${CMAKE_SOURCE_DIR}/third_party/node_modules")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(DUCKDB_LIBRARY "${DUCKDB_PREFIX}/@duckdb/node-bindings-linux-arm64/libduckdb.so")
else()
  set(DUCKDB_LIBRARY "${DUCKDB_PREFIX}/@duckdb/node-bindings-linux-x64/libduckdb.so")
endif()
if(NOT EXISTS "${DUCKDB_LIBRARY}")
  message(FATAL_ERROR "DuckDB is not installed: ${DUCKDB_LIBRARY} is missing. Run 'make setup'.")
endif()
add_library(duckdb SHARED IMPORTED)
set_target_properties(duckdb PROPERTIES
  IMPORTED_LOCATION "${DUCKDB_LIBRARY}"
  INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${DUCKDB_PREFIX}/duckdb/src/duckdb/src/include")
