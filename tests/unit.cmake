# Unit tests: pure modules, no process, no clock.
foreach(module age environment error kept_watch kill_policy look marker matcher name pattern record
        ring search shell snapshot status text
        utf8 wrapper)
    tether_test(${module} unit 60 unit/test_${module}.c)
endforeach()
# Many random cases, and it runs in valgrind too.
set_tests_properties(matcher PROPERTIES TIMEOUT 180)
target_compile_definitions(test_wrapper PRIVATE
    GOLDEN="${CMAKE_CURRENT_SOURCE_DIR}/unit/golden")
