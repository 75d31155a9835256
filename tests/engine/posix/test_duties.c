/* Tasks that are no longer on the disk: no deadline or kill is due for them again, and only their
 * children are reaped. */
#include "support/support.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>

#include "engine/catalog.h"
#include "engine/duties.h"
#include "engine/kill.h"
#include "engine/refresh.h"
#include "os/clock.h"
#include "store/session.h"

/* A catalog without a reaper, with one task that runs on until the test ends it. */
typedef struct place {
    fixture *f;
    tether__store store;
    tether__session session;
    tether__catalog catalog;
    char id[TETHER_ID_SIZE];
    long supervisor;
} place;

static tether__entry *read_task(place *p)
{
    tether__entry *entry;
    uv_mutex_lock(&p->catalog.disk);
    ASSERT_OK(tether__refresh(&p->catalog, p->id, TETHER__INSPECT_NOW, &entry, &p->f->error),
              p->f->error);
    uv_mutex_unlock(&p->catalog.disk);
    return entry;
}

static void place_open(place *p, fixture *f)
{
    *p = (place){.f = f};
    tether_registry *registry = test_open(f);
    const char *const argv[] = {CHILD, "pid", "forever", NULL};
    const tether_spec spec = {.argv = argv, .supervisor = TETHER_SUPERVISOR_SCRIPT};
    test_start(registry, &spec, p->id);
    (void)test_output_number(registry, p->id);
    tether_snapshot *snapshot = test_snapshot(registry, p->id);
    p->supervisor = (long)snapshot->child_pid;
    tether_snapshot_free(snapshot);
    test_detach(registry);
    ASSERT_OK(tether__store_open(f->store, false, &p->store, &f->error), f->error);
    ASSERT_OK(tether__session_open(&p->store, "default", 20, &p->session, &f->error), f->error);
    ASSERT_OK(tether__catalog_init(&p->catalog, &p->session, &f->error), f->error);
    (void)read_task(p);
}

static void place_leave(place *p)
{
    tether__catalog_dispose(&p->catalog);
    tether__session_close(&p->session);
    tether__store_close(&p->store);
}

/* Nothing but this process can end the task: its record is gone. */
static void place_close(place *p)
{
    place_leave(p);
    assert_int_equal(kill(-(pid_t)p->supervisor, SIGKILL), 0);
    assert_int_equal(test_join_host(p->supervisor), 128 + SIGKILL);
}

static void pass_deadline(place *p)
{
    read_task(p)->deadline_monotonic_ms = 1;
}

static void begin_kill(place *p)
{
    bool is_driver;
    ASSERT_OK(tether__kill_begin(&p->catalog, p->id, TETHER__INTENT_KILL, 0, TETHER__DRIVER_LOOP,
                                 &is_driver, &p->f->error),
              p->f->error);
    assert_true(is_driver);
}

static void remove_store(place *p)
{
    test_remove_store(p->f->store);
}

static void remove_session(place *p)
{
    test_remove_store(test_session_path(p->f, ""));
}

static void remove_task(place *p)
{
    ASSERT_OK(tether__bundle_remove(&p->session, p->id, &p->f->error), p->f->error);
}

/* An event may come before its cause shows: the supervisor is killed right after the inspection. */
static void a_running_task_is_inspected_again_after_an_event(void **state)
{
    place p;
    place_open(&p, *state);
    tether__entry *entry = read_task(&p);
    int64_t deadline = tether__duties_do(&p.catalog);
    tether__catalog_inspect_again(&p.catalog, entry);
    int64_t due = tether__duties_do(&p.catalog);
    assert_true(due < deadline && due <= tether__os_monotonic_ms() + 20);
    tether__catalog_inspect_again(&p.catalog, entry);
    assert_int_equal(tether__duties_do(&p.catalog), due);
    assert_int_equal(kill((pid_t)p.supervisor, SIGKILL), 0);
    assert_int_equal(test_join_host(p.supervisor), 128 + SIGKILL);
    WAIT_UNTIL(tether__os_monotonic_ms() >= due);
    assert_int_equal(tether__duties_do(&p.catalog), INT64_MAX);
    assert_int_equal(entry->status, TETHER_STATUS_LOST);
    place_leave(&p);
    assert_int_equal(kill(-(pid_t)p.supervisor, SIGKILL), 0);
}

static void nothing_is_due_for_a_task_that_is_gone(void **state)
{
    fixture *f = *state;
    static void (*const works[])(place * p) = {pass_deadline, begin_kill};
    static void (*const removals[])(place * p) = {remove_task, remove_session, remove_store};
    for (size_t i = 0; i < 2 * 3; i++) {
        place p;
        place_open(&p, f);
        works[i % 2](&p);
        removals[i / 2](&p);
        assert_int_equal(tether__duties_do(&p.catalog), INT64_MAX);
        assert_int_equal(p.catalog.count, 0);
        place_close(&p);
    }
}

