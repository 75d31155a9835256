/* Texts for people: as one line, cut to columns, and without what a terminal would obey. The stream
 * is one of this test: it collects what is written. */
#include "support/unit.h"

#include <stdint.h>
#include <string.h>

#include "cli/escape.h"

static char written[1024];
static size_t used;

void stream_write(cli_stream *stream, const void *bytes, size_t size)
{
    (void)stream;
    assert_true(used + size < sizeof written);
    memcpy(written + used, bytes, size);
    used += size;
    written[used] = '\0';
}

void stream_text(cli_stream *stream, const char *text)
{
    stream_write(stream, text, strlen(text));
}

static size_t line(const char *text, size_t columns)
{
    used = 0;
    written[0] = '\0';
    return escape_line(NULL, text, columns);
}

#define JAPANESE "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"

static void a_text_is_cut_by_its_columns(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
        const char *expected;
        size_t width;
    } cases[] = {
        {"", 10, "", 0},
        {"abc", 3, "abc", 3},
        {"abcdefgh", 8, "abcdefgh", 8},
        {"abcdefgh", 7, "abc ...", 7},
        {"abcdefgh", 4, " ...", 4},
        {"abcdefgh", SIZE_MAX, "abcdefgh", 8},
        /* Wide characters take two columns, and none is halved. */
        {JAPANESE, 6, JAPANESE, 6},
        {JAPANESE "x", 6, "\xe6\x97\xa5 ...", 6},
        {JAPANESE "xx", 7, "\xe6\x97\xa5 ...", 6},
        {JAPANESE "xxx", 8, "\xe6\x97\xa5\xe6\x9c\xac ...", 8},
        /* Characters that combine take none, and stay with the one before them. */
        {"e\xcc\x81tude", 5, "e\xcc\x81tude", 5},
        {"e\xcc\x81tudes", 5, "e\xcc\x81 ...", 5},
        {"\xc3\xa4\xc3\xa4\xc3\xa4", 3, "\xc3\xa4\xc3\xa4\xc3\xa4", 3},
        /* What is not shown as it is. */
        {"a\xff\x1b[m\tb", 7, "a??[m b", 7},
        {"a\xff\x1b[m\tbc", 7, "a?? ...", 7},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t width = line(cases[i].text, cases[i].columns);
        if (strcmp(written, cases[i].expected) != 0 || width != cases[i].width)
            fail_msg("case %zu: \"%s\", %zu columns", i, written, width);
    }
}

static void line_ends_become_blanks(void **state)
{
    static const char *const cases[][2] = {
        {"a\nb", "a b"},   {"a\r\nb", "a b"}, {"  a \n\n  b\n", "a b"},
        {"\n\na", "a"},    {"a  b", "a  b"},  {"a \t b", "a   b"},
        {"a\rb\r", "a b"}, {" \n ", ""},      {"a\n", "a"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t width = line(cases[i][0], SIZE_MAX);
        assert_string_equal(written, cases[i][1]);
        assert_int_equal(width, strlen(cases[i][1]));
        assert_int_equal(escape_width(cases[i][0]), width);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_cut_by_its_columns),
        cmocka_unit_test(line_ends_become_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
