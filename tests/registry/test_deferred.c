/* A deferred opening: a program that only starts a task needs no loop and does not look at the
 * session's other tasks, and loses nothing by that. */
#include "support/elsewhere.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static tether_registry *open_deferred(fixture *f)
{
    tether_registry *registry;
    const tether_open_options options = {
        .store = f->store, .reaper = test_reaper_mode(), .no_gc = 1, .deferred = 1};
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    return registry;
}

static int setup(void **state)
{
    int code = test_setup(state);
    if (code == 0)
        ((fixture *)*state)->registry = open_deferred(*state);
    return code;
}

static void wait_for(fixture *f, const char *id)
{
    ASSERT_OK(tether_wait(f->registry, &id, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &f->error),
              f->error);
}

/* A loop holds descriptors, and nothing else that a start leaves open does. */
static void the_loop_starts_with_the_first_wait(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    int opened = test_count_fds(), loops = test_count_loops();
    test_start_child(f->registry, id, "exit", "3", NULL);
    assert_int_equal(test_count_fds(), opened);
    ASSERT_OK(tether_finish_kills(f->registry, 0, &f->error), f->error);
    assert_int_equal(test_count_fds(), opened);
    assert_int_equal(test_count_loops(), loops);
    wait_for(f, id);
    assert_true(test_count_loops() > loops);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
    test_take_completion(f->registry, id);
}

/* `tether run` defers its opening, and its record of the task says `starting`. */
static void the_next_host_adopts_what_was_started(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    START_ELSEWHERE(f, id, "--", CHILD, "forever");
    test_detach(f->registry);
    f->registry = test_open(f);
    WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_RUNNING);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_true(snapshot->child_pid > 0);
    tether_snapshot_free(snapshot);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + test_kill_signal(), NULL);
    test_take_completion(f->registry, id);
}

static void set_overdue(const fixture *f, const char *id)
{
    json_t *record = test_load_record(f, id);
    json_object_set_new(record, "timeout_ms", json_integer(1));
    json_object_set_new(record, "deadline_monotonic_ms", json_integer(1));
    test_save_record(f, id, record);
}

static void what_is_overdue_is_found_and_ended(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    START_ELSEWHERE(f, id, "--", CHILD, "forever");
    set_overdue(f, id);
    int opened = test_count_fds();
    assert_int_equal(tether_finish_kills(f->registry, 0, &f->error), TETHER_ETIMEDOUT);
    assert_int_equal(test_count_fds(), opened);
    ASSERT_OK(tether_finish_kills(f->registry, PATIENCE_MS, &f->error), f->error);
    char *status = test_record_text(f, id, "status");
    assert_string_equal(status, "timed_out");
    free(status);
    test_take_completion(f->registry, id);
}

static void an_end_before_the_first_wait_is_found_by_it(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "exit", "0", NULL);
    WAIT_UNTIL(test_count_lines(test_exit_path(f, id)) == 2);
    wait_for(f, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_take_completion(f->registry, id);
}

static size_t ring_size(fixture *f, const char *id)
{
    char text[64];
    size_t got;
    ASSERT_OK(tether_ring_read(f->registry, id, text, sizeof text, &got, &f->error), f->error);
    return got;
}

static void a_follower_starts_the_loop(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], text[16] = "";
    size_t got = 0;
    tether_follower *follower;
    tether_stream stream;
    test_start_child(f->registry, id, "out", "hello", "forever", NULL);
    ASSERT_OK(tether_follow_open(f->registry, id, TETHER_VIEW_STDOUT, NULL, &follower, &f->error),
              f->error);
    ASSERT_OK(
        tether_follow_read(follower, text, sizeof text - 1, PATIENCE_MS, &stream, &got, &f->error),
        f->error);
    assert_memory_equal(text, "hello", 5);
    tether_follow_close(follower);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    test_take_completion(f->registry, id);
}

static void a_ring_starts_the_loop(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "await", test_work_path(f, "go"), "out", "hello", "forever",
                     NULL);
    ASSERT_OK(tether_ring_keep(f->registry, id, 64, &f->error), f->error);
    test_write_file(test_work_path(f, "go"), "", 0);
    WAIT_UNTIL(ring_size(f, id) >= 5);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    test_take_completion(f->registry, id);
}

static void a_shutdown_kills_without_a_loop(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "forever", NULL);
    ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + test_kill_signal(),
                "registry was shut down");
    test_take_completion(f->registry, id);
}

enum { THREADS = 8 };

typedef struct waiter {
    fixture *f;
    const char *id;
    int code;
} waiter;

static void wait_in_thread(void *userdata)
{
    waiter *w = userdata;
    w->code = tether_wait(w->f->registry, &w->id, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, NULL);
}

static void threads_that_wait_at_once_start_one_loop(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    uv_thread_t threads[THREADS];
    waiter waiters[THREADS];
    test_start_child(f->registry, id, "exit", "0", NULL);
    for (int i = 0; i < THREADS; i++) {
        waiters[i] = (waiter){f, id, -1};
        assert_int_equal(uv_thread_create(&threads[i], wait_in_thread, &waiters[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        uv_thread_join(&threads[i]);
        assert_int_equal(waiters[i].code, TETHER_OK);
    }
    test_take_completion(f->registry, id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_loop_starts_with_the_first_wait),
        TEST(the_next_host_adopts_what_was_started),
        TEST(what_is_overdue_is_found_and_ended),
        TEST(an_end_before_the_first_wait_is_found_by_it),
        TEST(a_follower_starts_the_loop),
        TEST(a_ring_starts_the_loop),
        TEST(a_shutdown_kills_without_a_loop),
        TEST(threads_that_wait_at_once_start_one_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
