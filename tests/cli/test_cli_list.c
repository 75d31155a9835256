/* The verb list: its columns and which tasks it shows. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run_named(const fixture *f, const char *name, const char *code, char id[TETHER_ID_SIZE])
{
    EXPECT(f, 0, "run", "--name", name, CHILD, "exit", code);
    cli_take_id(id);
    CLI(f, "wait", id);
}

static void selects_by_number_status_and_name(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], c[TETHER_ID_SIZE], d[TETHER_ID_SIZE];
    run_named(f, "one", "0", a);
    run_named(f, "two", "3", b);
    EXPECT(f, 0, "run", "--name", "one", CHILD, "forever");
    cli_take_id(c);
    json_decref(cli_status_running(f, c));
    run_named(f, "three", "4", d);
    EXPECT(f, 0, "--json", "list", "--last", "2");
    cli_assert_ids(cli_objects(2), (const char *const[]){d, c});
    EXPECT(f, 0, "--json", "list", "--last", "9");
    cli_assert_ids(cli_objects(4), (const char *const[]){d, c, b, a});
    EXPECT(f, 0, "--json", "list", "--last", "0");
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "--json", "list", "--status", "failed");
    cli_assert_ids(cli_objects(2), (const char *const[]){d, b});
    EXPECT(f, 0, "--json", "list", "--status", "failed", "--last", "1");
    cli_assert_ids(cli_objects(1), (const char *const[]){d});
    EXPECT(f, 0, "--json", "list", "--status", "completed,running");
    cli_assert_ids(cli_objects(2), (const char *const[]){c, a});
    EXPECT(f, 0, "--json", "list", "--status=completed", "--status=failed");
    cli_assert_ids(cli_objects(3), (const char *const[]){d, b, a});
    EXPECT(f, 0, "--json", "list", "--name", "one");
    cli_assert_ids(cli_objects(1), (const char *const[]){c});
    EXPECT(f, 0, "--json", "list", "--name", "one", "--all");
    cli_assert_ids(cli_objects(2), (const char *const[]){c, a});
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "or several with commas", "list", "--status", "bad");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "or several with commas", "list", "--status", "");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "or several with commas", "list", "--status", "failed,");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "a number such as 5", "list", "--last", "some");
    EXPECT(f, 0, "kill", c);
}

static void columns_are_aligned_and_complete(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE];
    char text[401];
    memset(text, 'x', 400);
    text[400] = '\0';
    run_named(f, text, "0", a);
    EXPECT(f, 0, "run", "-c", "exit 3\n: second");
    cli_take_id(b);
    EXPECT(f, 3, "wait", b);
    EXPECT(f, 0, "list", "--all");
    assert_int_equal(cli_count_lines(cli_out()), 3);
    const char *status = strstr(cli_out(), "STATUS"), *started = strstr(cli_out(), "STARTED");
    const char *command = strstr(cli_out(), "COMMAND\n");
    assert_true(strncmp(cli_out(), "ID  ", 4) == 0 && status < started && started < command);
    const char *row = strstr(cli_out(), b);
    assert_int_equal(strncmp(row + (status - cli_out()), "failed (3)  ", 12), 0);
    assert_non_null(strstr(row + (started - cli_out()), " ago  "));
    assert_int_equal(strncmp(row + (command - cli_out()), "exit 3 : second\n", 16), 0);
    /* Nothing is cut where no terminal is. */
    row = strstr(cli_out(), a);
    assert_int_equal(row[command - cli_out()], '[');
    assert_int_equal(strncmp(row + (command - cli_out()) + 1, text, 400), 0);
}

static void a_timeline_shows_when_tasks_ran(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE];
    run_named(f, "first", "3", a);
    EXPECT(f, 0, "run", "--name", "second", CHILD, "forever");
    cli_take_id(b);
    json_decref(cli_status_running(f, b));
    EXPECT(f, 0, "list", "--all", "--timeline");
    /* The range, the axis, and the tasks in the order in which they started. */
    assert_int_equal(cli_count_lines(cli_out()), 4);
    const char *first = strstr(cli_out(), "\nfirst "), *second = strstr(cli_out(), "\nsecond ");
    assert_true(first != NULL && second != NULL && first < second);
    cli_assert_holds(first, "x");
    cli_assert_holds(first, " failed (3) ");
    cli_assert_holds(second, "> running ");
    assert_int_equal(strcspn(second + 1, "\n"), 80);
    EXPECT(f, 0, "list", "--timeline", "--width", "150");
    cli_assert_holds(cli_out(), b);
    assert_null(strstr(cli_out(), "first"));
    EXPECT(f, 0, "list", "--timeline", "--since", "1h", "--width", "1");
    cli_assert_holds(cli_out(), "\nfirst ");
    EXPECT(f, 0, "list", "--all", "--svg");
    assert_int_equal(strncmp(cli_out(), "<svg ", 5), 0);
    cli_assert_holds(cli_out(), ">failed (3), ");
    EXPECT(f, 0, "--json", "list", "--since", "1h");
    cli_assert_ids(cli_objects(2), (const char *const[]){b, a});
    EXPECT(f, 0, "--session", "empty", "list", "--svg");
    cli_assert_holds(cli_out(), "no tasks");
    EXPECT(f, 0, "--session", "empty", "list", "--timeline");
    assert_string_equal(cli_out(), "");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "1 to 1000", "list", "--timeline", "--width", "0");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "leave --width out", "list", "--width", "90");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "give", "list", "--since", "soon");
    EXPECT(f, 125, "--json", "list", "--timeline");
    cli_assert_holds(cli_err(), "leave one of them out");
    EXPECT(f, 0, "kill", b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(selects_by_number_status_and_name),
        TEST(columns_are_aligned_and_complete),
        TEST(a_timeline_shows_when_tasks_ran),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
