/* Which lines are messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mcp/message.h"

static bool is_message(const char *line, size_t size)
{
    char why[MESSAGE_WHY] = "";
    json_t *value = message_parse(line, size, why);
    bool good = value != NULL;
    json_decref(value);
    assert_true(good || why[0] != '\0');
    return good;
}

static void what_is_no_plain_json_is_refused(void **state)
{
    static const char *const good[] = {"{}", "[]", "5", "\"x\"",
                                       "{\"a\":[1,{\"b\":\"[[[[\\\"\"}]}"};
    static const char *const bad[] = {
        "",         "{",        "{}x",         "{\"a\":1,\"a\":2}",
        "\"\xff\"", "\"\xc3\"", "\"\\u0000\"", "{\"a\":\"\xed\xa0\x80\"}"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(is_message(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(is_message(bad[i], strlen(bad[i])));
    assert_false(is_message("{\"a\":\"b\0c\"}", 11));
}

static void deep_nesting_is_refused(void **state)
{
    char line[2 * MESSAGE_DEPTH + 4];
    (void)state;
    for (size_t depth = MESSAGE_DEPTH; depth <= MESSAGE_DEPTH + 1; depth++) {
        memset(line, '[', depth);
        memset(line + depth, ']', depth);
        assert_int_equal(is_message(line, 2 * depth), depth == MESSAGE_DEPTH);
    }
    assert_false(is_message(line, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_plain_json_is_refused),
        cmocka_unit_test(deep_nesting_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
