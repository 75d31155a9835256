/* The verbs list, status, output, wait, kill, gc, doctor and help, and selecting the store and
 * session. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static void lists_newest_first(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], c[TETHER_ID_SIZE];
    EXPECT(f, 0, "list");
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "--json", "list", "--all");
    assert_string_equal(cli_out(), "");
    cli_start_waiting(f, a, "1");
    cli_start_ended(f, b, "b", 2);
    cli_start_waiting(f, c, "3");
    EXPECT(f, 0, "--json", "list");
    cli_assert_ids(cli_objects(2), (const char *const[]){c, a});
    EXPECT(f, 0, "list", "--all", "--json");
    cli_assert_ids(cli_objects(3), (const char *const[]){c, b, a});
    EXPECT(f, 0, "list");
    assert_int_equal(strncmp(cli_out(), "ID ", 3), 0);
    assert_int_equal(cli_count_lines(cli_out()), 3);
    assert_true(strstr(cli_out(), c) < strstr(cli_out(), a));
    cli_write_go(f);
    EXPECT(f, 0, "wait");
    EXPECT(f, 0, "list");
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "list", "--all");
    assert_int_equal(cli_count_lines(cli_out()), 4);
}

static void status_has_all_fields_while_the_task_runs(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    cli_start_waiting(f, id, "0");
    json_t *task = cli_status_running(f, id);
    assert_string_equal(cli_text(task, "task_id"), id);
    assert_string_equal(cli_text(task, "session_id"), "default");
    assert_string_equal(cli_text(task, "status"), "running");
    cli_assert_null(task, "reason");
    cli_assert_null(task, "exit_code");
    cli_assert_null(task, "signal");
    assert_non_null(strstr(cli_text(task, "command"), "await"));
    assert_true(cli_text(task, "workdir")[0] != '\0');
    assert_true(cli_number(task, "started_at") > 0);
    cli_assert_null(task, "finished_at");
    assert_true(cli_number(task, "duration_ms") >= 0);
    assert_true(test_process_alive((long)cli_number(task, "child_pid")));
    assert_string_equal(cli_text(task, "output_preview"), "");
    assert_false(cli_flag(task, "output_truncated"));
    assert_true(test_exists(cli_text(task, "output_path")));
    assert_true(test_exists(cli_text(task, "stderr_path")));
    assert_false(cli_flag(task, "completion_delivered"));
    json_decref(task);
    EXPECT(f, 0, "kill", id);
}

static void status_has_all_fields_after_the_end(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const char command[] = CHILD_TEXT " blanks 997 bytes 656e64 exit 3";
    EXPECT(f, 0, "run", "--merge", "-c", command);
    cli_take_id(id);
    EXPECT(f, 3, "wait", id);
    json_t *task = cli_status(f, id);
    assert_string_equal(cli_text(task, "status"), "failed");
    assert_int_equal(cli_number(task, "exit_code"), 3);
    cli_assert_null(task, "signal");
    assert_string_equal(cli_text(task, "command"), command);
    assert_true(cli_number(task, "finished_at") >= cli_number(task, "started_at"));
    assert_true(cli_number(task, "duration_ms") >= 0);
    assert_true(cli_number(task, "child_pid") > 0);
    assert_int_equal(strlen(cli_text(task, "output_preview")), 300);
    assert_true(cli_flag(task, "output_truncated"));
    cli_assert_null(task, "stderr_path");
    json_decref(task);
}

static void status_for_people(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], line[TETHER_ID_SIZE + 16];
    CLI_START(f, id, "out", "a\033[2Jb", "exit", "3");
    EXPECT(f, 3, "wait", id);
    EXPECT(f, 0, "status", id);
    snprintf(line, sizeof line, "task_id: %s\n", id);
    assert_int_equal(strncmp(cli_out(), line, strlen(line)), 0);
    cli_assert_holds(cli_out(), "\nstatus: failed\n");
    cli_assert_holds(cli_out(), "\nexit_code: 3\n");
    cli_assert_holds(cli_out(), "\ncompletion: pending\n");
    cli_assert_holds(cli_out(), "\noutput_preview:\n    a?[2Jb\n");
    assert_null(strchr(cli_out(), '\033'));
    EXPECT(f, 0, "completions", "--ack", id);
    EXPECT(f, 0, "status", id);
    cli_assert_holds(cli_out(), "\ncompletion: acknowledged\n");
}

/* A killed supervisor leaves no exit code: the result is never 0. Its command still runs, and kill
 * finds it. */
