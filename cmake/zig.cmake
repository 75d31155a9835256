# Toolchain for other systems with zig's C compiler, which comes with the headers and libraries of many:
#   zig=$(ci/zig)
#   options=(-DTETHER_ZIG="$zig" -DTETHER_ZIG_TARGET=aarch64-macos)
#   cmake -S . -B build-port -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/zig.cmake" "${options[@]}" \
#       -DCMAKE_FIND_ROOT_PATH="$(ci/cross-deps cmake/zig.cmake "${options[@]}")"
# TETHER_ZIG_TARGET is PROCESSOR-SYSTEM or PROCESSOR-linux-LIBC, with zig's names.
if(NOT TETHER_ZIG OR NOT TETHER_ZIG_TARGET)
    message(FATAL_ERROR "cmake/zig.cmake needs -DTETHER_ZIG=<the directory that ci/zig prints> and -DTETHER_ZIG_TARGET=<target>")
endif()
# CMake's try_compile projects read this file too, and get only these variables.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TETHER_ZIG TETHER_ZIG_TARGET)

string(REPLACE "-" ";" parts "${TETHER_ZIG_TARGET}")
list(GET parts 0 CMAKE_SYSTEM_PROCESSOR)
list(GET parts 1 system)
set(names macos Darwin freebsd FreeBSD netbsd NetBSD openbsd OpenBSD linux Linux)
list(FIND names "${system}" place)
if(place EQUAL -1)
    message(FATAL_ERROR "cmake/zig.cmake does not know the system of ${TETHER_ZIG_TARGET}")
endif()
math(EXPR place "${place} + 1")
list(GET names ${place} CMAKE_SYSTEM_NAME)

set(CMAKE_C_COMPILER "${TETHER_ZIG}/cc")
set(CMAKE_C_COMPILER_TARGET "${TETHER_ZIG_TARGET}")
set(CMAKE_AR "${TETHER_ZIG}/ar")
set(CMAKE_RANLIB "${TETHER_ZIG}/ranlib")

# zig's compiler finds its headers and libraries of the system by itself; find all others below
# CMAKE_FIND_ROOT_PATH.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# CTest runs the tests for another processor with it. Without qemu they can be built, but not run.
if(CMAKE_SYSTEM_NAME STREQUAL CMAKE_HOST_SYSTEM_NAME AND NOT CMAKE_SYSTEM_PROCESSOR STREQUAL CMAKE_HOST_SYSTEM_PROCESSOR)
    find_program(TETHER_QEMU NAMES qemu-${CMAKE_SYSTEM_PROCESSOR}-static qemu-${CMAKE_SYSTEM_PROCESSOR})
    mark_as_advanced(TETHER_QEMU)
    if(TETHER_QEMU)
        set(CMAKE_CROSSCOMPILING_EMULATOR "${TETHER_QEMU}")
    endif()
endif()
