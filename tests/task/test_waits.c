/* Waiting for tasks: tether_waiter, tether_wait and tether_run. */
#include "support/support.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* A run takes less than this if nothing delays its end. */
enum { LATE_MS = 15000 };

static const tether_error untouched = {.code = 4711, .step = "untouched"};

#define ASSERT_UNTOUCHED(error) assert_memory_equal(&(error), &untouched, sizeof untouched)

/* --- Waiters --- */

static tether_waiter *open_waiter(tether_registry *registry, const char *const *ids, size_t count)
{
    tether_error error = untouched;
    tether_waiter *waiter;
    ASSERT_OK(tether_waiter_open(registry, ids, count, &waiter, &error), error);
    ASSERT_UNTOUCHED(error);
    return waiter;
}

static int next(tether_waiter *waiter, int64_t timeout_ms, char id[TETHER_ID_SIZE])
{
    tether_error error = untouched;
    int code = tether_waiter_next(waiter, timeout_ms, id, &error);
    if (code == TETHER_OK)
        ASSERT_UNTOUCHED(error);
    else
        assert_int_equal(error.code, code);
    assert_int_equal(id[0] != '\0', code == TETHER_OK);
    return code;
}

static void expect_next(tether_waiter *waiter, const char *wanted)
{
    char id[TETHER_ID_SIZE];
    assert_int_equal(next(waiter, PATIENCE_MS, id), TETHER_OK);
    assert_string_equal(id, wanted);
}

static void expect_no_more(tether_waiter *waiter)
{
    char id[TETHER_ID_SIZE];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(next(waiter, -1, id), TETHER_ENOTASK);
        assert_int_equal(next(waiter, 0, id), TETHER_ENOTASK);
    }
}

/* Starts a task that runs until open_gate is called with the same number. */
static void start_gated(tether_registry *registry, fixture *f, int number, char id[TETHER_ID_SIZE])
{
    test_start_child(registry, id, "await", test_work_path(f, "go%d", number), NULL);
}

static void open_gate(fixture *f, int number)
{
    test_write_file(test_work_path(f, "go%d", number), "", 0);
}

static void a_waiter_returns_each_task_once_in_the_order_of_ending(void **state)
{
    enum { TASKS = 5 };
    static const int order[TASKS] = {3, 1, 4, 0, 2};
    fixture *f = *state;
    char ids[TASKS][TETHER_ID_SIZE], id[TETHER_ID_SIZE];
    const char *all[TASKS];
    for (int i = 0; i < TASKS; i++) {
        start_gated(f->registry, f, i, ids[i]);
        all[i] = ids[i];
    }
    tether_waiter *one = open_waiter(f->registry, all, TASKS);
    tether_waiter *running = open_waiter(f->registry, NULL, 0);
    assert_int_equal(next(one, 0, id), TETHER_ETIMEDOUT);
    assert_int_equal(next(one, 50, id), TETHER_ETIMEDOUT);
    for (int i = 0; i < TASKS; i++) {
        open_gate(f, order[i]);
        expect_next(one, ids[order[i]]);
        assert_int_equal(next(one, 0, id), i + 1 < TASKS ? TETHER_ETIMEDOUT : TETHER_ENOTASK);
        /* Ends within one tick of the file clock come in any order. */
        test_nap_us(20000);
    }
    expect_no_more(one);
    /* A waiter that was not read until now gets the same order, and so does a new one. */
    tether_waiter *late = open_waiter(f->registry, all, TASKS);
    for (int i = 0; i < TASKS; i++) {
        expect_next(running, ids[order[i]]);
        expect_next(late, ids[order[i]]);
    }
    expect_no_more(running);
    expect_no_more(late);
    tether_waiter_close(one);
    tether_waiter_close(running);
    tether_waiter_close(late);
    tether_waiter_close(NULL);
}

static void a_waiter_without_running_tasks_returns_at_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_waiter *waiter = open_waiter(f->registry, NULL, 0);
    expect_no_more(waiter);
    tether_waiter_close(waiter);
    test_start_child(f->registry, id, "exit", "0", NULL);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    waiter = open_waiter(f->registry, NULL, 0);
    expect_no_more(waiter);
    tether_waiter_close(waiter);
    const char *unknown[] = {id, "nobody"};
    assert_int_equal(tether_waiter_open(f->registry, unknown, 2, &waiter, &f->error),
                     TETHER_ENOTASK);
    assert_null(waiter);
    unknown[1] = "../x";
    assert_int_equal(tether_waiter_open(f->registry, unknown, 2, &waiter, &f->error),
                     TETHER_EINVAL);
    assert_null(waiter);
}

