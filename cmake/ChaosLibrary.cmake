# libchaoschain-verify, shared and static. Both give out exactly the names of packaging/libchaoschain-verify.map.
set(CHAOS_MAP "${PROJECT_SOURCE_DIR}/packaging/libchaoschain-verify.map")

if(CHAOS_VERIFY_COMPLETE)
    add_library(chaoschain-verify-shared SHARED ${CHAOS_VERIFY_OBJECTS})
    add_library(chaoschain::verify ALIAS chaoschain-verify-shared)
    set_target_properties(chaoschain-verify-shared PROPERTIES
        OUTPUT_NAME chaoschain-verify EXPORT_NAME verify LINKER_LANGUAGE C
        VERSION ${PROJECT_VERSION} SOVERSION 0 LINK_DEPENDS "${CHAOS_MAP}")
    target_include_directories(chaoschain-verify-shared INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_options(chaoschain-verify-shared PRIVATE "-Wl,--version-script=${CHAOS_MAP}")
    if(NOT CHAOS_SANITIZE)
        target_link_options(chaoschain-verify-shared PRIVATE -Wl,--no-undefined)
    endif()
    target_link_libraries(chaoschain-verify-shared PRIVATE $<BUILD_INTERFACE:chaos_options> $<BUILD_INTERFACE:chaos_backends>)
endif()

# The static library is one object in which every inner name is local: a program that links it can have a function
# json_key of its own. Sanitized objects cannot be joined this way, and nobody ships them.
if(CHAOS_VERIFY_COMPLETE AND NOT CHAOS_SANITIZE)
    set(keep "${CMAKE_BINARY_DIR}/internal/public-names")
    set(joined "${CMAKE_BINARY_DIR}/internal/chaoschain-verify.o")
    set(archive "${CMAKE_BINARY_DIR}/lib/libchaoschain-verify.a")
    file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/internal" "${CMAKE_BINARY_DIR}/lib")
    add_custom_command(
        OUTPUT "${archive}"
        COMMAND sed -n "s/^ *\\(chaos_[a-z0-9_]*\\).$/\\1/p" "${CHAOS_MAP}" > "${keep}"
        COMMAND "${CMAKE_LINKER}" -r -o "${joined}" ${CHAOS_VERIFY_OBJECTS}
        COMMAND "${CMAKE_OBJCOPY}" "--keep-global-symbols=${keep}" "${joined}"
        COMMAND "${CMAKE_COMMAND}" -E rm -f "${archive}"
        COMMAND "${CMAKE_AR}" qcsD "${archive}" "${joined}"
        DEPENDS ${CHAOS_VERIFY_OBJECTS} "${CHAOS_MAP}"
        COMMENT "Joining libchaoschain-verify.a" COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_target(chaoschain-verify-archive ALL DEPENDS "${archive}")
    set(CHAOS_STATIC_ARCHIVE "${archive}")
endif()
