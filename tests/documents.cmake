# What the documents show: the programs that make their pictures and tables.
find_package(Python3 QUIET COMPONENTS Interpreter)
if(Python3_FOUND AND NOT CMAKE_CROSSCOMPILING AND NOT TETHER_SANITIZE)
    set(documents_test ${CMAKE_CURRENT_SOURCE_DIR}/documents)
    add_test(NAME terminal_svg COMMAND ${Python3_EXECUTABLE} ${documents_test}/terminal_svg.py ${PROJECT_SOURCE_DIR}/docs/pictures/terminal-svg)
    set_tests_properties(terminal_svg PROPERTIES LABELS unit TIMEOUT 60)
endif()
