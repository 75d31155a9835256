# What implements the seams on Windows. Sets TETHER_OS_SOURCES, TETHER_OS_DEFINITIONS for everything that
# is compiled here, and TETHER_OS_LIBRARIES.

set(TETHER_OS_SOURCES
    src/win32/os_clock.c
    src/win32/os_clock_wall.c
    src/win32/os_ends.c
    src/win32/os_file.c
    src/win32/os_host.c
    src/win32/os_lifeline.c
    src/win32/os_lock.c
    src/win32/os_process.c
    src/win32/os_signal.c
    src/win32/os_spawn.c
    src/win32/os_thread.c
    src/win32/os_tree.c
    src/win32/os_watch.c
    src/win32/win32_acl.c
    src/win32/win32_break.c
    src/win32/win32_dir.c
    src/win32/win32_error.c
    src/win32/win32_family.c
    src/win32/win32_job.c
    src/win32/win32_program.c
    src/win32/win32_remove.c
    src/win32/win32_start.c
    src/win32/win32_text.c
    src/win32/win32_threads.c
    src/win32/win32_time.c
)
# Windows 10 is the oldest that is supported; what later ones added is looked up when it is called. The last two are for
# the compiler of Microsoft, which advises against much of the C library.
set(TETHER_OS_DEFINITIONS _WIN32_WINNT=0x0A00 UNICODE _UNICODE WIN32_LEAN_AND_MEAN NOMINMAX
    _CRT_SECURE_NO_WARNINGS _CRT_NONSTDC_NO_WARNINGS)
# mingw-w64 brings a printf of its own, which knows all of C, and gcc has to be told which one is meant.
if(MINGW AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    list(APPEND TETHER_OS_DEFINITIONS TETHER__PRINTF_KIND=gnu_printf)
endif()
set(TETHER_OS_LIBRARIES advapi32 ole32 shell32)
set(TETHER_CLI_ENTRY src/win32/cli/main.c)