static void a_lost_task_is_125(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    EXPECT(f, 0, "run", "--supervisor", "script", "--", CHILD, "out", "before", "forever");
    cli_take_id(id);
    json_t *task = cli_status_running(f, id);
    assert_int_equal(uv_kill((int)cli_number(task, "child_pid"), SIGKILL), 0);
    json_decref(task);
    EXPECT(f, 125, "wait", id);
    cli_assert_holds(cli_err(), "its exit code is not known (process exited without exit marker)");
    EXPECT(f, 125, "--json", "wait", id);
    task = cli_object();
    assert_string_equal(cli_err(), "");
    assert_string_equal(cli_text(task, "status"), "lost");
    assert_string_equal(cli_text(task, "reason"), "process exited without exit marker");
    cli_assert_null(task, "exit_code");
    json_decref(task);
    EXPECT(f, 0, "kill", id);
    task = cli_status(f, id);
    assert_string_equal(cli_text(task, "status"), "lost");
    assert_int_equal(json_array_size(json_object_get(task, "survivors")), 0);
    json_decref(task);
}

static void shows_output(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    CLI_START(f, id, "out", "1", "out", "2", "err", "3", "err-bytes", "34");
    EXPECT(f, 0, "wait", id);
    static const struct {
        const char *arguments[5];
        const char *expected;
    } cases[] = {
        {{"--stream", "both"}, "1\n2\n3\n4"},
        {{"--stream", "stdout"}, "1\n2\n"},
        {{"--stream=stderr"}, "3\n4"},
        {{"--bytes", "3"}, "3\n4"},
        {{"--bytes", "4"}, "\n3\n4"},
        {{"--bytes", "0"}, ""},
        {{"--bytes", "1K"}, "1\n2\n3\n4"},
        {{"--bytes", "3", "--stream", "stdout"}, "\n2\n"},
        {{"--tail", "1"}, "4"},
        {{"--tail", "3"}, "2\n3\n4"},
        {{"--tail", "0"}, ""},
        {{"--tail", "100"}, "1\n2\n3\n4"},
        {{"--lines", "3"}, "2\n3\n4"},
        {{"--tail", "1", "--stream", "stdout"}, "2\n"},
        {{"--tail", "3", "--bytes", "1"}, "4"},
        {{"--tail", "1", "--bytes", "6"}, "4"},
        {{"--follow"}, "1\n2\n3\n4"},
        {{"-f", "--tail", "2"}, "3\n4"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *const *a = cases[i].arguments;
        EXPECT(f, 0, "output", id, a[0], a[1], a[2], a[3]);
        assert_string_equal(cli_out(), cases[i].expected);
        assert_string_equal(cli_err(), "");
    }
}

static void shows_output_as_json(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    CLI_START(f, id, "bytes", "c3a40022ff0a", "err", "e");
    EXPECT(f, 0, "wait", id);
    EXPECT(f, 0, "--json", "output", "--stream", "stderr", id);
    json_t *output = cli_object();
    assert_string_equal(cli_text(output, "task_id"), id);
    cli_assert_null(output, "stdout");
    assert_string_equal(cli_text(output, "stderr"), "e\n");
    assert_int_equal(cli_number(output, "stdout_size"), 6);
    assert_int_equal(cli_number(output, "stderr_size"), 2);
    json_decref(output);
    EXPECT(f, 0, "--json", "output", id);
    cli_assert_holds(cli_out(), "\"stdout\":\"\xc3\xa4\\u0000\\\"\xef\xbf\xbd\\n\"");
    EXPECT(f, 0, "--json", "output", id, "--bytes", "3");
    output = cli_object();
    assert_string_equal(cli_text(output, "stdout"), "\n");
    assert_string_equal(cli_text(output, "stderr"), "e\n");
    assert_int_equal(cli_number(output, "stdout_size"), 6);
    json_decref(output);
}

static void follows_a_running_task(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], follower[TETHER_ID_SIZE], tail[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go");
    CLI_START(f, id, "out", "one", "err", "two", "await", go, "err", "three", "exit", "7");
    WAIT_UNTIL(CLI(f, "output", id) == 0 && strcmp(cli_out(), "one\ntwo\n") == 0);
    CLI_BACKGROUND(f, follower, "output", "--follow", id);
    CLI_BACKGROUND(f, tail, "output", "-f", "--tail", "1", id);
    char *path = cli_background_path(f, follower, TETHER_STDOUT);
    char *tail_path = cli_background_path(f, tail, TETHER_STDOUT);
    WAIT_UNTIL(cli_file_begins(path, "one\ntwo\n") && cli_file_begins(tail_path, "two\n"));
    test_write_file(go, "", 0);
    EXPECT(f, 0, "--session", "outer", "wait", follower);
    EXPECT(f, 0, "--session", "outer", "wait", tail);
    char *text = test_read_file(path, NULL);
    assert_string_equal(text, "one\ntwo\nthree\n");
    free(text);
    text = test_read_file(tail_path, NULL);
    assert_string_equal(text, "two\nthree\n");
    free(text);
    free(path);
    free(tail_path);
}

static void waits_for_all(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE];
    cli_start_waiting(f, a, "5");
    cli_start_ended(f, b, "b", 4);
    EXPECT_ERROR(f, 124, "TETHER_ETIMEDOUT", "before the task ended", "wait", "--timeout", "20ms",
                 a);
    EXPECT(f, 124, "wait", "--timeout", "0", a, b);
    cli_assert_holds(cli_err(), "before 1 of 2 tasks ended");
    EXPECT(f, 124, "wait", "--timeout", "0");
    EXPECT(f, 124, "--json", "wait", "--timeout", "0", a, b);
    cli_assert_ids(cli_objects(1), (const char *const[]){b});
    json_decref(cli_error_object());
    cli_write_go(f);
    EXPECT(f, 4, "wait", a, b);
    assert_string_equal(cli_out(), "");
    assert_string_equal(cli_err(), "");
    EXPECT(f, 5, "wait", b, a);
    EXPECT(f, 4, "wait", "--timeout", "0", b, b);
    EXPECT(f, 5, "--json", "wait", b, a);
    cli_assert_ids(cli_objects(2), (const char *const[]){b, a});
    /* Waiting acknowledges nothing. */
    EXPECT(f, 0, "--json", "completions");
    json_decref(cli_objects(2));
}

