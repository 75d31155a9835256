/* Arbitrary texts in the cells of a screen. */
#include "support/unit.h"

#include <string.h>

#include "cli/fit.h"

static void fits_texts_into_columns(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
        const char *shown;
        size_t width;
    } cases[] = {
        {"", 5, "", 0},
        {"abc", 3, "abc", 3},
        {"abcd", 3, "ab~", 3},
        {"abcd", 1, "~", 1},
        {"abcd", 0, "", 0},
        {"\xE6\x97\xA5\xE6\x9C\xAC", 4, "\xE6\x97\xA5\xE6\x9C\xAC", 4},
        {"\xE6\x97\xA5\xE6\x9C\xAC", 3, "\xE6\x97\xA5~", 3},
        {"\xE6\x97\xA5\xE6\x9C\xAC", 2, "~", 1},
        {"a\x1B[31mb", 20, "a\xEF\xBF\xBD[31mb", 7},
        {"a\x9Bz\xFF", 20, "a\xEF\xBF\xBDz\xEF\xBF\xBD", 4},
        {"a\xC2\x9Bz", 20, "a\xEF\xBF\xBDz", 3},
        {"x\ty\nz", 20, "x y z", 5},
        {"\xE2\x80\xAE"
         "abc",
         20,
         "\xEF\xBF\xBD"
         "abc",
         4},
        {"e\xCC\x81z", 20, "e\xCC\x81z", 2},
        {"\xCC\x81z", 20, "z", 1},
        {"a\xE2\x80\x8D"
         "b",
         20, "ab", 2},
        {"\xE6\x97", 20, "\xEF\xBF\xBD", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[64];
        size_t width = fit_text(cases[i].text, strlen(cases[i].text), cases[i].columns, out, 64);
        if (strcmp(out, cases[i].shown) != 0 || width != cases[i].width)
            fail_msg("case %zu: \"%s\", %zu columns", i, out, width);
    }
}

static void keeps_within_the_room(void **state)
{
    char out[8];
    (void)state;
    memset(out, 'x', sizeof out);
    assert_int_equal(fit_text("abcdefghij", 10, 100, out, 5), 4);
    assert_string_equal(out, "abc~");
    assert_int_equal(out[5], 'x');
    fit_text("abc", 3, 3, out, 1);
    assert_string_equal(out, "");
}

static void drops_marks_that_no_script_has(void **state)
{
    const char *text = "e\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81z";
    char out[64];
    (void)state;
    assert_int_equal(fit_text(text, strlen(text), 10, out, sizeof out), 2);
    assert_string_equal(out, "e\xCC\x81\xCC\x81\xCC\x81z");
}

static void finds_the_last_line(void **state)
{
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"", ""},
        {"one", "one"},
        {"one\ntwo\n", "two"},
        {"one\n \n\n", "one"},
        {"10%\r50%\r", "50%"},
        {"a\r\nb\r\n", "b"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size;
        const char *line = fit_last_line(cases[i].text, strlen(cases[i].text), &size);
        if (size != strlen(cases[i].line) || memcmp(line, cases[i].line, size) != 0)
            fail_msg("case %zu: \"%.*s\"", i, (int)size, line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_texts_into_columns),
        cmocka_unit_test(keeps_within_the_room),
        cmocka_unit_test(drops_marks_that_no_script_has),
        cmocka_unit_test(finds_the_last_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
