# Integration tests: the library and the command with real processes.

# Sanitizers slow everything down, and so does Wine, where starting a process takes 60 ms.
function(tether_integration_time name seconds)
    if(TETHER_SANITIZE)
        math(EXPR seconds "${seconds} * 5")
    elseif(WIN32 AND CMAKE_HOST_UNIX)
        math(EXPR seconds "${seconds} * 4")
    endif()
    set_tests_properties(${name} PROPERTIES LABELS integration TIMEOUT ${seconds})
endfunction()

# The monitor, which the tests do not find beside them. An empty value: none.
set(TETHER_TEST_MONITOR "")
if(TARGET tether_monitor)
    tether_test_path(TETHER_TEST_MONITOR tether_monitor)
endif()

# Runs an executable twice: with a reaper that uses events and with monitors where there are any, and with a reaper that
# polls and with scripts.
function(tether_integration_entries name seconds)
    if(NOT TEST ${name})
        add_test(NAME ${name} COMMAND test_${name})
    endif()
    tether_integration_time(${name} ${seconds})
    set_tests_properties(${name} PROPERTIES ENVIRONMENT
        "TETHER_TEST_REAPER=events;TETHER_MONITOR=${TETHER_TEST_MONITOR}")
    add_test(NAME ${name}_polling COMMAND test_${name})
    tether_integration_time(${name}_polling ${seconds})
    set_tests_properties(${name}_polling PROPERTIES ENVIRONMENT "TETHER_TEST_REAPER=polling;TETHER_MONITOR=")
endfunction()

function(tether_integration name seconds)
    tether_test(${name} integration ${seconds} ${ARGN})
    tether_integration_entries(${name} ${seconds})
endfunction()

tether_integration(task 120 task/test_task.c)
tether_integration(sizes 60 registry/test_sizes.c)
tether_integration(deferred 60 registry/test_deferred.c support/elsewhere.c)
tether_integration(care 60 care/test_care.c care/removable.c)
tether_integration(events 60 engine/test_events.c support/listener.c support/witness.c)
tether_integration(watch 60 output/test_watch.c support/listener.c support/witness.c)
tether_integration(gc 60 care/test_gc.c care/removable.c)
tether_integration(remove 60 care/test_remove.c care/removable.c)

# Replaces the system's wall clock by one that the test sets.
add_executable(test_clock engine/test_clock.c care/removable.c support/elsewhere.c support/fake_clock.c
    ${TETHER_TEST_SUPPORT}
    "$<FILTER:${TETHER_OBJECTS},EXCLUDE,clock_wall>")
target_include_directories(test_clock PRIVATE . ../src ../include)
target_compile_definitions(test_clock PRIVATE ${TETHER_OS_DEFINITIONS}
    TETHER_TEST_SANITIZED=${TETHER_TEST_SANITIZED}
    TETHER_TEST_CHILD="${TETHER_TEST_CHILD}"
    TETHER_TEST_COMMAND="$<$<TARGET_EXISTS:tether_cli>:${TETHER_TEST_ROOT}$<TARGET_FILE:tether_cli>>")
target_link_libraries(test_clock PRIVATE tether_uv tether_jansson tether_pcre2 tether_cmocka tether_flags
    Threads::Threads ${TETHER_OS_LIBRARIES})
add_dependencies(test_clock tether_test_child)
if(TARGET tether_cli)
    add_dependencies(test_clock tether_cli)
endif()
tether_integration_entries(clock 60)

foreach(part open output finish kill close)
    tether_integration(proxy_${part} 120 task/test_proxy_${part}.c task/proxy_support.c)
endforeach()
# What stands in the files of a session. No process is started.
foreach(module archive archive_join compact index ledger)
    tether_test(${module} integration 60 store/test_${module}.c store/journals.c)
    tether_integration_time(${module} 60)
