# The implementation of the seams (src/os) on Windows. Sets TETHER_OS_SOURCES, TETHER_OS_DEFINITIONS (for everything that is
# compiled for Windows), TETHER_OS_LIBRARIES and TETHER_CLI_ENTRY.

set(TETHER_OS_SOURCES
    clock.c
    clock_wall.c
    companion.c
    control.c
    ends.c
    file.c
    host.c
    line_buffer.c
    lifeline.c
    lock.c
    pollable.c
    process.c
    ../os/scope_none.c
    signal.c
    spawn.c
    thread.c
    tree.c
    watch.c
    ../os/witness_none.c
    acl.c
    append.c
    back_off.c
    ../os/anchor_none.c
    bond.c
    break.c
    dir.c
    error.c
    family.c
    job.c
    host_program.c
    host_policy.c
    orders.c
    pipe.c
    remove.c
    rename.c
    start.c
    text.c
    threads.c
    time.c
    ../os/process_plain.c
    ../os/tree_unlisted.c
)
# Windows 10 is the oldest supported version; functions that later versions added are looked up at run time. The last two
# silence the warnings of Microsoft's compiler about functions of the C library.
set(TETHER_OS_DEFINITIONS _WIN32_WINNT=0x0A00 UNICODE _UNICODE WIN32_LEAN_AND_MEAN NOMINMAX
    _CRT_SECURE_NO_WARNINGS _CRT_NONSTDC_NO_WARNINGS)
# mingw-w64 has its own printf, which knows all of C99; gcc checks format strings by its rules only if they are named.
if(MINGW AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    list(APPEND TETHER_OS_DEFINITIONS TETHER__PRINTF_KIND=gnu_printf)
endif()
set(TETHER_OS_LIBRARIES advapi32 ole32 shell32)
set(TETHER_CLI_ENTRY src/win32/cli/main.c src/win32/cli/console_os.c src/win32/cli/reader_os.c
    src/win32/mcp/folder_os.c src/win32/mcp/stdio_os.c)
