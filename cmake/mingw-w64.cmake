# Builds for 64 bit Windows with mingw-w64. Needs the dependencies, which ci/cross-deps builds:
#   cmake -S . -B build-win32 -DCMAKE_TOOLCHAIN_FILE="$PWD/cmake/mingw-w64.cmake" \
#       -DCMAKE_FIND_ROOT_PATH="$(ci/cross-deps cmake/mingw-w64.cmake)"
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)

# Debian has the compiler twice. The one whose own runtime uses the threads of Windows is the right one: libuv does that
# too, tether has no other threads, and the other one would add winpthreads to every library and program.
find_program(TETHER_MINGW_CC NAMES x86_64-w64-mingw32-gcc-win32 x86_64-w64-mingw32-gcc REQUIRED)
mark_as_advanced(TETHER_MINGW_CC)
set(CMAKE_C_COMPILER "${TETHER_MINGW_CC}")
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)

# Programs are of this machine; libraries, headers and packages never are.
list(APPEND CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# So that a program runs without any DLL of the compiler beside it.
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
set(CMAKE_SHARED_LINKER_FLAGS_INIT -static-libgcc)

# CTest runs the tests through this. Without it they can be built, but not run here.
find_program(TETHER_WINE NAMES wine wine64)
mark_as_advanced(TETHER_WINE)
if(TETHER_WINE)
    set(CMAKE_CROSSCOMPILING_EMULATOR "${TETHER_WINE}")
endif()