static void waits_for_all_running_tasks(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], waiter[TETHER_ID_SIZE];
    EXPECT(f, 0, "wait");
    cli_start_waiting(f, a, "5");
    cli_start_waiting(f, b, "6");
    CLI_BACKGROUND(f, waiter, "wait");
    EXPECT(f, 124, "--session", "outer", "wait", "--timeout", "50ms", waiter);
    cli_write_go(f);
    EXPECT(f, 0, "--session", "outer", "wait", waiter);
    EXPECT(f, 0, "--json", "wait");
    assert_string_equal(cli_out(), "");
    EXPECT(f, 6, "wait", a, b);
}

static void waits_for_any(void **state)
{
    fixture *f = *state;
    char a[TETHER_ID_SIZE], b[TETHER_ID_SIZE], line[TETHER_ID_SIZE + 1];
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether completions shows", "wait", "-n");
    cli_start_waiting(f, a, "5");
    EXPECT(f, 124, "wait", "-n", "--timeout", "20ms");
    EXPECT(f, 124, "wait", "-n", "--timeout", "0", a);
    cli_start_ended(f, b, "b", 4);
    EXPECT(f, 4, "wait", "-n", a, b);
    snprintf(line, sizeof line, "%s\n", b);
    assert_string_equal(cli_out(), line);
    EXPECT(f, 4, "--json", "wait", "-n", a, b);
    cli_assert_ids(cli_objects(1), (const char *const[]){b});
    cli_write_go(f);
    EXPECT(f, 5, "wait", "-n", a);
    snprintf(line, sizeof line, "%s\n", a);
    assert_string_equal(cli_out(), line);
}

static void kills(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    CLI_START(f, id, "forever");
    EXPECT(f, 0, "kill", id);
    assert_string_equal(cli_out(), "");
    assert_string_equal(cli_err(), "");
    EXPECT(f, 128 + test_kill_signal(), "wait", id);
    json_t *first = cli_status(f, id);
    assert_string_equal(cli_text(first, "status"), "killed");
    assert_int_equal(cli_number(first, "signal"), test_kill_signal());
    EXPECT(f, 0, "--json", "kill", id);
    json_t *second = cli_object();
    assert_true(json_equal(first, second));
    json_decref(first);
    json_decref(second);
}

static void kills_tasks_that_ignore_term(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    CLI_START(f, id, "ignore-term", "forks", "3", "out", "ready", "forever");
    WAIT_UNTIL(CLI(f, "output", id) == 0 && strcmp(cli_out(), "ready\n") == 0);
    EXPECT(f, 0, "--json", "kill", "--grace", "50ms", id);
    json_t *task = cli_object();
    assert_string_equal(cli_text(task, "status"), "killed");
    assert_int_equal(cli_number(task, "signal"), 9);
    json_decref(task);
    EXPECT(f, 137, "wait", id);
    CLI_START(f, id, "ignore-term", "forever");
    EXPECT(f, 0, "kill", "--grace=0", id);
    EXPECT(f, 137, "wait", id);
}

