/* The verb input, with tasks that have a monitor. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void writes_texts_and_closes(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--stdin", "pipe", "--", CHILD, "cat");
    cli_take_id(id);
    EXPECT(f, 0, "input", id, "one two");
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "input", "-n", id, "three");
    EXPECT(f, 0, "--json", "input", id, "", "--offset", "13");
    json_t *answer = cli_object();
    assert_string_equal(cli_text(answer, "kind"), "input");
    assert_string_equal(cli_text(answer, "task_id"), id);
    assert_int_equal(cli_number(answer, "written"), 1);
    assert_int_equal(cli_number(answer, "taken"), 14);
    json_decref(answer);
    EXPECT(f, 0, "input", id, "--close");
    EXPECT(f, 0, "wait", id);
    EXPECT(f, 0, "output", id);
    assert_string_equal(cli_out(), "one two\nthree\n");
    EXPECT_ERROR(f, 125, "TETHER_EENDED", "has ended", "input", id, "x");
}

/* The command's own standard input is what another task reads from a file. */
static void copies_its_standard_input(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--stdin", "pipe", "--", CHILD, "cat");
    cli_take_id(id);
    test_write_file(test_work_path(f, "text"), "first\nsecond\nlast", 17);
    EXPECT(f, 0, "--session", "outer", "run", "--wait", "--stdin", test_work_path(f, "text"), "--",
           COMMAND, "--store", f->store, "input", id, "--close", "-");
    EXPECT(f, 0, "wait", id);
    EXPECT(f, 0, "output", id);
    assert_string_equal(cli_out(), "first\nsecond\nlast");
}

static void waits_as_long_as_it_is_told(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], other[TETHER_ID_SIZE];
    static const char much[400 * 1024];
    EXPECT(f, 0, "run", "--stdin", "pipe", "--", CHILD, "forever");
    cli_take_id(id);
    test_write_file(test_work_path(f, "much"), much, sizeof much);
    EXPECT(f, 124, "--session", "outer", "run", "--wait", "--stdin", test_work_path(f, "much"),
           "--", COMMAND, "--store", f->store, "input", id, "--timeout", "100ms", "-");
    EXPECT(f, 0, "kill", id);
    CLI_START(f, other, "forever");
    EXPECT_ERROR(f, 125, "TETHER_ENOTSUP", "--stdin pipe", "input", other, "x");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "- for standard input", "input", other);
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "- for standard input", "input");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "quote a text", "input", other, "x", "y");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "not a size", "input", other, "x", "--offset", "y");
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "input", "no-such", "x");
    EXPECT(f, 0, "kill", other);
}

/* The monitor keeps the new deadline. */
static void moves_the_deadline_of_a_monitor(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--supervisor", "monitor", "--timeout", "1h", "--", CHILD, "forever");
    cli_take_id(id);
    EXPECT(f, 0, "extend", id, "2h");
    EXPECT(f, 0, "extend", id, "50ms");
    EXPECT(f, 124, "wait", id);
    cli_assert_text(f, id, "status", "timed_out");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes_texts_and_closes),
        TEST(copies_its_standard_input),
        TEST(waits_as_long_as_it_is_told),
        TEST(moves_the_deadline_of_a_monitor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
