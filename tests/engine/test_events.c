/* Events: which ones a callback receives, how often and in which order, and what it may call. */
#include "support/listener.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static void start_and_end_are_delivered_once(void **state)
{
    fixture *f = *state;
    listener l;
    char id[TETHER_ID_SIZE];
    listener_open(&l, f, NULL);
    test_start_child(l.registry, id, "out", "hello", "exit", "3", NULL);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, id) > 0);
    assert_true(witness_place(&l.w, TETHER_EVENT_STARTED, id) <
                witness_place(&l.w, TETHER_EVENT_COMPLETION, id));
    seen_event end = witness_get(&l.w, TETHER_EVENT_COMPLETION, id, 0);
    assert_int_equal(end.status, TETHER_STATUS_FAILED);
    /* The record is written before the event is delivered: another host sees the completion. */
    assert_int_equal(test_pending(f->registry, id), 1);
    test_take_completion(l.registry, id);
    test_detach(l.registry);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_STARTED, id), 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_COMPLETION, id), 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_LOG, NULL), 0);
    witness_close(&l.w);
}

static void completions_of_other_hosts_are_delivered(void **state)
{
    fixture *f = *state;
    listener l;
    char id[TETHER_ID_SIZE];
    listener_open(&l, f, NULL);
    test_start_child(f->registry, id, "exit", "0", NULL);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, id) == 1);
    listener_close(&l);
}

static void pending_completions_are_delivered_at_the_open(void **state)
{
    fixture *f = *state;
    listener l;
    char ids[3][TETHER_ID_SIZE];
    for (int i = 0; i < 3; i++) {
        test_start_child(f->registry, ids[i], "exit", "0", NULL);
        test_expect(f->registry, ids[i], TETHER_STATUS_COMPLETED, 0, NULL);
    }
    test_take_completion(f->registry, ids[1]);
    listener_open(&l, f, NULL);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, ids[0]) == 1);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, ids[2]) == 1);
    test_detach(l.registry);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_COMPLETION, NULL), 2);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_STARTED, NULL), 0);
    witness_close(&l.w);
}

static void tasks_from_before_the_open_have_no_start_event(void **state)
{
    fixture *f = *state;
    listener l;
    char old[TETHER_ID_SIZE], young[TETHER_ID_SIZE];
    test_start_child(f->registry, old, "forever", NULL);
    listener_open(&l, f, NULL);
    test_start_child(l.registry, young, "exit", "0", NULL);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, young) == 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_STARTED, young), 1);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_STARTED, old), 0);
    ASSERT_OK(tether_kill(l.registry, old, NULL, &f->error), f->error);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, old) == 1);
    assert_int_equal(witness_get(&l.w, TETHER_EVENT_COMPLETION, old, 0).status,
                     TETHER_STATUS_KILLED);
    listener_close(&l);
}

static void promoted_tasks_have_a_completion_event(void **state)
{
    fixture *f = *state;
    listener l;
    char running[TETHER_ID_SIZE], ended[TETHER_ID_SIZE];
    tether_spec spec = {.command = "exit 4", .no_notify = true};
    listener_open(&l, f, NULL);
    test_start(l.registry, &spec, ended);
    test_expect(l.registry, ended, TETHER_STATUS_FAILED, 4, NULL);
    assert_int_equal(test_pending(l.registry, ended), 0);
    const char *const go = test_work_path(f, "go");
    const char *const argv[] = {CHILD, "await", go, NULL};
    spec = (tether_spec){.argv = argv, .no_notify = true};
    test_start(l.registry, &spec, running);
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(tether_promote(l.registry, running, &f->error), f->error);
        ASSERT_OK(tether_promote(l.registry, ended, &f->error), f->error);
    }
    assert_int_equal(test_pending(l.registry, ended), 1);
    assert_int_equal(test_pending(l.registry, running), 0);
    test_write_file(go, "", 0);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, running) == 1);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, ended) == 1);
    test_take_completion(l.registry, ended);
    ASSERT_OK(tether_promote(l.registry, ended, &f->error), f->error);
    assert_int_equal(test_pending(l.registry, ended), 0);
    assert_int_equal(tether_promote(l.registry, "nosuch", &f->error), TETHER_ENOTASK);
    listener_close(&l);
}

