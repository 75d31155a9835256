# What implements the seams on POSIX. Sets TETHER_OS_SOURCES, TETHER_OS_DEFINITIONS for everything that
# is compiled here, TETHER_OS_LIBRARIES, and TETHER_SPAWN_VARIANT.

# Features are probed, not systems: what an unknown one lacks has an honest fallback.
set(CMAKE_REQUIRED_DEFINITIONS -D_GNU_SOURCE)
check_symbol_exists(posix_spawn_file_actions_addclosefrom_np spawn.h TETHER_HAVE_SPAWN_CLOSEFROM)
check_symbol_exists(posix_spawn_file_actions_addfchdir_np spawn.h TETHER_HAVE_SPAWN_FCHDIR)
check_symbol_exists(inotify_init1 sys/inotify.h TETHER_HAVE_INOTIFY)
unset(CMAKE_REQUIRED_DEFINITIONS)

set(TETHER_OS_SOURCES
    src/posix/os_clock.c
    src/posix/os_clock_wall.c
    src/posix/os_file.c
    src/posix/os_host.c
    src/posix/os_lifeline.c
    src/posix/os_lock.c
    src/posix/os_signal.c
    src/posix/os_spawn.c
    src/posix/os_thread.c
    src/posix/posix_error.c
)
if(TETHER_SPAWN STREQUAL "auto")
    if(TETHER_HAVE_SPAWN_CLOSEFROM AND TETHER_HAVE_SPAWN_FCHDIR)
        set(TETHER_SPAWN_VARIANT posix_spawn)
    else()
        set(TETHER_SPAWN_VARIANT fork)
    endif()
else()
    set(TETHER_SPAWN_VARIANT ${TETHER_SPAWN})
endif()
list(APPEND TETHER_OS_SOURCES src/posix/spawn_${TETHER_SPAWN_VARIANT}.c)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    list(APPEND TETHER_OS_SOURCES src/posix/forest.c src/posix/os_process_linux.c
        src/posix/os_tree_linux.c src/posix/pidfd.c src/posix/procfs.c)
else()
    list(APPEND TETHER_OS_SOURCES src/posix/os_process_generic.c src/posix/os_tree_generic.c)
endif()
if(TETHER_HAVE_INOTIFY)
    list(APPEND TETHER_OS_SOURCES src/posix/os_ends_none.c src/posix/os_watch_inotify.c)
else()
    list(APPEND TETHER_OS_SOURCES src/posix/os_ends_none.c src/posix/os_watch_none.c)
endif()

set(TETHER_OS_DEFINITIONS _GNU_SOURCE _FILE_OFFSET_BITS=64)
set(TETHER_OS_LIBRARIES "")
set(TETHER_CLI_ENTRY src/posix/cli/main.c)
