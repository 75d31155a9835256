# Toolchain for 64-bit Windows with mingw-w64. ci/cross-deps builds the dependencies:
#   cmake -S . -B build-win32 -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/mingw-w64.cmake" \
#       -DCMAKE_FIND_ROOT_PATH="$(ci/cross-deps cmake/mingw-w64.cmake)"
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)

# Debian has two variants of the compiler. Prefer the one whose runtime uses Windows threads, as libuv does: the other
# one would link winpthreads into every library and program.
find_program(TETHER_MINGW_CC NAMES x86_64-w64-mingw32-gcc-win32 x86_64-w64-mingw32-gcc REQUIRED)
mark_as_advanced(TETHER_MINGW_CC)
set(CMAKE_C_COMPILER "${TETHER_MINGW_CC}")
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)

# Find programs on this machine, but libraries, headers and packages only for the target.
list(APPEND CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# Programs must run without the compiler's DLLs.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_SHARED_LINKER_FLAGS_INIT -static-libgcc)

# CTest runs the tests with it. Without Wine they can be built, but not run here.
find_program(TETHER_WINE NAMES wine wine64)
mark_as_advanced(TETHER_WINE)
if(TETHER_WINE)
    set(CMAKE_CROSSCOMPILING_EMULATOR "${TETHER_WINE}")
endif()
