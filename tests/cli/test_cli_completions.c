/* The verb completions: showing, acknowledging, draining, following, reminders. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static bool is_past(const fixture *f, json_int_t time_ms)
{
    uv_fs_t request;
    const char *probe = test_work_path(f, "probe");
    test_write_file(probe, "", 0);
    assert_int_equal(uv_fs_stat(NULL, &request, probe, NULL), 0);
    uv_timespec_t written = request.statbuf.st_mtim;
    uv_fs_req_cleanup(&request);
    return (json_int_t)written.tv_sec * 1000 + written.tv_nsec / 1000000 > time_ms;
}

/* Returns when the next task to end has a later time: ends have the resolution of file times, some
 * milliseconds. */
static void let_time_pass_after(const fixture *f, const char *id)
{
    EXPECT(f, 0, "--json", "status", id);
    json_t *task = cli_object();
    json_int_t finished_at = cli_number(task, "finished_at");
    json_decref(task);
    WAIT_UNTIL(is_past(f, finished_at));
}

static void shows_completions_in_their_order(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], c[TETHER_ID_SIZE];
    EXPECT(f, 0, "completions");
    assert_string_equal(cli_out(), "");
    cli_start_waiting(f, a, "1");
    cli_start_ended(f, b, "of b", 2);
    let_time_pass_after(f, b);
    cli_write_go(f);
    EXPECT(f, 1, "wait", a);
    let_time_pass_after(f, a);
    cli_start_ended(f, c, "of c", 0);
    EXPECT(f, 0, "--json", "completions");
    cli_assert_ids(cli_objects(3), (const char *const[]){b, a, c});
    EXPECT(f, 0, "completions");
    assert_int_equal(strncmp(cli_out(), b, strlen(b)), 0);
    cli_assert_holds(cli_out(), "\n    of b\n");
    assert_true(strstr(cli_out(), a) < strstr(cli_out(), c));
}

static void acknowledges(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], c[TETHER_ID_SIZE];
    cli_start_ended(f, a, "a", 1);
    cli_start_ended(f, b, "b", 2);
    cli_start_ended(f, c, "c", 3);
    EXPECT(f, 0, "completions", "--ack", a);
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "completions", "--ack", a);
    EXPECT(f, 127, "--json", "completions", "--ack", "no-such-task", b);
    cli_assert_ids(cli_objects(1), (const char *const[]){b});
    json_decref(cli_error_object());
    EXPECT(f, 0, "--json", "completions");
    cli_assert_ids(cli_objects(1), (const char *const[]){c});
    EXPECT(f, 0, "completions", "--ack=no-such-task", "--help");
    EXPECT(f, 0, "completions", "--json", "--drain");
    json_t *task = cli_object();
    assert_string_equal(cli_text(task, "task_id"), c);
    assert_true(cli_flag(task, "completion_delivered"));
    json_decref(task);
    EXPECT(f, 0, "completions", "--drain");
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "completions");
    assert_string_equal(cli_out(), "");
    CLI_START(f, a, "forever");
    EXPECT_ERROR(f, 125, "TETHER_ENOTENDED", "", "completions", "--ack", a);
    EXPECT(f, 0, "kill", a);
}

/* If several processes drain at once, exactly one of them prints each completion. */
static void drains_each_once(void **state)
{
    enum { TASKS = 8, DRAINS = 4 };
    fixture *f = *state;
    char ids[TASKS][TETHER_ID_SIZE], drains[DRAINS][TETHER_ID_SIZE];
    int shown = 0;
    for (int i = 0; i < TASKS; i++)
        CLI_START(f, ids[i], "exit", "0");
    EXPECT(f, 0, "wait");
    for (int i = 0; i < DRAINS; i++)
        CLI_BACKGROUND(f, drains[i], "completions", "--drain", "--json");
    for (int i = 0; i < DRAINS; i++) {
        EXPECT(f, 0, "--session", "outer", "wait", drains[i]);
        char *path = cli_background_path(f, drains[i], TETHER_STDOUT);
        shown += test_count_lines(path);
        free(path);
    }
    assert_int_equal(shown, TASKS);
    for (int i = 0; i < TASKS; i++) {
        json_t *task = cli_status(f, ids[i]);
        assert_true(cli_flag(task, "completion_delivered"));
        json_decref(task);
    }
}