endforeach()
tether_test(line_file integration 60 store/test_line_file.c os/place.c)
tether_integration_time(line_file 60)
tether_integration(compress 60 output/test_compress.c)
tether_integration(output 120 output/test_output.c support/elsewhere.c)
tether_integration(truncated 60 output/test_truncated.c support/listener.c support/witness.c)
tether_integration(completions 240 task/test_completions.c)
tether_integration(quota 120 task/test_quota.c)
tether_integration(waits 60 task/test_waits.c)
tether_integration(end_order 60 task/test_end_order.c)
tether_integration(finish 60 task/test_finish.c support/elsewhere.c)
tether_integration(sessions 60 engine/test_sessions.c support/exit_line.c)
tether_test(loop integration 60 engine/test_loop.c)
tether_integration_time(loop 60)
if(WIN32)
    tether_integration(task_win32 120 task/win32/test_task_win32.c)
else()
    tether_integration(task_posix 120 task/posix/test_task_posix.c)
    tether_integration(lists 60 task/posix/test_lists.c)
    tether_integration(wrappers 60 store/posix/test_wrappers.c)
    tether_integration(bad_input 120 store/posix/test_bad_input.c engine/posix/planting.c)
    tether_test(large_journal integration 120 store/posix/test_large_journal.c store/journals.c)
    tether_integration_time(large_journal 120)
    tether_integration(finish_posix 60 task/posix/test_finish_posix.c support/elsewhere.c)
    tether_integration(late_input 60 task/posix/test_late_input.c)
    tether_integration(completions_hosts 240 task/posix/test_completions_hosts.c)
    tether_integration(quota_hosts 120 task/posix/test_quota_hosts.c)
    tether_integration(crash 120 engine/posix/test_crash.c support/elsewhere.c support/exit_line.c)
    add_test(NAME crash_steps COMMAND test_crash steps)
    tether_integration_time(crash_steps 240)
    tether_test(gc_steps integration 120 care/posix/test_gc_steps.c care/removable.c)
    tether_integration_time(gc_steps 120)
    tether_integration(ephemeral 60 store/posix/test_ephemeral.c)
    # What a host finds in a store after a crash, a reboot or an attack.
    tether_integration(dead_hosts 120 engine/posix/test_dead_hosts.c engine/posix/planting.c support/elsewhere.c)
    tether_integration(dead_supervisors 120 engine/posix/test_dead_supervisors.c engine/posix/planting.c)
    tether_integration(damaged 120 engine/posix/test_damaged.c engine/posix/planting.c)
    tether_integration(versions 120 engine/posix/test_versions.c engine/posix/planting.c support/elsewhere.c)
    tether_integration(planted 120 engine/posix/test_planted.c engine/posix/planting.c)
    tether_integration(signals 120 engine/posix/test_signals.c engine/posix/killable.c)
    tether_integration(kill 120 engine/posix/test_kill.c engine/posix/killable.c support/elsewhere.c)
    tether_integration(kill_hidden 120 engine/posix/test_kill_hidden.c engine/posix/killable.c posix/forked.c)
    tether_integration(kill_foreign 120 engine/posix/test_kill_foreign.c)
    tether_integration(orphans 60 engine/posix/test_orphans.c)
    tether_test(duties integration 60 engine/posix/test_duties.c)
    tether_integration_time(duties 60)
    include(CheckFunctionExists)
    include(CheckLinkerFlag)
    check_linker_flag(C -Wl,--wrap=opendir TETHER_HAVE_LINK_WRAP)
    if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND TETHER_HAVE_LINK_WRAP)
        tether_integration(kill_many 120 engine/posix/test_kill_many.c engine/posix/killable.c posix/forked.c)
        target_link_options(test_kill_many PRIVATE -Wl,--wrap=opendir,--wrap=nanosleep)
        check_function_exists(openat64 TETHER_HAVE_OPENAT64)
        if(TETHER_HAVE_OPENAT64) # the names that the calls have in glibc
            # Once only: calls fail in the thread of the test, and a reaper that polls would look first.
            tether_test(unreadable integration 240 engine/posix/test_unreadable.c engine/posix/planting.c
                support/posix/failing_calls.c)
            tether_integration_time(unreadable 240)
            target_link_options(test_unreadable PRIVATE
                -Wl,--wrap=open64,--wrap=opendir,--wrap=openat64,--wrap=fstatat64
                -Wl,--wrap=read,--wrap=pread64,--wrap=fstat64
                -Wl,--wrap=flock,--wrap=fdopendir,--wrap=readdir64)
        endif()
        tether_test(os_shortage_posix contract 60 posix/test_shortage.c posix/forked.c os/place.c)
        target_link_options(test_os_shortage_posix PRIVATE
            -Wl,--wrap=open64,--wrap=read,--wrap=readlink,--wrap=realpath,--wrap=stat64,--wrap=opendir
            -Wl,--wrap=readdir64,--wrap=getgroups,--wrap=fopen64,--wrap=getpwuid_r,--wrap=getgrgid_r
            -Wl,--wrap=faccessat)
        tether_test(os_ends_posix contract 60 posix/test_ends.c posix/forked.c os/place.c)
        target_link_options(test_os_ends_posix PRIVATE -Wl,--wrap=tether__pidfd_open)
        tether_test(idle_waits integration 120 task/posix/test_idle_waits.c engine/posix/planting.c
            posix/forked.c)
        tether_integration_time(idle_waits 120)
        target_link_options(test_idle_waits PRIVATE
            -Wl,--wrap=tether__pidfd_open,--wrap=uv_cond_wait,--wrap=uv_cond_timedwait)
        tether_test(no_memory integration 60 care/posix/test_no_memory.c)
        tether_integration_time(no_memory 60)
        target_link_options(test_no_memory PRIVATE -Wl,--wrap=malloc,--wrap=calloc)
        tether_integration(gc_counts 60 care/posix/test_gc_counts.c care/removable.c)
        target_link_options(test_gc_counts PRIVATE -Wl,--wrap=tether__archive_visit)
        tether_test(late_growth integration 60 output/posix/test_late_growth.c support/listener.c support/witness.c)
        tether_integration_time(late_growth 60)
        target_link_options(test_late_growth PRIVATE
            -Wl,--wrap=tether__os_watch_tells_growth,--wrap=tether__os_watch_add)
        tether_test(outer_fallback integration 60 task/posix/test_outer_fallback.c)
        tether_integration_time(outer_fallback 60)
        target_link_options(test_outer_fallback PRIVATE -Wl,--wrap=tether__os_spawn)
    endif()
    if(TARGET tether_monitor)
        tether_test(monitor integration 120 monitor/posix/test_monitor.c)
        tether_integration_time(monitor 120)
        set_tests_properties(monitor PROPERTIES ENVIRONMENT TETHER_MONITOR=${TETHER_TEST_MONITOR})
        add_dependencies(test_monitor tether_monitor)
    endif()
    if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
        tether_test(refused integration 120 engine/posix/test_refused.c)
        tether_integration_time(refused 120)
        tether_integration(namespaces 120 engine/posix/test_namespaces.c)
    endif()
    tether_integration(pause 240 task/posix/test_pause.c)
    tether_integration(hosts 120 engine/posix/test_hosts.c engine/posix/planting.c support/elsewhere.c
        support/exit_line.c)
    tether_integration(watch_hosts 60 output/posix/test_watch_hosts.c)
    tether_integration(proxy_hosts 120 task/posix/test_proxy_hosts.c)
    tether_integration(faults 120 task/posix/test_faults.c)
    tether_integration(scarce 240 registry/posix/test_scarce.c)
    tether_integration(flat 120 engine/posix/test_flat.c)
    tether_integration(many 300 engine/posix/test_many.c)
    tether_integration(bulk 120 output/posix/test_bulk.c output/posix/growth.c)
    tether_integration(moved_output 60 output/posix/test_moved_output.c)
    tether_integration(cap 120 output/posix/test_cap.c output/posix/growth.c)
    # Once only: the example opens its registry itself, without the variable for the reaper.
    tether_test(example integration 60 task/posix/test_example.c)
    tether_integration_time(example 60)
    tether_test_path(agent tether_example_agent)
    target_compile_definitions(test_example PRIVATE TETHER_TEST_AGENT="${agent}")
    add_dependencies(test_example tether_example_agent)
    if(TETHER_HAVE_INOTIFY)
        tether_test(lost_events integration 60 engine/posix/test_lost_events.c support/elsewhere.c
            support/exit_line.c support/witness.c)
        tether_integration_time(lost_events 60)
    endif()
    # Once only: it tests how shells end, which does not depend on the reaper.
    tether_test(shells integration 240 task/posix/test_shells.c)
    tether_integration_time(shells 240)
