# What every translation unit is compiled and linked with: the interface target chaos_options.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckPIESupported)

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Release, Debug, ..." FORCE)
endif()
set(CMAKE_C_FLAGS_RELEASE "-O2")
set(CMAKE_C_FLAGS_DEBUG "-Og -g3")
if(CHAOS_SANITIZE)
    set(CMAKE_C_FLAGS_DEBUG "-O1 -g")
endif()

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON) # gnu11, for __attribute__((cleanup))
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
check_pie_supported(LANGUAGES C)

find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto SSL)
find_package(PkgConfig REQUIRED)
pkg_check_modules(libsecp256k1 REQUIRED IMPORTED_TARGET GLOBAL libsecp256k1>=0.2.0) # the first with its static context
find_package(Threads REQUIRED)

# What libchaoschain needs beyond the verify library. Without it the verify library and its programs are built alone.
pkg_check_modules(libsodium IMPORTED_TARGET GLOBAL libsodium>=1.0.18)
pkg_check_modules(libcurl IMPORTED_TARGET GLOBAL libcurl>=7.88)
pkg_check_modules(sqlite3 IMPORTED_TARGET GLOBAL sqlite3>=3.37)
pkg_check_modules(jansson IMPORTED_TARGET GLOBAL jansson>=2.14)
pkg_check_modules(libmicrohttpd IMPORTED_TARGET GLOBAL libmicrohttpd>=0.9.75)

# The libraries that crypto/ and sim/ stand on: whatever links our objects links these.
add_library(chaos_backends INTERFACE)
target_link_libraries(chaos_backends INTERFACE OpenSSL::Crypto PkgConfig::libsecp256k1)

add_library(chaos_options INTERFACE)
target_include_directories(chaos_options INTERFACE "${PROJECT_SOURCE_DIR}/include")

target_compile_options(chaos_options INTERFACE
    -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wundef -Wvla -Wstrict-prototypes -Wmissing-prototypes
    -Wswitch-enum -Wcast-align
    $<$<BOOL:${CHAOS_WERROR}>:-Werror>)

# Paths in binaries and messages are relative to the source tree, so that two checkouts build the same bytes.
target_compile_options(chaos_options INTERFACE "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=")

function(chaos_add_flag_if_known flag)
    string(MAKE_C_IDENTIFIER "CHAOS_HAS${flag}" has)
    set(CMAKE_REQUIRED_FLAGS -Werror)
    check_c_compiler_flag("${flag}" ${has})
    if(${has})
        target_compile_options(chaos_options INTERFACE "${flag}")
    endif()
endfunction()

chaos_add_flag_if_known(-fstack-protector-strong)
chaos_add_flag_if_known(-fstack-clash-protection)
chaos_add_flag_if_known(-fcf-protection)

target_link_options(chaos_options INTERFACE
    -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)

if(CHAOS_SANITIZE)
    target_compile_options(chaos_options INTERFACE
        "-fsanitize=${CHAOS_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(chaos_options INTERFACE "-fsanitize=${CHAOS_SANITIZE}")
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        # gcc's manual: sanitizers make it see truncation where there is none. The release build looks for it.
        target_compile_options(chaos_options INTERFACE -Wno-format-truncation -Wno-format-overflow)
    endif()
    if(CHAOS_FUZZ)
        target_compile_options(chaos_options INTERFACE -fsanitize=fuzzer-no-link)
        target_link_options(chaos_options INTERFACE -fsanitize=fuzzer-no-link)
    endif()
elseif(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
    # Only here: they need optimisation, and they would hide from valgrind what it looks for.
    set(CMAKE_REQUIRED_FLAGS "-O2 -Werror")
    check_c_source_compiles("
        #define _FORTIFY_SOURCE 3
        #include <string.h>
        int main(int argc, char **argv) { char b[8]; memcpy(b, argv[0], (size_t)argc); return b[0]; }"
        CHAOS_HAS_FORTIFY_3)
    unset(CMAKE_REQUIRED_FLAGS)
    if(CHAOS_HAS_FORTIFY_3)
        target_compile_options(chaos_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
    else()
        target_compile_options(chaos_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
    endif()
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        chaos_add_flag_if_known(-ftrivial-auto-var-init=zero)
    endif()
endif()
