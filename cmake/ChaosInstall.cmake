# What `make install` puts where. Components: runtime (the shared libraries and what they start), development, programs,
# data, documentation, python; and one for each plug-in, named as its provider (ChaosProviders.cmake).
include(CMakePackageConfigHelpers)

file(GLOB public_headers CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/include/chaoschain/*.h")
install(FILES ${public_headers} DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/chaoschain" COMPONENT development)

# The prefix is known only when `cmake --install --prefix` runs, so a .pc file finds itself: ${pcfiledir}.
file(RELATIVE_PATH pc_to_prefix "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
string(REGEX REPLACE "/$" "" pc_to_prefix "${pc_to_prefix}")
file(STRINGS "${PROJECT_SOURCE_DIR}/include/chaoschain/provider.h" CHAOS_PROVIDER_ABI REGEX "define CHAOS_PROVIDER_ABI ")
string(REGEX REPLACE "[^0-9]" "" CHAOS_PROVIDER_ABI "${CHAOS_PROVIDER_ABI}")

# chaos_install_library(NAME PACKAGE): the library, its CMake package and its .pc file.
function(chaos_install_library name package)
    if(NOT TARGET ${name}-shared)
        return()
    endif()
    set(folder "${CMAKE_INSTALL_LIBDIR}/cmake/${package}")
    install(TARGETS ${name}-shared EXPORT ${package}Targets
        LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime NAMELINK_COMPONENT development)
    install(EXPORT ${package}Targets NAMESPACE chaoschain:: DESTINATION "${folder}" COMPONENT development)

    configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/${package}Config.cmake.in"
        "${CMAKE_BINARY_DIR}/${package}Config.cmake"
        INSTALL_DESTINATION "${folder}" PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
    write_basic_package_version_file("${CMAKE_BINARY_DIR}/${package}ConfigVersion.cmake"
        VERSION ${PROJECT_VERSION} COMPATIBILITY SameMinorVersion)
    install(FILES "${CMAKE_BINARY_DIR}/${package}Config.cmake" "${CMAKE_BINARY_DIR}/${package}ConfigVersion.cmake"
        DESTINATION "${folder}" COMPONENT development)

    configure_file("${PROJECT_SOURCE_DIR}/packaging/${name}.pc.in" "${CMAKE_BINARY_DIR}/${name}.pc" @ONLY)
    install(FILES "${CMAKE_BINARY_DIR}/${name}.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)
endfunction()

chaos_install_library(chaoschain-verify ChaoschainVerify)
chaos_install_library(chaoschain Chaoschain)
if(CHAOS_STATIC_ARCHIVES)
    install(FILES ${CHAOS_STATIC_ARCHIVES} DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development)
endif()

if(CHAOS_PROGRAMS)
    install(TARGETS ${CHAOS_PROGRAMS} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT programs)
endif()
# The library starts these, so they come with it.
if(CHAOS_HELPERS)
    install(TARGETS ${CHAOS_HELPERS}
        RUNTIME DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/chaoschain" COMPONENT runtime)
endif()

install(FILES "${PROJECT_SOURCE_DIR}/data/networks.json"
    DESTINATION "${CMAKE_INSTALL_DATADIR}/chaoschain" COMPONENT data)
foreach(folder policies schemas)
    if(IS_DIRECTORY "${PROJECT_SOURCE_DIR}/data/${folder}")
        install(DIRECTORY "${PROJECT_SOURCE_DIR}/data/${folder}"
            DESTINATION "${CMAKE_INSTALL_DATADIR}/chaoschain" COMPONENT data)
    endif()
endforeach()

# The sources of the Python packages: `pip install PREFIX/share/chaoschain/python` builds on the library beside them.
install(DIRECTORY "${PROJECT_SOURCE_DIR}/bindings/python" DESTINATION "${CMAKE_INSTALL_DATADIR}/chaoschain"
    COMPONENT python PATTERN "__pycache__" EXCLUDE PATTERN ".mypy_cache" EXCLUDE PATTERN ".pytest_cache" EXCLUDE)
# What pip builds from these sources carries the licence, too.
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATADIR}/chaoschain/python"
    COMPONENT python)

# packaging/completion/NAME completes the command NAME in bash.
file(GLOB completions CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/packaging/completion/*")
if(completions)
    install(FILES ${completions} DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" COMPONENT programs)
endif()

# man/NAME.SECTION.scd, made with scdoc where it is installed.
find_program(CHAOS_SCDOC scdoc)
mark_as_advanced(CHAOS_SCDOC)
file(GLOB man_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/man/*.scd")
set(man_pages)
if(CHAOS_SCDOC)
    foreach(source IN LISTS man_sources)
        get_filename_component(page "${source}" NAME_WLE)
        string(REGEX MATCH "[0-9]+$" section "${page}")
        set(output "${CMAKE_BINARY_DIR}/man/man${section}/${page}")
        file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/man/man${section}")
        add_custom_command(OUTPUT "${output}" COMMAND "${CHAOS_SCDOC}" < "${source}" > "${output}"
            DEPENDS "${source}" COMMENT "Making man page ${page}" VERBATIM)
        list(APPEND man_pages "${output}")
        install(FILES "${output}" DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}" COMPONENT documentation)
    endforeach()
    add_custom_target(man ALL DEPENDS ${man_pages})
elseif(man_sources)
    message(STATUS "man/: scdoc is missing, man pages skipped")
endif()

# What the headers, the man pages and `chaoschain provider` point to, where a reader without the source tree finds it.
set(documents "${CMAKE_INSTALL_DATADIR}/doc/chaoschain")
foreach(file CONTRIBUTING-A-PROVIDER.md README.md SECURITY.md LICENSE)
    if(EXISTS "${PROJECT_SOURCE_DIR}/${file}")
        install(FILES "${PROJECT_SOURCE_DIR}/${file}" DESTINATION "${documents}" COMPONENT documentation)
    endif()
endforeach()
if(IS_DIRECTORY "${PROJECT_SOURCE_DIR}/docs")
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs" DESTINATION "${documents}" COMPONENT documentation
        FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ
        DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE
        FILES_MATCHING PATTERN "*.md")
endif()
