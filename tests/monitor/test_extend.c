/* The deadline of a task with a monitor, which hosts move. */
#include "monitor/controlled.h"

#include <string.h>

/* Starts a task that runs for ever, and waits for its command. */
static void start(const fixture *f, int64_t timeout_ms, char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.timeout_ms = timeout_ms};
    controlled_start(f->registry, &spec, id, "out", "ready", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
}

static void a_deadline_moves_in_both_directions(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, CONTROLLED_SOON_MS, id);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
    controlled_wait_past_soon();
    assert_true(controlled_runs(f, id));
    assert_false(controlled_lifeline_has(f, id, "deadline"));
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_true(snapshot->deadline_at > snapshot->started_at + CONTROLLED_LONG_MS);
    tether_snapshot_free(snapshot);
    controlled_extend(f, id, CONTROLLED_SHORT_MS);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    assert_true(controlled_lifeline_has(f, id, "\ntimed_out"));
}

static void a_deadline_goes_and_comes(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, CONTROLLED_SOON_MS, id);
    controlled_extend(f, id, TETHER_NO_TIMEOUT);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_int_equal(snapshot->deadline_at, 0);
    tether_snapshot_free(snapshot);
    controlled_wait_past_soon();
    assert_true(controlled_runs(f, id));
    controlled_extend(f, id, CONTROLLED_SHORT_MS);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
}

static void the_new_deadline_needs_no_host(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, CONTROLLED_LONG_MS, id);
    controlled_extend(f, id, CONTROLLED_SHORT_MS);
    test_detach(f->registry);
    WAIT_UNTIL(controlled_lifeline_has(f, id, "\ntimed_out"));
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    controlled_reap();
}

static void a_deadline_that_is_over_does_not_move(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.timeout_ms = CONTROLLED_LONG_MS};
    controlled_start(f->registry, &spec, id, "ignore-term", "out", "ready", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    controlled_extend(f, id, 1);
    WAIT_UNTIL(controlled_lifeline_has(f, id, "\ndeadline"));
    if (!controlled_lifeline_has(f, id, "\ntimed_out"))
        controlled_refuses(f, id, TETHER_ETOOLATE, "is being ended");
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    controlled_refuses(f, id, TETHER_EENDED, "is timed_out");
}

static void a_timeout_must_be_a_time(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, CONTROLLED_LONG_MS, id);
    static const int64_t wrong[] = {0, -2, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(tether_extend(f->registry, id, wrong[i], NULL), TETHER_EINVAL);
    assert_int_equal(tether_extend(f->registry, "no-such-task", 1, NULL), TETHER_ENOTASK);
    assert_int_equal(tether_extend(f->registry, "../..", 1, NULL), TETHER_EINVAL);
    assert_int_equal(tether_extend(f->registry, NULL, 1, NULL), TETHER_EINVAL);
    controlled_end(f, id);
}

/* What was sent while the monitor was stopped counts when it goes on: it stands in the journal. */
static void a_stopped_monitor_costs_a_bounded_wait(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, CONTROLLED_LONG_MS, id);
    long monitor = controlled_monitor(f->registry, id);
    controlled_suspend(monitor);
    controlled_refuses(f, id, TETHER_ENOANSWER, "is recorded");
    controlled_resume(monitor);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
    controlled_suspend(monitor);
    assert_int_equal(tether_extend(f->registry, id, CONTROLLED_SHORT_MS, &f->error),
                     TETHER_ENOANSWER);
    assert_non_null(strstr(f->error.message, "does not answer"));
    f->error = (tether_error){0};
    controlled_resume(monitor);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    assert_true(controlled_lifeline_has(f, id, "\ntimed_out"));
}

static void a_killed_monitor_is_told(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, CONTROLLED_LONG_MS, id);
    controlled_extend(f, id, CONTROLLED_LONG_MS);
    controlled_kill(controlled_monitor(f->registry, id));
    /* A process that is just ending may still look alive. The command goes on, where a host can see
     * its end. */
    bool goes_on = controlled_has_witnesses(f);
    int expected = goes_on ? TETHER_ENOANSWER : TETHER_EENDED;
    WAIT_UNTIL(tether_extend(f->registry, id, CONTROLLED_LONG_MS, NULL) == expected);
    if (!goes_on)
        test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                    "process exited without exit marker");
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    if (goes_on)
        test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + test_kill_signal(), NULL);
}

#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(a_deadline_moves_in_both_directions),
        WITH_REGISTRY(a_deadline_goes_and_comes),
        WITH_REGISTRY(the_new_deadline_needs_no_host),
        WITH_REGISTRY(a_deadline_that_is_over_does_not_move),
        WITH_REGISTRY(a_timeout_must_be_a_time),
        WITH_REGISTRY(a_stopped_monitor_costs_a_bounded_wait),
        WITH_REGISTRY(a_killed_monitor_is_told),
    };
    return cmocka_run_group_tests_name("extend", tests, NULL, NULL);
}
