/* Verbs on many tasks: removing ended ones, ending all, telling of each one once. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void removes_ended_tasks(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], c[TETHER_ID_SIZE];
    cli_start_ended(f, a, "a", 1);
    cli_start_ended(f, b, "b", 2);
    CLI_START(f, c, "forever");
    EXPECT(f, 0, "rm", a);
    assert_string_equal(cli_out(), "");
    assert_string_equal(cli_err(), "");
    EXPECT(f, 127, "status", a);
    EXPECT_ERROR(f, 125, "TETHER_ENOTENDED", c, "rm", c);
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "rm", a);
    /* Words that fail do not keep the others from their turn. */
    EXPECT(f, 127, "--json", "rm", a, b);
    json_t *removed = cli_object();
    assert_string_equal(cli_text(removed, "kind"), "removed");
    assert_string_equal(cli_text(removed, "task_id"), b);
    json_decref(removed);
    EXPECT(f, 0, "--json", "list", "--all");
    cli_assert_ids(cli_objects(1), (const char *const[]){c});
    EXPECT(f, 0, "kill", c);
    EXPECT(f, 0, "rm", "@last");
    assert_int_equal(cli_count_leftovers(f), 0);
}

static bool is_collected(const fixture *f)
{
    EXPECT(f, 0, "gc", "--all", "--session-only");
    EXPECT(f, 0, "--json", "list", "--all");
    return cli_count_lines(cli_out()) == 1;
}

static void gc_all_removes_everything_that_has_ended(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], c[TETHER_ID_SIZE];
    cli_start_ended(f, a, "a", 1);
    cli_start_ended(f, b, "b", 2);
    EXPECT(f, 0, "completions", "--ack", a);
    CLI_START(f, c, "forever");
    EXPECT(f, 0, "--session", "other", "run", "--wait", "-c", "exit 0");
    EXPECT(f, 0, "gc");
    cli_assert_holds(cli_out(), "removed 0, kept 4,");
    /* A supervisor may still be about to exit when its task has ended. */
    WAIT_UNTIL(is_collected(f));
    EXPECT(f, 0, "--json", "list");
    cli_assert_ids(cli_objects(1), (const char *const[]){c});
    EXPECT(f, 0, "--session", "other", "--json", "list", "--all");
    json_decref(cli_objects(1));
    EXPECT(f, 0, "kill", c);
    EXPECT(f, 0, "--json", "gc", "--all");
    json_t *result = cli_object();
    assert_int_equal(cli_number(result, "removed"), 2);
    assert_int_equal(cli_number(result, "kept"), 0);
    json_decref(result);
    assert_int_equal(cli_count_leftovers(f), 0);
}

static void kill_all_ends_what_runs(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], c[TETHER_ID_SIZE];
    EXPECT(f, 0, "kill", "--all");
    cli_start_ended(f, a, "a", 1);
    CLI_START(f, b, "forever");
    CLI_START(f, c, "ignore-term", "out", "x", "forever");
    EXPECT(f, 0, "--session", "outer", "run", CHILD, "forever");
    WAIT_UNTIL(CLI(f, "output", c) == 0 && strcmp(cli_out(), "x\n") == 0);
    EXPECT(f, 0, "--json", "stop", "--all", "--grace", "100ms");
    cli_assert_ids(cli_objects(2), (const char *const[]){b, c});
    cli_assert_text(f, a, "status", "failed");
    cli_assert_text(f, b, "status", "killed");
    cli_assert_text(f, c, "status", "killed");
    EXPECT(f, 0, "--session", "outer", "--json", "list");
    json_decref(cli_objects(1));
    EXPECT(f, 0, "--session", "outer", "kill", "--all");
}

