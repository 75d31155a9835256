/* Standard input that hosts write: each byte once, and what stands in the way. */
#include "monitor/controlled.h"

#include <stdlib.h>
#include <string.h>

enum { MUCH = 1024 * 1024 };

static const tether_spec with_pipe = {.input_pipe = true};

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

/* --- What is written --- */

static void any_host_writes_and_the_task_reads_in_order(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    controlled_start(f->registry, &with_pipe, id, "cat", NULL);
    put(f, id, "one\n", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 4);
    tether_registry *own = f->registry, *other = test_open(f);
    f->registry = other;
    put(f, id, "two\nthree", NULL);
    test_detach(other);
    f->registry = own;
    assert_int_equal(count_taken(f, id), 13);
    close_input(f, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "one\ntwo\nthree");
}

static void a_repeated_write_is_written_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    controlled_start(f->registry, &with_pipe, id, "cat", NULL);
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

static char *make_data(void)
{
    char *data = malloc(MUCH);
    assert_non_null(data);
    for (int i = 0; i < MUCH; i++)
        data[i] = (char)(i * 7 + i / 255);
    return data;
}

static void expect_data(fixture *f, const char *id, const char *data, size_t expected)
{
    size_t size;
    char *got = test_output(f->registry, id, TETHER_STDOUT, &size);
    assert_int_equal(size, expected);
    assert_memory_equal(got, data, expected);
    free(got);
}

/* The first calls fill the pipe; the last one waits until the task reads. */
static void a_full_pipe_takes_a_part(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], *data = make_data();
    controlled_start(f->registry, &with_pipe, id, "await", test_work_path(f, "go"), "cat", NULL);
    size_t written, first;
    assert_int_equal(tether_input(f->registry, id, data, MUCH, NULL, &first, NULL, &f->error),
                     TETHER_ETIMEDOUT);
    f->error = (tether_error){0};
    assert_in_range(first, 4096, MUCH - 1);
    tether_input_options options = {.at_offset = true, .timeout_ms = 50};
    assert_int_equal(tether_input(f->registry, id, data, MUCH, &options, &written, NULL, &f->error),
                     TETHER_ETIMEDOUT);
    f->error = (tether_error){0};
    assert_in_range(written, 4096, MUCH - 1);
    test_write_file(test_work_path(f, "go"), "", 0);
    options.timeout_ms = -1;
    options.close = true;
    ASSERT_OK(tether_input(f->registry, id, data, MUCH, &options, &written, NULL, &f->error),
              f->error);
    assert_int_equal(written, MUCH);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    expect_data(f, id, data, MUCH);
    free(data);
}

/* What was taken is read although input was closed before anybody read. */
static void a_full_pipe_can_be_closed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], *data = make_data();
    controlled_start(f->registry, &with_pipe, id, "await", test_work_path(f, "go"), "cat", NULL);
    size_t taken;
    assert_int_equal(tether_input(f->registry, id, data, MUCH, NULL, &taken, NULL, &f->error),
                     TETHER_ETIMEDOUT);
    f->error = (tether_error){0};
    close_input(f, id);
    expect_failure(f, id, NULL, TETHER_EPIPE, "was closed after");
    test_write_file(test_work_path(f, "go"), "", 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    expect_data(f, id, data, taken);
    free(data);
}

/* --- What cannot be written --- */

static void a_task_that_reads_no_more_is_told(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    controlled_start(f->registry, &with_pipe, id, "close-input", "out", "ready", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    expect_failure(f, id, NULL, TETHER_EPIPE, "reads its standard input");
    expect_failure(f, id, NULL, TETHER_EPIPE, "reads its standard input");
    close_input(f, id);
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_RUNNING);
    controlled_end(f, id);
}

static void a_closed_input_stays_closed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    controlled_start(f->registry, &with_pipe, id, "cat", "out", "ready", "forever", NULL);
    put(f, id, "abc", NULL);
    close_input(f, id);
    close_input(f, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 9);
    expect_failure(f, id, NULL, TETHER_EPIPE, "was closed after 3 bytes");
    controlled_end(f, id);
}

static void other_tasks_have_no_input(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec plain = {0};
    static const char *const argv[] = {CHILD, "forever", NULL};
    controlled_start(f->registry, &plain, id, "forever", NULL);
    expect_failure(f, id, NULL, TETHER_ENOTSUP, "--stdin pipe");
    controlled_end(f, id);
    expect_failure(f, id, NULL, TETHER_EENDED, "has ended");
    const tether_spec script = {.argv = argv, .supervisor = TETHER_SUPERVISOR_SCRIPT};
    test_start(f->registry, &script, id);
    expect_failure(f, id, NULL, TETHER_ENOTSUP, "has no monitor");
    controlled_end(f, id);
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
    static const char *const argv[] = {CHILD, "cat", NULL};
    const tether_spec specs[] = {
        {.argv = argv, .input_pipe = true, .stdin_path = CHILD},
        {.argv = argv, .input_pipe = true, .inherit_stdin = true},
        {.argv = argv, .input_pipe = true, .supervisor = TETHER_SUPERVISOR_SCRIPT},
    };
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++)
        assert_int_equal(tether_spawn(f->registry, &specs[i], id, NULL), TETHER_EINVAL);
}

/* What a stopped monitor was sent it takes later: an offset keeps it from being written twice. */
static void a_stopped_monitor_takes_it_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    controlled_start(f->registry, &with_pipe, id, "cat", NULL);
    put_at(f, id, "a", 0, false);
    long monitor = controlled_monitor(f->registry, id);
    controlled_suspend(monitor);
    const tether_input_options options = {.at_offset = true, .offset = 1};
    expect_failure(f, id, &options, TETHER_ENOANSWER, "does not answer");
    controlled_resume(monitor);
    put_at(f, id, "x", 1, true);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "ax");
}

/* Hosts can no longer write: it would wait for ever, and the monitor for it. */
static void what_is_left_behind_reads_the_end(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    controlled_start(f->registry, &with_pipe, id, "leave", "pid", "cat", NULL);
    long monitor = controlled_monitor(f->registry, id);
    long reader = test_output_number(f->registry, id);
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
        WITH_REGISTRY(a_full_pipe_can_be_closed),
        WITH_REGISTRY(a_task_that_reads_no_more_is_told),
        WITH_REGISTRY(a_closed_input_stays_closed),
        WITH_REGISTRY(other_tasks_have_no_input),
        WITH_REGISTRY(a_spec_has_one_standard_input),
        WITH_REGISTRY(a_stopped_monitor_takes_it_once),
        WITH_REGISTRY(what_is_left_behind_reads_the_end),
    };
    return cmocka_run_group_tests_name("input", tests, NULL, NULL);
}
