/* Completions between processes: holders that die, go and stop; hosts that drain side by side. */
#include "support/support.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

/* How soon a waiter notices what no event tells it of. */
enum { SOON_MS = 5000 };

typedef int (*list_call)(tether_registry *registry, const tether_completion_options *options,
                         tether_snapshot_list **list, tether_error *error);

/* How many the call gives; the first one's id is in *id where that is not NULL. */
static size_t count(list_call call, tether_registry *registry, char *id)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    ASSERT_OK(call(registry, NULL, &list, &error), error);
    size_t n = list->count;
    if (id != NULL && n > 0)
        strcpy(id, list->items[0].task_id);
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

static int wait_for_one(tether_registry *registry, int64_t timeout_ms)
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
    atomic_int ready; /* the host has leased so many */
    atomic_bool go;
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

/* Waits for what the test prepares, leases it, and stays. */
static void hold(fixture *f, void *userdata)
{
    stage *s = userdata;
    tether_error error = {0};
    tether_snapshot_list *list;
    tether_registry *registry = open_in_host(f);
    HOST_OK(tether_completions_wait(registry, NULL, PATIENCE_MS, &error), error);
    HOST_OK(tether_completions_lease(registry, NULL, &list, &error), error);
    HOST_ASSERT(list->count == 1 && strcmp(list->items[0].task_id, s->id) == 0);
    tether_snapshot_list_free(list);
    atomic_store(&s->ready, 1);
    while (!atomic_load(&s->go))
        test_pause();
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

/* A host that has leased the completion of s->id; the fixture's registry is open afterwards. */
static long start_holder(fixture *f, stage *s)
{
    long host = test_fork_host(hold, f, s);
    f->registry = test_open(f);
    /* The id is known before the end is. */
    test_start_child(f->registry, s->id, "await", test_work_path(f, "go"), NULL);
    test_write_file(test_work_path(f, "go"), "", 0);
    WAIT_UNTIL(atomic_load(&s->ready) == 1);
    assert_int_equal(count(tether_completions_lease, f->registry, NULL), 0);
    assert_int_equal(ack(f->registry, s->id), TETHER_ELEASED);
    return host;
}

static void what_a_killed_holder_held_comes_back(void **state)
{
    fixture *f = *state;
    stage *s = test_shared(sizeof *s);
    long host = start_holder(f, s);
    assert_int_equal(wait_for_one(f->registry, 0), TETHER_ETIMEDOUT);
    test_kill_host(host);
    f->hosts_died = true;
    expect_id(tether_completions_lease, f->registry, s->id);
    test_take_completion(f->registry, s->id);
    test_unshare(s, sizeof *s);
}

static void what_a_host_that_went_held_comes_back(void **state)
{
    fixture *f = *state;
    stage *s = test_shared(sizeof *s);
    long host = start_holder(f, s);
    atomic_store(&s->go, true);
    assert_int_equal(test_join_host(host), 0);
    expect_id(tether_completions_drain, f->registry, s->id);
    test_unshare(s, sizeof *s);
}

static void what_a_stopped_holder_holds_stays(void **state)
{
    fixture *f = *state;
    stage *s = test_shared(sizeof *s);
    long host = start_holder(f, s);
    test_stop_host(host);
    assert_int_equal(wait_for_one(f->registry, 1500), TETHER_ETIMEDOUT);
    assert_int_equal(count(tether_completions_lease, f->registry, NULL), 0);
    assert_int_equal(count(tether_completions_drain, f->registry, NULL), 0);
    assert_int_equal(ack(f->registry, s->id), TETHER_ELEASED);
    assert_int_equal(count(tether_completions_peek, f->registry, NULL), 1);
    test_kill_host(host);
    f->hosts_died = true;
    assert_int_equal(count(tether_completions_drain, f->registry, NULL), 1);
    test_unshare(s, sizeof *s);
}

static void waiting_sees_the_death_of_a_holder(void **state)
{
    fixture *f = *state;
    uv_thread_t thread;
    stage *s = test_shared(sizeof *s);
    long host = start_holder(f, s);
    waiting w = {.registry = f->registry};
    begin_waiting(&w, &thread);
    int64_t begin = test_now_ms();
    test_kill_host(host);
    f->hosts_died = true;
    assert_int_equal(uv_thread_join(&thread), 0);
    assert_int_equal(w.code, TETHER_OK);
    assert_in_range(w.ended_at - begin, 0, SOON_MS);
    test_unshare(s, sizeof *s);
}

/* --- Two who take --- */

enum { TAKERS = 2, MANY = 500, STREAMED = 80, NIBBLE = 7 };

typedef struct ledger {
    atomic_int total; /* how many there are; 0: not known yet */
    atomic_int taken;
    atomic_int times[MANY];
    char ids[MANY][TETHER_ID_SIZE];
    atomic_int bites; /* that those who die have still to take before the others begin */
} ledger;

static void enter(ledger *l, const tether_snapshot *snapshot)
{
    for (int i = 0; i < MANY; i++) {
        if (strcmp(l->ids[i], snapshot->task_id) == 0) {
            atomic_fetch_add(&l->times[i], 1);
            atomic_fetch_add(&l->taken, 1);
            return;
        }
    }
    test_host_fail(__FILE__, __LINE__, "a task of the ledger", NULL);
}

/* Drains a few at a time until everything was taken. */
static void take_many(fixture *f, void *userdata)
{
    ledger *l = userdata;
    tether_error error = {0};
    const tether_completion_options options = {.limit = NIBBLE};
    while (atomic_load(&l->total) == 0 || atomic_load(&l->bites) > 0)
        test_pause();
    tether_registry *registry = open_in_host(f);
    int64_t deadline = test_now_ms() + 5 * PATIENCE_MS;
    while (atomic_load(&l->taken) < atomic_load(&l->total)) {
        tether_snapshot_list *list;
        HOST_ASSERT(test_now_ms() < deadline);
        int code = tether_completions_wait(registry, NULL, 50, &error);
        HOST_ASSERT(code == TETHER_OK || code == TETHER_ETIMEDOUT);
        HOST_OK(tether_completions_drain(registry, &options, &list, &error), error);
        HOST_ASSERT(list->count <= NIBBLE);
        for (size_t i = 0; i < list->count; i++) {
            HOST_ASSERT(list->items[i].status == TETHER_STATUS_COMPLETED);
            enter(l, &list->items[i]);
        }
        tether_snapshot_list_free(list);
    }
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

/* As take_many, but leases, dies after a few, and leaves them to the others. */
static void take_and_die(fixture *f, void *userdata)
{
    ledger *l = userdata;
    tether_error error = {0};
    tether_snapshot_list *list;
    const tether_completion_options options = {.limit = NIBBLE};
    while (atomic_load(&l->total) == 0)
        test_pause();
    tether_registry *registry = open_in_host(f);
    HOST_OK(tether_completions_wait(registry, NULL, PATIENCE_MS, &error), error);
    HOST_OK(tether_completions_lease(registry, &options, &list, &error), error);
    atomic_fetch_sub(&l->bites, 1);
    test_host_end();
}

static void expect_ledger(const ledger *l)
{
    for (int i = 0; i < atomic_load(&l->total); i++)
        assert_int_equal(atomic_load(&l->times[i]), 1);
    assert_int_equal(atomic_load(&l->taken), atomic_load(&l->total));
}

static void two_processes_drain_each_once(void **state)
{
    fixture *f = *state;
    long hosts[TAKERS];
    ledger *l = test_shared(sizeof *l);
    for (int i = 0; i < TAKERS; i++)
        hosts[i] = test_fork_host(take_many, f, l);
    f->registry = test_open(f);
    for (int i = 0; i < MANY; i++)
        test_start_child(f->registry, l->ids[i], "exit", "0", NULL);
    for (int i = 0; i < MANY; i++)
        test_expect(f->registry, l->ids[i], TETHER_STATUS_COMPLETED, 0, NULL);
    atomic_store(&l->total, MANY);
    for (int i = 0; i < TAKERS; i++)
        assert_int_equal(test_join_host(hosts[i]), 0);
    expect_ledger(l);
    assert_int_equal(test_pending(f->registry, NULL), 0);
    test_unshare(l, sizeof *l);
}

static void start_and_go(fixture *f, void *userdata)
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

/* Nobody but these hosts is there when the tasks end: both finalise, both drain, and a third dies
 * with a few in its hands. */
static void hosts_finalise_and_drain_each_once(void **state)
{
    fixture *f = *state;
    long hosts[TAKERS];
    ledger *l = test_shared(sizeof *l);
    atomic_store(&l->bites, 1);
    for (int i = 0; i < TAKERS; i++)
        hosts[i] = test_fork_host(take_many, f, l);
    long dying = test_fork_host(take_and_die, f, l);
    assert_int_equal(test_join_host(test_fork_host(start_and_go, f, l)), 0);
    atomic_store(&l->total, STREAMED);
    for (int i = 0; i < STREAMED / 10; i++) {
        test_write_file(test_work_path(f, "go%d", i), "", 0);
        test_nap_us(20000);
    }
    assert_int_equal(test_join_host(dying), 3);
    for (int i = 0; i < TAKERS; i++)
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
        TEST(what_a_killed_holder_held_comes_back), TEST(what_a_host_that_went_held_comes_back),
        TEST(what_a_stopped_holder_holds_stays),    TEST(waiting_sees_the_death_of_a_holder),
        TEST(two_processes_drain_each_once),        TEST(hosts_finalise_and_drain_each_once),
    };
    return cmocka_run_group_tests_name("completions_hosts", tests, NULL, NULL);
}
