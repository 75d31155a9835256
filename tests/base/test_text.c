/* The text buffer and shell quoting. */
#include "support/unit.h"

#include <string.h>

#include "base/text.h"

static void grows_as_needed(void **state)
{
    (void)state;
    tether__text text = {0};
    char block[100];
    for (int i = 0; i < 1000; i++) {
        memset(block, 'a' + i % 26, sizeof block);
        tether__text_add(&text, block, sizeof block);
        assert_int_equal(text.size, (size_t)(i + 1) * sizeof block);
        assert_int_equal(text.bytes[text.size], '\0');
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(text.bytes[i * 100 + 99], 'a' + i % 26);
    assert_false(text.failed);
    tether__text_dispose(&text);
    assert_null(text.bytes);
    assert_int_equal(text.size, 0);
}

/* Covers the sizes at which the allocated block is exactly full. */
static void keeps_space_for_the_final_nul(void **state)
{
    (void)state;
    char block[600];
    memset(block, 'x', sizeof block);
    for (size_t size = 0; size <= sizeof block; size++) {
        tether__text text = {0};
        tether__text_add(&text, block, size);
        tether__text_add(&text, "", 0);
        assert_int_equal(text.size, size);
        assert_int_equal(text.bytes[size], '\0');
        tether__text_dispose(&text);
    }
}

static void keeps_nul_bytes(void **state)
{
    (void)state;
    tether__text text = {0};
    tether__text_add(&text, "a\0b", 3);
    tether__text_add_string(&text, "c");
    assert_int_equal(text.size, 4);
    assert_memory_equal(text.bytes, "a\0bc", 5);
    tether__text_dispose(&text);
}

static void remembers_that_memory_ran_out(void **state)
{
    (void)state;
    tether__text text = {0};
    tether__text_add_string(&text, "whole");
    tether__text_add(&text, "x", (size_t)-1 / 2 + 1);
    assert_true(text.failed);
    tether__text_add_string(&text, "more");
    assert_true(text.failed);
    assert_string_equal(text.bytes, "whole");
    tether__text_dispose(&text);
    assert_false(text.failed);
}

static void quotes_for_a_shell(void **state)
{
    (void)state;
    static const struct {
        const char *string;
        const char *quoted;
        const char *shown;
    } cases[] = {
        {"", "''", "''"},
        {"plain", "'plain'", "plain"},
        {"a/b.c-d_e=f:g,h+i@j%k", "'a/b.c-d_e=f:g,h+i@j%k'", "a/b.c-d_e=f:g,h+i@j%k"},
        {"two words", "'two words'", "'two words'"},
        {"it's", "'it'\\''s'", "'it'\\''s'"},
        {"'", "''\\'''", "''\\'''"},
        {"''", "''\\'''\\'''", "''\\'''\\'''"},
        {"$(x) `y` \"z\" \\", "'$(x) `y` \"z\" \\'", "'$(x) `y` \"z\" \\'"},
        {"~", "'~'", "'~'"},
        {"a\nb", "'a\nb'", "'a\nb'"},
        {"\xff", "'\xff'", "'\xff'"},
        {"!", "'!'", "'!'"},
        {"*", "'*'", "'*'"},
        {"#", "'#'", "'#'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tether__text text = {0};
        tether__text_add_quoted(&text, cases[i].string);
        assert_string_equal(text.bytes, cases[i].quoted);
        tether__text_dispose(&text);
        tether__text_add_shown(&text, cases[i].string);
        assert_string_equal(text.bytes, cases[i].shown);
        tether__text_dispose(&text);
    }
}

static void words_are_the_same_in_any_case(void **state)
{
    (void)state;
    assert_true(tether__text_same_word("AllSigned", "allSIGNED"));
    assert_true(tether__text_same_word("", ""));
    assert_false(tether__text_same_word("TERM", "TERMS"));
    assert_false(tether__text_same_word("TERMS", "TERM"));
    assert_false(tether__text_same_word("", "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_as_needed),    cmocka_unit_test(keeps_space_for_the_final_nul),
        cmocka_unit_test(keeps_nul_bytes),    cmocka_unit_test(remembers_that_memory_ran_out),
        cmocka_unit_test(quotes_for_a_shell), cmocka_unit_test(words_are_the_same_in_any_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
