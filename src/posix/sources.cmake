# The implementation of the seams on POSIX. Sets TETHER_OS_SOURCES, TETHER_OS_DEFINITIONS for everything that
# is compiled here, TETHER_OS_LIBRARIES, and TETHER_SPAWN_VARIANT.

# Probe features, not systems: each feature that an unknown system lacks has a fallback.
set(CMAKE_REQUIRED_DEFINITIONS -D_GNU_SOURCE)
check_symbol_exists(posix_spawn_file_actions_addclosefrom_np spawn.h TETHER_HAVE_SPAWN_CLOSEFROM)
check_symbol_exists(posix_spawn_file_actions_addfchdir_np spawn.h TETHER_HAVE_SPAWN_FCHDIR)
check_symbol_exists(POSIX_SPAWN_SETSID spawn.h TETHER_HAVE_SPAWN_SETSID)
check_symbol_exists(SYS_close_range sys/syscall.h TETHER_HAVE_CLOSE_RANGE)
check_symbol_exists(closefrom unistd.h TETHER_HAVE_CLOSEFROM)
check_symbol_exists(_NSGetEnviron crt_externs.h TETHER_HAVE_NSGETENVIRON)
check_symbol_exists(inotify_init1 sys/inotify.h TETHER_HAVE_INOTIFY)
check_symbol_exists(kqueue "sys/types.h;sys/event.h" TETHER_HAVE_KQUEUE)
unset(CMAKE_REQUIRED_DEFINITIONS)

set(TETHER_OS_SOURCES
    access.c
    ancestors.c
    clock.c
    clock_wall.c
    companion.c
    file.c
    file_root.c
    group.c
    host.c
    line_buffer.c
    lifeline.c
    lock.c
    pollable.c
    raise_fd.c
    signal.c
    spawn.c
    spawn_orders.c
    thread.c
    error.c
    error_shortage.c
    write_all.c
)

if(TETHER_HAVE_NSGETENVIRON)
    list(APPEND TETHER_OS_SOURCES environ_crt.c)
else()
    list(APPEND TETHER_OS_SOURCES environ.c)
endif()

if(TETHER_SPAWN STREQUAL "auto")
    if(TETHER_HAVE_SPAWN_CLOSEFROM AND TETHER_HAVE_SPAWN_FCHDIR AND TETHER_HAVE_SPAWN_SETSID)
        set(TETHER_SPAWN_VARIANT posix_spawn)
    else()
        set(TETHER_SPAWN_VARIANT fork)
    endif()
else()
    set(TETHER_SPAWN_VARIANT ${TETHER_SPAWN})
endif()
list(APPEND TETHER_OS_SOURCES spawn_${TETHER_SPAWN_VARIANT}.c)

# The tests also build the other variant.
set(TETHER_FORK_SOURCES close_from.c)
if(TETHER_HAVE_CLOSE_RANGE)
    list(APPEND TETHER_FORK_SOURCES close_from_syscall.c)
elseif(TETHER_HAVE_CLOSEFROM)
    list(APPEND TETHER_FORK_SOURCES close_from_libc.c)
else()
    list(APPEND TETHER_FORK_SOURCES close_from_loop.c)
endif()
if(TETHER_SPAWN_VARIANT STREQUAL "fork")
    list(APPEND TETHER_OS_SOURCES ${TETHER_FORK_SOURCES})
endif()

# Each system has its own way to identify and list processes.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    list(APPEND TETHER_OS_SOURCES children_linux.c listing.c members.c clock_boot_procfs.c clock_frame_linux.c timens.c
        process_linux.c this_boot.c tree_listed.c tree_ready.c pidfd.c
        proc_linux.c proc_stat_linux.c anchor.c bond.c told_end.c)
elseif(CMAKE_SYSTEM_NAME MATCHES "^(Darwin|FreeBSD|NetBSD)$")
    set(names Darwin macos FreeBSD freebsd NetBSD netbsd)
    list(FIND names ${CMAKE_SYSTEM_NAME} place)
    math(EXPR place "${place} + 1")
    list(GET names ${place} name)
    list(APPEND TETHER_OS_SOURCES children_none.c clock_frame_none.c listing.c members.c process_sysctl.c this_boot.c
        ../os/process_plain.c tree_listed.c tree_ready.c pidfd_none.c proc_${name}.c
        proc_sysctl.c)
    if(name STREQUAL "netbsd")
        list(APPEND TETHER_OS_SOURCES clock_boot_init.c)
    else()
        list(APPEND TETHER_OS_SOURCES clock_boot_sysctl.c)
    endif()
else()
    list(APPEND TETHER_OS_SOURCES clock_boot_procfs.c clock_frame_none.c process_generic.c
        ../os/process_plain.c tree_generic.c ../os/tree_unlisted.c proc_none.c)
endif()

# Only Linux has a monitor so far.
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
    list(APPEND TETHER_OS_SOURCES ../os/anchor_none.c bond_none.c)
endif()

if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
    list(APPEND TETHER_OS_SOURCES access_list_linux.c control_linux.c lock_owner_linux.c
        witness_pidfd.c cgroup.c scope_linux.c)
else()
    list(APPEND TETHER_OS_SOURCES access_list_none.c control_none.c lock_owner_none.c
        ../os/witness_none.c ../os/scope_none.c)
endif()

if(TETHER_HAVE_INOTIFY AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
    list(APPEND TETHER_OS_SOURCES ends_pidfd.c lifeline_notify_close.c
        watch_inotify.c)
elseif(TETHER_HAVE_INOTIFY)
    list(APPEND TETHER_OS_SOURCES ends_none.c lifeline_notify_close.c
        watch_inotify.c)
elseif(TETHER_HAVE_KQUEUE)
    list(APPEND TETHER_OS_SOURCES kqueue.c ends_kqueue.c
        lifeline_notify_attrib.c watch_kqueue.c)
else()
    list(APPEND TETHER_OS_SOURCES ends_none.c lifeline_notify_close.c
        watch_none.c)
endif()

set(TETHER_OS_DEFINITIONS _GNU_SOURCE _FILE_OFFSET_BITS=64)
set(TETHER_OS_LIBRARIES ${CMAKE_DL_LIBS})
list(APPEND TETHER_OS_DEFINITIONS "TETHER_LIBEXEC=\"${CMAKE_INSTALL_FULL_LIBEXECDIR}/tether\"")
set(TETHER_CLI_ENTRY src/posix/cli/main.c src/posix/cli/console_os.c src/posix/cli/reader_os.c
    src/posix/mcp/folder_os.c src/posix/mcp/stdio_os.c)
