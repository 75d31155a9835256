/* Completions: pending until they are acknowledged, leased by one registry at a time. */
#include "support/support.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "format/name.h"

/* How long a waiter may take to notice a change that raises no event. */
enum {
    SOON_MS = 5000,
    LONG_WAIT_MS = 7500 /* looks at the disk that are ever more seldom would be 8 s apart by then */
};

/* The value of an error before a call. A successful call must not change it. */
static const tether_error untouched = {.code = 4711, .step = "untouched"};

#define ASSERT_UNTOUCHED(error) assert_memory_equal(&(error), &untouched, sizeof untouched)

typedef int (*list_call)(tether_registry *registry, const tether_completion_options *options,
                         tether_snapshot_list **list, tether_error *error);

static tether_snapshot_list *get(list_call call, tether_registry *registry,
                                 const tether_completion_options *options)
{
    tether_error error = untouched;
    tether_snapshot_list *list;
    ASSERT_OK(call(registry, options, &list, &error), error);
    ASSERT_UNTOUCHED(error);
    assert_non_null(list);
    return list;
}

/* Counts the completions that the call returns. */
static size_t count(list_call call, tether_registry *registry)
{
    tether_snapshot_list *list = get(call, registry, NULL);
    size_t n = list->count;
    tether_snapshot_list_free(list);
    return n;
}

/* Asserts that the list has exactly these tasks in this order (NULL: no more), and frees it. */
static void expect_ids(tether_snapshot_list *list, const char *first, const char *second,
                       const char *third)
{
    const char *ids[] = {first, second, third};
    size_t wanted = third != NULL ? 3 : second != NULL ? 2 : first != NULL ? 1 : 0;
    assert_int_equal(list->count, wanted);
    for (size_t i = 0; i < wanted; i++)
        assert_string_equal(list->items[i]->task_id, ids[i]);
    tether_snapshot_list_free(list);
}

static void run_to_the_end(tether_registry *registry, char id[TETHER_ID_SIZE])
{
    test_start_child(registry, id, "exit", "0", NULL);
    test_expect(registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
}

static void start_silent(tether_registry *registry, const char *await, char id[TETHER_ID_SIZE])
{
    const char *const argv[] = {CHILD, "await", await, NULL};
    tether_spec spec = {.argv = argv, .no_notify = true};
    test_start(registry, &spec, id);
}

static int ack(tether_registry *registry, const char *id, bool *fresh)
{
    tether_error error = untouched;
    int code = tether_completion_ack(registry, id, fresh, &error);
    if (code == TETHER_OK)
        ASSERT_UNTOUCHED(error);
    else
        assert_int_equal(error.code, code);
    return code;
}

static int release(tether_registry *registry, const char *id)
{
    tether_error error = untouched;
    int code = tether_completion_release(registry, id, &error);
    if (code == TETHER_OK)
        ASSERT_UNTOUCHED(error);
    return code;
}

static int promote(tether_registry *registry, const char *id)
{
    tether_error error = untouched;
    int code = tether_promote(registry, id, &error);
    if (code == TETHER_OK)
        ASSERT_UNTOUCHED(error);
    return code;
}

static int wait_for_completion(tether_registry *registry, int64_t timeout_ms)
{
    tether_error error = untouched;
    int code = tether_completions_wait(registry, NULL, timeout_ms, &error);
    if (code == TETHER_OK)
        ASSERT_UNTOUCHED(error);
    return code;
}

/* --- Peeking --- */

static void peeking_leaves_completions_pending(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], running[TETHER_ID_SIZE];
    tether_registry *other = test_open(f);
    assert_int_equal(count(tether_completions_peek, f->registry), 0);
    test_start_child(f->registry, running, "forever", NULL);
    run_to_the_end(f->registry, id);
    for (int i = 0; i < 3; i++) {
        expect_ids(get(tether_completions_peek, f->registry, NULL), id, NULL, NULL);
        expect_ids(get(tether_completions_peek, other, NULL), id, NULL, NULL);
    }
    /* Leased completions are listed too. */
    expect_ids(get(tether_completions_lease, other, NULL), id, NULL, NULL);
    tether_snapshot_list *list = get(tether_completions_peek, f->registry, NULL);
    assert_int_equal(list->items[0]->status, TETHER_STATUS_COMPLETED);
    assert_false(list->items[0]->completion_delivered);
    expect_ids(list, id, NULL, NULL);
    test_detach(other);
}