endif()
if(WIN32)
    tether_integration(jobs 60 task/win32/test_jobs.c support/win32/in_job.c)
    # A stand-in for shells that are not installed.
    add_executable(tether_test_stand_in support/win32/stand_in.c)
    target_link_libraries(tether_test_stand_in PRIVATE tether_flags shell32)
    set_target_properties(tether_test_stand_in PROPERTIES OUTPUT_NAME tether-test-stand-in)
    tether_test(shells_win32 integration 60 task/win32/test_shells_win32.c)
    tether_integration_time(shells_win32 60)
    target_compile_definitions(test_shells_win32 PRIVATE
        TETHER_TEST_STAND_IN="${TETHER_TEST_ROOT}$<TARGET_FILE:tether_test_stand_in>")
    add_dependencies(test_shells_win32 tether_test_stand_in)
    tether_test(policies_win32 integration 60 task/win32/test_policies.c)
    tether_integration_time(policies_win32 60)
endif()
# Once each: the command opens its registry itself, without the variable for the reaper.
if(TARGET tether_cli)
    foreach(part run verbs errors control overdue completions watch output ids json list all)
        tether_test(cli_${part} integration 60 cli/test_cli_${part}.c cli/cli_support.c)
        tether_integration_time(cli_${part} 60)
    endforeach()
    if(WIN32)
        tether_test(cli_win32 integration 60 cli/win32/test_cli_win32.c cli/cli_support.c)
        tether_integration_time(cli_win32 60)
    else()
        tether_test(cli_posix integration 60 cli/posix/test_cli_posix.c cli/cli_support.c)
        tether_integration_time(cli_posix 60)
        tether_test(cli_reader integration 60 cli/posix/test_cli_reader.c cli/cli_support.c)
        tether_integration_time(cli_reader 60)
        tether_test(cli_run_posix integration 120 cli/posix/test_cli_run_posix.c cli/cli_support.c)
        tether_integration_time(cli_run_posix 120)
        tether_test(cli_terminal integration 60 cli/posix/test_cli_terminal.c cli/cli_support.c)
        tether_integration_time(cli_terminal 60)
    endif()
endif()

# A real PowerShell (ci/pwsh). Its start takes too long for a sanitizer, and it runs nothing of tether's that sh does not.
if(NOT TETHER_SANITIZE)
    tether_test(powershell integration 240 task/test_powershell.c)
    tether_integration_time(powershell 240)
endif()

# Wrappers that the library does not use on every platform, run directly by their shell.
if(WIN32)
    tether_test(wrapper_cmd integration 240 shell/win32/test_wrapper_cmd.c)
else()
    tether_test(wrapper_by_name integration 60 shell/posix/test_wrapper_by_name.c)
endif()

# A program that faults a host at every step (ci/matrix).
# A sanitizer traces its own process, too.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|aarch64" AND NOT CMAKE_CROSSCOMPILING
        AND NOT TETHER_SANITIZE)
    add_executable(tether_matrix posix/matrix/matrix.c posix/matrix/call_errors.c posix/matrix/operations.c
        posix/matrix/story.c posix/matrix/tracer.c support/exit_line.c)
    set_target_properties(tether_matrix PROPERTIES OUTPUT_NAME tether-matrix)
    target_link_libraries(tether_matrix PRIVATE tether_test_support)
endif()
