/* The verbs pause, resume, extend and promote; limits; other sessions and projects; gc of one
 * session; the order of wait -n. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static void make_dir(const char *path)
{
    uv_fs_t request;
    assert_int_equal(uv_fs_mkdir(NULL, &request, path, 0700, NULL), 0);
    uv_fs_req_cleanup(&request);
}

static void pauses_and_resumes(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    cli_start_waiting(f, id, "3");
    EXPECT(f, 0, "pause", id);
    assert_string_equal(cli_out(), "");
    assert_string_equal(cli_err(), "");
    cli_assert_text(f, id, "status", "paused");
    EXPECT(f, 0, "--json", "pause", id);
    json_t *task = cli_object();
    assert_string_equal(cli_text(task, "task_id"), id);
    assert_string_equal(cli_text(task, "status"), "paused");
    json_decref(task);
    EXPECT(f, 0, "list");
    cli_assert_holds(cli_out(), "paused");
    cli_write_go(f);
    EXPECT(f, 124, "wait", "--timeout", "100ms", id);
    EXPECT(f, 0, "resume", id);
    assert_string_equal(cli_out(), "");
    EXPECT(f, 3, "wait", id);
}

static void resumes_as_json(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE];
    CLI_START(f, a, "forever");
    CLI_START(f, b, "forever");
    EXPECT(f, 0, "pause", a, b);
    EXPECT(f, 0, "resume", "--json", a, b);
    json_t *tasks = cli_objects(2);
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(cli_text(json_array_get(tasks, i), "status"), "running");
    cli_assert_ids(tasks, (const char *const[]){a, b});
    EXPECT(f, 0, "resume", a);
    EXPECT(f, 0, "pause", a);
    EXPECT(f, 0, "kill", a, b);
    cli_assert_text(f, a, "status", "killed");
}

static void pauses_and_resumes_every_task_named(void **state)
{
    fixture *f = *state;
    char ended[TETHER_ID_SIZE], id[TETHER_ID_SIZE];
    static const char *const verbs[] = {"pause", "resume"};
    cli_start_ended(f, ended, "x", 0);
    CLI_START(f, id, "forever");
    EXPECT(f, 127, "pause", "no-such-task", ended, id);
    assert_int_equal(cli_count_lines(cli_err()), 2);
    cli_assert_text(f, id, "status", "paused");
    for (size_t i = 0; i < 2; i++) {
        EXPECT_ERROR(f, 125, "TETHER_EENDED", "only one that runs", verbs[i], ended);
        EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", verbs[i], "no-such-task");
        EXPECT_ERROR(f, 125, "TETHER_EINVAL", "tether list --all shows", verbs[i]);
        EXPECT_ERROR(f, 125, "TETHER_EINVAL", "1 to 64 of a-z", verbs[i], "");
        EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", verbs[i], "../..");
    }
    EXPECT(f, 0, "kill", id);
}

static void extends(void **state)
{
    fixture *f = *state;
    char ended[TETHER_ID_SIZE], id[TETHER_ID_SIZE];
    cli_start_ended(f, ended, "x", 0);
    EXPECT(f, 0, "run", "--timeout", "1h", "--", CHILD, "forever");
    cli_take_id(id);
    EXPECT(f, 0, "extend", id, "2h30m");
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "--json", "extend", id, "3h");
    json_t *task = cli_object();
    assert_in_range(cli_number(task, "deadline_at") - cli_number(task, "started_at"), 3 * 3600000,
                    4 * 3600000);
    assert_int_equal(cli_number(task, "timeout_ms"), 3600000);
    json_decref(task);
    EXPECT(f, 0, "--json", "extend", id, "none");
    task = cli_object();
    cli_assert_null(task, "deadline_at");
    json_decref(task);
    EXPECT(f, 0, "extend", id, "0");
    EXPECT_ERROR(f, 125, "TETHER_EENDED", "one that runs", "extend", ended, "1h");
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "extend", "no-such", "1h");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "such as 30m", "extend", id);
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "such as 30m", "extend");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "give 500ms", "extend", id, "soon");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "one duration", "extend", id, "1h", "2h");
    EXPECT(f, 0, "extend", id, "50ms");
    EXPECT(f, 124, "wait", id);
    cli_assert_text(f, id, "status", "timed_out");
}

/* Hosts alone enforce such a deadline. */
static void extends_with_a_script(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--supervisor", "script", "--timeout", "1h", "--", CHILD, "forever");
    cli_take_id(id);
    EXPECT(f, 0, "extend", id, "50ms");
    EXPECT(f, 124, "wait", id);
    cli_assert_text(f, id, "status", "timed_out");
}

