/* A deadline that passed while no process had the store open: whatever verb is called next ends the
 * task before it exits. */
#include "cli/cli_support.h"

#include <stdlib.h>
#include <string.h>

static size_t file_size(const char *path)
{
    size_t size;
    free(test_read_file(path, &size));
    return size;
}

static bool is_ready(const fixture *f, const char *id)
{
    return file_size(test_bundle_path(f, id, "stdout")) >= 6;
}

/* Gives a task that runs, and ignores SIGTERM if it is stubborn, a deadline that has passed. No
 * process has the store open meanwhile. */
static void start_overdue(const fixture *f, char id[TETHER_ID_SIZE], bool stubborn)
{
    if (stubborn)
        CLI_START(f, id, "ignore-term", "out", "ready", "forever");
    else
        CLI_START(f, id, "out", "ready", "forever");
    WAIT_UNTIL(is_ready(f, id));
    json_t *record = test_load_record(f, id);
    json_object_set_new(record, "timeout_ms", json_integer(1));
    json_object_set_new(record, "deadline_monotonic_ms", json_integer(1));
    test_save_record(f, id, record);
}

static void expect_timed_out(const fixture *f, const char *id, const char *verb)
{
    char *status = test_record_text(f, id, "status");
    if (strcmp(status, "timed_out") != 0)
        fail_msg("after %s, the task is %s", verb, status);
    free(status);
}

static void any_verb_ends_what_is_overdue(void **state)
{
    static const char *const verbs[] = {"list", "status", "output", "wait", "gc", "completions"};
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        bool takes_id = strcmp(verbs[i], "list") != 0 && strcmp(verbs[i], "gc") != 0 &&
                        strcmp(verbs[i], "completions") != 0;
        start_overdue(f, id, i % 2 != 0);
        EXPECT(f, strcmp(verbs[i], "wait") == 0 ? 124 : 0, verbs[i], takes_id ? id : NULL);
        assert_string_equal(cli_err(), "");
        expect_timed_out(f, id, verbs[i]);
    }
}

/* The task ignores SIGTERM, so that its end takes the grace. */
static void list_prints_before_it_waits(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[TETHER_ID_SIZE];
    size_t size;
    start_overdue(f, id, true);
    CLI_BACKGROUND(f, command, "list");
    char *path = cli_background_path(f, command, TETHER_STDOUT);
    WAIT_UNTIL(file_size(path) > 0);
    /* Where no polite signal can reach the task, its end takes no time. */
    char *status = test_record_text(f, id, "status");
    if (!test_in_wine())
        assert_string_not_equal(status, "timed_out");
    free(status);
    EXPECT(f, 0, "--session", "outer", "wait", command);
    char *text = test_read_file(path, &size);
    assert_non_null(strstr(text, id));
    free(text);
    free(path);
    expect_timed_out(f, id, "list");
}

/* A start needs nothing of other tasks, so it comes first. */
static void run_starts_and_prints_before_it_looks(void **state)
{
    fixture *f = *state;
    char overdue[TETHER_ID_SIZE], command[TETHER_ID_SIZE];
    size_t size;
    start_overdue(f, overdue, true);
    CLI_BACKGROUND(f, command, "run", "--", CHILD, "exit", "0");
    char *path = cli_background_path(f, command, TETHER_STDOUT);
    WAIT_UNTIL(file_size(path) > 0);
    char *status = test_record_text(f, overdue, "status");
    if (!test_in_wine())
        assert_string_not_equal(status, "timed_out");
    free(status);
    EXPECT(f, 0, "--session", "outer", "wait", command);
    char *text = test_read_file(path, &size);
    text[strcspn(text, "\r\n")] = '\0';
    EXPECT(f, 0, "wait", text);
    free(text);
    free(path);
    expect_timed_out(f, overdue, "run");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_verb_ends_what_is_overdue),
        TEST(list_prints_before_it_waits),
        TEST(run_starts_and_prints_before_it_looks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