/* A completion that another host has leased is shown, but neither acknowledged nor drained. */
static void leaves_what_another_host_has_leased(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE];
    tether_snapshot_list *held;
    cli_start_ended(f, a, "a", 1);
    tether_registry *host = test_open(f);
    ASSERT_OK(tether_completions_lease(host, NULL, &held, &f->error), f->error);
    assert_int_equal(held->count, 1);
    tether_snapshot_list_free(held);
    cli_start_ended(f, b, "b", 2);
    EXPECT(f, 0, "--json", "completions");
    cli_assert_ids(cli_objects(2), (const char *const[]){a, b});
    EXPECT(f, 125, "--json", "completions", "--ack", a, b);
    cli_assert_ids(cli_objects(1), (const char *const[]){b});
    json_t *error = cli_error_object();
    assert_string_equal(cli_text(error, "code"), "TETHER_ELEASED");
    json_decref(error);
    EXPECT(f, 0, "completions", "--drain");
    assert_string_equal(cli_out(), "");
    test_detach(host);
    EXPECT(f, 0, "--json", "completions", "--drain");
    cli_assert_ids(cli_objects(1), (const char *const[]){a});
}

/* run --wait reports no error if another process has leased the completion. */
static void a_run_that_waits_accepts_another_lease(void **state)
{
    fixture *f = *state;
    char drain[TETHER_ID_SIZE];
    CLI_BACKGROUND(f, drain, "completions", "--follow", "--drain");
    for (int i = 0; i < 5; i++) {
        EXPECT(f, 0, "run", "--wait", "--", CHILD, "exit", "0");
        assert_string_equal(cli_err(), "");
    }
    EXPECT(f, 0, "--session", "outer", "kill", drain);
}

/* Neither standard error nor the next completion is glued to output without a line end. */
static void a_preview_ends_its_lines(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--name", "one", "--", CHILD, "put", "x", "err", "e");
    cli_take_id(id);
    EXPECT(f, 0, "wait", id);
    EXPECT(f, 0, "run", "--name", "two", "--", CHILD, "put", "y", "err-bytes", "7a");
    cli_take_id(id);
    EXPECT(f, 0, "wait", id);
    EXPECT(f, 0, "completions");
    cli_assert_holds(cli_out(), "\n    x\n    e\n");
    cli_assert_holds(cli_out(), "\n    y\n    z\n");
    assert_int_equal(cli_count_lines(cli_out()), 6);
    EXPECT(f, 0, "--json", "completions", "--drain");
    json_t *tasks = cli_objects(2);
    assert_string_equal(cli_text(json_array_get(tasks, 0), "kind"), "completion");
    assert_string_equal(cli_text(json_array_get(tasks, 0), "output_preview"), "x\ne\n");
    assert_string_equal(cli_text(json_array_get(tasks, 1), "output_preview"), "y\nz");
    json_decref(tasks);
}

/* 300 bytes of output leave no room for the line end between them. */
static void a_full_preview_ends_its_lines(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], expected[301];
    CLI_START(f, id, "put", "ab", "blanks", "97", "put", "x", "err-bytes", "6565", "times", "99",
              "err", "e");
    EXPECT(f, 0, "wait", id);
    memset(expected, ' ', 300);
    memcpy(expected, "b", 1);
    memcpy(expected + 98, "x\nee", 4);
    for (int i = 0; i < 99; i++)
        memcpy(expected + 102 + 2 * i, "e\n", 2);
    expected[300] = '\0';
    json_t *task = cli_status(f, id);
    assert_string_equal(cli_text(task, "output_preview"), expected);
    assert_true(cli_flag(task, "output_truncated"));
    json_decref(task);
}

static void a_drain_that_cannot_write_acknowledges_nothing(void **state)
{
    static const char *const kinds[] = {"closed", "broken"};
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE];
    cli_start_ended(f, a, "a", 1);
    cli_start_ended(f, b, "b", 2);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        CLI_INTO(f, kinds[i], "completions", "--drain");
        assert_string_equal(cli_out(), "125\n");
        cli_assert_holds(cli_err(), "completions that were not written stay pending");
        assert_int_equal(cli_count_lines(cli_err()), 1);
    }
    EXPECT(f, 0, "--json", "completions", "--drain");
    cli_assert_ids(cli_objects(2), (const char *const[]){a, b});
}

/* Returns true if another process has leased everything that is pending. Releases what it leased.
 */
static bool all_leased(const fixture *f, tether_registry *registry)
{
    tether_snapshot_list *list;
    tether_error error = {0};
    (void)f;
    ASSERT_OK(tether_completions_lease(registry, NULL, &list, &error), error);
    bool leased = list->count == 0;
    for (size_t i = 0; i < list->count; i++)
        ASSERT_OK(tether_completion_release(registry, list->items[i]->task_id, &error), error);
    tether_snapshot_list_free(list);
    return leased;
}

