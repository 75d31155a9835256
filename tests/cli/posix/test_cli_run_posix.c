/* The verb run on POSIX systems: interpreters, login shells, own standard input, signals. */
#include "cli/cli_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/posix/machine.h"

static const char *write_work_file(const fixture *f, const char *name, const char *text)
{
    const char *path = test_work_path(f, "%s", name);
    test_write_file(path, text, strlen(text));
    return path;
}

static void a_script_runs_in_the_interpreter_that_it_names(void **state)
{
    fixture *f = *state;
    /* With -e, a failing line ends the text. */
    const char *path = write_work_file(f, "script", "#! /bin/sh -e\necho one\nfalse\necho two\n");
    EXPECT(f, 1, "run", "--wait", "-f", path);
    assert_string_equal(cli_out(), "one\n");
    /* An own shell sees a comment. */
    EXPECT(f, 0, "run", "--wait", "--shell", "sh", "-f", path);
    assert_string_equal(cli_out(), "one\ntwo\n");
    path = write_work_file(f, "script", "#!/usr/bin/env sh\necho \"$0\"\nexit 7\n");
    EXPECT(f, 7, "run", "--wait", "-f", path);
    assert_non_null(strstr(cli_out(), "/command.sh\n"));
    /* A path that only another machine has. */
    path = write_work_file(f, "script", "#!/nowhere/bin/sh\necho found\n");
    EXPECT(f, 0, "run", "--wait", "-f", path);
    assert_string_equal(cli_out(), "found\n");
    path = write_work_file(f, "script", "#!/nowhere/bin/no-such-program\n");
    EXPECT_ERROR(f, 127, "TETHER_ENOSHELL", "correct that line", "run", "-f", path);
    cli_assert_holds(cli_err(), "no-such-program");
}

static void login_reads_the_profile(void **state)
{
    fixture *f = *state;
    char home[1100];
    write_work_file(f, ".profile", "FROM_PROFILE=read\n");
    snprintf(home, sizeof home, "HOME=%s", f->work);
    EXPECT(f, 0, "run", "--wait", "--shell", "sh", "--env", home, "-c", "echo ${FROM_PROFILE-no}");
    assert_string_equal(cli_out(), "no\n");
    EXPECT(f, 0, "run", "--wait", "--shell", "sh", "--login", "--env", home, "-c",
           "echo ${FROM_PROFILE-no}");
    assert_string_equal(cli_out(), "read\n");
}

static void a_task_reads_the_commands_own_input(void **state)
{
    fixture *f = *state;
    char store[1100];
    snprintf(store, sizeof store, "TETHER_STORE=%s", f->store);
    EXPECT(f, 0, "run", "--wait", "--env", store, "-c",
           "printf 'one\\ntwo' | \"" COMMAND "\" --session inner run --wait --stdin - -- \"" CHILD
           "\" cat");
    assert_string_equal(cli_out(), "one\ntwo");
    EXPECT(f, 0, "run", "--wait", "--env", store, "-c",
           "echo data | \"" COMMAND "\" --session inner run --wait -- \"" CHILD "\" cat");
    assert_string_equal(cli_out(), "");
}

/* Starts "run --wait" on a task in the session "inner", as a task of its own. Returns once the
 * inner task's output has come through. */
#define START_WAITING_RUN(f, outer, command, ...)                                                  \
    do {                                                                                           \
        CLI_BACKGROUND((f), (outer), "--session", "inner", "run", "--wait", __VA_ARGS__,           \
                       "--shell", "sh", "-c", (command));                                          \
        wait_for_lines((f), (outer), 1);                                                           \
    } while (0)

/* Waits until this many lines of the inner task have come through. */
static void wait_for_lines(const fixture *f, const char *outer, int count)
{
    char *path = cli_background_path(f, outer, TETHER_STDOUT);
    WAIT_UNTIL(test_count_lines(path) >= count);
    free(path);
}

static void assert_inner(const fixture *f, const char *status, json_int_t code)
{
    EXPECT(f, 0, "--session", "inner", "--json", "status", "@last");
    json_t *task = cli_object();
    assert_string_equal(cli_text(task, "status"), status);
    assert_int_equal(cli_number(task, "exit_code"), code);
    json_decref(task);
}

static const char politely[] = "trap 'echo bye; exit 3' TERM; echo on; "
                               "while :; do \"" CHILD "\" sleep 10; done";

static void a_signal_ends_the_task_too_if_asked(void **state)
{
    static const struct {
        const char *name;
        int code;
    } signals[] = {{"INT", 130}, {"TERM", 143}, {"HUP", 129}};
    fixture *f = *state;
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        char outer[TETHER_ID_SIZE];
        START_WAITING_RUN(f, outer, politely, "--kill-on-signal");
        EXPECT(f, 0, "--session", "outer", "kill", "--signal", signals[i].name, outer);
        EXPECT(f, signals[i].code, "--session", "outer", "wait", outer);
        /* The output of the polite end was still shown. */
        EXPECT(f, 0, "--session", "outer", "output", "--stream", "stdout", outer);
        assert_string_equal(cli_out(), "on\nbye\n");
        assert_inner(f, "failed", 3);
    }
}

/* The grace of the first signal is far longer than any wait here: only the second one can end it.
 */
