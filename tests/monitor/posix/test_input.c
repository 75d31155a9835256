/* Standard input that hosts write: each byte once, and what stands in the way. */
#include "monitor/posix/monitored.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MUCH = 1024 * 1024 };

/* Starts a text in sh that reads what tether_input writes. */
static void start(const fixture *f, const char *command, char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.command = command,
                              .shell = "sh",
                              .supervisor = TETHER_SUPERVISOR_MONITOR,
                              .input_pipe = true};
    test_start(f->registry, &spec, id);
}

static void put(fixture *f, const char *id, const char *text, const tether_input_options *options)
{
    size_t written;
    ASSERT_OK(tether_input(f->registry, id, text, strlen(text), options, &written, NULL, &f->error),
              f->error);
    assert_int_equal(written, strlen(text));
}

static void put_at(fixture *f, const char *id, const char *text, uint64_t offset, bool close)
{
    const tether_input_options options = {.at_offset = true, .offset = offset, .close = close};
    put(f, id, text, &options);
}

static void close_input(fixture *f, const char *id)
{
    const tether_input_options options = {.close = true};
    put(f, id, "", &options);
}

static uint64_t count_taken(fixture *f, const char *id)
{
    uint64_t taken = 0;
    ASSERT_OK(tether_input(f->registry, id, NULL, 0, NULL, NULL, &taken, &f->error), f->error);
    return taken;
}

static void expect_failure(fixture *f, const char *id, const tether_input_options *options,
                           int code, const char *text)
{
    size_t written = 9;
    assert_int_equal(tether_input(f->registry, id, "x", 1, options, &written, NULL, &f->error),
                     code);
    assert_int_equal(written, 0);
    assert_non_null(strstr(f->error.message, text));
    f->error = (tether_error){0};
}

static void end(fixture *f, const char *id)
{
    const tether_kill_options options = {.grace_ms = -1};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
}

/* --- What is written --- */

static void any_host_writes_and_the_task_reads_in_order(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, "read first; echo \"<$first>\"; cat", id);
    put(f, id, "one\n", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    tether_registry *own = f->registry, *other = test_open(f);
    f->registry = other;
    put(f, id, "two\nthree", NULL);
    test_detach(other);
    f->registry = own;
    assert_int_equal(count_taken(f, id), 13);
    close_input(f, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "<one>\ntwo\nthree");
}

static void a_repeated_write_is_written_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, "cat", id);
    put_at(f, id, "abc", 0, false);
    put_at(f, id, "abc", 0, false);
    put_at(f, id, "bcde", 1, false);
    put_at(f, id, "c", 2, false);
    assert_int_equal(count_taken(f, id), 5);
    put_at(f, id, "ef", 4, false);
    const tether_input_options beyond = {.at_offset = true, .offset = 7};
    expect_failure(f, id, &beyond, TETHER_EINVAL, "beyond the 6 bytes");
    /* It may end before the second call. */
    put_at(f, id, "f", 5, true);
    const tether_input_options again = {.at_offset = true, .offset = 5, .close = true};
    int code = tether_input(f->registry, id, "f", 1, &again, NULL, NULL, NULL);
    assert_true(code == TETHER_OK || code == TETHER_EENDED);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "abcdef");
}

/* The first calls fill the pipe; the last one waits until the task reads. */
static void a_full_pipe_takes_a_part(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[512];
    snprintf(command, sizeof command, "while [ ! -e '%s' ]; do sleep 0.01; done; cksum",
             test_work_path(f, "go"));
    char *data = malloc(MUCH);
    assert_non_null(data);
    for (int i = 0; i < MUCH; i++)
        data[i] = (char)(i * 7 + i / 255);
    start(f, command, id);
    size_t written, first;
    assert_int_equal(tether_input(f->registry, id, data, MUCH, NULL, &first, NULL, &f->error),
                     TETHER_ETIMEDOUT);
    f->error = (tether_error){0};
    assert_in_range(first, 4096, MUCH - 1);
    tether_input_options options = {.at_offset = true, .timeout_ms = 50};
    assert_int_equal(tether_input(f->registry, id, data, MUCH, &options, &written, NULL, &f->error),
                     TETHER_ETIMEDOUT);
    f->error = (tether_error){0};
    assert_int_equal(written, first);
    test_write_file(test_work_path(f, "go"), "", 0);
    options.timeout_ms = -1;
    options.close = true;
    ASSERT_OK(tether_input(f->registry, id, data, MUCH, &options, &written, NULL, &f->error),
              f->error);
    assert_int_equal(written, MUCH);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_write_file(test_work_path(f, "data"), data, MUCH);
    char *expected = NULL, *got;
    snprintf(command, sizeof command, "cksum < '%s'", test_work_path(f, "data"));
    assert_int_equal(
        test_command((const char *const[]){"/bin/sh", "-c", command, NULL}, &expected, NULL), 0);
    size_t size;
    got = test_output(f->registry, id, TETHER_STDOUT, &size);
    assert_string_equal(got, expected);
    free(got);
    free(expected);
    free(data);
}