static void a_waiter_covers_tasks_of_other_hosts(void **state)
{
    fixture *f = *state;
    char ids[2][TETHER_ID_SIZE];
    tether_registry *other = test_open(f);
    start_gated(other, f, 0, ids[0]);
    start_gated(f->registry, f, 1, ids[1]);
    tether_waiter *waiter = open_waiter(f->registry, NULL, 0);
    open_gate(f, 0);
    expect_next(waiter, ids[0]);
    open_gate(f, 1);
    expect_next(waiter, ids[1]);
    expect_no_more(waiter);
    tether_waiter_close(waiter);
    test_detach(other);
}

/* Collects as another host. A task whose supervisor has not exited yet stays. */
static bool is_collected(fixture *f, const char *id)
{
    const tether_gc_options any_age = {.older_than_ms = -1};
    tether_registry *other = test_open(f);
    ASSERT_OK(tether_gc(other, &any_age, NULL, &f->error), f->error);
    test_detach(other);
    return !test_has_record(f, id);
}

/* The task was acknowledged, and collected by another host, before the waiter returned it. */
static void a_waiter_skips_removed_tasks(void **state)
{
    fixture *f = *state;
    char ids[3][TETHER_ID_SIZE];
    const char *all[] = {ids[0], ids[1], ids[2]};
    for (int i = 0; i < 3; i++)
        start_gated(f->registry, f, i, ids[i]);
    tether_waiter *waiter = open_waiter(f->registry, all, 3);
    open_gate(f, 0);
    expect_next(waiter, ids[0]);
    open_gate(f, 1);
    test_expect(f->registry, ids[1], TETHER_STATUS_COMPLETED, 0, NULL);
    test_take_completion(f->registry, ids[1]);
    WAIT_UNTIL(is_collected(f, ids[1]));
    open_gate(f, 2);
    expect_next(waiter, ids[2]);
    expect_no_more(waiter);
    tether_waiter_close(waiter);
    /* A wait for this task by its id fails. */
    const char *gone = ids[1];
    assert_int_equal(tether_wait(f->registry, &gone, 1, TETHER_WAIT_ALL, -1, NULL, &f->error),
                     TETHER_ENOTASK);
}

enum { THREADS = 8, SHARED_TASKS = 24 };

typedef struct shared {
    tether_registry *registry;
    char ids[SHARED_TASKS][TETHER_ID_SIZE];
    atomic_int ready;
    atomic_int wrong;
} shared;

static void get_every_end_once(void *userdata)
{
    shared *c = userdata;
    tether_waiter *waiter;
    char id[TETHER_ID_SIZE];
    int seen[SHARED_TASKS] = {0};
    if (tether_waiter_open(c->registry, NULL, 0, &waiter, NULL) != TETHER_OK) {
        atomic_fetch_add(&c->wrong, 1);
        return;
    }
    atomic_fetch_add(&c->ready, 1);
    int code = TETHER_OK;
    while ((code = tether_waiter_next(waiter, PATIENCE_MS, id, NULL)) == TETHER_OK) {
        for (int i = 0; i < SHARED_TASKS; i++)
            seen[i] += strcmp(c->ids[i], id) == 0;
    }
    tether_waiter_close(waiter);
    if (code != TETHER_ENOTASK)
        atomic_fetch_add(&c->wrong, 1);
    for (int i = 0; i < SHARED_TASKS; i++)
        atomic_fetch_add(&c->wrong, seen[i] != 1);
}

static void any_number_of_threads_wait(void **state)
{
    fixture *f = *state;
    uv_thread_t threads[THREADS];
    shared c = {.registry = f->registry};
    for (int i = 0; i < SHARED_TASKS; i++)
        start_gated(f->registry, f, i % 4, c.ids[i]);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(uv_thread_create(&threads[i], get_every_end_once, &c), 0);
    WAIT_UNTIL(atomic_load(&c.ready) == THREADS);
    for (int i = 0; i < 4; i++)
        open_gate(f, i);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(uv_thread_join(&threads[i]), 0);
    assert_int_equal(atomic_load(&c.wrong), 0);
}

