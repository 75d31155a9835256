/* The removal of single tasks on request, and of tasks whose completion is pending. */
#include "care/removable.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "care/gc_state.h"
#include "registry/registry.h"

static const int64_t day_ms = 24 * 60 * 60 * 1000;

static bool is_there(const fixture *f, const char *id)
{
    return test_exists(test_bundle_path(f, id, "")) || test_exists(test_exit_path(f, id));
}

static void expect_no_task(tether_registry *registry, const char *id)
{
    tether_snapshot *snapshot;
    tether_error error = {0};
    assert_int_equal(tether_status_get(registry, id, &snapshot, &error), TETHER_ENOTASK);
    assert_null(snapshot);
}

/* The completion is pending, and the supervisor may not have exited yet. */
static void ended_task_is_removed_with_all_its_files(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], other[TETHER_ID_SIZE];
    test_run(f, "exit 3", other);
    test_run(f, "echo text", id);
    tether_snapshot_free(test_wait(f->registry, id));
    tether_snapshot_free(test_wait(f->registry, other));
    ASSERT_OK(tether_remove(f->registry, id, &f->error), f->error);
    assert_false(is_there(f, id));
    expect_no_task(f->registry, id);
    assert_int_equal(tether_remove(f->registry, id, &f->error), TETHER_ENOTASK);
    assert_non_null(strstr(f->error.message, id));
    /* The other task stays. */
    test_expect(f->registry, other, TETHER_STATUS_FAILED, 3, NULL);
    assert_int_equal(test_pending(f->registry, NULL), 1);
}

/* A supervisor closes its files a moment before it can be reaped. */
static void removal_leaves_no_zombie(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 20; i++) {
        char id[TETHER_ID_SIZE];
        test_start_child(f->registry, id, "exit", "0", NULL);
        tether_snapshot_free(test_wait(f->registry, id));
        ASSERT_OK(tether_remove(f->registry, id, &f->error), f->error);
        assert_false(test_has_child());
    }
}

static void running_task_is_not_removed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_run(f, CHILD_TEXT " forever", id);
    assert_int_equal(tether_remove(f->registry, id, &f->error), TETHER_ENOTENDED);
    assert_non_null(strstr(f->error.message, "has not ended"));
    assert_true(is_there(f, id));
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    ASSERT_OK(tether_remove(f->registry, id, &f->error), f->error);
    assert_false(is_there(f, id));
}

/* The registry did not start the task and has not read its record yet. */
static void task_of_another_host_is_removed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    removable_create(f->registry, id);
    test_detach(f->registry);
    f->registry = test_open(f);
    ASSERT_OK(tether_remove(f->registry, id, &f->error), f->error);
    assert_false(is_there(f, id));
}

static void lease(tether_registry *registry, const char *id)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    ASSERT_OK(tether_completions_lease(registry, NULL, &list, &error), error);
    assert_int_equal(list->count, 1);
    assert_string_equal(list->items[0]->task_id, id);
    tether_snapshot_list_free(list);
}

static void leased_task_is_removed_by_its_holder_only(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_gc_result result = {0};
    const tether_gc_options all = {.older_than_ms = -1, .pending_older_than_ms = -1};
    tether_registry *holder = test_open(f);
    test_run(f, "exit 0", id);
    tether_snapshot_free(test_wait(f->registry, id));
    WAIT_UNTIL(test_pending(holder, id) == 1);
    lease(holder, id);
    assert_int_equal(tether_remove(f->registry, id, &f->error), TETHER_ELEASED);
    ASSERT_OK(tether_gc(f->registry, &all, &result, &f->error), f->error);
    assert_int_equal(result.removed, 0);
    assert_int_equal(result.kept, 1);
    assert_true(removable_exists(f, id));
    ASSERT_OK(tether_remove(holder, id, &f->error), f->error);
    assert_false(is_there(f, id));
    test_detach(holder);
}

static void newer_and_invalid_tasks_are_not_removed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    removable_create(f->registry, id);
    json_t *record = test_load_record(f, id);
    json_object_set_new(record, "schema_version", json_integer(2));
    test_save_record(f, id, record);
    assert_int_equal(tether_remove(f->registry, id, &f->error), TETHER_EREADONLY);
    assert_true(removable_exists(f, id));
    assert_int_equal(tether_remove(f->registry, "../x", &f->error), TETHER_EINVAL);
    assert_int_equal(tether_remove(f->registry, NULL, &f->error), TETHER_EINVAL);
}

