/* Kills and deadlines of a proxy task. Both are requests: the owner decides how the task ends. */
#include "task/proxy_support.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

static void a_kill_ends_it_as_its_owner_says(void **state)
{
    fixture *f = *state;
    tether_registry *other = test_open(f);
    tether_registry *const killers[] = {f->registry, other};
    static const struct {
        int code, signal;
        tether_status status;
        int64_t exit_code;
        const char *reason;
    } cases[] = {
        {0, TERM_SIGNAL, TETHER_STATUS_KILLED, 143, NULL},
        {0, KILL_SIGNAL, TETHER_STATUS_KILLED, 137, NULL},
        {0, 0, TETHER_STATUS_COMPLETED, 0, ENDED_BY_ITSELF},
        {4, 0, TETHER_STATUS_FAILED, 4, ENDED_BY_ITSELF},
        /* An exit with a signal's code is an exit. */
        {143, 0, TETHER_STATUS_FAILED, 143, ENDED_BY_ITSELF},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        proxy_owner o;
        char id[TETHER_ID_SIZE];
        size_t c = i / 2;
        proxy_owner_start(&o, proxy_open(f->registry, id), cases[c].code, cases[c].signal);
        ASSERT_OK(tether_kill(killers[i % 2], id, NULL, &f->error), f->error);
        proxy_owner_join(&o);
        test_expect(f->registry, id, cases[c].status, cases[c].exit_code, cases[c].reason);
        /* A kill of an ended task succeeds. */
        ASSERT_OK(tether_kill(killers[i % 2], id, NULL, &f->error), f->error);
    }
    test_detach(other);
}

static void refuses_signals_and_pauses(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_kill_options options = {.signal = TERM_SIGNAL};
    tether_proxy *proxy = proxy_open(f->registry, id);
    assert_int_equal(tether_kill(f->registry, id, &options, &f->error), TETHER_ENOTSUP);
    assert_non_null(strstr(f->error.message, "no process of its own"));
    assert_false(tether_proxy_cancelled(proxy));
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_RUNNING);
    assert_int_equal(tether_pause(f->registry, id, &f->error), TETHER_ENOTSUP);
    assert_int_equal(tether_resume(f->registry, id, &f->error), TETHER_ENOTSUP);
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_RUNNING);
    proxy_finish(proxy, 0, 0);
    assert_int_equal(tether_kill(f->registry, id, &options, &f->error), TETHER_ENOTSUP);
}

/* Counts the events of a host with one proxy task at a time, and finishes the task on CANCEL. */
typedef struct observer {
    uv_mutex_t mutex;
    tether_proxy *proxy;
    char id[TETHER_ID_SIZE];
    int started, cancels, completions, unexpected;
    int result;
} observer;

static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    observer *o = userdata;
    (void)registry;
    uv_mutex_lock(&o->mutex);
    o->unexpected += event->task_id == NULL || strcmp(event->task_id, o->id) != 0;
    o->started += event->kind == TETHER_EVENT_STARTED;
    o->completions += event->kind == TETHER_EVENT_COMPLETION;
    if (event->kind == TETHER_EVENT_CANCEL) {
        o->cancels++;
        o->unexpected += event->snapshot->status != TETHER_STATUS_KILLING;
        o->unexpected += !tether_proxy_cancelled(o->proxy);
        o->result = tether_proxy_finish(o->proxy, 0, TERM_SIGNAL, NULL);
    }
    uv_mutex_unlock(&o->mutex);
}

static int count_completions(observer *o)
{
    uv_mutex_lock(&o->mutex);
    int count = o->completions;
    uv_mutex_unlock(&o->mutex);
    return count;
}

typedef enum cause { KILL_BY_OWNER, KILL_BY_OTHER, DEADLINE, CAUSES } cause;

