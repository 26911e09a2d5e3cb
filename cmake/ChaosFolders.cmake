# src/: one OBJECT library per folder, in the order in which data flows. Who may include whom is in src/DEPS, and
# scripts/check-deps.sh holds everyone to it; src/ cannot see sim/, tests/ or programs/ at all.
set(CHAOS_VERIFY_FOLDERS base codec crypto wire verify appraise check)
set(CHAOS_TEE_FOLDERS keys net store tee eth erc8004 agent validator) # what libchaoschain has beyond the verify library

# Makes chaos_FOLDER for each; the list of objects and whether all have sources are left in ${prefix}_OBJECTS and _COMPLETE.
macro(chaos_folders prefix)
    set(${prefix}_OBJECTS)
    set(${prefix}_COMPLETE ON)
    foreach(folder ${ARGN})
        file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${folder}/*.c")
        if(NOT sources)
            message(STATUS "src/${folder}: no sources, skipped")
            set(${prefix}_COMPLETE OFF)
            continue()
        endif()
        add_library(chaos_${folder} OBJECT ${sources})
        target_include_directories(chaos_${folder} PRIVATE "${PROJECT_SOURCE_DIR}/src")
        target_link_libraries(chaos_${folder} PRIVATE chaos_options)
        list(APPEND ${prefix}_OBJECTS $<TARGET_OBJECTS:chaos_${folder}>)
    endforeach()
endmacro()

chaos_folders(CHAOS_VERIFY ${CHAOS_VERIFY_FOLDERS})
set(CHAOS_TEE_COMPLETE OFF)
if(NOT CHAOS_VERIFY_ONLY AND libsodium_FOUND AND libcurl_FOUND AND sqlite3_FOUND AND jansson_FOUND)
    chaos_folders(CHAOS_TEE ${CHAOS_TEE_FOLDERS})
    add_library(chaos_tee_backends INTERFACE)
    target_link_libraries(chaos_tee_backends INTERFACE
        chaos_backends OpenSSL::SSL PkgConfig::libsodium PkgConfig::libcurl PkgConfig::sqlite3 PkgConfig::jansson
        Threads::Threads ${CMAKE_DL_LIBS})
    target_sources(chaos_erc8004 PRIVATE "${CHAOS_CONTRACTS_SOURCE}")
    foreach(folder IN LISTS CHAOS_TEE_FOLDERS)
        if(TARGET chaos_${folder})
            target_link_libraries(chaos_${folder} PRIVATE chaos_tee_backends)
        endif()
    endforeach()
    # Where plug-ins and the helper are, as seen from the prefix. Names, not paths: the prefix is known at run time only.
    if(TARGET chaos_tee AND NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" AND NOT IS_ABSOLUTE "${CMAKE_INSTALL_LIBEXECDIR}")
        target_compile_definitions(chaos_tee PRIVATE
            "CHAOS_LIBDIR_NAME=\"${CMAKE_INSTALL_LIBDIR}\"" "CHAOS_LIBEXECDIR_NAME=\"${CMAKE_INSTALL_LIBEXECDIR}\"")
    endif()
elseif(CHAOS_VERIFY_ONLY)
    message(STATUS "the verify library and its programs are built alone, as asked")
else()
    message(STATUS "libsodium, libcurl, SQLite or jansson is missing: the verify library and its programs are built alone")
endif()
if(TARGET chaos_crypto)
    target_link_libraries(chaos_crypto PRIVATE chaos_backends)
endif()

# The same objects with their inner names, for our own programs and tests.
if(CHAOS_VERIFY_OBJECTS)
    add_library(chaos_internal STATIC ${CHAOS_VERIFY_OBJECTS})
    target_include_directories(chaos_internal INTERFACE "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(chaos_internal PUBLIC chaos_options)
    set_target_properties(chaos_internal PROPERTIES
        LINKER_LANGUAGE C ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/internal")
endif()

if(CHAOS_TEE_OBJECTS AND TARGET chaos_internal)
    add_library(chaos_everything STATIC ${CHAOS_TEE_OBJECTS})
    target_link_libraries(chaos_everything PUBLIC chaos_internal chaos_tee_backends)
    set_target_properties(chaos_everything PROPERTIES
        LINKER_LANGUAGE C ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/internal")
endif()
