/* What is left of output that was made for a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mcp/readable.h"

static void sequences_and_redrawn_lines_are_gone(void **state)
{
    static const struct {
        const char *bytes, *expected;
    } cases[] = {
        {"", ""},
        {"plain\n", "plain\n"},
        {"\x1b[1;31mred\x1b[0m\n", "red\n"},
        {"\x1b]0;title\x07shell\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\n", "shelllink\n"},
        {"\x1b(B\x1b=\x1bM\x1b[?25lx", "x"},
        {"10%\r50%\r100%\n", "100%\n"},
        {"10%\r\x1b[K20%\r\x1b[Kdone\r\n", "done\n"},
        {"N\bNA\bA_\bx\n", "NAx\n"},
        {"\xc3\xa4\b\xc3\xb6\n\b", "\xc3\xb6\n"},
        {"a\x01\x02"
         "b\x07\n",
         "ab\n"},
        {"cut \x1b[3", "cut "},
        {"cut \x1b", "cut "},
        {"cut \x1b]0;no end", "cut "},
        {"\xff\xfe\n", "\xff\xfe\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        mcp_buffer text = {0};
        readable_add(&text, cases[i].bytes, strlen(cases[i].bytes));
        assert_string_equal(text.bytes != NULL ? text.bytes : "", cases[i].expected);
        buffer_dispose(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sequences_and_redrawn_lines_are_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
