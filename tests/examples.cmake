find_package(Python3 QUIET COMPONENTS Interpreter)

# The scripts of examples/notify.
find_program(TETHER_TEST_CURL curl)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND TARGET tether_cli AND TARGET tether_monitor AND Python3_FOUND AND TETHER_TEST_CURL)
    add_test(NAME notify COMMAND ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/examples/notify.py"
        $<TARGET_FILE:tether_cli>)
    tether_integration_time(notify 120)
    set_tests_properties(notify PROPERTIES ENVIRONMENT "TETHER_MONITOR=${TETHER_TEST_MONITOR}")
endif()

# The loop of an agent over lines of JSON.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux" AND TARGET tether_cli AND Python3_FOUND)
    add_test(NAME jsonl_agent COMMAND ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/examples/jsonl_agent.py"
        $<TARGET_FILE:tether_cli>)
    tether_integration_time(jsonl_agent 60)
    set_tests_properties(jsonl_agent PROPERTIES ENVIRONMENT "TETHER_MONITOR=${TETHER_TEST_MONITOR}")
endif()

# The shell of examples/shell, played by Python: it needs a terminal, and bash to compare with.
find_program(TETHER_TEST_BASH bash)
if(NOT TARGET tether_shell OR NOT Python3_FOUND OR CMAKE_CROSSCOMPILING)
    return()
endif()

# With monitors, and with scripts as supervisors.
function(tether_example_entries name seconds)
    set(script "${CMAKE_CURRENT_SOURCE_DIR}/examples/${name}.py")
    add_test(NAME ${name} COMMAND ${Python3_EXECUTABLE} ${script} $<TARGET_FILE:tether_shell> ${ARGN})
    tether_integration_time(${name} ${seconds})
    set_tests_properties(${name} PROPERTIES ENVIRONMENT "TETHER_MONITOR=${TETHER_TEST_MONITOR}")
    add_test(NAME ${name}_polling COMMAND ${Python3_EXECUTABLE} ${script} $<TARGET_FILE:tether_shell> ${ARGN})
    tether_integration_time(${name}_polling ${seconds})
    set_tests_properties(${name}_polling PROPERTIES ENVIRONMENT "TETHER_MONITOR=")
endfunction()

tether_example_entries(shell_terminal 120)
tether_example_entries(shell_state 120)
if(TETHER_TEST_BASH)
    tether_example_entries(shell_scripts 180 "${CMAKE_CURRENT_SOURCE_DIR}/examples/shell_scripts")
endif()
