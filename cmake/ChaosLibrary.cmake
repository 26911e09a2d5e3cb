# The two libraries, each shared and static, each giving out exactly the names of packaging/LIBRARY.map:
#   libchaoschain-verify   judges evidence; no network, no file, no plug-in (scripts/check-imports.sh)
#   libchaoschain          all of that, and what makes evidence: keys, HTTP, the plug-ins' host
set(CHAOS_STATIC_ARCHIVES)

# chaos_library(NAME EXPORT_NAME OBJECTS BACKENDS): the targets NAME-shared (alias chaoschain::EXPORT_NAME) and NAME-archive.
function(chaos_library name export_name objects backends)
    set(map "${PROJECT_SOURCE_DIR}/packaging/lib${name}.map")

    add_library(${name}-shared SHARED ${objects})
    add_library(chaoschain::${export_name} ALIAS ${name}-shared)
    set_target_properties(${name}-shared PROPERTIES
        OUTPUT_NAME ${name} EXPORT_NAME ${export_name} LINKER_LANGUAGE C
        VERSION ${PROJECT_VERSION} SOVERSION 0 LINK_DEPENDS "${map}")
    target_include_directories(${name}-shared INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_link_options(${name}-shared PRIVATE "-Wl,--version-script=${map}")
    if(NOT CHAOS_SANITIZE)
        target_link_options(${name}-shared PRIVATE -Wl,--no-undefined)
    endif()
    target_link_libraries(${name}-shared PRIVATE $<BUILD_INTERFACE:chaos_options> $<BUILD_INTERFACE:${backends}>)

    # The static library is one object in which every inner name is local: a program that links it can have a function
    # json_key of its own. Sanitized objects cannot be joined this way, and nobody ships them.
    if(CHAOS_SANITIZE)
        return()
    endif()
    set(keep "${CMAKE_BINARY_DIR}/internal/${name}-names")
    set(joined "${CMAKE_BINARY_DIR}/internal/${name}.o")
    set(archive "${CMAKE_BINARY_DIR}/lib/lib${name}.a")
    file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/internal" "${CMAKE_BINARY_DIR}/lib")
    add_custom_command(
        OUTPUT "${archive}"
        COMMAND sed -n "s/^ *\\(chaos_[a-z0-9_]*\\).$/\\1/p" "${map}" > "${keep}"
        COMMAND "${CMAKE_LINKER}" -r -o "${joined}" ${objects}
        COMMAND "${CMAKE_OBJCOPY}" "--keep-global-symbols=${keep}" "${joined}"
        COMMAND "${CMAKE_COMMAND}" -E rm -f "${archive}"
        COMMAND "${CMAKE_AR}" qcsD "${archive}" "${joined}"
        DEPENDS ${objects} "${map}"
        COMMENT "Joining lib${name}.a" COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_target(${name}-archive ALL DEPENDS "${archive}")
    set(CHAOS_STATIC_ARCHIVES ${CHAOS_STATIC_ARCHIVES} "${archive}" PARENT_SCOPE)
endfunction()

if(CHAOS_VERIFY_COMPLETE)
    chaos_library(chaoschain-verify verify "${CHAOS_VERIFY_OBJECTS}" chaos_backends)
endif()
if(CHAOS_VERIFY_COMPLETE AND CHAOS_TEE_COMPLETE)
    chaos_library(chaoschain chaoschain "${CHAOS_VERIFY_OBJECTS};${CHAOS_TEE_OBJECTS}" chaos_tee_backends)
    # Plug-ins and libcurl's allocators hold addresses in it: once loaded it stays.
    target_link_options(chaoschain-shared PRIVATE -Wl,-z,nodelete)
endif()
