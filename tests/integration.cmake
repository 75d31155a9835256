# Integration tests: the library and the command, with real processes.

# Everything is slower under a sanitizer.
function(tether_integration_time name seconds)
    if(TETHER_SANITIZE)
        math(EXPR seconds "${seconds} * 5")
    endif()
    set_tests_properties(${name} PROPERTIES LABELS integration TIMEOUT ${seconds})
endfunction()

# One executable, run twice: the reaper learns of ends by events, or by polling.
function(tether_integration name seconds)
    tether_test(${name} integration ${seconds} ${ARGN})
    tether_integration_time(${name} ${seconds})
    set_tests_properties(${name} PROPERTIES ENVIRONMENT TETHER_TEST_REAPER=events)
    add_test(NAME ${name}_polling COMMAND test_${name})
    tether_integration_time(${name}_polling ${seconds})
    set_tests_properties(${name}_polling PROPERTIES ENVIRONMENT TETHER_TEST_REAPER=polling)
endfunction()

tether_integration(task 120 test_task.c)
tether_integration(care 60 test_care.c)
tether_test(loop integration 60 test_loop.c)
tether_integration_time(loop 60)
if(UNIX)
    tether_integration(crash 120 posix/test_crash.c)
    add_test(NAME crash_steps COMMAND test_crash steps)
    tether_integration_time(crash_steps 240)
    tether_integration(replay 120 posix/test_replay.c)
    tether_integration(kill 120 posix/test_kill.c)
    tether_integration(hosts 120 posix/test_hosts.c)
    tether_integration(faults 120 posix/test_faults.c)
    tether_integration(bulk 120 posix/test_bulk.c)
    # The end is a shell's; how the host learns of it makes no difference here.
    tether_test(shells integration 120 posix/test_shells.c)
    tether_integration_time(shells 120)
endif()
# The command opens its own registry; how that learns of ends is not for a variable to say.
if(TARGET tether_cli)
    foreach(part run verbs errors)
        tether_test(cli_${part} integration 60 test_cli_${part}.c cli_support.c)
        tether_integration_time(cli_${part} 60)
    endforeach()
endif()