static void a_late_promotion_by_another_host_is_delivered(void **state)
{
    fixture *f = *state;
    listener l;
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {CHILD, "exit", "0", NULL};
    const tether_spec spec = {.argv = argv, .no_notify = true};
    listener_open(&l, f, NULL);
    test_start(l.registry, &spec, id);
    test_expect(l.registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    ASSERT_OK(tether_promote(f->registry, id, &f->error), f->error);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, id) == 1);
    test_take_completion(l.registry, id);
    listener_close(&l);
}

/* Nothing but the journal tells of it: the task has no lifeline any more. */
static void a_promotion_from_the_archive_is_delivered(void **state)
{
    fixture *f = *state;
    listener l;
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {CHILD, "exit", "3", NULL};
    const tether_spec spec = {.argv = argv, .no_notify = true};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
    WAIT_UNTIL(test_archive_task(f, id));
    listener_open(&l, f, NULL);
    ASSERT_OK(tether_promote(f->registry, id, &f->error), f->error);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, id) == 1);
    test_take_completion(l.registry, id);
    listener_close(&l);
}

/* A proxy writes to its lifeline before it has a record, and not again before its end: only the
 * journal, whose first line this is, surely tells of it. */
static void the_first_task_of_another_host_is_delivered(void **state)
{
    fixture *f = *state;
    listener l;
    char id[TETHER_ID_SIZE];
    const tether_proxy_spec spec = {.command = "work"};
    tether_proxy *proxy;
    listener_open(&l, f, NULL);
    ASSERT_OK(tether_proxy_open(f->registry, &spec, id, &proxy, &f->error), f->error);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_STARTED, id) == 1);
    ASSERT_OK(tether_proxy_finish(proxy, 0, 0, &f->error), f->error);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, id) == 1);
    test_take_completion(l.registry, id);
    listener_close(&l);
}

/* --- Reminders --- */

static void reminders_of_long_tasks_repeat(void **state)
{
    fixture *f = *state;
    listener l;
    char id[TETHER_ID_SIZE], adopted[TETHER_ID_SIZE];
    const tether_open_options options = {.reminder_ms = 100};
    test_start_child(f->registry, adopted, "forever", NULL);
    listener_open(&l, f, &options);
    test_start_child(l.registry, id, "forever", NULL);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_REMINDER, id) >= 3);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_REMINDER, adopted) >= 1);
    for (size_t i = 0; i < 3; i++) {
        seen_event reminder = witness_get(&l.w, TETHER_EVENT_REMINDER, id, i);
        assert_true(reminder.elapsed_ms >= (int64_t)(i + 1) * 100);
        assert_false(tether_status_ended(reminder.status));
    }
    ASSERT_OK(tether_kill(l.registry, id, NULL, &f->error), f->error);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, id) == 1);
    size_t count = witness_count(&l.w, TETHER_EVENT_REMINDER, id);
    size_t before = witness_count(&l.w, TETHER_EVENT_REMINDER, adopted);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_REMINDER, adopted) >= before + 3);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_REMINDER, id), count);
    listener_close(&l);
}

static void reminders_can_be_off(void **state)
{
    fixture *f = *state;
    listener loud, quiet;
    char id[TETHER_ID_SIZE];
    const tether_open_options on = {.reminder_ms = 20};
    const tether_open_options off = {.reminder_ms = TETHER_NO_REMINDER};
    listener_open(&loud, f, &on);
    listener_open(&quiet, f, &off);
    test_start_child(f->registry, id, "forever", NULL);
    WAIT_UNTIL(witness_count(&loud.w, TETHER_EVENT_REMINDER, id) >= 5);
    assert_int_equal(witness_count(&quiet.w, TETHER_EVENT_REMINDER, NULL), 0);
    listener_close(&loud);
    listener_close(&quiet);
}