static void waits_for_a_removed_task_end(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_waiter *waiter;
    removable_create(f->registry, id);
    const char *const ids[] = {id};
    ASSERT_OK(tether_waiter_open(f->registry, ids, 1, &waiter, &f->error), f->error);
    ASSERT_OK(tether_remove(f->registry, id, &f->error), f->error);
    char ended[TETHER_ID_SIZE];
    assert_int_equal(tether_waiter_next(waiter, PATIENCE_MS, ended, &f->error), TETHER_ENOTASK);
    assert_int_equal(
        tether_wait(f->registry, ids, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &f->error),
        TETHER_ENOTASK);
    tether_waiter_close(waiter);
}

/* Creates a task with a pending completion that ended `days` ago in another boot. */
static void create_pending(fixture *f, int days, char id[TETHER_ID_SIZE])
{
    removable_create(f->registry, id);
    json_t *record = test_load_record(f, id);
    int64_t finished_at = json_integer_value(json_object_get(record, "finished_at"));
    json_object_set_new(record, "finished_at", json_integer(finished_at - days * day_ms));
    json_object_set_new(record, "boot_id", json_string("another"));
    json_object_set_new(record, "notify_on_completion", json_true());
    test_save_record(f, id, record);
}

/* Stores the present clock as trusted: without that, no age counts across boots. */
static void trust_clock(fixture *f)
{
    tether__gc_state state = {0};
    tether__moment_now(&f->registry->store.here, &state.clock.believed);
    ASSERT_OK(tether__gc_state_save(&f->registry->store, &state, &f->error), f->error);
}

static size_t collect(fixture *f, int64_t older_than_ms, int64_t pending_older_than_ms)
{
    tether_gc_result result = {0};
    const tether_gc_options options = {.older_than_ms = older_than_ms,
                                       .pending_older_than_ms = pending_older_than_ms};
    ASSERT_OK(tether_gc(f->registry, &options, &result, &f->error), f->error);
    return result.removed;
}

static void pending_completion_keeps_its_task_for_30_days(void **state)
{
    fixture *f = *state;
    char older[TETHER_ID_SIZE], younger[TETHER_ID_SIZE];
    create_pending(f, 31, older);
    create_pending(f, 29, younger);
    trust_clock(f);
    assert_int_equal(collect(f, 0, INT64_MAX), 0);
    assert_int_equal(collect(f, 40 * day_ms, 0), 0);
    assert_int_equal(collect(f, 0, 0), 1);
    assert_false(is_there(f, older));
    assert_true(removable_exists(f, younger));
    assert_int_equal(collect(f, -1, 0), 0);
    assert_int_equal(collect(f, 0, -1), 1);
    assert_false(is_there(f, younger));
}

/* The age of a task of another boot depends on the wall clock. */
static void pending_completion_stays_while_the_clock_is_doubted(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    create_pending(f, 31, id);
    assert_int_equal(collect(f, 0, 0), 0);
    assert_true(removable_exists(f, id));
    assert_int_equal(collect(f, 0, -1), 1);
}

static void cleanup_removes_old_pending_tasks_of_its_own_session(void **state)
{
    fixture *f = *state;
    char older[TETHER_ID_SIZE], younger[TETHER_ID_SIZE], elsewhere[TETHER_ID_SIZE];
    tether_gc_result result = {0};
    tether_registry *other = test_open_session(f, "another");
    removable_create(other, elsewhere);
    create_pending(f, 31, older);
    create_pending(f, 29, younger);
    trust_clock(f);
    ASSERT_OK(tether_cleanup_finished(f->registry, 0, &result, &f->error), f->error);
    assert_int_equal(result.removed, 1);
    assert_int_equal(result.kept, 1);
    assert_false(is_there(f, older));
    const tether_gc_options all = {
        .older_than_ms = -1, .pending_older_than_ms = -1, .session_only = true};
    ASSERT_OK(tether_gc(f->registry, &all, &result, &f->error), f->error);
    assert_int_equal(result.removed, 1);
    assert_false(is_there(f, younger));
    tether_snapshot_free(test_snapshot(other, elsewhere));
    test_detach(other);
}

static void negative_age_is_refused(void **state)
{
    fixture *f = *state;
    const tether_gc_options options = {.pending_older_than_ms = -2};
    assert_int_equal(tether_gc(f->registry, &options, NULL, &f->error), TETHER_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ended_task_is_removed_with_all_its_files,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(removal_leaves_no_zombie, test_setup_registry,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(running_task_is_not_removed, test_setup_registry,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(task_of_another_host_is_removed, test_setup_registry,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(leased_task_is_removed_by_its_holder_only,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(newer_and_invalid_tasks_are_not_removed,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(waits_for_a_removed_task_end, test_setup_registry,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(pending_completion_keeps_its_task_for_30_days,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(pending_completion_stays_while_the_clock_is_doubted,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(cleanup_removes_old_pending_tasks_of_its_own_session,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(negative_age_is_refused, test_setup_registry,
                                        test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