static void promotes(void **state)
{
    fixture *f = *state;
    char ended[TETHER_ID_SIZE], running[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--no-notify", "-c", "exit 0");
    cli_take_id(ended);
    EXPECT(f, 0, "wait", ended);
    EXPECT(f, 0, "run", "--no-notify", "--", CHILD, "await", test_work_path(f, "go"));
    cli_take_id(running);
    EXPECT(f, 0, "completions");
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "promote", ended);
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "--json", "promote", ended, running);
    json_t *tasks = cli_objects(2);
    assert_true(cli_flag(json_array_get(tasks, 1), "notify_on_completion"));
    cli_assert_ids(tasks, (const char *const[]){ended, running});
    EXPECT(f, 0, "--json", "completions");
    cli_assert_ids(cli_objects(1), (const char *const[]){ended});
    cli_write_go(f);
    EXPECT(f, 0, "wait", running);
    EXPECT(f, 0, "--json", "completions");
    cli_assert_ids(cli_objects(2), (const char *const[]){ended, running});
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all shows", "promote", "no-such-task");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "tether list --all shows", "promote");
}

static void refuses_to_run_more_than_the_limit(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--max-running", "1", "--", CHILD, "await", test_work_path(f, "go"));
    cli_take_id(a);
    EXPECT_ERROR(f, 125, "TETHER_EQUOTA", a, "run", "--max-running=1", "-c", "exit 0");
    EXPECT_ERROR(f, 125, "TETHER_EQUOTA", "has 1 running task,", "run", "--max-running=1", "-c",
                 "exit 0");
    EXPECT(f, 0, "run", "--max-running", "2", "-c", "exit 0");
    cli_take_id(b);
    cli_write_go(f);
    EXPECT(f, 0, "wait", a, b);
    EXPECT(f, 0, "run", "--max-running", "1", "--wait", "-c", "exit 0");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "give 1 or more", "run", "--max-running", "0", "-c",
                 "exit 0");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "give 1 or more", "run", "--max-running", "some", "-c",
                 "exit 0");
}

static void start_in(const fixture *f, const char *session, const char *project,
                     char id[TETHER_ID_SIZE])
{
    EXPECT(f, 0, "--session", session, "run", "--project", project, "-c", "exit 0");
    cli_take_id(id);
    EXPECT(f, 0, "--session", session, "wait", id);
}

static void refuses_to_start_after_the_limits_of_starts_and_output(void **state)
{
    fixture *f = *state;
    EXPECT(f, 0, "run", "--max-started", "1", "--max-output", "5", "--wait", "--", CHILD, "bytes",
           "3132333435");
    EXPECT_ERROR(f, 125, "TETHER_EQUOTA", "has started 1 task,", "run", "--max-started", "1", "-c",
                 "exit 0");
    EXPECT_ERROR(f, 125, "TETHER_EQUOTA", "have written 5 bytes", "run", "--max-output=5", "-c",
                 "exit 0");
    EXPECT(f, 0, "run", "--max-started", "2", "--max-output", "1K", "--wait", "-c", "exit 0");
    static const char *const options[] = {"--max-started", "--max-output"};
    static const char *const remedies[] = {"give 1 or more", "64K"};
    for (int i = 0; i < 2; i++) {
        EXPECT_ERROR(f, 125, "TETHER_EINVAL", remedies[i], "run", options[i], "0", "-c", "exit 0");
        EXPECT_ERROR(f, 125, "TETHER_EINVAL", remedies[i], "run", options[i], "some", "-c",
                     "exit 0");
    }
}

static void lists_sessions_and_projects(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], c[TETHER_ID_SIZE];
    const char *one = test_work_path(f, "one"), *two = test_work_path(f, "two");
    make_dir(one);
    make_dir(two);
    start_in(f, "default", one, a);
    start_in(f, "other", one, b);
    start_in(f, "other", two, c);
    EXPECT(f, 0, "--json", "list", "--all");
    cli_assert_ids(cli_objects(1), (const char *const[]){a});
    EXPECT(f, 0, "--json", "list", "--all", "--all-sessions");
    cli_assert_ids(cli_objects(3), (const char *const[]){c, b, a});
    EXPECT(f, 0, "--json", "list", "--all", "--project", one);
    cli_assert_ids(cli_objects(2), (const char *const[]){b, a});
    EXPECT(f, 0, "list", "--all", "--project", test_work_path(f, "one/../two"));
    assert_int_equal(cli_count_lines(cli_out()), 2);
    cli_assert_holds(cli_out(), "  SESSION: COMMAND\n");
    cli_assert_holds(cli_out(), "  other: exit 0\n");
    EXPECT(f, 0, "list", "--all-sessions");
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "--json", "list", "--project", test_work_path(f, "none"));
    assert_string_equal(cli_out(), "");
    EXPECT_ERROR(f, 125, "TETHER_EWORKDIR", "", "list", "--project", CHILD);
}