/* The drain blocks between lease and acknowledgement, because nobody reads its output. */
static void a_drain_that_is_killed_acknowledges_nothing(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], drain[TETHER_ID_SIZE];
    EXPECT(f, 0, "--session", "outer", "run", "--", CHILD, "with-output", "full", COMMAND,
           "--store", f->store, "completions", "--follow", "--drain");
    cli_take_id(drain);
    cli_start_ended(f, a, "a", 1);
    tether_registry *host = test_open(f);
    WAIT_UNTIL(all_leased(f, host));
    EXPECT(f, 0, "completions", "--drain");
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "--session", "outer", "kill", "--grace", "0", drain);
    test_detach(host);
    EXPECT(f, 0, "--json", "completions", "--drain");
    cli_assert_ids(cli_objects(1), (const char *const[]){a});
}

/* Counts the complete lines of a file that contain this text. */
static size_t count_holding(const char *path, const char *part)
{
    char *text = test_read_file(path, NULL);
    size_t count = 0;
    for (char *line = text, *end; line != NULL && (end = strchr(line, '\n')) != NULL;
         line = end + 1) {
        *end = '\0';
        count += strstr(line, part) != NULL;
    }
    free(text);
    return count;
}

static void follows_without_acknowledging(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], c[TETHER_ID_SIZE], follower[TETHER_ID_SIZE];
    cli_start_ended(f, a, "of a", 1);
    CLI_BACKGROUND(f, follower, "completions", "--follow", "--json");
    char *path = cli_background_path(f, follower, TETHER_STDOUT);
    WAIT_UNTIL(count_holding(path, a) == 1);
    cli_start_ended(f, b, "of b", 2);
    WAIT_UNTIL(count_holding(path, b) == 1);
    /* A completion that was acknowledged is not printed again, nor is any other. */
    EXPECT(f, 0, "completions", "--ack", a);
    cli_start_ended(f, c, "of c", 3);
    WAIT_UNTIL(count_holding(path, c) == 1);
    assert_int_equal(test_count_lines(path), 3);
    EXPECT(f, 0, "--session", "outer", "kill", follower);
    EXPECT(f, 0, "--json", "completions");
    cli_assert_ids(cli_objects(2), (const char *const[]){b, c});
    free(path);
}

/* The completion is requested after the task has ended. */
static void follows_promoted_tasks(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], looker[TETHER_ID_SIZE], taker[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--no-notify", "-c", "exit 0");
    cli_take_id(a);
    EXPECT(f, 0, "wait", a);
    CLI_BACKGROUND(f, looker, "completions", "--follow");
    char *path = cli_background_path(f, looker, TETHER_STDOUT);
    EXPECT(f, 0, "promote", a);
    WAIT_UNTIL(count_holding(path, a) == 1);
    CLI_BACKGROUND(f, taker, "completions", "--follow", "--drain");
    WAIT_UNTIL(CLI(f, "completions") == 0 && cli_out()[0] == '\0');
    EXPECT(f, 0, "--session", "outer", "kill", looker, taker);
    free(path);
}

static void follows_and_drains(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], followers[2][TETHER_ID_SIZE];
    char *paths[2];
    cli_start_ended(f, a, "of a", 1);
    for (int i = 0; i < 2; i++) {
        CLI_BACKGROUND(f, followers[i], "completions", "--drain", "--follow");
        paths[i] = cli_background_path(f, followers[i], TETHER_STDOUT);
    }
    WAIT_UNTIL(count_holding(paths[0], "    of a") + count_holding(paths[1], "    of a") == 1);
    cli_start_ended(f, b, "of b", 2);
    WAIT_UNTIL(count_holding(paths[0], "    of b") + count_holding(paths[1], "    of b") == 1);
    WAIT_UNTIL(CLI(f, "completions") == 0 && cli_out()[0] == '\0');
    for (int i = 0; i < 2; i++) {
        EXPECT(f, 0, "--session", "outer", "kill", followers[i]);
        free(paths[i]);
    }
}