/* --- What cannot be written --- */

static void a_task_that_reads_no_more_is_told(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, "exec </dev/null; echo ready; exec sleep 1000", id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    expect_failure(f, id, NULL, TETHER_EPIPE, "reads its standard input");
    expect_failure(f, id, NULL, TETHER_EPIPE, "reads its standard input");
    close_input(f, id);
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_RUNNING);
    end(f, id);
}

static void a_closed_input_stays_closed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, "cat; echo ready; exec sleep 1000", id);
    put(f, id, "abc", NULL);
    close_input(f, id);
    close_input(f, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 9);
    expect_failure(f, id, NULL, TETHER_EPIPE, "was closed after 3 bytes");
    end(f, id);
}

static void other_tasks_have_no_input(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    monitored_start(f->registry, "exec sleep 1000", 0, id);
    expect_failure(f, id, NULL, TETHER_ENOTSUP, "--stdin pipe");
    end(f, id);
    expect_failure(f, id, NULL, TETHER_EENDED, "has ended");
    const tether_spec spec = {
        .command = "exec sleep 1000", .shell = "sh", .supervisor = TETHER_SUPERVISOR_SCRIPT};
    test_start(f->registry, &spec, id);
    expect_failure(f, id, NULL, TETHER_ENOTSUP, "has no monitor");
    end(f, id);
    assert_int_equal(tether_input(f->registry, "no-such-task", "x", 1, NULL, NULL, NULL, NULL),
                     TETHER_ENOTASK);
    assert_int_equal(tether_input(f->registry, id, NULL, 1, NULL, NULL, NULL, NULL), TETHER_EINVAL);
    const tether_input_options wrong = {.timeout_ms = -2};
    assert_int_equal(tether_input(f->registry, id, "x", 1, &wrong, NULL, NULL, NULL),
                     TETHER_EINVAL);
}

static void a_spec_has_one_standard_input(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec specs[] = {
        {.command = "cat", .input_pipe = true, .stdin_path = "/dev/null"},
        {.command = "cat", .input_pipe = true, .inherit_stdin = true},
        {.command = "cat", .input_pipe = true, .supervisor = TETHER_SUPERVISOR_SCRIPT},
    };
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++)
        assert_int_equal(tether_spawn(f->registry, &specs[i], id, NULL), TETHER_EINVAL);
}

/* What a stopped monitor was sent it takes later: an offset keeps it from being written twice. */
static void a_stopped_monitor_takes_it_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, "cat", id);
    put_at(f, id, "a", 0, false);
    pid_t monitor = (pid_t)monitored_pid(f->registry, id);
    assert_int_equal(kill(monitor, SIGSTOP), 0);
    const tether_input_options options = {.at_offset = true, .offset = 1};
    expect_failure(f, id, &options, TETHER_ENOANSWER, "does not answer");
    assert_int_equal(kill(monitor, SIGCONT), 0);
    put_at(f, id, "x", 1, true);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "ax");
}

/* Hosts can no longer write: it would wait for ever, and the monitor for it. */
static void what_is_left_behind_reads_the_end(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, "exec 3<&0; cat <&3 & echo $!", id);
    long monitor = monitored_pid(f->registry, id), reader = test_output_number(f->registry, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    WAIT_UNTIL(!test_process_alive(reader));
    WAIT_UNTIL(!test_process_alive(monitor));
}

#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(any_host_writes_and_the_task_reads_in_order),
        WITH_REGISTRY(a_repeated_write_is_written_once),
        WITH_REGISTRY(a_full_pipe_takes_a_part),
        WITH_REGISTRY(a_task_that_reads_no_more_is_told),
        WITH_REGISTRY(a_closed_input_stays_closed),
        WITH_REGISTRY(other_tasks_have_no_input),
        WITH_REGISTRY(a_spec_has_one_standard_input),
        WITH_REGISTRY(a_stopped_monitor_takes_it_once),
        WITH_REGISTRY(what_is_left_behind_reads_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