/* --- What a callback may call --- */

/* Blocks the callback at the first completion. */
typedef struct gate {
    uv_sem_t entered;
    uv_sem_t release;
    bool used;
} gate;

static void block_once(tether_registry *registry, const tether_event *event, witness *w)
{
    gate *g = w->userdata;
    (void)registry;
    if (event->kind != TETHER_EVENT_COMPLETION || g->used)
        return;
    g->used = true;
    uv_sem_post(&g->entered);
    uv_sem_wait(&g->release);
}

static void a_slow_callback_delays_only_events(void **state)
{
    fixture *f = *state;
    listener l;
    gate g = {.used = false};
    char first[TETHER_ID_SIZE], id[TETHER_ID_SIZE];
    assert_int_equal(uv_sem_init(&g.entered, 0), 0);
    assert_int_equal(uv_sem_init(&g.release, 0), 0);
    listener_open(&l, f, NULL);
    l.w.react = block_once;
    l.w.userdata = &g;
    test_start_child(l.registry, first, "exit", "0", NULL);
    uv_sem_wait(&g.entered);
    /* While the callback blocks, ends, deadlines, kills and waits go on. */
    test_start_child(l.registry, id, "exit", "5", NULL);
    test_expect(l.registry, id, TETHER_STATUS_FAILED, 5, NULL);
    const char *const argv[] = {CHILD, "forever", NULL};
    tether_spec spec = {.argv = argv, .timeout_ms = 50};
    test_start(l.registry, &spec, id);
    test_expect(l.registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    test_start_child(l.registry, id, "forever", NULL);
    ASSERT_OK(tether_kill(l.registry, id, NULL, &f->error), f->error);
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_COMPLETION, NULL), 1);
    uv_sem_post(&g.release);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, NULL) == 4);
    listener_close(&l);
    uv_sem_destroy(&g.entered);
    uv_sem_destroy(&g.release);
}

/* On each completion: starts and kills one task, acknowledges the completion, and starts the next
 * task. */
static void spawn_next(tether_registry *registry, const tether_event *event, witness *w)
{
    tether_error error = {0};
    char id[TETHER_ID_SIZE], other[TETHER_ID_SIZE];
    int *left = w->userdata;
    const char *const next[] = {CHILD, "exit", "0", NULL};
    const char *const endless[] = {CHILD, "forever", NULL};
    tether_spec spec = {.argv = next};
    tether_spec doomed = {.argv = endless, .no_notify = true};
    if (event->kind != TETHER_EVENT_COMPLETION || (*left)-- <= 0)
        return;
    if (tether_spawn(registry, &doomed, other, &error) != TETHER_OK ||
        tether_kill(registry, other, NULL, &error) != TETHER_OK ||
        tether_completion_ack(registry, event->task_id, NULL, &error) != TETHER_OK ||
        tether_spawn(registry, &spec, id, &error) != TETHER_OK)
        fprintf(stderr, "callback: %s\n", error.message);
}

static void a_callback_may_spawn_kill_and_acknowledge(void **state)
{
    fixture *f = *state;
    listener l;
    int left = 10;
    char id[TETHER_ID_SIZE];
    listener_open(&l, f, NULL);
    l.w.react = spawn_next;
    l.w.userdata = &left;
    test_start_child(l.registry, id, "exit", "0", NULL);
    WAIT_UNTIL(witness_count(&l.w, TETHER_EVENT_COMPLETION, NULL) == 11);
    assert_int_equal(test_pending(l.registry, NULL), 1);
    listener_close(&l);
}

static void close_on_completion(tether_registry *registry, const tether_event *event, witness *w)
{
    uv_sem_t *closed = w->userdata;
    if (event->kind != TETHER_EVENT_COMPLETION)
        return;
    tether_close(registry, TETHER_SHUTDOWN, NULL);
    uv_sem_post(closed);
}