static void wait_any_returns_the_task_that_ended_first(void **state)
{
    fixture *f = *state;
    char ids[3][TETHER_ID_SIZE];
    const char *all[] = {ids[0], ids[1], ids[2]};
    tether_error error = untouched;
    size_t index = 99;
    for (int i = 0; i < 3; i++)
        start_gated(f->registry, f, i, ids[i]);
    assert_int_equal(tether_wait(f->registry, all, 3, TETHER_WAIT_ANY, 0, &index, &f->error),
                     TETHER_ETIMEDOUT);
    open_gate(f, 1);
    ASSERT_OK(tether_wait(f->registry, all, 3, TETHER_WAIT_ANY, -1, &index, &error), error);
    ASSERT_UNTOUCHED(error);
    assert_int_equal(index, 1);
    test_nap_us(20000);
    open_gate(f, 0);
    test_expect(f->registry, ids[0], TETHER_STATUS_COMPLETED, 0, NULL);
    /* A later call, in another host, gets the same answer. */
    tether_registry *other = test_open(f);
    ASSERT_OK(tether_wait(other, all, 3, TETHER_WAIT_ANY, 0, &index, &error), error);
    assert_int_equal(index, 1);
    assert_int_equal(tether_wait(other, all, 3, TETHER_WAIT_ALL, 50, NULL, &f->error),
                     TETHER_ETIMEDOUT);
    open_gate(f, 2);
    ASSERT_OK(tether_wait(other, all, 3, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);
    assert_int_equal(tether_wait(other, all, 0, TETHER_WAIT_ALL, 0, NULL, &f->error),
                     TETHER_EINVAL);
    assert_int_equal(tether_wait(other, NULL, 1, TETHER_WAIT_ALL, 0, NULL, &f->error),
                     TETHER_EINVAL);
    test_detach(other);
}

/* --- tether_run --- */

static tether_outcome *run(tether_registry *registry, const tether_spec *spec, int64_t wait_ms,
                           size_t limit)
{
    tether_error error = untouched;
    tether_outcome *outcome;
    ASSERT_OK(tether_run(registry, spec, wait_ms, limit, &outcome, &error), error);
    ASSERT_UNTOUCHED(error);
    assert_non_null(outcome);
    assert_int_equal(outcome->output[outcome->output_size], '\0');
    assert_int_equal(outcome->errors[outcome->errors_size], '\0');
    return outcome;
}

static void a_run_returns_the_exit_code_and_the_output(void **state)
{
    fixture *f = *state;
    const tether_spec spec = {.command = CHILD_TEXT " out out\n" CHILD_TEXT " err err\nexit 7"};
    tether_outcome *outcome = run(f->registry, &spec, -1, 0);
    assert_int_equal(outcome->snapshot->status, TETHER_STATUS_FAILED);
    assert_int_equal(outcome->snapshot->exit_code, 7);
    assert_int_equal(tether_exit_status(outcome->snapshot), 7);
    assert_string_equal(outcome->output, "out\n");
    assert_int_equal(outcome->output_size, 4);
    assert_int_equal(outcome->output_offset, 0);
    assert_string_equal(outcome->errors, "err\n");
    assert_int_equal(outcome->errors_offset, 0);
    test_take_completion(f->registry, outcome->snapshot->task_id);
    tether_outcome_free(outcome);
    const tether_spec merged = {.command = CHILD_TEXT " out out\n" CHILD_TEXT " err err",
                                .merge_output = true};
    outcome = run(f->registry, &merged, PATIENCE_MS, 0);
    assert_string_equal(outcome->output, "out\nerr\n");
    assert_int_equal(outcome->errors_size, 0);
    tether_outcome_free(outcome);
    tether_outcome_free(NULL);
}

static void a_run_that_times_out_leaves_its_task_running(void **state)
{
    fixture *f = *state;
    size_t size;
    const char *go = test_work_path(f, "go0");
    const char *const argv[] = {CHILD, "out", "first", "err",  "oops", "await",
                                go,    "out", "last",  "exit", "5",    NULL};
    const tether_spec spec = {.argv = argv};
    tether_outcome *outcome;
    /* Doubles the wait until it is long enough for the first lines. */
    for (int64_t wait_ms = 200;; wait_ms *= 2) {
        outcome = run(f->registry, &spec, wait_ms, 0);
        if ((outcome->output_size > 0 && outcome->errors_size > 0) || wait_ms > PATIENCE_MS)
            break;
        tether_outcome_free(outcome);
    }
    assert_int_equal(outcome->snapshot->status, TETHER_STATUS_RUNNING);
    assert_string_equal(outcome->output, "first\n");
    assert_string_equal(outcome->errors, "oops\n");
    open_gate(f, 0);
    const char *id = outcome->snapshot->task_id;
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 5, NULL);
    char *all = test_output(f->registry, id, TETHER_STDOUT, &size);
    assert_string_equal(all, "first\nlast\n");
    free(all);
    tether_outcome_free(outcome);
}

static void a_run_without_a_wait_only_starts(void **state)
{
    fixture *f = *state;
    const char *const argv[] = {CHILD, "forever", NULL};
    const tether_spec spec = {.argv = argv};
    tether_outcome *outcome = run(f->registry, &spec, 0, 0);
    assert_false(tether_status_ended(outcome->snapshot->status));
    assert_int_equal(outcome->output_size, 0);
    assert_int_equal(tether_exit_status(outcome->snapshot), 125);
    tether_outcome_free(outcome);
}

