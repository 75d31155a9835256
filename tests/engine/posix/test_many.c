/* Several hosts start thousands of short tasks in one session and acknowledge their completions:
 * each task completes once and none is lost.
 *
 *   test_many [TASKS] */
#include "support/support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    HOSTS = 4,
    ALL_TASKS = 10000,
    SANITIZED_TASKS = 800, /* everything is many times slower under a sanitizer */
    CODES = 7,             /* task N ends with the code N % CODES */
    AHEAD = 100,           /* hosts start no task while more than these are unacknowledged */
    LEASED_AT_ONCE = 16,
    HELD_BY_VICTIM = 40,
    WAIT_MS = 500
};

static int task_count = TETHER_TEST_SANITIZED ? SANITIZED_TASKS : ALL_TASKS;

/* One task. Its name is its number. */
typedef struct task {
    char started[TETHER_ID_SIZE];      /* the id that tether_spawn returned */
    char acknowledged[TETHER_ID_SIZE]; /* the id in the lease */
    atomic_int starts;
    atomic_int fresh;           /* how many acknowledgements were the first */
    atomic_bool held_by_victim; /* the victim has leased it */
} task;

/* The memory that all hosts share. */
typedef struct crowd {
    int64_t begin;
    atomic_int hosts;
    atomic_int started;
    atomic_int acknowledged;
    atomic_int held_by_victim;
    task tasks[ALL_TASKS];
} crowd;

/* Sleeps for a moment. Fails a little before the test's time limit, so that no host waits for ever
 * for one that has failed. */
static void pause_within_limit(const crowd *c)
{
    enum { LIMIT_MS = (TETHER_TEST_SANITIZED ? 5 : 1) * 280000 };
    HOST_ASSERT(test_now_ms() - c->begin < LIMIT_MS);
    test_pause();
}

static tether_registry *open_in_host(fixture *f)
{
    tether_error error = {0};
    tether_registry *registry;
    /* All hosts compete for the session lock; on a busy machine one may wait long. */
    tether_open_options options = {
        .store = f->store, .reaper = test_reaper_mode(), .lock_timeout_ms = 60000};
    HOST_OK(tether_open(&options, &registry, &error), error);
    return registry;
}

static int number_of(const tether_snapshot *snapshot)
{
    char *end;
    HOST_ASSERT(snapshot->name != NULL);
    long number = strtol(snapshot->name, &end, 10);
    HOST_ASSERT(*end == '\0' && number >= 0 && number < task_count);
    return (int)number;
}

static tether_snapshot_list *lease(tether_registry *registry, size_t limit)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    tether_completion_options options = {.limit = limit};
    HOST_OK(tether_completions_lease(registry, &options, &list, &error), error);
    HOST_ASSERT(list->count <= limit);
    return list;
}

/* Checks how a leased task ended, and acknowledges it. */
static void acknowledge(crowd *c, tether_registry *registry, const tether_snapshot *snapshot)
{
    tether_error error = {0};
    bool fresh;
    int number = number_of(snapshot);
    int code = number % CODES;
    HOST_ASSERT(snapshot->exit_code == code);
    HOST_ASSERT(snapshot->status == (code == 0 ? TETHER_STATUS_COMPLETED : TETHER_STATUS_FAILED));
    HOST_ASSERT(snapshot->reason == NULL);
    HOST_OK(tether_completion_ack(registry, snapshot->task_id, &fresh, &error), error);
    HOST_ASSERT(fresh);
    atomic_fetch_add(&c->tasks[number].fresh, 1);
    strcpy(c->tasks[number].acknowledged, snapshot->task_id);
    atomic_fetch_add(&c->acknowledged, 1);
}

/* What the two threads of a host share. */
typedef struct host {
    crowd *crowd;
    tether_registry *registry;
} host;

/* Acknowledges ended tasks of all hosts until none is left. */
static void *acknowledge_all(void *userdata)
{
    host *h = userdata;
    while (atomic_load(&h->crowd->acknowledged) < task_count) {
        tether_error error = {0};
        int code = tether_completions_wait(h->registry, NULL, WAIT_MS, &error);
        if (code != TETHER_ETIMEDOUT)
            HOST_OK(code, error);
        tether_snapshot_list *list = lease(h->registry, LEASED_AT_ONCE);
        for (size_t i = 0; i < list->count; i++)
            acknowledge(h->crowd, h->registry, list->items[i]);
        if (list->count == 0)
            pause_within_limit(h->crowd);
        tether_snapshot_list_free(list);
    }
    return NULL;
}

/* Starts the next task; false: all have been started. */
static bool start_next(host *h)
{
    tether_error error = {0};
    char id[TETHER_ID_SIZE], name[16], code[16];
    int number = atomic_fetch_add(&h->crowd->started, 1);
    if (number >= task_count)
        return false;
    snprintf(name, sizeof name, "%d", number);
    snprintf(code, sizeof code, "%d", number % CODES);
    const char *const argv[] = {CHILD, "exit", code, NULL};
    tether_spec spec = {.argv = argv, .name = name};
    HOST_OK(tether_spawn(h->registry, &spec, id, &error), error);
    task *t = &h->crowd->tasks[number];
    strcpy(t->started, id);
    atomic_fetch_add(&t->starts, 1);
    return true;
}

