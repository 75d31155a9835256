# The shell of examples/shell, played by Python: it needs a terminal, and bash to compare with.

find_package(Python3 QUIET COMPONENTS Interpreter)
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