static void the_oldest_end_is_listed_first(void **state)
{
    fixture *f = *state;
    char ids[3][TETHER_ID_SIZE];
    static const int order[] = {2, 0, 1};
    for (int i = 0; i < 3; i++)
        test_start_child(f->registry, ids[i], "await", test_work_path(f, "go%d", i), NULL);
    for (int i = 0; i < 3; i++) {
        test_write_file(test_work_path(f, "go%d", order[i]), "", 0);
        test_expect(f->registry, ids[order[i]], TETHER_STATUS_COMPLETED, 0, NULL);
        /* The order comes from file times, which have the resolution of the kernel's tick. */
        test_nap_us(20000);
    }
    tether_registry *other = test_open(f);
    expect_ids(get(tether_completions_peek, other, NULL), ids[2], ids[0], ids[1]);
    tether_completion_options options = {.limit = 2};
    expect_ids(get(tether_completions_peek, other, &options), ids[2], ids[0], NULL);
    options.limit = 9;
    expect_ids(get(tether_completions_peek, other, &options), ids[2], ids[0], ids[1]);
    options.limit = 1;
    expect_ids(get(tether_completions_lease, other, &options), ids[2], NULL, NULL);
    expect_ids(get(tether_completions_lease, f->registry, &options), ids[0], NULL, NULL);
    /* Completions that another registry has leased do not count against the limit. */
    expect_ids(get(tether_completions_drain, f->registry, &options), ids[0], NULL, NULL);
    expect_ids(get(tether_completions_drain, f->registry, &options), ids[1], NULL, NULL);
    expect_ids(get(tether_completions_drain, f->registry, &options), NULL, NULL, NULL);
    test_detach(other);
}

/* The size is 0, or that of an older version of the struct, which lacks the last fields. */
static void only_sizes_that_a_version_had_are_accepted(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    run_to_the_end(f->registry, id);
    run_to_the_end(f->registry, id);
    tether_completion_options options = {.limit = 1};
    tether_snapshot_list *list = get(tether_completions_peek, f->registry, &options);
    assert_int_equal(list->count, 1);
    tether_snapshot_list_free(list);
    struct {
        tether_completion_options options;
        char newer[64];
    } larger = {.options = {.size = sizeof larger, .limit = 1}};
    memset(larger.newer, 0xff, sizeof larger.newer);
    list = get(tether_completions_peek, f->registry, &larger.options);
    assert_int_equal(list->count, 1);
    tether_snapshot_list_free(list);
    options.size = offsetof(tether_completion_options, limit);
    assert_int_equal(tether_completions_peek(f->registry, &options, &list, &f->error),
                     TETHER_EINVAL);
    assert_null(list);
}

/* --- Leases --- */

static void a_leased_completion_is_hidden_from_other_registries(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    bool fresh = true;
    run_to_the_end(f->registry, id);
    tether_registry *other = test_open(f);
    expect_ids(get(tether_completions_lease, f->registry, NULL), id, NULL, NULL);
    assert_int_equal(count(tether_completions_lease, f->registry), 0);
    assert_int_equal(count(tether_completions_lease, other), 0);
    assert_int_equal(count(tether_completions_drain, other), 0);
    assert_int_equal(ack(other, id, &fresh), TETHER_ELEASED);
    assert_false(fresh);
    /* Releasing the lease of another registry does nothing. */
    assert_int_equal(release(other, id), TETHER_OK);
    assert_int_equal(count(tether_completions_lease, other), 0);
    assert_int_equal(ack(f->registry, id, &fresh), TETHER_OK);
    assert_true(fresh);
    assert_int_equal(ack(other, id, &fresh), TETHER_OK);
    assert_false(fresh);
    assert_int_equal(count(tether_completions_peek, other), 0);
    test_detach(other);
}

