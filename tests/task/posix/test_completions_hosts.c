/* Completions between processes: hosts that die, close or stop while they hold a lease, and hosts
 * that drain at the same time. */
#include "support/support.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* How long a waiter may take to notice a change that raises no event. */
enum {
    SOON_MS = 5000,
    LONG_WAIT_MS = 7500 /* looks at the disk that are ever more seldom would be 8 s apart by then */
};

typedef int (*list_call)(tether_registry *registry, const tether_completion_options *options,
                         tether_snapshot_list **list, tether_error *error);

/* Counts the completions that the call returns; *id gets the id of the first one (NULL: not
 * wanted). */
static size_t count(list_call call, tether_registry *registry, char *id)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    ASSERT_OK(call(registry, NULL, &list, &error), error);
    size_t n = list->count;
    if (id != NULL && n > 0)
        strcpy(id, list->items[0]->task_id);
    tether_snapshot_list_free(list);
    return n;
}

static void expect_id(list_call call, tether_registry *registry, const char *wanted)
{
    char id[TETHER_ID_SIZE] = "";
    assert_int_equal(count(call, registry, id), 1);
    assert_string_equal(id, wanted);
}

static int ack(tether_registry *registry, const char *id)
{
    tether_error error = {0};
    return tether_completion_ack(registry, id, NULL, &error);
}

static int wait_for_completion(tether_registry *registry, int64_t timeout_ms)
{
    tether_error error = {0};
    return tether_completions_wait(registry, NULL, timeout_ms, &error);
}

typedef struct waiting {
    tether_registry *registry;
    atomic_bool begun;
    int64_t ended_at;
    int code;
} waiting;

static void wait_in_thread(void *userdata)
{
    waiting *w = userdata;
    atomic_store(&w->begun, true);
    w->code = tether_completions_wait(w->registry, NULL, PATIENCE_MS, NULL);
    w->ended_at = test_now_ms();
}

static void begin_waiting(waiting *w, uv_thread_t *thread)
{
    assert_int_equal(uv_thread_create(thread, wait_in_thread, w), 0);
    WAIT_UNTIL(atomic_load(&w->begun));
    test_nap_us(30000);
}

typedef struct stage {
    atomic_int ready; /* completions that the host has leased */
    atomic_bool go;   /* the host may close */
    char id[TETHER_ID_SIZE];
} stage;