static void kills_many_and_reports_the_first_failure(void **state)
{
    enum { TASKS = 20 };
    fixture *f = *state;
    char ids[TASKS][TETHER_ID_SIZE];
    const char *arguments[TASKS + 4] = {"kill", "no-such-task"};
    for (int i = 0; i < TASKS; i++) {
        CLI_START(f, ids[i], "forever");
        arguments[i + 2] = ids[i];
    }
    assert_int_equal(cli_call(f, arguments), 127);
    assert_int_equal(cli_count_lines(cli_err()), 1);
    cli_assert_holds(cli_err(), "tether: no task no-such-task");
    EXPECT(f, 0, "list");
    assert_string_equal(cli_out(), "");
    for (int i = 0; i < TASKS; i++)
        cli_assert_text(f, ids[i], "status", "killed");
}

static void gc_removes_acknowledged_tasks(void **state)
{
    fixture *f = *state;
    char acknowledged[TETHER_ID_SIZE], pending[TETHER_ID_SIZE], running[TETHER_ID_SIZE];
    cli_start_ended(f, acknowledged, "a", 1);
    cli_start_ended(f, pending, "b", 2);
    CLI_START(f, running, "forever");
    EXPECT(f, 0, "completions", "--ack", acknowledged);
    EXPECT(f, 0, "gc");
    assert_string_equal(cli_out(), "removed 0, kept 3, leftovers 0, quarantined 0, expired 0\n");
    EXPECT(f, 0, "gc", "--older-than", "1h");
    assert_string_equal(cli_out(), "removed 0, kept 3, leftovers 0, quarantined 0, expired 0\n");
    EXPECT(f, 0, "gc", "--json", "--older-than", "0");
    json_t *result = cli_object();
    assert_int_equal(cli_number(result, "removed"), 1);
    assert_int_equal(cli_number(result, "kept"), 2);
    assert_int_equal(cli_number(result, "leftovers"), 0);
    assert_int_equal(cli_number(result, "quarantined"), 0);
    assert_int_equal(cli_number(result, "expired"), 0);
    json_decref(result);
    EXPECT_ERROR(f, 127, "TETHER_ENOTASK", "tether list --all", "status", acknowledged);
    EXPECT(f, 2, "wait", pending);
    EXPECT(f, 0, "kill", running);
    EXPECT(f, 0, "completions", "--drain");
    EXPECT(f, 0, "gc", "--older-than", "0");
    assert_string_equal(cli_out(), "removed 2, kept 0, leftovers 0, quarantined 0, expired 0\n");
    assert_int_equal(cli_count_leftovers(f), 0);
}

static void the_doctor_changes_nothing(void **state)
{
    const fixture *f = *state;
    const char *store = test_work_path(f, "store");
    EXPECT(NULL, 0, "doctor", "--store", store);
    assert_int_equal(cli_count_lines(cli_err()), 0);
    for (const char *line = cli_out(); *line != '\0'; line = strchr(line, '\n') + 1)
        assert_true(strncmp(line, "good  ", 6) == 0 || strncmp(line, "weak  ", 6) == 0);
    EXPECT(NULL, 0, "--store", store, "--json", "doctor");
    assert_false(test_exists(store));
    json_t *report = cli_object();
    assert_string_equal(cli_verdict(report, "identity"), "good");
    json_decref(report);
}

static const char *const verbs[] = {"run",   "list",   "status", "output", "wait",    "kill",
                                    "pause", "resume", "extend", "input",  "promote", "completions",
                                    "watch", "rm",     "gc",     "doctor", "help"};

static void prints_help(void **state)
{
    fixture *f = *state;
    char begin[32];
    EXPECT(NULL, 0, "help");
    assert_int_equal(strncmp(cli_out(), "tether ", 7), 0);
    char *usage = strdup(cli_out());
    assert_non_null(usage);
    assert_int_equal(cli_call(NULL, (const char *const[]){NULL}), 0);
    assert_string_equal(cli_out(), usage);
    assert_string_equal(cli_err(), "");
    free(usage);
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        snprintf(begin, sizeof begin, "\n  %s ", verbs[i]);
        EXPECT(NULL, 0, i % 2 == 0 ? "-h" : "--help");
        cli_assert_holds(cli_out(), begin);
        snprintf(begin, sizeof begin, "tether %s", verbs[i]);
        EXPECT(NULL, 0, "help", verbs[i]);
        assert_int_equal(strncmp(cli_out(), begin, strlen(begin)), 0);
        char *help = strdup(cli_out());
        assert_non_null(help);
        EXPECT(f, 0, verbs[i], "--help");
        assert_string_equal(cli_out(), help);
        EXPECT(f, 0, verbs[i], "-h", "--no-such-option");
        assert_string_equal(cli_out(), help);
        assert_string_equal(cli_err(), "");
        free(help);
    }
}