/* Each call tells of one task that no call has told of before, until all were told. */
static void wait_n_tells_of_each_task_once(void **state)
{
    enum { TASKS = 4 };
    fixture *f = *state;
    char ids[TASKS][TETHER_ID_SIZE];
    bool told[TASKS] = {false};
    for (int i = 0; i < TASKS; i++) {
        char code[8];
        snprintf(code, sizeof code, "%d", i + 1);
        cli_start_waiting(f, ids[i], code);
    }
    EXPECT_ERROR(f, 124, "TETHER_ETIMEDOUT", "tether list shows", "wait", "-n", "--timeout",
                 "50ms");
    cli_write_go(f);
    for (int n = 0; n < TASKS; n++) {
        int code = CLI(f, "wait", "-n");
        if (code < 1 || code > TASKS || told[code - 1])
            fail_msg("%s exits with %d: %s", cli_out(), code, cli_err());
        char id[TETHER_ID_SIZE];
        cli_take_id(id);
        assert_string_equal(id, ids[code - 1]);
        assert_string_equal(cli_err(), "");
        told[code - 1] = true;
    }
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether completions shows", "wait", "-n");
    EXPECT(f, 0, "completions");
    assert_string_equal(cli_out(), "");
}

static void wait_n_at_the_same_time(void **state)
{
    enum { TASKS = 4 };
    fixture *f = *state;
    char ids[TASKS][TETHER_ID_SIZE], waiters[TASKS][TETHER_ID_SIZE];
    bool told[TASKS] = {false};
    for (int i = 0; i < TASKS; i++)
        cli_start_waiting(f, ids[i], "0");
    for (int i = 0; i < TASKS; i++)
        CLI_BACKGROUND(f, waiters[i], "wait", "-n");
    cli_write_go(f);
    for (int i = 0; i < TASKS; i++) {
        EXPECT(f, 0, "--session", "outer", "wait", waiters[i]);
        EXPECT(f, 0, "--session", "outer", "output", waiters[i]);
        char id[TETHER_ID_SIZE];
        cli_take_id(id);
        int place = 0;
        while (place < TASKS && strcmp(ids[place], id) != 0)
            place++;
        assert_in_range(place, 0, TASKS - 1);
        assert_false(told[place]);
        told[place] = true;
    }
}

/* A waiter whose last task is taken by another process does not wait for ever. */
static void wait_n_ends_when_nothing_is_left(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], a[TETHER_ID_SIZE], b[TETHER_ID_SIZE];
    cli_start_waiting(f, id, "5");
    EXPECT(f, 0, "run", "--no-notify", CHILD, "forever");
    CLI_BACKGROUND(f, a, "--json", "wait", "-n");
    CLI_BACKGROUND(f, b, "--json", "wait", "-n");
    cli_write_go(f);
    int first = CLI(f, "--session", "outer", "wait", a);
    int second = CLI(f, "--session", "outer", "wait", b);
    if (!(first == 5 && second == 127) && !(first == 127 && second == 5))
        fail_msg("the waiters exit with %d and %d", first, second);
    EXPECT(f, 0, "--session", "outer", "output", "--stream", "stdout", first == 5 ? a : b);
    json_t *completion = cli_object();
    assert_string_equal(cli_text(completion, "kind"), "completion");
    assert_string_equal(cli_text(completion, "task_id"), id);
    assert_true(cli_flag(completion, "completion_delivered"));
    json_decref(completion);
    EXPECT(f, 0, "kill", "--all");
}

static void wait_n_acknowledges_nothing_that_it_cannot_write(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    cli_start_ended(f, id, "x", 0);
    CLI_INTO(f, "closed", "wait", "-n");
    assert_string_equal(cli_out(), "125\n");
    EXPECT(f, 0, "--json", "completions");
    cli_assert_ids(cli_objects(1), (const char *const[]){id});
    EXPECT(f, 0, "wait", "-n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(removes_ended_tasks),
        TEST(gc_all_removes_everything_that_has_ended),
        TEST(kill_all_ends_what_runs),
        TEST(wait_n_tells_of_each_task_once),
        TEST(wait_n_at_the_same_time),
        TEST(wait_n_ends_when_nothing_is_left),
        TEST(wait_n_acknowledges_nothing_that_it_cannot_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
