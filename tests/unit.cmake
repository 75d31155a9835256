# Unit tests: modules without processes or clocks.
function(tether_unit room)
    foreach(module IN LISTS ARGN)
        tether_test(${module} unit 60 ${room}/test_${module}.c)
    endforeach()
endfunction()

tether_unit(base error options ring text utf8)
tether_unit(format age fields kept_watch kill_policy marker name record status verdict)
tether_unit(shell argv_quote candidates environment outer shell wrapper wrapper_bat wrapper_ps1)
tether_unit(search matcher pattern search)
tether_unit(engine snapshot)
# Has many random cases, and also runs in valgrind.
set_tests_properties(matcher PROPERTIES TIMEOUT 180)
foreach(module wrapper wrapper_bat wrapper_ps1)
    target_compile_definitions(test_${module} PRIVATE
        GOLDEN="${TETHER_TEST_ROOT}${CMAKE_CURRENT_SOURCE_DIR}/shell/golden")
endforeach()
foreach(module argv_quote wrapper_bat wrapper_ps1)
    target_sources(test_${module} PRIVATE shell/cmd_model.c)
endforeach()
target_compile_definitions(test_fields PRIVATE TETHER_TEST_SOURCES="${TETHER_TEST_ROOT}${PROJECT_SOURCE_DIR}")