static void a_released_completion_is_pending_again(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], running[TETHER_ID_SIZE];
    test_start_child(f->registry, running, "forever", NULL);
    run_to_the_end(f->registry, id);
    tether_registry *other = test_open(f);
    for (int i = 0; i < 3; i++) {
        expect_ids(get(tether_completions_lease, f->registry, NULL), id, NULL, NULL);
        assert_int_equal(release(f->registry, id), TETHER_OK);
        assert_int_equal(release(f->registry, id), TETHER_OK);
        expect_ids(get(tether_completions_lease, other, NULL), id, NULL, NULL);
        assert_int_equal(release(other, id), TETHER_OK);
    }
    assert_int_equal(release(other, "nobody"), TETHER_ENOTASK);
    assert_int_equal(release(other, "../x"), TETHER_EINVAL);
    assert_int_equal(release(other, running), TETHER_OK);
    test_detach(other);
}

static void a_close_releases_all_leases(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    run_to_the_end(f->registry, id);
    for (int i = 0; i < 3; i++) {
        tether_registry *other = test_open(f);
        expect_ids(get(tether_completions_lease, other, NULL), id, NULL, NULL);
        assert_int_equal(count(tether_completions_lease, f->registry), 0);
        test_detach(other);
    }
    expect_ids(get(tether_completions_lease, f->registry, NULL), id, NULL, NULL);
    /* Only the lock file and the holder of this registry are left. */
    assert_int_equal(test_count_names(test_path(f, "holders")), 2);
}

static void a_drain_acknowledges_what_it_returns(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], held[TETHER_ID_SIZE];
    bool fresh;
    tether_registry *other = test_open(f);
    run_to_the_end(f->registry, held);
    expect_ids(get(tether_completions_lease, other, NULL), held, NULL, NULL);
    run_to_the_end(f->registry, id);
    tether_snapshot_list *list = get(tether_completions_drain, f->registry, NULL);
    assert_int_equal(list->count, 1);
    assert_true(list->items[0]->completion_delivered);
    expect_ids(list, id, NULL, NULL);
    assert_int_equal(count(tether_completions_drain, f->registry), 0);
    assert_int_equal(ack(other, id, &fresh), TETHER_OK);
    assert_false(fresh);
    /* A drain takes what the same registry has leased. */
    expect_ids(get(tether_completions_drain, other, NULL), held, NULL, NULL);
    assert_int_equal(test_pending(f->registry, NULL), 0);
    test_detach(other);
    other = test_open(f);
    assert_int_equal(count(tether_completions_peek, other), 0);
    test_detach(other);
}

/* --- Acknowledging --- */

