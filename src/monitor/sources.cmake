# The program tether-monitor: the sources of its own, and those of the rooms below that it needs. They are compiled again,
# because it has no libraries but that of C.

set(TETHER_MONITOR_BUILT OFF)
if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" AND NOT WIN32)
    return()
endif()
set(TETHER_MONITOR_BUILT ON)

add_executable(tether_monitor
    src/base/grow.c
    src/base/text.c
    src/base/utf8.c
    src/format/control.c
    src/format/gap.c
    src/format/kill_policy.c
    src/format/left.c
    src/format/marker.c
    src/format/orders.c
    src/format/times.c
    src/monitor/control.c
    src/monitor/input.c
    src/monitor/monitor.c
    src/monitor/notes.c
    src/monitor/on_end.c
    src/monitor/pump.c
)
if(WIN32)
    target_sources(tether_monitor PRIVATE
        src/base/error.c
        src/win32/acl.c
        src/win32/append.c
        src/win32/back_off.c
        src/win32/clock.c
        src/win32/clock_wall.c
        src/win32/error.c
        src/win32/family.c
        src/win32/job.c
        src/win32/monitor/bond.c
        src/win32/monitor/channel.c
        src/win32/monitor/command.c
        src/win32/monitor/file_os.c
        src/win32/monitor/input_os.c
        src/win32/monitor/main.c
        src/win32/monitor/monitor_os.c
        src/win32/monitor/offspring.c
        src/win32/monitor/on_end_command.c
        src/win32/monitor/on_end_os.c
        src/win32/monitor/pump_os.c
        src/win32/orders.c
        src/win32/pipe.c
        src/win32/process.c
        src/win32/rename.c
        src/win32/text.c
        src/win32/time.c
    )
else()
    target_sources(tether_monitor PRIVATE
        src/posix/cgroup.c
        src/posix/children_linux.c
        src/posix/clock.c
        src/posix/clock_wall.c
        src/posix/environ.c
        src/posix/monitor/anchor.c
        src/posix/monitor/bond.c
        src/posix/monitor/channel.c
        src/posix/monitor/file_os.c
        src/posix/monitor/input_os.c
        src/posix/monitor/main.c
        src/posix/monitor/monitor_os.c
        src/posix/monitor/offspring_linux.c
        src/posix/monitor/on_end_os.c
        src/posix/monitor/orders.c
        src/posix/monitor/pump_os.c
        src/posix/monitor/read_all.c
        src/posix/monitor/reaping.c
        src/posix/monitor/scope.c
        src/posix/monitor/wake_signalfd.c
        src/posix/pidfd.c
        src/posix/proc_linux.c
        src/posix/proc_stat_linux.c
        src/posix/raise_fd.c
        src/posix/timens.c
        src/posix/write_all.c
        src/posix/error_shortage.c
        src/posix/told_end.c
    )
endif()
set_target_properties(tether_monitor PROPERTIES OUTPUT_NAME tether-monitor C_EXTENSIONS OFF)
target_include_directories(tether_monitor PRIVATE src include)
target_compile_definitions(tether_monitor PRIVATE ${TETHER_OS_DEFINITIONS} TETHER_MONITOR_VERSION="${PROJECT_VERSION}")
target_link_libraries(tether_monitor PRIVATE tether_flags)
if(WIN32)
    target_link_libraries(tether_monitor PRIVATE advapi32)
endif()
if(NOT MSVC)
    target_compile_options(tether_monitor PRIVATE -ffunction-sections -fdata-sections)
    target_link_options(tether_monitor PRIVATE -Wl,--gc-sections)
endif()

# Beside the command, where programs of tether are on Windows.
if(WIN32)
    tether_harden(tether_monitor)
    install(TARGETS tether_monitor COMPONENT monitor)
    return()
endif()

# Without a dynamic linker it starts in half the time. A sanitizer needs one.
include(CheckCSourceCompiles)
set(CMAKE_REQUIRED_LINK_OPTIONS -static)
check_c_source_compiles("#include <stdio.h>\nint main(void) { return puts(\"\") < 0; }" TETHER_HAVE_STATIC_LIBC)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
if(TETHER_HAVE_STATIC_LIBC AND NOT TETHER_SANITIZE)
    tether_harden_static(tether_monitor)
else()
    tether_harden(tether_monitor)
endif()
# Not a command for people. The command and the library look there.
install(TARGETS tether_monitor DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/tether COMPONENT monitor)
