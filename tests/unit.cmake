# Unit tests: pure modules, no process, no clock.
foreach(module environment error kill_policy look marker name record shell snapshot status text
        utf8 wrapper)
    tether_test(${module} unit 60 unit/test_${module}.c)
endforeach()
target_compile_definitions(test_wrapper PRIVATE
    GOLDEN="${CMAKE_CURRENT_SOURCE_DIR}/unit/golden")