static tether_registry *open_in_host(fixture *f)
{
    tether_error error = {0};
    tether_registry *registry;
    tether_open_options options = {.store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
    HOST_OK(tether_open(&options, &registry, &error), error);
    return registry;
}

/* Waits for the completion of s->id, leases it, and keeps it until s->go. */
static void lease_and_wait(fixture *f, void *userdata)
{
    stage *s = userdata;
    tether_error error = {0};
    tether_snapshot_list *list;
    tether_registry *registry = open_in_host(f);
    HOST_OK(tether_completions_wait(registry, NULL, PATIENCE_MS, &error), error);
    HOST_OK(tether_completions_lease(registry, NULL, &list, &error), error);
    HOST_ASSERT(list->count == 1 && strcmp(list->items[0]->task_id, s->id) == 0);
    tether_snapshot_list_free(list);
    atomic_store(&s->ready, 1);
    while (!atomic_load(&s->go))
        test_pause();
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

/* Forks a host that leases the completion of s->id, and opens the fixture's registry. */
static long start_holder(fixture *f, stage *s)
{
    long host = test_fork_host(lease_and_wait, f, s);
    f->registry = test_open(f);
    /* The host reads s->id after the task has ended, so the id is set before. */
    test_start_child(f->registry, s->id, "await", test_work_path(f, "go"), NULL);
    test_write_file(test_work_path(f, "go"), "", 0);
    WAIT_UNTIL(atomic_load(&s->ready) == 1);
    assert_int_equal(count(tether_completions_lease, f->registry, NULL), 0);
    assert_int_equal(ack(f->registry, s->id), TETHER_ELEASED);
    return host;
}

static void the_leases_of_a_killed_host_are_pending_again(void **state)
{
    fixture *f = *state;
    stage *s = test_shared(sizeof *s);
    long host = start_holder(f, s);
    assert_int_equal(wait_for_completion(f->registry, 0), TETHER_ETIMEDOUT);
    test_kill_host(host);
    f->hosts_died = true;
    expect_id(tether_completions_lease, f->registry, s->id);
    test_take_completion(f->registry, s->id);
    test_unshare(s, sizeof *s);
}

static void the_leases_of_a_host_that_closed_are_pending_again(void **state)
{
    fixture *f = *state;
    stage *s = test_shared(sizeof *s);
    long host = start_holder(f, s);
    atomic_store(&s->go, true);
    assert_int_equal(test_join_host(host), 0);
    expect_id(tether_completions_drain, f->registry, s->id);
    test_unshare(s, sizeof *s);
}

static void a_stopped_host_keeps_its_leases(void **state)
{
    fixture *f = *state;
    stage *s = test_shared(sizeof *s);
    long host = start_holder(f, s);
    test_stop_host(host);
    assert_int_equal(wait_for_completion(f->registry, 1500), TETHER_ETIMEDOUT);
    assert_int_equal(count(tether_completions_lease, f->registry, NULL), 0);
    assert_int_equal(count(tether_completions_drain, f->registry, NULL), 0);
    assert_int_equal(ack(f->registry, s->id), TETHER_ELEASED);
    assert_int_equal(count(tether_completions_peek, f->registry, NULL), 1);
    test_kill_host(host);
    f->hosts_died = true;
    assert_int_equal(count(tether_completions_drain, f->registry, NULL), 1);
    test_unshare(s, sizeof *s);
}

/* The holder dies when the wait has lasted this long. */
static void expect_death_is_noticed(fixture *f, int64_t after_ms)
{
    uv_thread_t thread;
    stage *s = test_shared(sizeof *s);
    long host = start_holder(f, s);
    waiting w = {.registry = f->registry};
    int64_t begin = test_now_ms();
    begin_waiting(&w, &thread);
    WAIT_UNTIL(test_now_ms() - begin >= after_ms);
    begin = test_now_ms();
    test_kill_host(host);
    f->hosts_died = true;
    assert_int_equal(uv_thread_join(&thread), 0);
    assert_int_equal(w.code, TETHER_OK);
    assert_in_range(w.ended_at - begin, 0, SOON_MS);
    test_unshare(s, sizeof *s);
}

static void waiting_notices_the_death_of_a_holder(void **state)
{
    expect_death_is_noticed(*state, 0);
}

static void a_long_wait_notices_the_death_of_a_holder(void **state)
{
    expect_death_is_noticed(*state, LONG_WAIT_MS);
}

/* --- Hosts that drain at the same time --- */

enum { DRAINERS = 2, MANY = 500, STREAMED = 80, DRAIN_LIMIT = 7 };

typedef struct ledger {
    atomic_int total;       /* tasks; 0: not known yet */
    atomic_int drained;     /* completions, over all tasks */
    atomic_int times[MANY]; /* completions of each task */
    char ids[MANY][TETHER_ID_SIZE];
    atomic_int deaths; /* hosts that still have to lease and die before the others begin */
} ledger;

static void count_drained(ledger *l, const tether_snapshot *snapshot)
{
    for (int i = 0; i < MANY; i++) {
        if (strcmp(l->ids[i], snapshot->task_id) == 0) {
            atomic_fetch_add(&l->times[i], 1);
            atomic_fetch_add(&l->drained, 1);
            return;
        }
    }
    test_host_fail(__FILE__, __LINE__, "the task is in the ledger", NULL);
}

/* Drains a few completions at a time until all were drained. */
static void drain_all(fixture *f, void *userdata)
{
    ledger *l = userdata;
    tether_error error = {0};
    const tether_completion_options options = {.limit = DRAIN_LIMIT};
    while (atomic_load(&l->total) == 0 || atomic_load(&l->deaths) > 0)
        test_pause();
    tether_registry *registry = open_in_host(f);
    int64_t deadline = test_now_ms() + 5 * PATIENCE_MS;
    while (atomic_load(&l->drained) < atomic_load(&l->total)) {
        tether_snapshot_list *list;
        HOST_ASSERT(test_now_ms() < deadline);
        int code = tether_completions_wait(registry, NULL, 50, &error);
        HOST_ASSERT(code == TETHER_OK || code == TETHER_ETIMEDOUT);
        HOST_OK(tether_completions_drain(registry, &options, &list, &error), error);
        HOST_ASSERT(list->count <= DRAIN_LIMIT);
        for (size_t i = 0; i < list->count; i++) {
            HOST_ASSERT(list->items[i]->status == TETHER_STATUS_COMPLETED);
            count_drained(l, list->items[i]);
        }
        tether_snapshot_list_free(list);
    }
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

/* Leases a few completions and exits without a close, so that the other hosts get them. */
static void lease_and_die(fixture *f, void *userdata)
{
    ledger *l = userdata;
    tether_error error = {0};
    tether_snapshot_list *list;
    const tether_completion_options options = {.limit = DRAIN_LIMIT};
    while (atomic_load(&l->total) == 0)
        test_pause();
    tether_registry *registry = open_in_host(f);
    HOST_OK(tether_completions_wait(registry, NULL, PATIENCE_MS, &error), error);
    HOST_OK(tether_completions_lease(registry, &options, &list, &error), error);
    atomic_fetch_sub(&l->deaths, 1);
    test_host_end();
}

static void expect_ledger(const ledger *l)
{
    for (int i = 0; i < atomic_load(&l->total); i++)
        assert_int_equal(atomic_load(&l->times[i]), 1);
    assert_int_equal(atomic_load(&l->drained), atomic_load(&l->total));
}

static void two_hosts_drain_each_completion_once(void **state)
{
    fixture *f = *state;
    long hosts[DRAINERS];
    ledger *l = test_shared(sizeof *l);
    for (int i = 0; i < DRAINERS; i++)
        hosts[i] = test_fork_host(drain_all, f, l);
    f->registry = test_open(f);
    for (int i = 0; i < MANY; i++)
        test_start_child(f->registry, l->ids[i], "exit", "0", NULL);
    for (int i = 0; i < MANY; i++)
        test_expect(f->registry, l->ids[i], TETHER_STATUS_COMPLETED, 0, NULL);
    atomic_store(&l->total, MANY);
    for (int i = 0; i < DRAINERS; i++)
        assert_int_equal(test_join_host(hosts[i]), 0);
    expect_ledger(l);
    assert_int_equal(test_pending(f->registry, NULL), 0);
    test_unshare(l, sizeof *l);
}

static void start_and_close(fixture *f, void *userdata)
{
    ledger *l = userdata;
    tether_error error = {0};
    tether_registry *registry = open_in_host(f);
    for (int i = 0; i < STREAMED; i++) {
        const char *const argv[] = {CHILD, "await", test_work_path(f, "go%d", i / 10), NULL};
        const tether_spec spec = {.argv = argv};
        HOST_OK(tether_spawn(registry, &spec, l->ids[i], &error), error);
    }
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

/* Only these hosts run when the tasks end: two finalise and drain, and a third dies while it holds
 * a few leases. */
static void two_hosts_finalise_and_drain_each_once(void **state)
{
    fixture *f = *state;
    long hosts[DRAINERS];
    ledger *l = test_shared(sizeof *l);
    atomic_store(&l->deaths, 1);
    for (int i = 0; i < DRAINERS; i++)
        hosts[i] = test_fork_host(drain_all, f, l);
    long dying = test_fork_host(lease_and_die, f, l);
    assert_int_equal(test_join_host(test_fork_host(start_and_close, f, l)), 0);
    atomic_store(&l->total, STREAMED);
    for (int i = 0; i < STREAMED / 10; i++) {
        test_write_file(test_work_path(f, "go%d", i), "", 0);
        test_nap_us(20000);
    }
    assert_int_equal(test_join_host(dying), 3);
    for (int i = 0; i < DRAINERS; i++)
        assert_int_equal(test_join_host(hosts[i]), 0);
    f->hosts_died = true;
    expect_ledger(l);
    f->registry = test_open(f);
    assert_int_equal(test_pending(f->registry, NULL), 0);
    test_unshare(l, sizeof *l);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_leases_of_a_killed_host_are_pending_again),
        TEST(the_leases_of_a_host_that_closed_are_pending_again),
        TEST(a_stopped_host_keeps_its_leases),
        TEST(waiting_notices_the_death_of_a_holder),
        TEST(a_long_wait_notices_the_death_of_a_holder),
        TEST(two_hosts_drain_each_completion_once),
        TEST(two_hosts_finalise_and_drain_each_once),
    };
    return cmocka_run_group_tests_name("completions_hosts", tests, NULL, NULL);
}
