/* Children of this process whose tasks are no longer on the disk: they are reaped all the same. */
#include "support/support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "registry/registry.h"
#include "store/session.h"

typedef struct orphan {
    char id[TETHER_ID_SIZE];
    char gate[256]; /* the task ends once this file exists */
    long supervisor;
} orphan;

static void begin(tether_registry *registry, fixture *f, orphan *o)
{
    snprintf(o->gate, sizeof o->gate, "%s", test_work_path(f, "gate"));
    remove(o->gate);
    test_start_child(registry, o->id, "out", "begun", "await", o->gate, NULL);
    test_wait_output(registry, o->id, TETHER_STDOUT, 1);
    tether_snapshot *snapshot = test_snapshot(registry, o->id);
    o->supervisor = (long)snapshot->child_pid;
    tether_snapshot_free(snapshot);
}

static void lose_journal(fixture *f, const orphan *o)
{
    (void)o;
    test_remove_file(test_session_path(f, "journal/journal.jsonl"));
}

/* As another host does that has found the end of the task before this one. */
static void remove_task(fixture *f, const orphan *o)
{
    tether__lock lock;
    tether_registry *other = test_open(f);
    ASSERT_OK(tether__session_lock(&other->session, &lock, &f->error), f->error);
    ASSERT_OK(tether__bundle_remove(&other->session, o->id, &f->error), f->error);
    tether__os_lock_release(&lock);
    test_detach(other);
}

/* Waits until the catalog of the registry has forgotten the task. */
static void expect_forgotten(tether_registry *registry, fixture *f, const orphan *o)
{
    tether_snapshot *snapshot;
    assert_int_equal(tether_status_get(registry, o->id, &snapshot, &f->error), TETHER_ENOTASK);
    assert_null(snapshot);
    uv_mutex_lock(&registry->catalog.state);
    assert_null(tether__catalog_find(&registry->catalog, o->id));
    uv_mutex_unlock(&registry->catalog.state);
}

/* Whether the supervisor has exited and was not reaped. */
static bool is_zombie(const orphan *o)
{
    return test_has_child() && !test_process_alive(o->supervisor);
}

static void (*const losses[])(fixture *f, const orphan *o) = {lose_journal, remove_task};

static void the_child_of_a_forgotten_task_is_reaped_at_its_end(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        orphan o;
        begin(f->registry, f, &o);
        losses[i](f, &o);
        expect_forgotten(f->registry, f, &o);
        assert_true(test_process_alive(o.supervisor));
        test_write_file(o.gate, "", 0);
        WAIT_UNTIL(!test_has_child());
    }
}

/* The host does not run its loop meanwhile: only the close can reap the child. */
static void a_close_reaps_the_children_of_forgotten_tasks(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        orphan o;
        uv_loop_t loop;
        tether_registry *registry;
        assert_int_equal(uv_loop_init(&loop), 0);
        tether_open_options options = {
            .store = f->store, .loop = &loop, .reaper = test_reaper_mode(), .no_gc = 1};
        ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
        begin(registry, f, &o);
        losses[i](f, &o);
        expect_forgotten(registry, f, &o);
        test_write_file(o.gate, "", 0);
        WAIT_UNTIL(is_zombie(&o));
        ASSERT_OK(tether_close(registry, TETHER_DETACH, &f->error), f->error);
        assert_false(test_has_child());
        assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
        assert_int_equal(uv_loop_close(&loop), 0);
    }
}

/* A close does not wait for a task that nobody knows any more. */
static void a_close_leaves_the_child_of_a_forgotten_task_that_runs(void **state)
{
    fixture *f = *state;
    orphan o;
    tether_registry *registry = test_open(f);
    begin(registry, f, &o);
    lose_journal(f, &o);
    expect_forgotten(registry, f, &o);
    test_detach(registry);
    assert_true(test_process_alive(o.supervisor));
    test_write_file(o.gate, "", 0);
    assert_int_equal(test_join_host(o.supervisor), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_child_of_a_forgotten_task_is_reaped_at_its_end),
        cmocka_unit_test_setup_teardown(a_close_reaps_the_children_of_forgotten_tasks, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(a_close_leaves_the_child_of_a_forgotten_task_that_runs,
                                        test_setup, test_teardown),
    };
    return cmocka_run_group_tests_name("orphans", tests, NULL, NULL);
}
