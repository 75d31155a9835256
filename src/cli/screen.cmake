# The live view of "tether top" needs ncursesw, where the system has it; without it, and on Windows, the verb prints
# the plain table.

set(TETHER_SCREEN_FOUND OFF)
if(NOT WIN32 AND (NOT CMAKE_CROSSCOMPILING OR DEFINED ENV{PKG_CONFIG_LIBDIR}))
    find_package(PkgConfig QUIET)
    if(PKG_CONFIG_FOUND)
        pkg_check_modules(TETHER_NCURSES QUIET ncursesw)
        set(TETHER_SCREEN_FOUND ${TETHER_NCURSES_FOUND})
    endif()
endif()
if(NOT TETHER_SCREEN_FOUND)
    message(STATUS "tether top: no ncursesw, so it prints the plain table")
    return()
endif()

target_sources(tether_cli PRIVATE
    src/cli/fit.c
    src/cli/top_columns.c
    src/cli/top_draw.c
    src/cli/top_keys.c
    src/cli/top_rows.c
    src/cli/top_state.c
    src/cli/top_view.c
    src/cli/top_worker.c
    src/posix/cli/screen_os.c
)
# The definitions of the module make the wide calls visible.
target_compile_options(tether_cli PRIVATE ${TETHER_NCURSES_CFLAGS_OTHER})
target_include_directories(tether_cli PRIVATE ${TETHER_NCURSES_INCLUDE_DIRS})
target_compile_definitions(tether_cli PRIVATE TETHER_WITH_SCREEN)
# As an archive where there is one: each verb would load the library, and only this one needs it.
find_library(TETHER_NCURSES_ARCHIVE libncursesw.a)
find_library(TETHER_TINFO_ARCHIVE libtinfo.a)
mark_as_advanced(TETHER_NCURSES_ARCHIVE TETHER_TINFO_ARCHIVE)
if(TETHER_NCURSES_ARCHIVE AND TETHER_TINFO_ARCHIVE AND NOT TETHER_COMMAND_SHARED)
    target_link_libraries(tether_cli PRIVATE ${TETHER_NCURSES_ARCHIVE} ${TETHER_TINFO_ARCHIVE})
else()
    target_link_libraries(tether_cli PRIVATE ${TETHER_NCURSES_LINK_LIBRARIES})
endif()
