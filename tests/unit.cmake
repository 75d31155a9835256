# Unit tests: pure modules, no process, no clock.
foreach(module age argv_quote environment error kept_watch kill_policy look marker matcher name outer
        pattern record ring search shell shell_candidates snapshot status text utf8 wrapper wrapper_bat
        wrapper_ps1)
    tether_test(${module} unit 60 unit/test_${module}.c)
endforeach()
# Many random cases, and it runs in valgrind too.
set_tests_properties(matcher PROPERTIES TIMEOUT 180)
foreach(module wrapper wrapper_bat wrapper_ps1)
    target_compile_definitions(test_${module} PRIVATE
        GOLDEN="${TETHER_TEST_ROOT}${CMAKE_CURRENT_SOURCE_DIR}/unit/golden")
endforeach()
foreach(module argv_quote wrapper_bat wrapper_ps1)
    target_sources(test_${module} PRIVATE unit/cmd_model.c)
endforeach()