/* The failure of a lock that is held is another one: that passes. */
static void a_deadline_that_fails_for_a_moment_stays_due(void **state)
{
    fixture *f = *state;
    place p;
    tether__lock lock;
    place_open(&p, f);
    pass_deadline(&p);
    ASSERT_OK(tether__session_lock(&p.session, &lock, &f->error), f->error);
    int64_t next = tether__duties_do(&p.catalog);
    tether__os_lock_release(&lock);
    assert_in_range(next, test_now_ms(), test_now_ms() + 1000);
    assert_int_equal(p.catalog.count, 1);
    place_close(&p);
}

/* --- The children of forgotten tasks --- */

/* Makes the supervisor a child that the catalog knows, and has the task forgotten. */
static void forget_parent(place *p)
{
    tether__entry *entry = read_task(p);
    entry->child.pid = entry->record.identity.pid;
    entry->child.start_time = entry->record.identity.start_time;
    remove_task(p);
    uv_mutex_lock(&p->catalog.disk);
    assert_int_equal(tether__refresh(&p->catalog, p->id, TETHER__INSPECT_NOW, NULL, &p->f->error),
                     TETHER_ENOTASK);
    uv_mutex_unlock(&p->catalog.disk);
    assert_int_equal(p->catalog.count, 0);
}

static bool has_zombie(const place *p)
{
    return test_has_child() && !test_process_alive(p->supervisor);
}

/* The child may run for long, which must not keep the loop awake. */
static void the_pauses_between_attempts_to_reap_an_orphan_grow(void **state)
{
    fixture *f = *state;
    place p;
    place_open(&p, f);
    forget_parent(&p);
    for (int64_t pause = 1; pause <= 64; pause *= 2) {
        int64_t before = test_now_ms();
        int64_t next = tether__duties_do(&p.catalog);
        assert_in_range(next, before + pause, test_now_ms() + pause);
        WAIT_UNTIL(test_now_ms() >= next);
    }
    p.catalog.orphans->reap_at = INT64_MAX - 1;
    assert_int_equal(tether__duties_do(&p.catalog), INT64_MAX - 1);
    p.catalog.orphans->reap_at = 0;
    assert_int_equal(kill(-(pid_t)p.supervisor, SIGKILL), 0);
    WAIT_UNTIL(has_zombie(&p));
    assert_int_equal(tether__duties_do(&p.catalog), INT64_MAX);
    assert_false(test_has_child());
    place_leave(&p);
}

/* Such as when the lifeline is closed. */
static void an_orphan_is_reaped_at_the_event_of_its_exit(void **state)
{
    fixture *f = *state;
    place p;
    place_open(&p, f);
    forget_parent(&p);
    assert_int_equal(tether__duties_reap_orphan(&p.catalog, "another"), INT64_MAX);
    (void)tether__duties_do(&p.catalog);
    p.catalog.orphans->reap_at = INT64_MAX;
    /* The event comes before the child can be reaped. */
    int64_t before = test_now_ms();
    int64_t next = tether__duties_reap_orphan(&p.catalog, p.id);
    assert_in_range(next, before + 1, test_now_ms() + 1);
    p.catalog.orphans->reap_at = INT64_MAX;
    assert_int_equal(kill(-(pid_t)p.supervisor, SIGKILL), 0);
    WAIT_UNTIL(has_zombie(&p));
    assert_int_equal(tether__duties_reap_orphan(&p.catalog, "another"), INT64_MAX);
    assert_true(has_zombie(&p));
    assert_int_equal(tether__duties_reap_orphan(&p.catalog, p.id), INT64_MAX);
    assert_false(test_has_child());
    place_leave(&p);
}

/* Of several, each is reaped when it can be. */
static void an_orphan_that_runs_keeps_no_other_from_being_reaped(void **state)
{
    fixture *f = *state;
    place p;
    place_open(&p, f);
    forget_parent(&p);
    tether__entry gone = {.id = "gone", .child = {.pid = 2147483000, .start_time = 1}};
    tether__entry *copy = malloc(sizeof *copy);
    assert_non_null(copy);
    *copy = gone;
    tether__record_init(&copy->record);
    copy->next_orphan = p.catalog.orphans;
    p.catalog.orphans = copy;
    assert_true(tether__duties_do(&p.catalog) < INT64_MAX);
    assert_string_equal(p.catalog.orphans->id, p.id);
    assert_null(p.catalog.orphans->next_orphan);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_running_task_is_inspected_again_after_an_event,
                                        test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(nothing_is_due_for_a_task_that_is_gone, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_deadline_that_fails_for_a_moment_stays_due, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(the_pauses_between_attempts_to_reap_an_orphan_grow,
                                        test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(an_orphan_is_reaped_at_the_event_of_its_exit, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(an_orphan_that_runs_keeps_no_other_from_being_reaped,
                                        test_setup, test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