static void run_host(fixture *f, void *userdata)
{
    pthread_t acknowledger;
    tether_error error = {0};
    host h = {userdata, open_in_host(f)};
    atomic_fetch_add(&h.crowd->hosts, 1);
    HOST_ASSERT(pthread_create(&acknowledger, NULL, acknowledge_all, &h) == 0);
    while (start_next(&h)) {
        while (atomic_load(&h.crowd->started) - atomic_load(&h.crowd->acknowledged) > AHEAD)
            pause_within_limit(h.crowd);
    }
    HOST_ASSERT(pthread_join(acknowledger, NULL) == 0);
    HOST_OK(tether_close(h.registry, TETHER_DETACH, &error), error);
}

/* Leases completions and never acknowledges them, until it is killed. */
static void run_victim(fixture *f, void *userdata)
{
    crowd *c = userdata;
    tether_registry *registry = open_in_host(f);
    for (;;) {
        tether_snapshot_list *list = lease(registry, 8);
        for (size_t i = 0; i < list->count; i++) {
            atomic_store(&c->tasks[number_of(list->items[i])].held_by_victim, true);
            atomic_fetch_add(&c->held_by_victim, 1);
        }
        tether_snapshot_list_free(list);
        /* With too many leases the other hosts would stop: AHEAD tasks would be unacknowledged. */
        do
            pause_within_limit(c);
        while (atomic_load(&c->held_by_victim) >= HELD_BY_VICTIM);
    }
}

static void check_tasks(const crowd *c)
{
    int held_by_victim = 0;
    for (int i = 0; i < task_count; i++) {
        const task *t = &c->tasks[i];
        assert_int_equal(atomic_load(&t->starts), 1);
        assert_int_equal(atomic_load(&t->fresh), 1);
        assert_string_equal(t->started, t->acknowledged);
        held_by_victim += atomic_load(&t->held_by_victim) ? 1 : 0;
    }
    assert_int_equal(held_by_victim, atomic_load(&c->held_by_victim));
    assert_true(held_by_victim >= HELD_BY_VICTIM);
}

/* All tasks are on disk and acknowledged, and a collection removes all of them. */
static void check_session(fixture *f)
{
    tether_snapshot_list *list;
    tether_gc_options gc = {.older_than_ms = -1};
    tether_gc_result result = {0};
    f->registry = test_open(f);
    assert_int_equal(test_pending(f->registry, NULL), 0);
    ASSERT_OK(tether_list(f->registry, TETHER_LIST_RUNNING, &list, &f->error), f->error);
    assert_int_equal(list->count, 0);
    tether_snapshot_list_free(list);
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), task_count);
    ASSERT_OK(tether_gc(f->registry, &gc, &result, &f->error), f->error);
    assert_int_equal(result.removed, task_count);
    assert_int_equal(result.kept, 0);
    assert_int_equal(result.leftovers, 0);
    assert_int_equal(result.quarantined, 0);
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
    assert_int_equal(test_count_lifelines(f), 0);
}

static void each_of_many_tasks_is_completed_once(void **state)
{
    fixture *f = *state;
    long hosts[HOSTS];
    crowd *c = test_shared(sizeof *c);
    c->begin = test_now_ms();
    long victim = test_fork_host(run_victim, f, c);
    for (int i = 0; i < HOSTS; i++)
        hosts[i] = test_fork_host(run_host, f, c);
    WAIT_UNTIL(atomic_load(&c->hosts) == HOSTS);
    /* The victim is killed half-way, while it holds leases. */
    while (atomic_load(&c->started) < task_count / 2 ||
           atomic_load(&c->held_by_victim) < HELD_BY_VICTIM)
        pause_within_limit(c);
    f->hosts_died = true;
    test_kill_host(victim);
    for (int i = 0; i < HOSTS; i++)
        assert_int_equal(test_join_host(hosts[i]), 0);
    print_message("%d tasks in %lld ms\n", task_count, (long long)(test_now_ms() - c->begin));
    check_tasks(c);
    check_session(f);
    test_unshare(c, sizeof *c);
}

int main(int argc, char **argv)
{
    /* In memory: on a disk the metadata of so many tasks takes longer than the tasks. */
    if (getenv("TMPDIR") == NULL && access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 1);
    if (argc > 1)
        task_count = atoi(argv[1]);
    if (task_count < 2 * HELD_BY_VICTIM || task_count > ALL_TASKS) {
        fprintf(stderr, "test_many: %d to %d tasks\n", 2 * HELD_BY_VICTIM, ALL_TASKS);
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_of_many_tasks_is_completed_once, test_setup,
                                        test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
