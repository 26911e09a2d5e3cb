# providers/template/ -> one C file, so that `chaoschain provider new` needs no file to write a provider's folder from. It is
# written when CMake runs, and again when a file of the template changes.
set(CHAOS_TEMPLATE_SOURCE "${CMAKE_BINARY_DIR}/generated/provider_template.c")
set(CHAOS_TEMPLATE_FILES # in the tree, in the folder that is written, mode
    "providers/template/CMakeLists.txt|CMakeLists.txt|0644"
    "providers/template/README.md|README.md|0644"
    "providers/template/ci-run|.ci/run|0755"
    "providers/template/ci.yml|.github/workflows/ci.yml|0644"
    "providers/template/dot-gitignore|.gitignore|0644"
    "providers/template/src/plugin.h|src/plugin.h|0644"
    "providers/template/src/provider.c|src/provider.c|0644"
    "providers/template/src/tee.c|src/tee.c|0644"
    "providers/template/tests/conformance.sh|tests/conformance.sh|0755"
    "docs/providers/TEMPLATE.md|docs/@NAME@.md|0644")

function(chaos_write_template)
    set(text "/* Made by cmake/ChaosTemplate.cmake from providers/template/. */\n#include \"programs/chaoschain-provider/provider_program.h\"\n")
    set(table)
    set(number 0)
    foreach(entry IN LISTS CHAOS_TEMPLATE_FILES)
        string(REPLACE "|" ";" entry "${entry}")
        list(GET entry 0 source)
        list(GET entry 1 target)
        list(GET entry 2 mode)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${source}")
        file(READ "${PROJECT_SOURCE_DIR}/${source}" digits HEX)
        string(REGEX REPLACE "^23204e414d450a" "2320404e414d45400a" digits "${digits}") # a page's first line, "# NAME"
        string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${digits}")
        string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
        string(APPEND text "\nstatic const uint8_t file_${number}[] = {\n${bytes}\n};\n")
        string(APPEND table "    { \"${target}\", file_${number}, sizeof file_${number}, ${mode} },\n")
        math(EXPR number "${number} + 1")
    endforeach()
    string(APPEND text "\nconst template_file template_files[] = {\n${table}};\nconst size_t template_file_count = ${number};\n")
    set(old)
    if(EXISTS "${CHAOS_TEMPLATE_SOURCE}")
        file(READ "${CHAOS_TEMPLATE_SOURCE}" old)
    endif()
    if(NOT old STREQUAL text)
        file(WRITE "${CHAOS_TEMPLATE_SOURCE}" "${text}")
    endif()
endfunction()
if(EXISTS "${PROJECT_SOURCE_DIR}/programs/chaoschain-provider") # a tree of the library alone needs no template
    chaos_write_template()
endif()
