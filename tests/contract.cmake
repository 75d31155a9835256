# Contract tests: one per seam header, against the implementation that was built. What every platform has
# is in contract/, what only POSIX has (fork, links, owners) in posix/contract/, what only Windows has (share modes,
# access lists, drives) in win32/contract/.
foreach(seam os_clock os_file os_host os_lifeline os_lock os_process)
    tether_test(${seam} contract 120 contract/test_${seam}.c contract/place.c)
    if(UNIX)
        tether_test(${seam}_posix contract 120 posix/contract/test_${seam}_posix.c
            posix/contract/forked.c contract/place.c)
    endif()
endforeach()
tether_test(os_watch contract 60 contract/test_os_watch.c contract/place.c)
if(WIN32)
    foreach(seam os_file os_host os_lock os_process os_watch)
        tether_test(${seam}_win32 contract 120 win32/contract/test_${seam}_win32.c
            win32/contract/running.c contract/place.c)
    endforeach()
    foreach(seam os_lifeline os_spawn os_tree os_ends)
        tether_test(${seam}_win32 contract 120 win32/contract/test_${seam}_win32.c win32/in_job.c
            contract/place.c)
    endforeach()
endif()
if(UNIX)
    foreach(seam os_spawn os_tree os_watch)
        tether_test(${seam}_posix contract 60 posix/contract/test_${seam}_posix.c
            posix/contract/forked.c contract/place.c)
    endforeach()

    # The variant of the spawner that was not built in, in place of the one that was.
    if(TETHER_SPAWN_VARIANT STREQUAL "fork" AND TETHER_HAVE_SPAWN_CLOSEFROM AND TETHER_HAVE_SPAWN_SETSID)
        set(other posix_spawn)
    else()
        set(other fork)
    endif()
    if(NOT other STREQUAL TETHER_SPAWN_VARIANT)
        list(TRANSFORM TETHER_OS_SOURCES REPLACE "spawn_${TETHER_SPAWN_VARIANT}" "spawn_${other}"
            OUTPUT_VARIABLE sources)
        if(other STREQUAL "fork")
            list(APPEND sources ${TETHER_FORK_SOURCES})
        endif()
        list(TRANSFORM TETHER_SOURCES PREPEND ../ OUTPUT_VARIABLE shared)
        list(TRANSFORM sources PREPEND ../)
        # Objects of their own: src/ on the include path, as the tests have it, would hide <spawn.h>.
        add_library(tether_objects_other OBJECT ${shared} ${sources})
        target_include_directories(tether_objects_other PRIVATE ../include)
        target_compile_definitions(tether_objects_other PRIVATE TETHER_BUILDING ${TETHER_OS_DEFINITIONS})
        target_link_libraries(tether_objects_other PRIVATE tether_uv tether_jansson tether_pcre2 tether_flags)
        add_executable(test_os_spawn_other posix/contract/test_os_spawn_posix.c
            posix/contract/forked.c contract/place.c ${TETHER_TEST_SUPPORT}
            $<TARGET_OBJECTS:tether_objects_other>)
        target_include_directories(test_os_spawn_other PRIVATE . ../src ../include)
        target_compile_definitions(test_os_spawn_other PRIVATE ${TETHER_OS_DEFINITIONS}
            TETHER_TEST_CHILD="${TETHER_TEST_CHILD}" TETHER_TEST_COMMAND="")
        target_link_libraries(test_os_spawn_other PRIVATE tether_uv tether_jansson tether_pcre2 tether_cmocka
            tether_flags Threads::Threads)
        add_dependencies(test_os_spawn_other tether_test_child)
        add_test(NAME os_spawn_other COMMAND test_os_spawn_other)
        set_tests_properties(os_spawn_other PROPERTIES LABELS contract TIMEOUT 60)
    endif()
endif()
