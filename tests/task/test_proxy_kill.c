/* Kills and deadlines of a proxy task: requests that its owner answers. */
#include "task/proxy_support.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

static void ends_by_a_kill_as_its_owner_says(void **state)
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
        /* Again is no error. */
        ASSERT_OK(tether_kill(killers[i % 2], id, NULL, &f->error), f->error);
    }
    test_detach(other);
}

static void takes_no_signal(void **state)
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

/* What a host is told of the proxies of its registry; it finishes them where it is told to. */
typedef struct told {
    uv_mutex_t mutex;
    tether_proxy *proxy;
    char id[TETHER_ID_SIZE];
    int started, cancels, completions, strange;
    int result;
} told;

static void hear(tether_registry *registry, const tether_event *event, void *userdata)
{
    told *t = userdata;
    (void)registry;
    uv_mutex_lock(&t->mutex);
    t->strange += event->task_id == NULL || strcmp(event->task_id, t->id) != 0;
    t->started += event->kind == TETHER_EVENT_STARTED;
    t->completions += event->kind == TETHER_EVENT_COMPLETION;
    if (event->kind == TETHER_EVENT_CANCEL) {
        t->cancels++;
        t->strange += event->snapshot->status != TETHER_STATUS_KILLING;
        t->strange += !tether_proxy_cancelled(t->proxy);
        t->result = tether_proxy_finish(t->proxy, 0, TERM_SIGNAL, NULL);
    }
    uv_mutex_unlock(&t->mutex);
}

static int completions_told(told *t)
{
    uv_mutex_lock(&t->mutex);
    int count = t->completions;
    uv_mutex_unlock(&t->mutex);
    return count;
}

typedef enum wish { KILL_HERE, KILL_ELSEWHERE, DEADLINE, WISHES } wish;

static void its_host_is_told_once_to_stop(void **state)
{
    fixture *f = *state;
    told t = {.result = -1};
    tether_registry *registry;
    tether_open_options options = {
        .store = f->store, .reaper = test_reaper_mode(), .on_event = hear, .userdata = &t};
    assert_int_equal(uv_mutex_init(&t.mutex), 0);
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    tether_registry *other = test_open(f);
    for (wish w = KILL_HERE; w < WISHES; w++) {
        tether_proxy_spec spec = {.command = "x", .timeout_ms = w == DEADLINE ? 50 : 0};
        uv_mutex_lock(&t.mutex);
        t.proxy = proxy_open_spec(registry, &spec, t.id);
        uv_mutex_unlock(&t.mutex);
        if (w != DEADLINE) {
            tether_registry *killer = w == KILL_HERE ? registry : other;
            ASSERT_OK(tether_kill(killer, t.id, NULL, &f->error), f->error);
        }
        test_expect(other, t.id, w == DEADLINE ? TETHER_STATUS_TIMED_OUT : TETHER_STATUS_KILLED,
                    w == DEADLINE ? 124 : 143, NULL);
        WAIT_UNTIL(completions_told(&t) == (int)w + 1);
    }
    test_detach(other);
    ASSERT_OK(tether_close(registry, TETHER_DETACH, &f->error), f->error);
    assert_int_equal(t.started, WISHES);
    assert_int_equal(t.cancels, WISHES);
    assert_int_equal(t.completions, WISHES);
    assert_int_equal(t.strange, 0);
    assert_int_equal(t.result, TETHER_OK);
    uv_mutex_destroy(&t.mutex);
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
    assert_true(s->duration_ms >= 40); /* the end is the time of a file, which is that of a tick */
    tether_snapshot_free(s);
}

static void ends_by_itself_at_its_deadline(void **state)
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

/* Without a registry beside the one that the test closes. */
#define TEST_CLOSED(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ends_by_a_kill_as_its_owner_says),
        TEST(takes_no_signal),
        TEST_CLOSED(its_host_is_told_once_to_stop),
        TEST(survives_a_kill_until_its_owner_finishes),
        TEST(times_out_at_its_deadline),
        TEST(ends_by_itself_at_its_deadline),
    };
    return cmocka_run_group_tests_name("proxy_kill", tests, NULL, NULL);
}