static void reminds_while_it_follows(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], json[TETHER_ID_SIZE], people[TETHER_ID_SIZE];
    CLI_START(f, id, "forever");
    CLI_BACKGROUND(f, json, "--json", "completions", "--follow", "--remind", "50ms");
    CLI_BACKGROUND(f, people, "completions", "--follow", "--drain", "--remind=50ms");
    char *json_path = cli_background_path(f, json, TETHER_STDOUT);
    char *people_path = cli_background_path(f, people, TETHER_STDOUT);
    WAIT_UNTIL(count_holding(json_path, id) >= 2);
    WAIT_UNTIL(count_holding(people_path, "still running after") >= 2);
    EXPECT(f, 0, "kill", id);
    WAIT_UNTIL(count_holding(people_path, "  killed (") == 1);
    EXPECT(f, 0, "--session", "outer", "kill", json, people);
    char *text = test_read_file(json_path, NULL);
    *strchr(text, '\n') = '\0';
    json_t *reminder = json_loads(text, 0, NULL);
    assert_non_null(reminder);
    assert_string_equal(cli_text(reminder, "kind"), "reminder");
    assert_string_equal(cli_text(reminder, "task_id"), id);
    assert_string_equal(cli_text(reminder, "session_id"), "default");
    assert_string_equal(cli_text(reminder, "status"), "running");
    assert_true(cli_number(reminder, "elapsed_ms") >= 50);
    json_decref(reminder);
    free(text);
    free(json_path);
    free(people_path);
}

static void start_ended_in(const fixture *f, const char *session, char id[TETHER_ID_SIZE])
{
    EXPECT(f, 0, "--session", session, "run", "-c", "exit 0");
    cli_take_id(id);
    EXPECT(f, 0, "--session", session, "wait", id);
}

static void shows_all_sessions(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], c[TETHER_ID_SIZE];
    start_ended_in(f, "one", a);
    start_ended_in(f, "two", b);
    EXPECT(f, 0, "completions");
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "--json", "completions", "--all-sessions");
    cli_assert_ids(cli_objects(2), (const char *const[]){a, b});
    EXPECT(f, 0, "completions", "--all-sessions");
    cli_assert_holds(cli_out(), "  one: exit 0\n");
    cli_assert_holds(cli_out(), "  two: exit 0\n");
    EXPECT(f, 0, "completions", "--drain");
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "completions", "--drain", "--all-sessions");
    assert_int_equal(cli_count_lines(cli_out()), 2);
    EXPECT(f, 0, "completions", "--all-sessions");
    assert_string_equal(cli_out(), "");
    start_ended_in(f, "two", c);
    EXPECT(f, 0, "--session", "two", "--json", "completions", "--drain");
    cli_assert_ids(cli_objects(1), (const char *const[]){c});
}

static void follows_all_sessions(void **state)
{
    fixture *f = *state;
    char looker[TETHER_ID_SIZE], taker[TETHER_ID_SIZE], id[TETHER_ID_SIZE];
    CLI_BACKGROUND(f, looker, "completions", "--follow", "--all-sessions");
    char *path = cli_background_path(f, looker, TETHER_STDOUT);
    start_ended_in(f, "one", id);
    WAIT_UNTIL(count_holding(path, id) == 1);
    CLI_BACKGROUND(f, taker, "completions", "--follow", "--drain", "--all-sessions");
    WAIT_UNTIL(CLI(f, "--session", "one", "completions") == 0 && cli_out()[0] == '\0');
    start_ended_in(f, "two", id);
    WAIT_UNTIL(CLI(f, "--session", "two", "completions") == 0 && cli_out()[0] == '\0');
    EXPECT(f, 0, "--session", "outer", "kill", looker, taker);
    free(path);
}

static void refuses_options_that_exclude_each_other(void **state)
{
    fixture *f = *state;
    static const char einval[] = "TETHER_EINVAL";
    EXPECT_ERROR(f, 125, einval, "use --follow --drain to acknowledge", "completions", "--ack", "a",
                 "--follow");
    EXPECT_ERROR(f, 125, einval, "with --session", "completions", "--ack", "a", "--all-sessions");
    EXPECT_ERROR(f, 125, einval, "needs --follow", "completions", "--remind", "1s");
    EXPECT_ERROR(f, 125, einval, "give a longer time", "completions", "--follow", "--remind", "0");
    EXPECT_ERROR(f, 125, einval, "give 500ms", "completions", "--follow", "--remind", "x");
    EXPECT_ERROR(f, 125, einval, "needs a value", "completions", "--follow", "--remind");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(shows_completions_in_their_order),
        TEST(acknowledges),
        TEST(drains_each_once),
        TEST(leaves_what_another_host_has_leased),
        TEST(a_run_that_waits_accepts_another_lease),
        TEST(a_preview_ends_its_lines),
        TEST(a_full_preview_ends_its_lines),
        TEST(a_drain_that_cannot_write_acknowledges_nothing),
        TEST(a_drain_that_is_killed_acknowledges_nothing),
        TEST(follows_without_acknowledging),
        TEST(follows_promoted_tasks),
        TEST(follows_and_drains),
        TEST(reminds_while_it_follows),
        TEST(shows_all_sessions),
        TEST(follows_all_sessions),
        TEST(refuses_options_that_exclude_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
