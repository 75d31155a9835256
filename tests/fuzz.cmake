# Fuzz targets for the code that parses or searches bytes from the disk. CTest replays the corpus; TETHER_FUZZ also builds the
# fuzzers: cmake -DTETHER_FUZZ=ON -DCMAKE_C_COMPILER=clang ..., then fuzz_record -max_total_time=60 tests/fuzz/corpus/record

function(tether_fuzz name)
    set(inputs ${ARGN})
    list(TRANSFORM inputs PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/corpus/${name}/)
    add_executable(replay_${name} fuzz/fuzz_${name}.c fuzz/replay.c)
    target_link_libraries(replay_${name} PRIVATE tether_test_pure)
    add_test(NAME fuzz_corpus_${name} COMMAND replay_${name} ${inputs})
    set_tests_properties(fuzz_corpus_${name} PROPERTIES LABELS unit TIMEOUT 30)
    if(TETHER_FUZZ)
        add_executable(fuzz_${name} fuzz/fuzz_${name}.c)
        target_link_libraries(fuzz_${name} PRIVATE tether_test_pure)
        target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    endif()
endfunction()

tether_fuzz(marker
    blank-identity crlf empty exit garbage long-boot negative negative-too-far no-newline nul overflow pipestatus
    pipestatus-long pipestatus-torn running signal timed_out torn two-ends)
tether_fuzz(control
    another-version deadline done empty garbage input number torn twice unknown)
tether_fuzz(orders
    another-version empty full no-program number torn unknown)
tether_fuzz(journal
    canonical damaged keys long newer removed torn whole zeros)
tether_fuzz(matcher
    anchored dear dot-star empty-match fixed fixed-nul lookbehind newline no-pattern
    not-utf8 progress refused reset short torn-character whole-lines words)
tether_fuzz(record
    array.json deep.json duplicate.json empty.json ended.json huge-number.json identity-text.json
    long-boot.json newer.json no-schema.json nul.json other-id.json pipeline.json
    pipeline-wrong.json running.json
    torn.json wrong-status.json wrong-type.json)
tether_fuzz(mcp_lines
    addresses bytes deep empty long request)
foreach(target replay_mcp_lines fuzz_mcp_lines)
    if(TARGET ${target})
        foreach(file mcp/address mcp/buffer mcp/inlet mcp/message mcp/readable text/frames)
            target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src/${file}.c)
        endforeach()
        target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    endif()
endforeach()
