# src/: one OBJECT library per folder, in the order in which data flows. Who may include whom is in src/DEPS, and
# scripts/check-deps.sh holds everyone to it; src/ cannot see sim/, tests/ or programs/ at all.
set(CHAOS_VERIFY_FOLDERS base codec crypto wire verify appraise check)
set(CHAOS_VERIFY_OBJECTS)
set(CHAOS_VERIFY_COMPLETE ON)

foreach(folder IN LISTS CHAOS_VERIFY_FOLDERS)
    file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${folder}/*.c")
    if(NOT sources)
        message(STATUS "src/${folder}: no sources, skipped")
        set(CHAOS_VERIFY_COMPLETE OFF)
        continue()
    endif()
    add_library(chaos_${folder} OBJECT ${sources})
    target_include_directories(chaos_${folder} PRIVATE "${PROJECT_SOURCE_DIR}/src")
    target_link_libraries(chaos_${folder} PRIVATE chaos_options)
    list(APPEND CHAOS_VERIFY_OBJECTS $<TARGET_OBJECTS:chaos_${folder}>)
endforeach()
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
