# providers/NAME/*.c become the plug-in lib/chaoschain/providers/chaoschain-provider-NAME.so, built as an outsider would
# build it: with the public headers alone. Each is an install component of its own, named as the provider.
set(CHAOS_PROVIDERS_SIM simulated) # carries the simulator inside
set(CHAOS_PROVIDER_FOLDER "${CMAKE_INSTALL_LIBDIR}/chaoschain/providers")

function(chaos_plugin target output_folder output_name)
    add_library(${target} MODULE ${ARGN})
    target_link_libraries(${target} PRIVATE chaos_options)
    set_target_properties(${target} PROPERTIES
        PREFIX "" OUTPUT_NAME "${output_name}" LIBRARY_OUTPUT_DIRECTORY "${output_folder}")
    if(NOT CHAOS_SANITIZE)
        target_link_options(${target} PRIVATE -Wl,--no-undefined)
    endif()
    # A plug-in that others can write, by its file or by its folder, is not loaded: whatever the umask of who builds.
    add_custom_command(TARGET ${target} POST_BUILD
        COMMAND chmod go-w "${output_folder}" "$<TARGET_FILE:${target}>" VERBATIM)
endfunction()

file(GLOB folders CONFIGURE_DEPENDS LIST_DIRECTORIES true RELATIVE "${PROJECT_SOURCE_DIR}/providers"
    "${PROJECT_SOURCE_DIR}/providers/*")
set(CHAOS_PROVIDERS)
foreach(folder IN LISTS folders)
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/providers/${folder}/*.c")
    if(folder STREQUAL "template")
        continue() # for `chaoschain provider new`: ChaosTemplate.cmake
    elseif(NOT sources)
        message(STATUS "providers/${folder}: no sources, skipped")
        continue()
    endif()
    string(MAKE_C_IDENTIFIER "${folder}" identifier)
    string(TOUPPER "${identifier}" identifier)
    option(CHAOS_PROVIDER_${identifier} "Build the TEE provider ${folder}" ON)
    if(NOT CHAOS_PROVIDER_${identifier})
        continue()
    endif()
    if(folder IN_LIST CHAOS_PROVIDERS_SIM AND NOT TARGET chaos_sim)
        message(STATUS "providers/${folder}: skipped, the simulator is not built")
        continue()
    endif()
    chaos_plugin(provider_${folder} "${CMAKE_BINARY_DIR}/lib/chaoschain/providers" "chaoschain-provider-${folder}"
        ${sources})
    if(folder IN_LIST CHAOS_PROVIDERS_SIM)
        target_link_libraries(provider_${folder} PRIVATE chaos_sim)
        # Its own copy of our functions stays its own.
        target_link_options(provider_${folder} PRIVATE -Wl,--exclude-libs,ALL)
    endif()
    list(APPEND CHAOS_PROVIDERS provider_${folder})
    install(TARGETS provider_${folder} LIBRARY DESTINATION "${CHAOS_PROVIDER_FOLDER}" COMPONENT ${folder}
        PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endforeach()
add_custom_target(providers DEPENDS ${CHAOS_PROVIDERS})
