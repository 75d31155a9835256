/* Argument quoting on Windows: each case that the rules distinguish, then random lists that an
 * independent parser reads back. */
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>

#include "shell/argv_quote.h"
#include "shell/cmd_model.h"
#include "support/random.h"

static void assert_quoted(const char *argument, const char *expected)
{
    tether__text text = {0};
    tether__argv_add_quoted(&text, argument);
    assert_false(text.failed);
    assert_string_equal(text.bytes, expected);
    tether__text_dispose(&text);
}

static void quotes_each_kind_of_argument(void **state)
{
    (void)state;
    assert_quoted("", "\"\"");
    assert_quoted("plain", "plain");
    assert_quoted("/c", "/c");
    assert_quoted("-DA=b,c", "-DA=b,c");
    assert_quoted("C:\\dir\\", "C:\\dir\\");
    assert_quoted("a b", "\"a b\"");
    assert_quoted("a\tb", "\"a\tb\"");
    assert_quoted("C:\\my dir\\", "\"C:\\my dir\\\\\"");
    assert_quoted("\\\\srv\\a b", "\"\\\\srv\\a b\"");
    assert_quoted("\"", "\"\\\"\"");
    assert_quoted("a\\\"b", "\"a\\\\\\\"b\"");
    assert_quoted("a\\\\\"", "\"a\\\\\\\\\\\"\"");
    assert_quoted("*.c", "\"*.c\"");
    assert_quoted("@file", "\"@file\"");
    assert_quoted("it's", "\"it's\"");
    assert_quoted("a;b", "\"a;b\"");
    assert_quoted("\xc3\xa4", "\"\xc3\xa4\"");
    assert_quoted("a\nb", "\"a\nb\"");
}

static void puts_a_program_in_quotes_without_escapes(void **state)
{
    (void)state;
    static const char *const argv[] = {"C:\\a dir\\", "x y", "", NULL};
    tether__text text = {0};
    tether__argv_join(argv, &text);
    assert_string_equal(text.bytes, "\"C:\\a dir\\\" \"x y\" \"\"");
    tether__text_dispose(&text);
    tether__argv_add_program(&text, "C:\\a\"b\"");
    assert_string_equal(text.bytes, "\"C:\\ab\"");
    tether__text_dispose(&text);
}

static void keeps_every_byte_of_an_argv(void **state)
{
    (void)state;
    static const char special[] = "\"\"\"\\\\\\\\ \t\n'^%!&|<>()*?";
    uint64_t random = 11;
    for (int round = 0; round < 5000; round++) {
        char storage[8][40];
        const char *argv[10] = {"C:\\dir\\a program.exe"};
        size_t count = 1 + random_next(&random) % 8;
        for (size_t i = 0; i < count; i++) {
            size_t size = random_next(&random) % 20;
            for (size_t k = 0; k < size; k++) {
                uint32_t value = random_next(&random);
                storage[i][k] = value & 0x100 ? special[(value >> 12) % (sizeof special - 1)]
                                              : (char)(1 + (value >> 12) % 255);
            }
            storage[i][size] = '\0';
            argv[i + 1] = storage[i];
        }
        tether__text text = {0};
        tether__argv_join(argv, &text);
        assert_false(text.failed);
        model_words words;
        model_argv(text.bytes, &words);
        assert_int_equal(words.count, count + 1);
        for (size_t i = 0; i <= count; i++)
            assert_string_equal(words.words[i], argv[i]);
        model_words_dispose(&words);
        tether__text_dispose(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_each_kind_of_argument),
        cmocka_unit_test(puts_a_program_in_quotes_without_escapes),
        cmocka_unit_test(keeps_every_byte_of_an_argv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