static void finds_a_task_of_the_project(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *one = test_work_path(f, "one"), *two = test_work_path(f, "two");
    make_dir(one);
    make_dir(two);
    start_in(f, "other", one, id);
    EXPECT(f, 127, "status", id);
    EXPECT(f, 0, "--json", "status", id, "--project", one);
    json_t *task = cli_object();
    assert_string_equal(cli_text(task, "session_id"), "other");
    json_decref(task);
    EXPECT(f, 0, "status", "--project", one, id);
    cli_assert_holds(cli_out(), "\nsession_id: other\n");
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "", "status", "--project", two, id);
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "", "status", "--project", test_work_path(f, "none"),
                 id);
    EXPECT_ERROR(f, 125, "TETHER_EWORKDIR", "", "status", "--project", CHILD, id);
}

static void collects_one_session(void **state)
{
    fixture *f = *state;
    char mine[TETHER_ID_SIZE], other[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--wait", "-c", "exit 0");
    EXPECT(f, 0, "--session", "other", "run", "--wait", "-c", "exit 0");
    cli_start_ended(f, mine, "x", 0);
    EXPECT(f, 0, "gc", "--session-only");
    cli_assert_holds(cli_out(), "removed 0,");
    EXPECT(f, 0, "gc", "--session-only", "--older-than", "1d");
    cli_assert_holds(cli_out(), "removed 0,");
    EXPECT(f, 0, "--json", "gc", "--session-only", "--older-than", "0");
    json_t *result = cli_object();
    assert_int_equal(cli_number(result, "removed"), 1);
    assert_int_equal(cli_number(result, "kept"), 1);
    json_decref(result);
    EXPECT(f, 0, "--json", "list", "--all");
    cli_assert_ids(cli_objects(1), (const char *const[]){mine});
    EXPECT(f, 0, "--session", "other", "--json", "list", "--all");
    json_t *task = cli_object();
    snprintf(other, sizeof other, "%s", cli_text(task, "task_id"));
    json_decref(task);
    EXPECT(f, 0, "gc", "--older-than", "0");
    cli_assert_holds(cli_out(), "removed 1,");
    EXPECT(f, 127, "--session", "other", "status", other);
}

/* wait -n reports the task that ended first, not the one named first. */
static void waits_for_the_one_that_ended_first(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], c[TETHER_ID_SIZE], line[TETHER_ID_SIZE + 1];
    cli_start_waiting(f, a, "5");
    cli_start_ended(f, b, "b", 4);
    cli_start_ended(f, c, "c", 6);
    EXPECT(f, 4, "wait", "-n", a, c, b);
    snprintf(line, sizeof line, "%s\n", b);
    assert_string_equal(cli_out(), line);
    cli_write_go(f);
    EXPECT(f, 5, "wait", a);
    EXPECT(f, 4, "wait", "-n", a, c, b);
    assert_string_equal(cli_out(), line);
}

static void durations_have_days(void **state)
{
    fixture *f = *state;
    EXPECT(f, 0, "--json", "run", "--wait", "--timeout", "2d", "-c", "exit 0");
    json_t *task = cli_object();
    assert_int_equal(cli_number(task, "timeout_ms"), 2 * 24 * 3600 * 1000);
    json_decref(task);
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "7d", "run", "--timeout", "2D", "-c", "exit 0");
    EXPECT_ERROR(f, 125, "TETHER_EINVAL", "7d", "run", "--timeout", "2h1d", "-c", "exit 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(pauses_and_resumes),
        TEST(resumes_as_json),
        TEST(pauses_and_resumes_every_task_named),
        TEST(extends),
        TEST(extends_with_a_script),
        TEST(promotes),
        TEST(refuses_to_run_more_than_the_limit),
        TEST(refuses_to_start_after_the_limits_of_starts_and_output),
        TEST(lists_sessions_and_projects),
        TEST(finds_a_task_of_the_project),
        TEST(collects_one_session),
        TEST(waits_for_the_one_that_ended_first),
        TEST(durations_have_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