static void a_second_signal_waits_for_no_grace(void **state)
{
    fixture *f = *state;
    char outer[TETHER_ID_SIZE];
    START_WAITING_RUN(f, outer,
                      "trap 'echo again' TERM; echo on; while :; do \"" CHILD "\" sleep 10; done",
                      "--kill-on-signal", "--grace", "1h");
    EXPECT(f, 0, "--session", "outer", "kill", "--signal", "TERM", outer);
    wait_for_lines(f, outer, 2);
    EXPECT(f, 0, "--session", "outer", "kill", "--signal", "INT", outer);
    EXPECT(f, 143, "--session", "outer", "wait", "--timeout", "1m", outer);
    assert_inner(f, "killed", 137);
}

/* Makes the record of the inner task one that only a newer version may change, or takes that back.
 * A deadline has passed then. */
static void set_inner_schema(const fixture *f, int version)
{
    fixture inner = *f;
    inner.session = "inner";
    EXPECT(f, 0, "--session", "inner", "--json", "status", "@last");
    json_t *task = cli_object();
    const char *id = cli_text(task, "task_id");
    json_t *record = test_load_record(&inner, id);
    json_object_set_new(record, "schema_version", json_integer(version));
    if (json_is_integer(json_object_get(record, "deadline_at"))) {
        json_object_set_new(record, "deadline_at", json_integer(1));
        json_object_set_new(record, "deadline_monotonic_ms", json_integer(1));
    }
    test_save_record(&inner, id, record);
    json_decref(task);
}

static void a_kill_that_fails_ends_the_wait(void **state)
{
    fixture *f = *state;
    char outer[TETHER_ID_SIZE];
    START_WAITING_RUN(f, outer, politely, "--kill-on-signal");
    set_inner_schema(f, 2);
    EXPECT(f, 0, "--session", "outer", "kill", "--signal", "TERM", outer);
    EXPECT(f, 143, "--session", "outer", "wait", outer);
    EXPECT(f, 0, "--session", "outer", "output", "--stream", "stderr", outer);
    cli_assert_holds(cli_out(), "newer version of tether");
    set_inner_schema(f, 1);
    EXPECT(f, 0, "--session", "inner", "kill", "@last");
}

/* What an event tells while a verb waits is an object with --json, and a line without. */
static void a_deadline_that_cannot_be_kept_is_told_while_waiting(void **state)
{
    fixture *f = *state;
    EXPECT(f, 0, "--session", "inner", "run", "--timeout", "1h", "--", CHILD, "forever");
    set_inner_schema(f, 2);
    EXPECT(f, 124, "--session", "inner", "wait", "--timeout", "2", "@last");
    cli_assert_holds(cli_err(), "tether: the deadline of task ");
    EXPECT(f, 124, "--session", "inner", "--json", "wait", "--timeout", "2", "@last");
    size_t told = 0, size = 0;
    for (const char *line = cli_err(); *line != '\0'; line += size + 1) {
        size = strcspn(line, "\n");
        json_t *object = json_loadb(line, size, 0, NULL);
        assert_non_null(object);
        const char *step = cli_text(json_object_get(object, "error"), "step");
        told += strcmp(step, "enforce deadline") == 0;
        json_decref(object);
    }
    assert_int_equal(told, 1);
    set_inner_schema(f, 1);
    EXPECT(f, 0, "--session", "inner", "kill", "@last");
}

static void without_the_option_a_signal_leaves_the_task(void **state)
{
    fixture *f = *state;
    char outer[TETHER_ID_SIZE];
    START_WAITING_RUN(f, outer, politely, "--merge");
    EXPECT(f, 0, "--session", "outer", "kill", "--signal", "TERM", outer);
    EXPECT(f, 143, "--session", "outer", "wait", outer);
    EXPECT(f, 0, "--session", "inner", "--json", "status", "@last");
    json_t *task = cli_object();
    assert_string_equal(cli_text(task, "status"), "running");
    EXPECT(f, 0, "--session", "inner", "kill", cli_text(task, "task_id"));
    json_decref(task);
}

/* The first process of a container gets no signal that it does not handle. */
static void the_first_process_of_a_container_obeys(void **state)
{
    fixture *f = *state;
    char outer[TETHER_ID_SIZE];
    if (getuid() != 0)
        test_skip("needs root");
    if (!machine_has_namespaces())
        test_skip("only Linux has namespaces");
    EXPECT(f, 0, "--session", "outer", "run", "--", "unshare", "--pid", "--fork", "--mount-proc",
           "--kill-child", "--", COMMAND, "--store", f->store, "--session", "inner", "run",
           "--wait", "--kill-on-signal", "--shell", "sh", "-c",
           "trap 'echo bye; exit 3' TERM; echo on; while :; do \"" CHILD "\" sleep 10; done");
    cli_take_id(outer);
    wait_for_lines(f, outer, 1);
    EXPECT(f, 0, "--session", "outer", "kill", "--signal", "INT", outer);
    wait_for_lines(f, outer, 2);
    EXPECT(f, 0, "--session", "outer", "kill", outer);
    assert_inner(f, "failed", 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, cli_setup, cli_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_script_runs_in_the_interpreter_that_it_names),
        TEST(login_reads_the_profile),
        TEST(a_task_reads_the_commands_own_input),
        TEST(a_signal_ends_the_task_too_if_asked),
        TEST(a_second_signal_waits_for_no_grace),
        TEST(a_kill_that_fails_ends_the_wait),
        TEST(a_deadline_that_cannot_be_kept_is_told_while_waiting),
        TEST(without_the_option_a_signal_leaves_the_task),
        TEST(the_first_process_of_a_container_obeys),
    };
    return cmocka_run_group_tests_name("cli_run_posix", tests, NULL, NULL);
}
