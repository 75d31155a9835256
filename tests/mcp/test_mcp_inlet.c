/* Lines of bounded size, whatever the pieces in which they come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mcp/inlet.h"

/* Feeds a text in pieces of this size, and writes down what comes: each line and '|', '!' for one
 * that is too long. */
static void collect(const char *text, size_t piece, size_t limit, char *seen)
{
    inlet_result result;
    mcp_inlet in = {.limit = limit};
    const char *line;
    size_t size, length = strlen(text);
    *seen = '\0';
    for (size_t at = 0; at < length; at += piece) {
        assert_true(inlet_feed(&in, text + at, length - at < piece ? length - at : piece));
        while ((result = inlet_next(&in, &line, &size)) != INLET_NOTHING) {
            if (result == INLET_LINE)
                strncat(seen, line, size);
            strcat(seen, result == INLET_LINE ? "|" : "!");
        }
        assert_true(in.room <= 128 * 1024);
    }
    inlet_dispose(&in);
}

static void lines_come_whole_however_they_are_cut(void **state)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"", ""},
        {"no end", ""},
        {"a\nbc\n", "a|bc|"},
        {"a\r\n\r\n\n\nb\n", "a|b|"},
        {"12345678\n123456789\nx\n", "12345678|!x|"},
        {"1234567890123456789012345678901234567890\nx\n", "!x|"},
        {"1234567890123\n\n123456789012\ny\n", "!!y|"},
        {"1234567890123", "!"},
    };
    char seen[256];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (size_t piece = 1; piece < 50; piece++) {
            collect(cases[i].text, piece, 8, seen);
            assert_string_equal(seen, cases[i].expected);
        }
    }
}

static void a_huge_line_takes_no_more_than_the_limit(void **state)
{
    static char piece[64 * 1024];
    mcp_inlet in = {.limit = 100 * 1024};
    const char *line;
    size_t size, told = 0;
    (void)state;
    memset(piece, 'x', sizeof piece);
    for (int i = 0; i < 1000; i++) {
        inlet_result result;
        assert_true(inlet_feed(&in, piece, sizeof piece));
        while ((result = inlet_next(&in, &line, &size)) != INLET_NOTHING)
            told += result == INLET_TOO_LONG;
        assert_true(in.room <= 512 * 1024);
    }
    assert_int_equal(told, 1);
    assert_true(inlet_feed(&in, "\nok\n", 4));
    assert_int_equal(inlet_next(&in, &line, &size), INLET_LINE);
    assert_int_equal(size, 2);
    assert_int_equal(inlet_next(&in, &line, &size), INLET_NOTHING);
    inlet_dispose(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_whole_however_they_are_cut),
        cmocka_unit_test(a_huge_line_takes_no_more_than_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
