# sim/ is a static library of its own, never part of a shipped one. programs/NAME/*.c become bin/NAME, with
# programs/common/*.c (if there are any) linked into each, programs/common/tee/*.c into those that link libchaoschain, and
# programs/common/chain/*.c into those that speak to a chain, programs/common/agent/*.c into those that open an agent,
# programs/common/http/*.c into those that serve HTTP.
file(GLOB sim_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/sim/*.c")
if(sim_sources AND TARGET chaos_internal)
    add_library(chaos_sim STATIC ${sim_sources})
    target_include_directories(chaos_sim PUBLIC "${PROJECT_SOURCE_DIR}")
    target_link_libraries(chaos_sim PUBLIC chaos_internal chaos_backends)
    set_target_properties(chaos_sim PROPERTIES ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/internal")
endif()

# One file each, nothing loaded at run time: for relying parties, and because `chaoschain verify` runs the other
# before anything else is loaded.
set(CHAOS_PROGRAMS_STATIC chaoschain chaoschain-verify)
set(CHAOS_PROGRAMS_SIM chaoschain-forge dstack-simulator tsm-simulator) # may link the simulator
set(CHAOS_PROGRAMS_TEE chaoschain-tee chaoschain-chain chaoschain-agent chaoschain-doctor chaoschain-endpoint
    chaoschain-fetch chaoschain-probe chaoschain-provider genesis-studio) # link all of libchaoschain
set(CHAOS_PROGRAMS_CHAIN chaoschain-chain chaoschain-agent chaoschain-doctor chaoschain-endpoint) # speak to a chain
set(CHAOS_PROGRAMS_AGENT chaoschain-agent chaoschain-doctor chaoschain-endpoint) # read an agent's config file
set(CHAOS_PROGRAMS_HTTP chaoschain-endpoint dstack-simulator) # serve HTTP
set(CHAOS_PROGRAMS_FUSE tsm-simulator)                    # show a folder of their own
set(CHAOS_PROGRAMS_HELPER chaoschain-probe)               # are not for people: LIBEXECDIR/chaoschain

# A static program is linked with libcrypto.a and libsecp256k1.a; without one of them the program is an ordinary one.
find_library(CHAOS_LIBCRYPTO_STATIC libcrypto.a)
find_library(CHAOS_LIBSECP256K1_STATIC libsecp256k1.a HINTS ${libsecp256k1_LIBRARY_DIRS})
mark_as_advanced(CHAOS_LIBCRYPTO_STATIC CHAOS_LIBSECP256K1_STATIC)
set(CHAOS_STATIC_BACKENDS OFF)
if(CHAOS_STATIC_PROGRAM AND NOT CHAOS_SANITIZE AND CHAOS_LIBCRYPTO_STATIC AND CHAOS_LIBSECP256K1_STATIC)
    set(CHAOS_STATIC_BACKENDS "${CHAOS_LIBSECP256K1_STATIC}" "${CHAOS_LIBCRYPTO_STATIC}" Threads::Threads)
endif()

pkg_check_modules(fuse3 QUIET IMPORTED_TARGET fuse3>=3.12)

function(chaos_program name)
    file(GLOB sources CONFIGURE_DEPENDS
        "${PROJECT_SOURCE_DIR}/programs/${name}/*.c" "${PROJECT_SOURCE_DIR}/programs/common/*.c")
    add_executable(${name} ${sources})
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
    target_link_libraries(${name} PRIVATE chaos_internal)
    if(name IN_LIST CHAOS_PROGRAMS_STATIC AND CHAOS_STATIC_BACKENDS)
        # glibc notes that a static program that calls dlopen or getaddrinfo needs its shared twin; libcrypto.a
        # refers to both and this program reaches neither. Not static-pie: relocating libcrypto at every start costs a
        # millisecond of four and a part of the memory limit.
        target_link_options(${name} PRIVATE -static -Wl,--gc-sections -Wl,--no-warnings)
        target_link_libraries(${name} PRIVATE ${CHAOS_STATIC_BACKENDS})
        set_property(TARGET ${name} PROPERTY POSITION_INDEPENDENT_CODE) # unset: neither -pie nor -no-pie
    else()
        target_link_libraries(${name} PRIVATE chaos_backends)
    endif()
    if(name IN_LIST CHAOS_PROGRAMS_SIM)
        target_link_libraries(${name} PRIVATE chaos_sim)
    endif()
    if(name IN_LIST CHAOS_PROGRAMS_TEE)
        target_link_libraries(${name} PRIVATE chaos_everything)
        file(GLOB tee_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/programs/common/tee/*.c")
        target_sources(${name} PRIVATE ${tee_sources})
    endif()
    if(name IN_LIST CHAOS_PROGRAMS_CHAIN)
        file(GLOB chain_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/programs/common/chain/*.c")
        target_sources(${name} PRIVATE ${chain_sources})
    endif()
    if(name IN_LIST CHAOS_PROGRAMS_AGENT)
        file(GLOB agent_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/programs/common/agent/*.c")
        target_sources(${name} PRIVATE ${agent_sources})
        target_link_libraries(${name} PRIVATE PkgConfig::jansson)
    endif()
    if(name STREQUAL "chaoschain-agent")
        target_sources(${name} PRIVATE "${CHAOS_COMPOSE_SOURCE}")
    endif()
    if(name STREQUAL "chaoschain-provider")
        target_sources(${name} PRIVATE "${CHAOS_TEMPLATE_SOURCE}")
    endif()
    if(name IN_LIST CHAOS_PROGRAMS_HTTP)
        target_link_libraries(${name} PRIVATE PkgConfig::libmicrohttpd Threads::Threads)
        file(GLOB http_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/programs/common/http/*.c")
        target_sources(${name} PRIVATE ${http_sources})
    endif()
    if(name IN_LIST CHAOS_PROGRAMS_FUSE)
        target_link_libraries(${name} PRIVATE PkgConfig::fuse3 Threads::Threads)
    endif()
    if(name IN_LIST CHAOS_PROGRAMS_HELPER)
        set_target_properties(${name} PROPERTIES
            RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/${CMAKE_INSTALL_LIBEXECDIR}/chaoschain")
        set_property(GLOBAL APPEND PROPERTY CHAOS_HELPERS ${name})
    else()
        set_property(GLOBAL APPEND PROPERTY CHAOS_PROGRAMS ${name})
    endif()
endfunction()

file(GLOB folders CONFIGURE_DEPENDS LIST_DIRECTORIES true RELATIVE "${PROJECT_SOURCE_DIR}/programs"
    "${PROJECT_SOURCE_DIR}/programs/*")
foreach(folder IN LISTS folders)
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/programs/${folder}/*.c")
    if(folder STREQUAL "common")
        continue()
    elseif(NOT sources)
        message(STATUS "programs/${folder}: no sources, skipped")
    elseif(NOT CHAOS_VERIFY_COMPLETE OR (folder IN_LIST CHAOS_PROGRAMS_SIM AND NOT TARGET chaos_sim))
        message(STATUS "programs/${folder}: skipped, a library that it needs has no sources")
    elseif(folder IN_LIST CHAOS_PROGRAMS_TEE AND NOT CHAOS_TEE_COMPLETE)
        message(STATUS "programs/${folder}: skipped, libchaoschain is not built")
    elseif(folder IN_LIST CHAOS_PROGRAMS_HTTP AND NOT libmicrohttpd_FOUND)
        message(STATUS "programs/${folder}: skipped, libmicrohttpd is missing")
    elseif(folder IN_LIST CHAOS_PROGRAMS_FUSE AND NOT fuse3_FOUND)
        message(STATUS "programs/${folder}: skipped, libfuse3 is missing")
    else()
        chaos_program(${folder})
    endif()
endforeach()

get_property(CHAOS_PROGRAMS GLOBAL PROPERTY CHAOS_PROGRAMS)
get_property(CHAOS_HELPERS GLOBAL PROPERTY CHAOS_HELPERS)
add_custom_target(programs DEPENDS ${CHAOS_PROGRAMS} ${CHAOS_HELPERS})