static void acknowledging_fails_with_the_right_error(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    bool fresh = true;
    test_start_child(f->registry, id, "await", test_work_path(f, "go"), NULL);
    assert_int_equal(ack(f->registry, id, &fresh), TETHER_ENOTENDED);
    assert_false(fresh);
    assert_int_equal(ack(f->registry, "nobody", &fresh), TETHER_ENOTASK);
    assert_int_equal(ack(f->registry, "", NULL), TETHER_EINVAL);
    assert_int_equal(ack(f->registry, NULL, NULL), TETHER_EINVAL);
    test_write_file(test_work_path(f, "go"), "", 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    assert_int_equal(ack(f->registry, id, NULL), TETHER_OK);
    assert_int_equal(ack(f->registry, id, &fresh), TETHER_OK);
    assert_false(fresh);
}

enum { RACERS = 6, RACED_TASKS = 20 };

typedef struct race {
    fixture *f;
    char ids[RACED_TASKS][TETHER_ID_SIZE];
    atomic_int fresh[RACED_TASKS];
    atomic_int failed;
} race;

static void run_race(void *userdata)
{
    race *r = userdata;
    tether_registry *registry;
    tether_open_options options = {.store = r->f->store, .reaper = test_reaper_mode(), .no_gc = 1};
    if (tether_open(&options, &registry, NULL) != TETHER_OK) {
        atomic_fetch_add(&r->failed, 1);
        return;
    }
    for (int i = 0; i < RACED_TASKS; i++) {
        bool fresh = false;
        if (tether_completion_ack(registry, r->ids[i], &fresh, NULL) != TETHER_OK)
            atomic_fetch_add(&r->failed, 1);
        atomic_fetch_add(&r->fresh[i], fresh ? 1 : 0);
    }
    tether_close(registry, TETHER_DETACH, NULL);
}

static void exactly_one_acknowledgement_is_fresh(void **state)
{
    fixture *f = *state;
    uv_thread_t threads[RACERS];
    race r = {.f = f};
    for (int i = 0; i < RACED_TASKS; i++)
        run_to_the_end(f->registry, r.ids[i]);
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(uv_thread_create(&threads[i], run_race, &r), 0);
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(uv_thread_join(&threads[i]), 0);
    assert_int_equal(atomic_load(&r.failed), 0);
    for (int i = 0; i < RACED_TASKS; i++)
        assert_int_equal(atomic_load(&r.fresh[i]), 1);
}

/* --- All sessions --- */

static void all_sessions_can_be_listed_and_leased(void **state)
{
    fixture *f = *state;
    char ids[3][TETHER_ID_SIZE];
    bool fresh;
    tether_registry *a = test_open_session(f, "a");
    tether_registry *b = test_open_session(f, "b");
    tether_registry *where[] = {a, b, f->registry};
    for (int i = 0; i < 3; i++) {
        run_to_the_end(where[i], ids[i]);
        test_nap_us(20000);
    }
    const tether_completion_options all = {.all_sessions = true};
    expect_ids(get(tether_completions_peek, b, NULL), ids[1], NULL, NULL);
    tether_snapshot_list *list = get(tether_completions_peek, b, &all);
    assert_string_equal(list->items[0]->session_id, "a");
    assert_string_equal(list->items[2]->session_id, "default");
    expect_ids(list, ids[0], ids[1], ids[2]);
    /* A completion of another session can be acknowledged only after a lease. */
    assert_int_equal(ack(b, ids[0], &fresh), TETHER_ENOTASK);
    expect_ids(get(tether_completions_lease, b, &all), ids[0], ids[1], ids[2]);
    assert_int_equal(count(tether_completions_lease, a), 0);
    assert_int_equal(ack(a, ids[0], &fresh), TETHER_ELEASED);
    assert_int_equal(ack(b, ids[0], &fresh), TETHER_OK);
    assert_true(fresh);
    /* Acknowledging again succeeds, in either session. */
    assert_int_equal(ack(b, ids[0], &fresh), TETHER_OK);
    assert_false(fresh);
    assert_int_equal(ack(a, ids[0], &fresh), TETHER_OK);
    assert_false(fresh);
    assert_int_equal(release(b, ids[2]), TETHER_OK);
    expect_ids(get(tether_completions_lease, f->registry, NULL), ids[2], NULL, NULL);
    assert_int_equal(release(f->registry, ids[2]), TETHER_OK);
    expect_ids(get(tether_completions_drain, a, &all), ids[2], NULL, NULL);
    expect_ids(get(tether_completions_drain, b, &all), ids[1], NULL, NULL);
    expect_ids(get(tether_completions_peek, f->registry, &all), NULL, NULL, NULL);
    test_detach(a);
    test_detach(b);
}

/* Entries of the store that have the name of a session and are none do no harm. */
static void damaged_sessions_are_skipped(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_completion_options all = {.all_sessions = true};
    test_make_directory(test_path(f, "0123456789abcdef"));
    test_write_file(test_path(f, "fedcba9876543210"), "", 0);
    run_to_the_end(f->registry, id);
    expect_ids(get(tether_completions_peek, f->registry, &all), id, NULL, NULL);
    expect_ids(get(tether_completions_lease, f->registry, &all), id, NULL, NULL);
    expect_ids(get(tether_completions_drain, f->registry, &all), id, NULL, NULL);
}

/* --- Silent tasks --- */

static void silent_tasks_can_be_promoted(void **state)
{
    fixture *f = *state;
    char before[TETHER_ID_SIZE], after[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go");
    start_silent(f->registry, go, before);
    start_silent(f->registry, go, after);
    tether_registry *other = test_open(f);
    assert_int_equal(promote(other, before), TETHER_OK);
    assert_int_equal(promote(f->registry, before), TETHER_OK);
    test_write_file(go, "", 0);
    test_expect(f->registry, before, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect(f->registry, after, TETHER_STATUS_COMPLETED, 0, NULL);
    /* Both registries inspect the silent task and mark it as one without a completion. */
    for (int i = 0; i < 3; i++) {
        expect_ids(get(tether_completions_peek, other, NULL), before, NULL, NULL);
        expect_ids(get(tether_completions_peek, f->registry, NULL), before, NULL, NULL);
    }
    test_take_completion(f->registry, before);
    assert_int_equal(promote(f->registry, after), TETHER_OK);
    expect_ids(get(tether_completions_peek, other, NULL), after, NULL, NULL);
    expect_ids(get(tether_completions_lease, f->registry, NULL), after, NULL, NULL);
    assert_int_equal(promote(other, after), TETHER_OK);
    assert_int_equal(ack(f->registry, after, NULL), TETHER_OK);
    /* A promotion does not undo an acknowledgement. */
    assert_int_equal(promote(other, after), TETHER_OK);
    assert_int_equal(promote(f->registry, before), TETHER_OK);
    assert_int_equal(count(tether_completions_peek, other), 0);
    assert_int_equal(promote(other, "nobody"), TETHER_ENOTASK);
    assert_int_equal(promote(other, "a/b"), TETHER_EINVAL);
    test_detach(other);
}

static atomic_bool stop_peeking, peeking_failed;

static void peek_repeatedly(void *userdata)
{
    while (!atomic_load(&stop_peeking)) {
        tether_registry *registry;
        tether_snapshot_list *list;
        fixture *f = userdata;
        tether_open_options options = {.store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
        if (tether_open(&options, &registry, NULL) != TETHER_OK) {
            atomic_store(&peeking_failed, true);
            return;
        }
        for (int i = 0; i < 5; i++) {
            if (tether_completions_peek(registry, NULL, &list, NULL) == TETHER_OK)
                tether_snapshot_list_free(list);
        }
        tether_close(registry, TETHER_DETACH, NULL);
    }
}

/* A host that inspects an ended silent task marks its lifeline: no completion is requested. The
 * mark must not hide a promotion that happens between the inspection and the mark. */
static void a_promotion_is_never_hidden(void **state)
{
    enum { TASKS = 18 };
    fixture *f = *state;
    static char ids[TASKS][TETHER_ID_SIZE];
    uv_thread_t thread;
    for (int i = 0; i < TASKS; i++)
        start_silent(f->registry, test_work_path(f, "go%d", i / 6), ids[i]);
    atomic_store(&stop_peeking, false);
    assert_int_equal(uv_thread_create(&thread, peek_repeatedly, f), 0);
    for (int i = 0; i < TASKS; i++) {
        if (i % 6 == 0)
            test_write_file(test_work_path(f, "go%d", i / 6), "", 0);
        test_expect(f->registry, ids[i], TETHER_STATUS_COMPLETED, 0, NULL);
        assert_int_equal(promote(f->registry, ids[i]), TETHER_OK);
    }
    atomic_store(&stop_peeking, true);
    assert_int_equal(uv_thread_join(&thread), 0);
    assert_false(atomic_load(&peeking_failed));
    tether_registry *other = test_open(f);
    assert_int_equal(count(tether_completions_peek, other), TASKS);
    test_detach(other);
    assert_int_equal(count(tether_completions_drain, f->registry), TASKS);
}

/* --- Records of a newer version --- */

static void newer_records_are_left_alone(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    size_t before_size, after_size;
    bool fresh = true;
    run_to_the_end(f->registry, id);
    json_t *record = test_load_record(f, id);
    json_object_set_new(record, "schema_version", json_integer(99));
    test_save_record(f, id, record);
    char *before = test_read_file(test_session_path(f, "journal/journal.jsonl"), &before_size);
    tether_registry *other = test_open(f);
    assert_int_equal(count(tether_completions_peek, other), 0);
    assert_int_equal(count(tether_completions_lease, other), 0);
    assert_int_equal(count(tether_completions_drain, other), 0);
    assert_int_equal(ack(other, id, &fresh), TETHER_EREADONLY);
    assert_false(fresh);
    assert_int_equal(promote(other, id), TETHER_EREADONLY);
    /* Releasing succeeds, since this registry has no lease on it. */
    assert_int_equal(release(other, id), TETHER_OK);
    assert_int_equal(wait_for_completion(other, 0), TETHER_ETIMEDOUT);
    char *after = test_read_file(test_session_path(f, "journal/journal.jsonl"), &after_size);
    assert_int_equal(before_size, after_size);
    assert_memory_equal(before, after, after_size);
    free(before);
    free(after);
    test_detach(other);
}

/* --- Waiting --- */

static void waiting_ends_with_a_completion_or_the_timeout(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    int64_t begin = test_now_ms();
    assert_int_equal(wait_for_completion(f->registry, 0), TETHER_ETIMEDOUT);
    assert_int_equal(wait_for_completion(f->registry, 200), TETHER_ETIMEDOUT);
    assert_in_range(test_now_ms() - begin, 199, 200 + SOON_MS);
    test_start_child(f->registry, id, "sleep", "100", NULL);
    assert_int_equal(wait_for_completion(f->registry, -1), TETHER_OK);
    assert_int_equal(wait_for_completion(f->registry, 0), TETHER_OK);
    /* A wait ignores completions that the same registry has leased. */
    expect_ids(get(tether_completions_lease, f->registry, NULL), id, NULL, NULL);
    assert_int_equal(wait_for_completion(f->registry, 100), TETHER_ETIMEDOUT);
    assert_int_equal(release(f->registry, id), TETHER_OK);
    assert_int_equal(wait_for_completion(f->registry, 0), TETHER_OK);
    assert_int_equal(ack(f->registry, id, NULL), TETHER_OK);
    assert_int_equal(wait_for_completion(f->registry, 0), TETHER_ETIMEDOUT);
}

typedef struct waiting {
    tether_registry *registry;
    bool all_sessions;
    atomic_bool begun;
    int64_t ended_at;
    int code;
} waiting;

static void wait_in_thread(void *userdata)
{
    waiting *w = userdata;
    const tether_completion_options options = {.all_sessions = w->all_sessions};
    atomic_store(&w->begun, true);
    w->code = tether_completions_wait(w->registry, &options, PATIENCE_MS, NULL);
    w->ended_at = test_now_ms();
}

static void begin_waiting(waiting *w, uv_thread_t *thread)
{
    assert_int_equal(uv_thread_create(thread, wait_in_thread, w), 0);
    WAIT_UNTIL(atomic_load(&w->begun));
    test_nap_us(30000);
}

static void waiting_notices_tasks_of_other_hosts(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    uv_thread_t thread;
    tether_registry *other = test_open(f);
    waiting w = {.registry = f->registry};
    test_start_child(other, id, "await", test_work_path(f, "go"), NULL);
    begin_waiting(&w, &thread);
    test_write_file(test_work_path(f, "go"), "", 0);
    assert_int_equal(uv_thread_join(&thread), 0);
    assert_int_equal(w.code, TETHER_OK);
    expect_ids(get(tether_completions_lease, f->registry, NULL), id, NULL, NULL);
    test_detach(other);
}

static int wait_for_unseen(tether_registry *registry, const tether_snapshot_list *seen,
                           bool all_sessions, int64_t timeout_ms)
{
    const tether_completion_options options = {.all_sessions = all_sessions, .seen = seen};
    return tether_completions_wait(registry, &options, timeout_ms, NULL);
}

/* What the caller has seen stays pending, and does not end the wait; a lease makes no difference.
 */
static void waiting_passes_over_what_was_seen(void **state)
{
    fixture *f = *state;
    char first[TETHER_ID_SIZE], second[TETHER_ID_SIZE], third[TETHER_ID_SIZE];
    const tether_completion_options all = {.all_sessions = true};
    tether_registry *other = test_open_session(f, "other");
    run_to_the_end(f->registry, first);
    tether_snapshot_list *none = get(tether_completions_drain, other, NULL);
    tether_snapshot_list *one = get(tether_completions_peek, f->registry, NULL);
    assert_int_equal(none->count, 0);
    assert_int_equal(one->count, 1);
    assert_int_equal(wait_for_unseen(f->registry, none, false, 0), TETHER_OK);
    assert_int_equal(wait_for_unseen(f->registry, one, false, 50), TETHER_ETIMEDOUT);
    expect_ids(get(tether_completions_lease, f->registry, NULL), first, NULL, NULL);
    assert_int_equal(wait_for_unseen(f->registry, none, false, 0), TETHER_OK);
    run_to_the_end(f->registry, second);
    assert_int_equal(wait_for_unseen(f->registry, one, false, PATIENCE_MS), TETHER_OK);
    tether_snapshot_list *two = get(tether_completions_peek, f->registry, NULL);
    assert_int_equal(wait_for_unseen(f->registry, two, true, 50), TETHER_ETIMEDOUT);
    run_to_the_end(other, third);
    assert_int_equal(wait_for_unseen(f->registry, two, false, 50), TETHER_ETIMEDOUT);
    assert_int_equal(wait_for_unseen(f->registry, two, true, PATIENCE_MS), TETHER_OK);
    tether_snapshot_list *three = get(tether_completions_peek, f->registry, &all);
    assert_int_equal(three->count, 3);
    assert_int_equal(wait_for_unseen(f->registry, three, true, 50), TETHER_ETIMEDOUT);
    tether_snapshot_list_free(none);
    tether_snapshot_list_free(one);
    tether_snapshot_list_free(two);
    tether_snapshot_list_free(three);
    test_detach(other);
}

/* Also late in the wait. */
static void waiting_notices_other_sessions(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    uv_thread_t thread;
    tether_registry *other = test_open_session(f, "other");
    waiting w = {.registry = f->registry, .all_sessions = true};
    int64_t started_at = test_now_ms();
    begin_waiting(&w, &thread);
    WAIT_UNTIL(test_now_ms() - started_at > LONG_WAIT_MS);
    int64_t begin = test_now_ms();
    run_to_the_end(other, id);
    assert_int_equal(uv_thread_join(&thread), 0);
    assert_int_equal(w.code, TETHER_OK);
    assert_in_range(w.ended_at - begin, 0, SOON_MS);
    /* Without the option, the registry does not wait for other sessions. */
    assert_int_equal(wait_for_completion(f->registry, 50), TETHER_ETIMEDOUT);
    test_detach(other);
}

static void waiting_ignores_leases_of_others(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    uv_thread_t thread;
    tether_registry *other = test_open(f);
    run_to_the_end(other, id);
    expect_ids(get(tether_completions_lease, other, NULL), id, NULL, NULL);
    assert_int_equal(wait_for_completion(f->registry, 300), TETHER_ETIMEDOUT);
    waiting w = {.registry = f->registry};
    begin_waiting(&w, &thread);
    int64_t begin = test_now_ms();
    assert_int_equal(release(other, id), TETHER_OK);
    assert_int_equal(uv_thread_join(&thread), 0);
    assert_int_equal(w.code, TETHER_OK);
    assert_in_range(w.ended_at - begin, 0, SOON_MS);
    test_detach(other);
}

static void closing_ends_a_wait(void **state)
{
    fixture *f = *state;
    uv_thread_t thread;
    tether_registry *other = test_open(f);
    waiting w = {.registry = other};
    begin_waiting(&w, &thread);
    test_detach(other);
    assert_int_equal(uv_thread_join(&thread), 0);
    assert_int_equal(w.code, TETHER_ECLOSED);
}

static void waiting_on_a_hosts_own_loop_is_refused(void **state)
{
    fixture *f = *state;
    uv_loop_t loop;
    tether_registry *registry;
    assert_int_equal(uv_loop_init(&loop), 0);
    tether_open_options options = {
        .store = f->store, .loop = &loop, .reaper = test_reaper_mode(), .no_gc = 1};
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    assert_int_equal(wait_for_completion(registry, 10), TETHER_EINVAL);
    assert_int_equal(wait_for_completion(registry, -1), TETHER_EINVAL);
    assert_int_equal(wait_for_completion(registry, 0), TETHER_ETIMEDOUT);
    test_detach(registry);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(peeking_leaves_completions_pending),
        TEST(the_oldest_end_is_listed_first),
        TEST(only_sizes_that_a_version_had_are_accepted),
        TEST(a_leased_completion_is_hidden_from_other_registries),
        TEST(a_released_completion_is_pending_again),
        TEST(a_close_releases_all_leases),
        TEST(a_drain_acknowledges_what_it_returns),
        TEST(acknowledging_fails_with_the_right_error),
        TEST(exactly_one_acknowledgement_is_fresh),
        TEST(all_sessions_can_be_listed_and_leased),
        TEST(damaged_sessions_are_skipped),
        TEST(silent_tasks_can_be_promoted),
        TEST(a_promotion_is_never_hidden),
        TEST(newer_records_are_left_alone),
        TEST(waiting_ends_with_a_completion_or_the_timeout),
        TEST(waiting_notices_tasks_of_other_hosts),
        TEST(waiting_passes_over_what_was_seen),
        TEST(waiting_notices_other_sessions),
        TEST(waiting_ignores_leases_of_others),
        TEST(closing_ends_a_wait),
        TEST(waiting_on_a_hosts_own_loop_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
