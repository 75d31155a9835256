/* tether_finish_kills with kills that take their time: of tasks that ignore SIGTERM. */
#include "support/elsewhere.h"

#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Starts a task that another process is the parent of, and gives it a deadline that has passed once
 * it ignores SIGTERM. Waits until its kill has begun. */
static void start_killing(fixture *f, char id[TETHER_ID_SIZE])
{
    START_ELSEWHERE(f, id, "--", CHILD, "ignore-term", "out", "ready", "forever");
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    test_detach(f->registry);
    json_t *record = test_load_record(f, id);
    json_object_set_new(record, "timeout_ms", json_integer(1));
    json_object_set_new(record, "deadline_monotonic_ms", json_integer(1));
    test_save_record(f, id, record);
    f->registry = test_open(f);
    WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_KILLING);
}

/* Starts a task, detaches while its deadline's SIGTERM has been sent and its SIGKILL has not, and
 * opens the store again. */
static void interrupt_a_kill(fixture *f, char id[TETHER_ID_SIZE])
{
    start_killing(f, id);
    test_detach(f->registry);
    f->registry = NULL;
}

static void takes_over_an_interrupted_kill_once_it_may(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    interrupt_a_kill(f, id);
    /* As if the host had not been closed and could still go on. */
    json_t *record = test_load_record(f, id);
    json_object_set_new(record, "kill_takeover_ms", json_integer((json_int_t)1 << 50));
    test_save_record(f, id, record);
    f->registry = test_open(f);
    ASSERT_OK(tether_finish_kills(f->registry, -1, &f->error), f->error);
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_KILLING);
    test_detach(f->registry);
    /* Now it is not. */
    record = test_load_record(f, id);
    json_object_set_new(record, "kill_takeover_ms", json_integer(1));
    test_save_record(f, id, record);
    f->registry = test_open(f);
    ASSERT_OK(tether_finish_kills(f->registry, PATIENCE_MS, &f->error), f->error);
    char *status = test_record_text(f, id, "status");
    assert_string_equal(status, "timed_out");
    free(status);
}

/* A host that is closed in the middle of a kill lets the next one go on at once. */
static void takes_over_the_kill_of_a_closed_host_at_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    interrupt_a_kill(f, id);
    f->registry = test_open(f);
    ASSERT_OK(tether_finish_kills(f->registry, PATIENCE_MS, &f->error), f->error);
    char *status = test_record_text(f, id, "status");
    assert_string_equal(status, "timed_out");
    free(status);
}

static void fails_when_the_timeout_passes(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start_killing(f, id);
    assert_int_equal(tether_finish_kills(f->registry, 0, &f->error), TETHER_ETIMEDOUT);
    assert_non_null(strstr(f->error.message, id));
    assert_int_equal(tether_finish_kills(f->registry, 50, &f->error), TETHER_ETIMEDOUT);
    ASSERT_OK(tether_finish_kills(f->registry, PATIENCE_MS, &f->error), f->error);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
}

typedef struct killer {
    fixture *f;
    const char *id;
} killer;

static void *kill_elsewhere(void *argument)
{
    killer *k = argument;
    tether_kill(k->f->registry, k->id, NULL, NULL);
    return NULL;
}

/* Also a kill that another thread of this process drives. */
static void waits_for_a_kill_of_another_thread(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    pthread_t thread;
    test_start_child(f->registry, id, "ignore-term", "out", "ready", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    killer k = {f, id};
    assert_int_equal(pthread_create(&thread, NULL, kill_elsewhere, &k), 0);
    WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_KILLING);
    ASSERT_OK(tether_finish_kills(f->registry, PATIENCE_MS, &f->error), f->error);
    char *status = test_record_text(f, id, "status");
    assert_string_equal(status, "killed");
    free(status);
    pthread_join(thread, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(takes_over_an_interrupted_kill_once_it_may),
        TEST(takes_over_the_kill_of_a_closed_host_at_once),
        TEST(fails_when_the_timeout_passes),
        TEST(waits_for_a_kill_of_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
