/* Files with variables. */
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#include "cli/env_file.h"

enum { ENTRIES = 16 };

static void assert_entries(const char *text, const char *const *expected)
{
    char copy[512];
    const char *entries[ENTRIES];
    size_t bad_line, count = 0;
    snprintf(copy, sizeof copy, "%s", text);
    while (expected[count] != NULL)
        count++;
    assert_true(env_file_capacity(copy) <= ENTRIES);
    assert_int_equal(env_file_split(copy, entries, &bad_line), count);
    assert_int_equal(bad_line, 0);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(entries[i], expected[i]);
}

#define ENTRIES_OF(text, ...) assert_entries((text), (const char *const[]){__VA_ARGS__, NULL})

static void reads_one_entry_per_line(void **state)
{
    (void)state;
    ENTRIES_OF("A=1\nB=two words\nC=\n", "A=1", "B=two words", "C=");
    ENTRIES_OF("A=1", "A=1");
    ENTRIES_OF("A=x=y\r\nB=2\r\n", "A=x=y", "B=2");
    assert_entries("", (const char *const[]){NULL});
}

static void skips_comments_empty_lines_and_export(void **state)
{
    (void)state;
    ENTRIES_OF("# A=1\n\n  \n  # no\nexport B=2\n  export\tC=3\nexported=4\n", "B=2", "C=3",
               "exported=4");
    ENTRIES_OF("A=1 # kept\n", "A=1 # kept");
}

static void removes_one_pair_of_quotes(void **state)
{
    (void)state;
    ENTRIES_OF("A=\"two words\"\nB='x'\nC=\"\"\nD=\"open\nE='a'b\nF=\"'both'\"\nG=$HOME\\n\n",
               "A=two words", "B=x", "C=", "D=\"open", "E='a'b", "F='both'", "G=$HOME\\n");
    ENTRIES_OF("A='x'  \t\n", "A=x");
}

static void names_the_first_line_that_is_no_entry(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t line;
    } cases[] = {{"A", 1}, {"A=1\n\nB\nC", 3}, {"=1", 1}, {"#\nA B=1", 2}, {"export", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char copy[64];
        const char *entries[ENTRIES];
        size_t bad_line;
        snprintf(copy, sizeof copy, "%s", cases[i].text);
        env_file_split(copy, entries, &bad_line);
        assert_int_equal(bad_line, cases[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_one_entry_per_line),
        cmocka_unit_test(skips_comments_empty_lines_and_export),
        cmocka_unit_test(removes_one_pair_of_quotes),
        cmocka_unit_test(names_the_first_line_that_is_no_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