static void a_callback_may_close_the_registry(void **state)
{
    fixture *f = *state;
    listener l;
    uv_sem_t closed;
    char id[TETHER_ID_SIZE], other[TETHER_ID_SIZE];
    assert_int_equal(uv_sem_init(&closed, 0), 0);
    listener_open(&l, f, NULL);
    l.w.react = close_on_completion;
    l.w.userdata = &closed;
    test_start_child(l.registry, other, "out", "ready", "forever", NULL);
    /* Before the command runs, SIGTERM may reach only the wrapper, which traps it and goes on. */
    test_wait_output(l.registry, other, TETHER_STDOUT, 6);
    test_start_child(l.registry, id, "exit", "0", NULL);
    uv_sem_wait(&closed);
    /* The close has killed the running task and delivers no event for it. */
    test_expect(f->registry, other, TETHER_STATUS_KILLED, 128 + test_kill_signal(),
                "registry was shut down");
    assert_int_equal(witness_count(&l.w, TETHER_EVENT_COMPLETION, NULL), 1);
    witness_close(&l.w);
    uv_sem_destroy(&closed);
}

/* --- On a loop of the host --- */

typedef struct loop_host {
    uv_loop_t loop;
    tether_registry *registry;
    fixture *f;
    char id[TETHER_ID_SIZE];
    bool close_inside;
    bool wrong_thread;
    uv_thread_t thread;
} loop_host;

static void on_loop_event(tether_registry *registry, const tether_event *event, witness *w)
{
    loop_host *host = w->userdata;
    uv_thread_t self = uv_thread_self();
    if (!uv_thread_equal(&self, &host->thread))
        host->wrong_thread = true;
    if (event->kind == TETHER_EVENT_COMPLETION && host->close_inside) {
        tether_close(registry, TETHER_DETACH, NULL);
        host->registry = NULL;
    }
}

static void run_on_loop(fixture *f, bool close_inside)
{
    witness w;
    loop_host host = {.f = f, .close_inside = close_inside, .thread = uv_thread_self()};
    assert_int_equal(uv_loop_init(&host.loop), 0);
    witness_open(&w);
    w.react = on_loop_event;
    w.userdata = &host;
    const tether_open_options options = {.loop = &host.loop};
    host.registry = witness_registry(f, &w, &options);
    test_start_child(host.registry, host.id, "exit", "9", NULL);
    int64_t end = test_now_ms() + PATIENCE_MS;
    while (witness_count(&w, TETHER_EVENT_COMPLETION, host.id) == 0 && test_now_ms() < end)
        uv_run(&host.loop, UV_RUN_ONCE);
    assert_int_equal(witness_count(&w, TETHER_EVENT_COMPLETION, host.id), 1);
    assert_false(host.wrong_thread);
    if (!close_inside)
        test_detach(host.registry);
    assert_int_equal(uv_run(&host.loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&host.loop), 0);
    witness_close(&w);
}

static void a_hosts_loop_delivers_events_on_its_own_thread(void **state)
{
    run_on_loop(*state, false);
}

static void a_registry_on_a_hosts_loop_may_be_closed_inside_a_callback(void **state)
{
    run_on_loop(*state, true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(start_and_end_are_delivered_once),
        TEST(completions_of_other_hosts_are_delivered),
        TEST(pending_completions_are_delivered_at_the_open),
        TEST(tasks_from_before_the_open_have_no_start_event),
        TEST(promoted_tasks_have_a_completion_event),
        TEST(a_late_promotion_by_another_host_is_delivered),
        TEST(a_promotion_from_the_archive_is_delivered),
        TEST(the_first_task_of_another_host_is_delivered),
        TEST(reminders_of_long_tasks_repeat),
        TEST(reminders_can_be_off),
        TEST(a_slow_callback_delays_only_events),
        TEST(a_callback_may_spawn_kill_and_acknowledge),
        TEST(a_callback_may_close_the_registry),
        TEST(a_hosts_loop_delivers_events_on_its_own_thread),
        TEST(a_registry_on_a_hosts_loop_may_be_closed_inside_a_callback),
    };
    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
