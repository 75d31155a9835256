/* The line by which a script names its interpreter. */
#include "support/unit.h"

#include <string.h>

#include "cli/interpreter.h"

static void reads_the_path_and_one_argument(void **state)
{
    (void)state;
    static const struct {
        const char *text, *path, *argument;
    } cases[] = {
        {"#!/bin/sh\necho", "/bin/sh", ""},
        {"#!/bin/sh", "/bin/sh", ""},
        {"#! /bin/bash -e -u \r\n", "/bin/bash", "-e -u"},
        {"#!/usr/bin/env\tpython3\n", "/usr/bin/env", "python3"},
        {"#!python3\n", "python3", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        interpreter found;
        assert_true(interpreter_read(cases[i].text, strlen(cases[i].text), &found));
        assert_string_equal(found.path, cases[i].path);
        assert_string_equal(found.argument, cases[i].argument);
    }
}

static void finds_none_in_other_texts(void **state)
{
    (void)state;
    char longest[400];
    memset(longest, 'x', sizeof longest);
    memcpy(longest, "#!", 2);
    longest[sizeof longest - 1] = '\0';
    const char *const texts[] = {"", "#", "#!", "#!  \n/bin/sh", "echo", " #!/bin/sh", longest};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        interpreter found;
        assert_false(interpreter_read(texts[i], strlen(texts[i]), &found));
    }
}

static void knows_the_name_of_an_interpreter_elsewhere(void **state)
{
    (void)state;
    static const struct {
        const char *line, *path, *argument;
    } cases[] = {
        {"#!/bin/sh -e", "sh", "-e"},
        {"#!/usr/bin/env python3 -u -O", "python3", "-u -O"},
        {"#!/usr/bin/env python3", "python3", ""},
        {"#!/usr/bin/env", "env", ""},
        {"#!pwsh", "pwsh", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        interpreter found;
        assert_true(interpreter_read(cases[i].line, strlen(cases[i].line), &found));
        interpreter_by_name(&found);
        assert_string_equal(found.path, cases[i].path);
        assert_string_equal(found.argument, cases[i].argument);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_path_and_one_argument),
        cmocka_unit_test(finds_none_in_other_texts),
        cmocka_unit_test(knows_the_name_of_an_interpreter_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