/* The run waits for the end of the task, not for the end of its output, which stays open. */
static void output_that_stays_open_delays_no_run(void **state)
{
    fixture *f = *state;
    const tether_spec spec = {.command = CHILD_TEXT " out done leave sleep 60000\nexit 3"};
    int64_t begin = test_now_ms();
    tether_outcome *outcome = run(f->registry, &spec, -1, 0);
    assert_in_range(test_now_ms() - begin, 0, LATE_MS);
    assert_int_equal(outcome->snapshot->exit_code, 3);
    assert_string_equal(outcome->output, "done\n");
    /* A kill of an ended task ends its survivors. */
    ASSERT_OK(tether_kill(f->registry, outcome->snapshot->task_id, NULL, &f->error), f->error);
    tether_outcome_free(outcome);
}

static void a_run_with_a_limit_returns_the_end_of_the_output(void **state)
{
    fixture *f = *state;
    const tether_spec spec = {.command = CHILD_TEXT " put 0123456789\n" CHILD_TEXT " put abc >&2"};
    tether_outcome *outcome = run(f->registry, &spec, -1, 4);
    assert_string_equal(outcome->output, "6789");
    assert_int_equal(outcome->output_offset, 6);
    assert_string_equal(outcome->errors, "abc");
    assert_int_equal(outcome->errors_offset, 0);
    tether_outcome_free(outcome);
    outcome = run(f->registry, &spec, -1, 10);
    assert_string_equal(outcome->output, "0123456789");
    assert_int_equal(outcome->output_offset, 0);
    tether_outcome_free(outcome);
    /* The default limit is 1 MiB; all of the output can still be read. */
    const char *const argv[] = {CHILD, "flood", "1500000", NULL};
    const tether_spec flood = {.argv = argv};
    outcome = run(f->registry, &flood, -1, 0);
    assert_int_equal(outcome->output_size, 1024 * 1024);
    assert_int_equal(outcome->output_offset, 1500000 - 1024 * 1024);
    size_t size;
    char *all = test_output(f->registry, outcome->snapshot->task_id, TETHER_STDOUT, &size);
    assert_int_equal(size, 1500000);
    assert_memory_equal(all + outcome->output_offset, outcome->output, outcome->output_size);
    free(all);
    tether_outcome_free(outcome);
}

static void a_run_that_cannot_start_leaves_nothing(void **state)
{
    fixture *f = *state;
    tether_outcome *outcome = (tether_outcome *)1;
    const char *const argv[] = {"/no/such/program", NULL};
    const tether_spec spec = {.argv = argv};
    assert_int_equal(tether_run(f->registry, &spec, -1, 0, &outcome, &f->error), TETHER_ENOPROGRAM);
    assert_null(outcome);
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
}

static void a_run_on_a_hosts_own_loop_cannot_wait(void **state)
{
    fixture *f = *state;
    uv_loop_t loop;
    tether_registry *registry;
    tether_outcome *outcome = (tether_outcome *)1;
    const tether_spec spec = {.command = "exit 0"};
    assert_int_equal(uv_loop_init(&loop), 0);
    tether_open_options options = {
        .store = f->store, .loop = &loop, .reaper = test_reaper_mode(), .no_gc = 1};
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    assert_int_equal(tether_run(registry, &spec, 10, 0, &outcome, &f->error), TETHER_EINVAL);
    assert_null(outcome);
    assert_int_equal(tether_run(registry, &spec, -1, 0, &outcome, &f->error), TETHER_EINVAL);
    /* No task was started. */
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
    assert_int_equal(test_count_lifelines(f), 0);
    outcome = run(registry, &spec, 0, 0);
    char id[TETHER_ID_SIZE];
    strcpy(id, outcome->snapshot->task_id);
    tether_outcome_free(outcome);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    /* Closing reaps a supervisor that has exited; the loop that would do it later has not run. */
    char cookie[1200];
    snprintf(cookie, sizeof cookie, "TETHER_TEST_STORE=%s", f->store);
    WAIT_UNTIL(test_count_cookies(cookie) == 0);
    test_detach(registry);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_waiter_returns_each_task_once_in_the_order_of_ending),
        TEST(a_waiter_without_running_tasks_returns_at_once),
        TEST(a_waiter_covers_tasks_of_other_hosts),
        TEST(a_waiter_skips_removed_tasks),
        TEST(any_number_of_threads_wait),
        TEST(wait_any_returns_the_task_that_ended_first),
        TEST(a_run_returns_the_exit_code_and_the_output),
        TEST(a_run_that_times_out_leaves_its_task_running),
        TEST(a_run_without_a_wait_only_starts),
        TEST(output_that_stays_open_delays_no_run),
        TEST(a_run_with_a_limit_returns_the_end_of_the_output),
        TEST(a_run_that_cannot_start_leaves_nothing),
        TEST(a_run_on_a_hosts_own_loop_cannot_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
