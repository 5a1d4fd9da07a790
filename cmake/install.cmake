# What `cmake --install build/release --prefix …` puts where: programs, DuckDB's shared library beside them, the service
# description. Used by the Dockerfile.
include(GNUInstallDirs)
foreach(program millwright millwright-edge)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
  endif()
endforeach()
install(FILES "${DUCKDB_LIBRARY}" DESTINATION "${CMAKE_INSTALL_LIBDIR}/millwright")
install(FILES "${CMAKE_SOURCE_DIR}/packaging/millwright@.service" DESTINATION lib/systemd/system)
install(FILES "${CMAKE_SOURCE_DIR}/packaging/sysusers.conf" DESTINATION lib/sysusers.d RENAME millwright.conf)
install(FILES "${CMAKE_SOURCE_DIR}/LICENSE" "${CMAKE_SOURCE_DIR}/THIRD_PARTY.md" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
