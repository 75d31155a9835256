# Contract tests: one per seam header, for the implementation of the platform. Tests for all platforms are in os/,
# those for POSIX only (fork, links, owners) in posix/, those for Windows only (share modes, access lists, drives) in win32/.
foreach(seam clock file host lifeline lock process)
    tether_test(os_${seam} contract 120 os/test_${seam}.c os/place.c)
    if(UNIX)
        tether_test(os_${seam}_posix contract 120 posix/test_${seam}.c posix/forked.c os/place.c)
    endif()
endforeach()
tether_test(os_watch contract 60 os/test_watch.c os/place.c)
tether_test(os_kin contract 60 os/test_kin.c)
if(WIN32)
    foreach(seam companion file host lock process watch lifeline spawn tree ends)
        tether_test(os_${seam}_win32 contract 120 win32/test_${seam}.c win32/running.c support/win32/in_job.c
            os/place.c)
    endforeach()
    tether_test(monitor_command_win32 contract 60 monitor/win32/test_command.c ../src/win32/monitor/command.c)
endif()
if(UNIX)
    foreach(seam companion spawn file_root tree watch)
        tether_test(os_${seam}_posix contract 60 posix/test_${seam}.c posix/forked.c os/place.c)
    endforeach()

    # The same tests with the variant of the spawner that the library does not use here.
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
        list(TRANSFORM sources PREPEND ../src/posix/)
        set(objects ${TETHER_OBJECTS})
        list(REMOVE_ITEM objects $<TARGET_OBJECTS:tether_room_posix>)
        add_executable(test_os_spawn_other posix/test_spawn.c posix/forked.c os/place.c ${TETHER_TEST_SUPPORT} ${sources})
        target_include_directories(test_os_spawn_other PRIVATE . ../src ../include)
        target_compile_definitions(test_os_spawn_other PRIVATE TETHER_BUILDING ${TETHER_OS_DEFINITIONS}
            TETHER_TEST_CHILD="${TETHER_TEST_CHILD}" TETHER_TEST_COMMAND="")
        target_link_libraries(test_os_spawn_other PRIVATE ${objects} tether_uv tether_jansson tether_pcre2 tether_cmocka
            tether_flags Threads::Threads)
        add_dependencies(test_os_spawn_other tether_test_child)
        add_test(NAME os_spawn_other COMMAND test_os_spawn_other)
        set_tests_properties(os_spawn_other PROPERTIES LABELS contract TIMEOUT 60)
    endif()
endif()

# A part of the monitor, with clocks of the test.
if(TARGET tether_monitor AND NOT WIN32)
    add_executable(test_notes monitor/posix/test_notes.c ../src/monitor/notes.c ../src/format/times.c
        ../src/posix/monitor/file_os.c ../src/posix/monitor/read_all.c)
    target_include_directories(test_notes PRIVATE . ../src ../include)
    target_link_libraries(test_notes PRIVATE tether_cmocka tether_flags)
    add_test(NAME notes COMMAND test_notes)
    set_tests_properties(notes PROPERTIES LABELS contract TIMEOUT 60)
endif()
