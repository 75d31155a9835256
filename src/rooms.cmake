# The rooms of the library: what each is made of, and which rooms and libraries it may use. Lower rooms stand first and
# never see later ones. docs/design.md has the same as a table; `ci/checks rooms` compares the sources with both.
#
# Includes name the room ("engine/catalog.h"). A room finds only those that it may use, because each has an include
# directory of its own in the build tree, with nothing in it but a link to the room.

set(TETHER_ROOMS "")
set(TETHER_OBJECTS "")

# tether_room(NAME USES <room>... LIBRARIES <target>... SOURCES <file>...)
function(tether_room name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "USES;LIBRARIES;SOURCES")
    set(room tether_room_${name})
    list(TRANSFORM arg_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/src/${name}/)
    add_library(${room} OBJECT ${arg_SOURCES})

    set(view ${PROJECT_BINARY_DIR}/rooms/${name})
    file(MAKE_DIRECTORY ${view})
    file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${name} ${view}/${name} RESULT linked SYMBOLIC)
    if(NOT linked EQUAL 0)
        # A Windows user without the right to create links: all rooms are visible, and only ci/checks refuses wrong includes.
        set(view ${PROJECT_SOURCE_DIR}/src)
    endif()
    target_include_directories(${room} PRIVATE ${view} ${PROJECT_SOURCE_DIR}/include INTERFACE ${view})
    list(TRANSFORM arg_USES PREPEND tether_room_)
    target_link_libraries(${room} PRIVATE ${arg_USES} ${arg_LIBRARIES} tether_flags)
    target_compile_definitions(${room} PRIVATE TETHER_BUILDING ${TETHER_OS_DEFINITIONS})
    set_target_properties(${room} PROPERTIES C_VISIBILITY_PRESET hidden POSITION_INDEPENDENT_CODE ON
        C_EXTENSIONS OFF)

    set(TETHER_ROOMS ${TETHER_ROOMS} ${name} PARENT_SCOPE)
    set(TETHER_OBJECTS ${TETHER_OBJECTS} $<TARGET_OBJECTS:${room}> PARENT_SCOPE)
endfunction()

# --- Pure rooms: no file, no process, no clock, no thread --------------------------------------

tether_room(base
    SOURCES error.c grow.c lines.c options.c ring.c text.c utf8.c)

tether_room(format
    USES base
    LIBRARIES tether_jansson
    SOURCES age.c control.c gap.c journal.c json.c kept_watch.c key.c kill_policy.c left.c marker.c name.c orders.c pool.c record.c
        record_birth.c record_fields.c record_read.c record_scan.c record_write.c scan.c snapshot.c status.c time_text.c times.c verdict.c)

tether_room(shell
    USES base format
    SOURCES argv_quote.c call.c candidates.c cmd_line.c command_ps1.c environment.c family.c outer.c policy.c shell.c
        wrapper.c wrapper_bat.c wrapper_ps1.c)

tether_room(search
    USES base format
    LIBRARIES tether_pcre2
    SOURCES matcher.c pattern.c search.c window.c)

set(TETHER_PURE_ROOMS ${TETHER_ROOMS})
if(TETHER_PURE)
    return()
endif()

# --- The operating system ----------------------------------------------------------------------

tether_room(os
    USES base format shell
    LIBRARIES tether_uv
    SOURCES child_start.c kin.c random.c read_whole.c start_thread.c temporary.c)

tether_room(${TETHER_OS_ROOM}
    USES base format shell os
    LIBRARIES tether_uv Threads::Threads
    SOURCES ${TETHER_OS_SOURCES})

# --- The store, and what a registry does with it -----------------------------------------------

tether_room(store
    USES base format shell os
    LIBRARIES tether_uv tether_jansson
    SOURCES archive.c archive_join.c bundle.c compact.c ephemeral.c holder.c id.c index.c ledger.c ledger_append.c ledger_core.c ledger_read.c line_file.c
        here.c keys.c names.c news.c output_cap.c output_file.c quarantine.c self.c session.c shared.c store.c
        temporaries.c times_file.c wrappers.c)

tether_room(engine
    USES base format shell os store search
    LIBRARIES tether_uv tether_jansson
    SOURCES attention.c awaiting.c catalog.c child.c duties.c event.c following.c gate.c kill.c kill_rounds.c outcome.c prune.c reaper.c reaping.c refresh.c replay.c sessions.c snapshot.c waiting.c)

tether_room(output
    USES base format shell os store search engine
    LIBRARIES tether_uv
    SOURCES compress.c follow.c outputs.c pieces.c read.c rings.c stream.c tail.c tap.c tap_list.c
        tap_read.c watch.c)

tether_room(task
    USES base format shell os store search engine output
    LIBRARIES tether_uv tether_jansson
    SOURCES anchor.c birth.c candidates.c completion.c completion_wait.c extend.c facts.c find.c finish.c input.c keyed.c lease.c line_buffer.c list.c measure.c monitor_call.c on_end.c orphans.c pause.c proxy.c quota.c run.c script.c spawn.c
        spawn_plan.c supervisor.c task.c tasks.c wait.c)

tether_room(care
    USES base format shell os store search engine output task
    LIBRARIES tether_uv tether_jansson
    SOURCES doctor.c expiry.c gc.c gc_state.c housekeeper.c leftovers.c remove.c)

tether_room(registry
    USES base format shell os store search engine output task care
    LIBRARIES tether_uv
    SOURCES dispatch.c dispatcher.c registry.c)
