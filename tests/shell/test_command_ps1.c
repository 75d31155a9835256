/* What is added to a text for PowerShell, and where. test_powershell.c runs the result. */
#include "shell/command_ps1.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/random.h"
#include "support/unit.h"

static void leaves_closed_texts_as_they_are(void **state)
{
    (void)state;
    static const char *const closed[] = {
        "begin { 1 }",
        "Process{ 1 }",
        "\n# comment { \n<# } #> END\n{ 1 }",
        "param($x = ')', [int]$y)\nprocess { $x }",
        "using namespace System\n[CmdletBinding()]\nparam()\nclean { 1 }",
        "using module 'a;b'; dynamicparam { 1 } end { 2 }",
        ("\xEF\xBB\xBF"
         "end { 1 }"),
        "'x'\n# SIG # Begin signature block\n# AAAA\n# SIG # End signature block\n",
    };
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        tether__text text = {0};
        assert_true(tether__command_ps1_is_closed(closed[i], strlen(closed[i])));
        tether__command_ps1_render(closed[i], strlen(closed[i]), &text);
        assert_string_equal(text.bytes, closed[i]);
        tether__text_dispose(&text);
    }
    static const char *const open[] = {
        "",
        "param($x)",
        "'begin { 1 }'",
        "# begin {",
        "begin-work { 1 }",
        "$end = { 1 }",
        "end",
        "process $x { 1 }",
        "function f { begin { 1 } process { 2 } }",
        "'x' # SIG # Begin signature block",
        "@'\nbegin {\n'@",
        "param([string]$x = \"$(')')\") $x",
    };
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++)
        assert_false(tether__command_ps1_is_closed(open[i], strlen(open[i])));
}

static void finds_a_return_at_the_end(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *behind; /* what follows the word; NULL: there is none */
    } cases[] = {
        {"return", ""},
        {"a; return", ""},
        {"a\nReturn ; # why\n\n", " ; # why\n\n"},
        {"a\r\nreturn\r\n", "\r\n"},
        {"a <# x #>\n<# y #> return <# z\n #>\n", " <# z\n #>\n"},
        {"if ($x) { return }\nreturn", ""},
        {"@'\nx\n'@\nreturn", ""},
        {"\"$(1; 'a')\"; return", ""},
        {"", NULL},
        {"return 5", NULL},
        {"return\na", NULL},
        {"a return", NULL},
        {"a `\nreturn", NULL},
        {"a,\nreturn", NULL},
        {"# return", NULL},
        {"'a\nreturn", NULL},
        {"@'\nreturn", NULL},
        {"if ($x) { return }", NULL},
        {"{\nreturn", NULL},
        {"return-nothing", NULL},
        {"$return", NULL},
        {"$x =\nreturn", NULL},
        {"a#\nreturn 1", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = strlen(cases[i].text);
        size_t at = tether__command_ps1_return(cases[i].text, size);
        if (cases[i].behind == NULL ? at != 0
                                    : at == 0 || strcmp(cases[i].text + at, cases[i].behind) != 0)
            fail_msg("\"%s\": %zu", cases[i].text, at);
    }
}

/* The code comes behind the word, as its value. */
static void runs_the_code_in_the_return(void **state)
{
    (void)state;
    static const char command[] = "a\nreturn # why\n";
    tether__text text = {0};
    tether__command_ps1_render(command, strlen(command), &text);
    assert_int_equal(strncmp(text.bytes, "a\nreturn $(if (-not $?) { ", 26), 0);
    assert_string_equal(strstr(text.bytes, ") # why"), ") # why\n");
    tether__text_dispose(&text);
}

/* Deep nesting ends the scan; the text keeps every byte. */
static void survives_any_text(void **state)
{
    (void)state;
    uint64_t random = 28;
    static const char alphabet[] = "({[)}]'\"@$`#<>\n; returnbegin{process";
    enum { SIZE = 100000 };
    char *deep = malloc(SIZE);
    assert_non_null(deep);
    for (int i = 0; i < SIZE; i++)
        deep[i] = i % 2 == 0 ? '(' : '{';
    assert_int_equal(tether__command_ps1_return(deep, SIZE), 0);
    free(deep);
    for (int round = 0; round < 20000; round++) {
        char command[64];
        size_t size = random_next(&random) % sizeof command;
        for (size_t i = 0; i < size; i++)
            command[i] = alphabet[random_next(&random) % (sizeof alphabet - 1)];
        tether__text text = {0};
        size_t at = tether__command_ps1_return(command, size);
        assert_true(at <= size);
        tether__command_ps1_render(command, size, &text);
        assert_true(text.size >= size);
        assert_memory_equal(text.bytes != NULL ? text.bytes : "", command, at > 0 ? at : size);
        tether__text_dispose(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_closed_texts_as_they_are),
        cmocka_unit_test(finds_a_return_at_the_end),
        cmocka_unit_test(runs_the_code_in_the_return),
        cmocka_unit_test(survives_any_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