static void verbs_have_other_names(void **state)
{
    static const char *const names[][2] = {
        {"ls", "list"}, {"ps", "list"}, {"show", "status"}, {"logs", "output"}, {"stop", "kill"}};
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        EXPECT(NULL, 0, "help", names[i][1]);
        char *help = strdup(cli_out());
        assert_non_null(help);
        cli_assert_holds(help, names[i][0]);
        EXPECT(NULL, 0, "help", names[i][0]);
        assert_string_equal(cli_out(), help);
        EXPECT(NULL, 0, names[i][0], "--help");
        assert_string_equal(cli_out(), help);
        EXPECT(NULL, 0, "help");
        cli_assert_holds(cli_out(), names[i][0]);
        free(help);
    }
    CLI_START(f, id, "out", "text", "forever");
    EXPECT(f, 0, "--json", "ps");
    cli_assert_ids(cli_objects(1), (const char *const[]){id});
    EXPECT(f, 0, "stop", id);
    EXPECT(f, 0, "ls");
    assert_string_equal(cli_out(), "");
    EXPECT(f, 0, "show", id);
    cli_assert_holds(cli_out(), "\nstatus: killed\n");
    EXPECT(f, 0, "logs", id);
    assert_string_equal(cli_out(), "text\n");
}

static void prints_its_version(void **state)
{
    fixture *f = *state;
    char line[64];
    snprintf(line, sizeof line, "tether %s\n", tether_version());
    EXPECT(NULL, 0, "--version");
    assert_string_equal(cli_out(), line);
    EXPECT(NULL, 0, "-V");
    assert_string_equal(cli_out(), line);
    EXPECT(f, 0, "run", "--version", "--", CHILD);
    assert_string_equal(cli_out(), line);
    assert_int_equal(cli_count_leftovers(f), 0);
}

static void put_env(const char *name, const char *value)
{
    assert_int_equal(uv_os_setenv(name, value), 0);
}

static void takes_store_and_session_from_variables(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    put_env("TETHER_STORE", f->store);
    put_env("TETHER_SESSION", "by variable");
    EXPECT(NULL, 0, "run", "-c", "exit 0");
    cli_take_id(id);
    EXPECT(NULL, 0, "--json", "status", id);
    json_t *task = cli_object();
    assert_string_equal(cli_text(task, "session_id"), "by variable");
    json_decref(task);
    EXPECT(NULL, 127, "--session", "default", "wait", id);
    EXPECT(NULL, 127, "wait", id, "--session=other");
    EXPECT(NULL, 127, "--store", test_work_path(f, "other"), "wait", id);
    put_env("TETHER_STORE", test_work_path(f, "none"));
    EXPECT(f, 0, "wait", id);
    put_env("TETHER_SESSION", "");
    EXPECT(f, 0, "--session", "by variable", "wait", id);
    EXPECT(f, 0, "list", "--all");
    assert_string_equal(cli_out(), "");
    assert_int_equal(uv_os_unsetenv("TETHER_STORE"), 0);
    assert_int_equal(uv_os_unsetenv("TETHER_SESSION"), 0);
    assert_false(test_exists(test_work_path(f, "none")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)
        TEST(lists_newest_first),
        TEST(status_has_all_fields_while_the_task_runs),
        TEST(status_has_all_fields_after_the_end),
        TEST(status_for_people),
        TEST(a_lost_task_is_125),
        TEST(shows_output),
        TEST(shows_output_as_json),
        TEST(follows_a_running_task),
        TEST(waits_for_all),
        TEST(waits_for_all_running_tasks),
        TEST(waits_for_any),
        TEST(kills),
        TEST(kills_tasks_that_ignore_term),
        TEST(kills_many_and_reports_the_first_failure),
        TEST(gc_removes_acknowledged_tasks),
        TEST(the_doctor_changes_nothing),
        TEST(prints_help),
        TEST(verbs_have_other_names),
        TEST(prints_its_version),
        TEST(takes_store_and_session_from_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
