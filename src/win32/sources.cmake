# What implements the seams on Windows. Sets TETHER_OS_SOURCES, TETHER_OS_DEFINITIONS for everything that
# is compiled here, and TETHER_OS_LIBRARIES.

set(TETHER_OS_SOURCES
    clock.c
    clock_wall.c
    ends.c
    file.c
    host.c
    lifeline.c
    lock.c
    process.c
    signal.c
    spawn.c
    thread.c
    tree.c
    watch.c
    acl.c
    break.c
    dir.c
    error.c
    family.c
    job.c
    host_program.c
    remove.c
    start.c
    text.c
    threads.c
    time.c
    ../os/tree_unlisted.c
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
