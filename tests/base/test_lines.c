/* Lines of a stream that comes in pieces: each once, whole, at its offset; none longer than the
 * limit. */
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"

/* What the visitor has seen, as text: OFFSET:LINE; or OFFSET! for a line over the limit. */
typedef struct seen {
    char text[512];
    size_t size;
} seen;

static void see(void *context, const tether__line *line)
{
    seen *s = context;
    size_t room = sizeof s->text - s->size;
    s->size += (size_t)(line->text != NULL
                            ? snprintf(s->text + s->size, room, "%d:%.*s;", (int)line->offset,
                                       (int)line->size, line->text)
                            : snprintf(s->text + s->size, room, "%d!", (int)line->offset));
}

/* Feeds a text in pieces of the given size, and returns what was seen. */
static seen feed(tether__lines *lines, const char *text, size_t piece)
{
    seen s = {.text = ""};
    for (size_t size = strlen(text); size > 0;) {
        size_t part = size < piece ? size : piece;
        assert_true(tether__lines_feed(lines, text, part, see, &s));
        text += part;
        size -= part;
    }
    return s;
}

static void lines_are_the_same_in_pieces_of_every_size(void **state)
{
    (void)state;
    for (size_t piece = 1; piece < 20; piece++) {
        tether__lines lines = {.limit = 5};
        seen s = feed(&lines, "a\n\nbcdef\nghijklm\nnop\nqr", piece);
        assert_string_equal(s.text, "0:a;2:;3:bcdef;9!17:nop;");
        assert_int_equal(lines.begin, 21);
        assert_int_equal(lines.next, 23);
        assert_true(tether__lines_torn(&lines));
        tether__lines_dispose(&lines);
    }
}

static void a_stream_that_ends_in_a_newline_is_not_torn(void **state)
{
    (void)state;
    tether__lines lines = {.limit = 5};
    assert_false(tether__lines_torn(&lines));
    seen s = feed(&lines, "ab\n", 2);
    assert_string_equal(s.text, "0:ab;");
    assert_false(tether__lines_torn(&lines));
    tether__lines_dispose(&lines);
}

/* A line of any length takes no more memory than the limit. */
static void a_line_over_the_limit_is_not_held(void **state)
{
    (void)state;
    tether__lines lines = {.limit = 100};
    static char block[4096];
    seen s = {.text = ""};
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 1000; i++) {
        assert_true(tether__lines_feed(&lines, block, sizeof block, see, &s));
        assert_true(lines.begun.capacity <= sizeof block);
    }
    assert_true(tether__lines_torn(&lines));
    assert_true(tether__lines_feed(&lines, "\nab\n", 4, see, &s));
    assert_string_equal(s.text, "0!4096001:ab;");
    tether__lines_dispose(&lines);
}

static void a_line_as_long_as_the_limit_is_handed_out(void **state)
{
    (void)state;
    tether__lines lines = {.limit = 3};
    seen s = feed(&lines, "abc\nabcd\nab\n", 64);
    assert_string_equal(s.text, "0:abc;4!9:ab;");
    tether__lines_dispose(&lines);
}

/* The caller reads again from `begin`, as it does when memory was short. */
static void after_a_reset_the_begun_line_comes_again(void **state)
{
    (void)state;
    tether__lines lines = {.limit = 10};
    seen s = feed(&lines, "one\ntw", 6);
    assert_string_equal(s.text, "0:one;");
    tether__lines_reset(&lines);
    assert_int_equal(lines.next, 4);
    s = feed(&lines, "two\n", 3);
    assert_string_equal(s.text, "4:two;");
    tether__lines_dispose(&lines);
}

static void a_failure_of_memory_is_told(void **state)
{
    (void)state;
    seen s = {.text = ""};
    tether__lines lines = {.limit = 10};
    seen first = feed(&lines, "one\ntw", 6);
    assert_string_equal(first.text, "0:one;");
    lines.begun.failed = true;
    assert_false(tether__lines_feed(&lines, "o\n", 2, see, &s));
    assert_string_equal(s.text, "");
    assert_int_equal(lines.begin, 4);
    tether__lines_reset(&lines);
    assert_true(tether__lines_feed(&lines, "two\n", 4, see, &s));
    assert_string_equal(s.text, "4:two;");
    tether__lines_dispose(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_the_same_in_pieces_of_every_size),
        cmocka_unit_test(a_stream_that_ends_in_a_newline_is_not_torn),
        cmocka_unit_test(a_line_over_the_limit_is_not_held),
        cmocka_unit_test(a_line_as_long_as_the_limit_is_handed_out),
        cmocka_unit_test(after_a_reset_the_begun_line_comes_again),
        cmocka_unit_test(a_failure_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
