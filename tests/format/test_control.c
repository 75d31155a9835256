/* Control messages: what is written is read, and nothing else is accepted. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "format/control.h"

static char bytes[TETHER__CONTROL_LIMIT + 1];

static void expect_same(const tether__control *written)
{
    tether__control read;
    size_t size = tether__control_render(written, bytes, sizeof bytes);
    assert_in_range(size, 1, TETHER__CONTROL_LIMIT);
    assert_int_equal(tether__control_parse(bytes, size, &read), TETHER__CONTROL_VALID);
    assert_int_equal(read.word, written->word);
    assert_int_equal(read.at_ms, written->at_ms);
    assert_int_equal(read.move, written->move);
    assert_int_equal(read.place, written->place);
    assert_int_equal(read.offset, written->offset);
    assert_int_equal(read.close, written->close);
    assert_int_equal(read.taken, written->taken);
    assert_int_equal(read.wrote, written->wrote);
    const tether__using used = written->measured ? written->used : TETHER__NOT_MEASURED;
    assert_int_equal(read.used.user_ms, used.user_ms);
    assert_int_equal(read.used.system_ms, used.system_ms);
    assert_int_equal(read.used.memory_bytes, used.memory_bytes);
    assert_int_equal(read.used.processes, used.processes);
    assert_int_equal(read.payload_size, written->payload_size);
    assert_memory_equal(read.payload, written->payload, written->payload_size);
}

static void reads_what_it_writes(void **state)
{
    (void)state;
    static char much[TETHER__CONTROL_PAYLOAD];
    memset(much, '\n', sizeof much);
    const tether__control messages[] = {
        {.word = TETHER__CONTROL_DEADLINE, .at_ms = INT64_MAX - 1, .move = 3, .payload = ""},
        {.word = TETHER__CONTROL_DEADLINE, .move = 1, .payload = ""},
        {.word = TETHER__CONTROL_INPUT,
         .place = true,
         .payload = "a\0end\0b",
         .payload_size = 7,
         .close = true},
        {.word = TETHER__CONTROL_INPUT,
         .place = true,
         .offset = INT64_MAX - 1,
         .payload = much,
         .payload_size = sizeof much},
        {.word = TETHER__CONTROL_DONE, .taken = 70000, .wrote = 9, .payload = ""},
        {.word = TETHER__CONTROL_OTHER_VERSION, .payload = ""},
        {.word = TETHER__CONTROL_USAGE, .payload = ""},
        {.word = TETHER__CONTROL_DONE,
         .used = {0, 7, INT64_MAX - 1, 0},
         .measured = true,
         .payload = ""},
        {.word = TETHER__CONTROL_DONE, .used = {1, 2, -1, -1}, .measured = true, .payload = ""},
    };
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
        expect_same(&messages[i]);
}

static void writes_nothing_that_does_not_fit(void **state)
{
    (void)state;
    static char much[TETHER__CONTROL_PAYLOAD + 1];
    tether__control message = {
        .word = TETHER__CONTROL_INPUT, .payload = much, .payload_size = sizeof much};
    assert_int_equal(tether__control_render(&message, bytes, sizeof bytes), 0);
    message.payload_size = 10;
    size_t size = tether__control_render(&message, bytes, sizeof bytes);
    for (size_t capacity = 0; capacity < size; capacity++) {
        char *exact = malloc(capacity + 1);
        assert_non_null(exact);
        assert_int_equal(tether__control_render(&message, exact, capacity), 0);
        free(exact);
    }
    assert_int_equal(tether__control_render(&message, bytes, size), size);
}

/* Each piece is parsed in memory of its own, so that a sanitizer finds a read behind its end. */
static void refuses_what_is_torn(void **state)
{
    (void)state;
    tether__control read;
    const tether__control message = {
        .word = TETHER__CONTROL_DEADLINE, .at_ms = 5, .move = 1, .payload = ""};
    size_t whole = tether__control_render(&message, bytes, sizeof bytes);
    for (size_t size = 0; size < whole; size++) {
        char *piece = malloc(size + 1);
        assert_non_null(piece);
        memcpy(piece, bytes, size);
        assert_int_not_equal(tether__control_parse(piece, size, &read), TETHER__CONTROL_VALID);
        assert_int_equal(read.payload_size, 0);
        free(piece);
    }
}

#define MESSAGE(text) text, sizeof text - 1

static void tells_other_versions_from_garbage(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        tether__control_parsed expected;
    } cases[] = {
        {MESSAGE("tether-control 1\0done\0end\0"), TETHER__CONTROL_VALID},
        {MESSAGE("tether-control 2\0done\0end\0"), TETHER__CONTROL_NEWER},
        {MESSAGE("tether-control 10\0"), TETHER__CONTROL_NEWER},
        {MESSAGE("tether-control 1\0resize\0end\0"), TETHER__CONTROL_ALIEN},
        {MESSAGE("tether-control 1\0done\0rows=5\0end\0"), TETHER__CONTROL_ALIEN},
        {MESSAGE("tether-control 1\0done\0move\0end\0"), TETHER__CONTROL_ALIEN},
        {MESSAGE("tether-control 1\0done\0move=\0end\0"), TETHER__CONTROL_GARBAGE},
        {MESSAGE("tether-control 1\0done\0move=-1\0end\0"), TETHER__CONTROL_GARBAGE},
        {MESSAGE("tether-control 1\0done\0move= 1\0end\0"), TETHER__CONTROL_GARBAGE},
        {MESSAGE("tether-control 1\0done\0move=1x\0end\0"), TETHER__CONTROL_GARBAGE},
        {MESSAGE("tether-control 1\0done\0move=9223372036854775808\0end\0"),
         TETHER__CONTROL_GARBAGE},
        {MESSAGE("tether-control 1\0done\0"), TETHER__CONTROL_GARBAGE},
        {MESSAGE("tether-control 1\0"), TETHER__CONTROL_GARBAGE},
        {MESSAGE("tether-control 1"), TETHER__CONTROL_GARBAGE},
        {MESSAGE("tether-orders 1\0end\0"), TETHER__CONTROL_GARBAGE},
        {MESSAGE("\0\0\0\0"), TETHER__CONTROL_GARBAGE},
        {"", 0, TETHER__CONTROL_GARBAGE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__control read;
        assert_int_equal(tether__control_parse(cases[i].bytes, cases[i].size, &read),
                         cases[i].expected);
    }
}

static void refuses_a_payload_that_is_too_large(void **state)
{
    (void)state;
    static const char head[] = "tether-control 1\0input\0end";
    tether__control read;
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, head, sizeof head);
    assert_int_equal(tether__control_parse(bytes, sizeof head + TETHER__CONTROL_PAYLOAD, &read),
                     TETHER__CONTROL_VALID);
    assert_int_equal(read.payload_size, TETHER__CONTROL_PAYLOAD);
    assert_int_equal(tether__control_parse(bytes, sizeof head + TETHER__CONTROL_PAYLOAD + 1, &read),
                     TETHER__CONTROL_GARBAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_writes),
        cmocka_unit_test(writes_nothing_that_does_not_fit),
        cmocka_unit_test(refuses_what_is_torn),
        cmocka_unit_test(tells_other_versions_from_garbage),
        cmocka_unit_test(refuses_a_payload_that_is_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