static void its_host_gets_one_cancel_event(void **state)
{
    fixture *f = *state;
    observer o = {.result = -1};
    tether_registry *registry;
    tether_open_options options = {
        .store = f->store, .reaper = test_reaper_mode(), .on_event = on_event, .userdata = &o};
    assert_int_equal(uv_mutex_init(&o.mutex), 0);
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    tether_registry *other = test_open(f);
    for (cause c = KILL_BY_OWNER; c < CAUSES; c++) {
        tether_proxy_spec spec = {.command = "x", .timeout_ms = c == DEADLINE ? 50 : 0};
        uv_mutex_lock(&o.mutex);
        o.proxy = proxy_open_spec(registry, &spec, o.id);
        uv_mutex_unlock(&o.mutex);
        if (c != DEADLINE) {
            tether_registry *killer = c == KILL_BY_OWNER ? registry : other;
            ASSERT_OK(tether_kill(killer, o.id, NULL, &f->error), f->error);
        }
        test_expect(other, o.id, c == DEADLINE ? TETHER_STATUS_TIMED_OUT : TETHER_STATUS_KILLED,
                    c == DEADLINE ? 124 : 143, NULL);
        WAIT_UNTIL(count_completions(&o) == (int)c + 1);
    }
    test_detach(other);
    ASSERT_OK(tether_close(registry, TETHER_DETACH, &f->error), f->error);
    assert_int_equal(o.started, CAUSES);
    assert_int_equal(o.cancels, CAUSES);
    assert_int_equal(o.completions, CAUSES);
    assert_int_equal(o.unexpected, 0);
    assert_int_equal(o.result, TETHER_OK);
    uv_mutex_destroy(&o.mutex);
}

static void survives_a_kill_until_its_owner_finishes(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], process[32];
    tether_kill_options options = {.grace_ms = -1};
    tether_proxy *proxy = proxy_open(f->registry, id);
    /* A signal to this process would end the test. */
    assert_int_equal(tether_kill(f->registry, id, &options, &f->error), TETHER_ESURVIVED);
    snprintf(process, sizeof process, "process %d,", (int)uv_os_getpid());
    assert_non_null(strstr(f->error.message, process));
    assert_true(tether_proxy_cancelled(proxy));
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_KILLING);
    assert_int_equal(test_pending(f->registry, id), 0);
    proxy_finish(proxy, 0, TERM_SIGNAL);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 143, NULL);
}

static void times_out_at_its_deadline(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    proxy_owner o;
    tether_proxy_spec spec = {.command = "x", .timeout_ms = 50};
    proxy_owner_start(&o, proxy_open_spec(f->registry, &spec, id), 0, TERM_SIGNAL);
    proxy_owner_join(&o);
    tether_snapshot *s = test_wait(f->registry, id);
    assert_int_equal(s->status, TETHER_STATUS_TIMED_OUT);
    assert_int_equal(s->exit_code, 124);
    assert_null(s->reason);
    /* Not 50: finished_at is a file time, which has the resolution of the kernel's tick. */
    assert_true(s->duration_ms >= 40);
    tether_snapshot_free(s);
}

static void can_end_by_itself_at_its_deadline(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_proxy_spec spec = {.command = "x", .timeout_ms = 50};
    tether_proxy *proxy = proxy_open_spec(f->registry, &spec, id);
    WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_KILLING);
    assert_true(tether_proxy_cancelled(proxy));
    proxy_finish(proxy, 0, 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, "ended by itself at its deadline");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

/* For a test that opens its own registry. */
#define TEST_OWN_REGISTRY(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_kill_ends_it_as_its_owner_says),
        TEST(refuses_signals_and_pauses),
        TEST_OWN_REGISTRY(its_host_gets_one_cancel_event),
        TEST(survives_a_kill_until_its_owner_finishes),
        TEST(times_out_at_its_deadline),
        TEST(can_end_by_itself_at_its_deadline),
    };
    return cmocka_run_group_tests_name("proxy_kill", tests, NULL, NULL);
}
