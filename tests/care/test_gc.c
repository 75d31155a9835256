/* The garbage collection that a registry runs by itself in the background. */
#include "support/support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "care/gc.h"
#include "care/gc_state.h"
#include "care/removable.h"
#include "registry/registry.h"
#include "store/temporaries.h"

static const int64_t day_ms = 24 * 60 * 60 * 1000;

/* Opens the fixture's registry, with or without its background collection. */
static void open_registry(fixture *f, bool collects)
{
    tether_open_options options = {.size = sizeof options,
                                   .store = f->store,
                                   .reaper = test_reaper_mode(),
                                   .no_gc = !collects};
    ASSERT_OK(tether_open(&options, &f->registry, &f->error), f->error);
}

static void close_registry(fixture *f)
{
    ASSERT_OK(tether_close(f->registry, TETHER_DETACH, &f->error), f->error);
    f->registry = NULL;
}

/* Creates a removable task that ended two days ago in another boot. */
static void create_old_task(fixture *f, char id[TETHER_ID_SIZE])
{
    removable_create(f->registry, id);
    json_t *record = test_load_record(f, id);
    int64_t finished_at = json_integer_value(json_object_get(record, "finished_at"));
    json_object_set_new(record, "finished_at", json_integer(finished_at - 2 * day_ms));
    json_object_set_new(record, "boot_id", json_string("another"));
    test_save_record(f, id, record);
}

/* Stores the present clock as trusted, and no earlier collection. */
static void trust_clock(fixture *f)
{
    tether__gc_state state = {0};
    tether__moment_now(&f->registry->store.here, &state.clock.believed);
    ASSERT_OK(tether__gc_state_save(&f->registry->store, &state, &f->error), f->error);
}

static void registry_collects_once_when_it_opens(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], later[TETHER_ID_SIZE];
    tether__gc_state after = {0};
    open_registry(f, false);
    assert_null(((tether__whole *)(void *)f->registry)->housekeeper);
    create_old_task(f, id);
    trust_clock(f);
    close_registry(f);
    assert_true(removable_exists(f, id));

    open_registry(f, true);
    WAIT_UNTIL(
        (tether__gc_state_load(&f->registry->store, &after, NULL), after.collected.wall_ms != 0));
    assert_false(removable_exists(f, id));
    assert_int_equal(test_count_lifelines(f), 0);

    /* The next collection is not due within ten minutes. */
    create_old_task(f, later);
    assert_false(tether__gc_due(f->registry));
    after.collected.uptime_ms -= 10 * 60 * 1000;
    ASSERT_OK(tether__gc_state_save(&f->registry->store, &after, &f->error), f->error);
    assert_true(tether__gc_due(f->registry));
    strcpy(after.collected.boot_id, "another");
    ASSERT_OK(tether__gc_state_save(&f->registry->store, &after, &f->error), f->error);
    assert_true(tether__gc_due(f->registry));
    assert_true(removable_exists(f, later));
}

/* Returns false as many times as *userdata says, then true, which stops the collection. */
static bool stop_after(void *userdata)
{
    int *left = userdata;
    return (*left)-- <= 0;
}

static bool never(void *userdata)
{
    (void)userdata;
    return false;
}

static void collection_stops_between_two_tasks(void **state)
{
    fixture *f = *state;
    enum { TASKS = 6, ALLOWED = 2 };
    char ids[TASKS][TETHER_ID_SIZE];
    int left = ALLOWED, remaining = 0;
    tether__gc_state after;
    open_registry(f, false);
    for (int i = 0; i < TASKS; i++)
        create_old_task(f, ids[i]);
    trust_clock(f);
    ASSERT_OK(tether__gc_background(f->registry, stop_after, &left, &f->error), f->error);
    for (int i = 0; i < TASKS; i++)
        remaining += removable_exists(f, ids[i]);
    assert_int_equal(remaining, TASKS - ALLOWED);
    tether__gc_state_load(&f->registry->store, &after, NULL);
    assert_int_equal(after.collected.wall_ms, 0);
    assert_int_not_equal(after.clock.believed.wall_ms, 0);

    /* Another one is due after a minute. */
    assert_false(tether__gc_due(f->registry));
    after.stopped.uptime_ms -= 60 * 1000;
    ASSERT_OK(tether__gc_state_save(&f->registry->store, &after, &f->error), f->error);
    assert_true(tether__gc_due(f->registry));

    ASSERT_OK(tether__gc_background(f->registry, never, NULL, &f->error), f->error);
    for (int i = 0; i < TASKS; i++)
        assert_false(removable_exists(f, ids[i]));
    tether__gc_state_load(&f->registry->store, &after, NULL);
    assert_true(after.collected.wall_ms != 0);
}

/* Else many short-lived hosts would begin one each. */
static void hosts_that_close_at_once_collect_once(void **state)
{
    fixture *f = *state;
    open_registry(f, true);
    assert_non_null(((tether__whole *)(void *)f->registry)->housekeeper);
    close_registry(f);
    open_registry(f, true);
    assert_null(((tether__whole *)(void *)f->registry)->housekeeper);
}

static void collection_does_not_wait_for_a_lock(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether__lock lock;
    open_registry(f, false);
    create_old_task(f, id);
    trust_clock(f);
    ASSERT_OK(tether__session_lock(&f->registry->session, &lock, &f->error), f->error);
    /* Far more than the pauses between its attempts take on a busy machine. */
    f->registry->session.lock_timeout_ms = 60 * 1000;
    int64_t before = test_now_ms();
    ASSERT_OK(tether__gc_background(f->registry, never, NULL, &f->error), f->error);
    assert_true(test_now_ms() - before < f->registry->session.lock_timeout_ms / 2);
    tether__os_lock_release(&lock);
    assert_true(removable_exists(f, id));
    ASSERT_OK(tether__gc_background(f->registry, never, NULL, &f->error), f->error);
    assert_false(removable_exists(f, id));
}

/* These tasks stay at any age. A background collection writes no record and quarantines none. */
static void collection_keeps_needed_tasks(void **state)
{
    fixture *f = *state;
    char pending[TETHER_ID_SIZE], running[TETHER_ID_SIZE], damaged[TETHER_ID_SIZE];
    char newer[TETHER_ID_SIZE];
    open_registry(f, false);
    create_old_task(f, pending);
    json_t *record = test_load_record(f, pending);
    json_object_set_new(record, "notify_on_completion", json_true());
    test_save_record(f, pending, record);
    create_old_task(f, damaged);
    test_damage_record(f, damaged);
    create_old_task(f, newer);
    record = test_load_record(f, newer);
    json_object_set_new(record, "schema_version", json_integer(2));
    test_save_record(f, newer, record);
    test_run(f, CHILD_TEXT " forever", running);
    trust_clock(f);
    ASSERT_OK(tether__gc_background(f->registry, never, NULL, &f->error), f->error);
    assert_true(removable_exists(f, pending));
    assert_true(removable_exists(f, damaged));
    assert_true(removable_exists(f, newer));
    assert_true(removable_exists(f, running));
    assert_false(test_exists(test_path(f, "quarantine")));
}

/* A registry with many old tasks works and closes while its collection runs. */
static void registry_works_during_a_collection(void **state)
{
    fixture *f = *state;
    enum { TASKS = 60, TURNS = 20 };
    char id[TETHER_ID_SIZE];
    open_registry(f, false);
    for (int i = 0; i < TASKS; i++)
        create_old_task(f, id);
    trust_clock(f);
    close_registry(f);
    for (int i = 0; i < TURNS; i++) {
        open_registry(f, true);
        test_run(f, "exit 0", id);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        test_take_completion(f->registry, id);
        close_registry(f);
    }
    /* This collection removes the old tasks that the earlier ones left. The new ones all stay. */
    open_registry(f, false);
    ASSERT_OK(tether_gc(f->registry, NULL, NULL, &f->error), f->error);
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), TURNS);
}

/* What a removal leaves that was interrupted after the record. */
static void interrupted_removal_is_completed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_gc_result result = {0};
    char bundle[TETHER_ID_SIZE + 8], line[TETHER_ID_SIZE + 32];
    open_registry(f, false);
    for (int background = 0; background < 2; background++) {
        removable_create(f->registry, id);
        snprintf(line, sizeof line, "{\"task_id\":\"%s\",\"removed\":true}\n", id);
        test_replace_record(f, id, line);
        if (background) {
            ASSERT_OK(tether__gc_background(f->registry, never, NULL, &f->error), f->error);
        } else {
            ASSERT_OK(tether_gc(f->registry, NULL, &result, &f->error), f->error);
            assert_int_equal(result.leftovers, 1);
            assert_int_equal(result.kept, 0);
        }
        assert_false(test_exists(test_exit_path(f, id)));
        assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
    }
    /* A quarantine that was interrupted leaves a lifeline without a bundle. */
    removable_create(f->registry, id);
    snprintf(bundle, sizeof bundle, "tasks/%s", id);
    test_remove_store(test_session_path(f, bundle));
    ASSERT_OK(tether_gc(f->registry, NULL, &result, &f->error), f->error);
    assert_int_equal(result.leftovers, 1);
    assert_int_equal(test_count_lifelines(f), 0);
}

/* The journal has lost a task that ran: its files are kept for people, and are no leftovers. */
static void what_goes_to_the_quarantine_is_no_leftover(void **state)
{
    fixture *f = *state;
    char first[TETHER_ID_SIZE], second[TETHER_ID_SIZE];
    tether_gc_result result = {0};
    open_registry(f, false);
    removable_create(f->registry, first);
    test_replace_record(f, first, "");
    ASSERT_OK(tether_gc(f->registry, NULL, &result, &f->error), f->error);
    assert_int_equal(result.quarantined, 1);
    assert_int_equal(result.leftovers, 0);
    assert_non_null(test_find_name(test_path(f, "quarantine"), first));
    /* The next opening finds the second one, together with a leftover. */
    removable_create(f->registry, second);
    test_replace_record(f, second, "");
    close_registry(f);
    test_make_directory(test_session_path(f, "tasks/abandoned"));
    test_write_file(test_exit_path(f, "abandoned"), "", 0);
    open_registry(f, false);
    assert_non_null(test_find_name(test_path(f, "quarantine"), second));
    for (int i = 0; i < 2; i++) {
        ASSERT_OK(tether_gc(f->registry, NULL, &result, &f->error), f->error);
        assert_int_equal(result.quarantined, i == 0);
        assert_int_equal(result.leftovers, i == 0);
    }
}

/* The result counts what the opening of the registry has removed. */
static void leftovers_of_the_opening_are_counted_once(void **state)
{
    fixture *f = *state;
    tether_gc_result result = {0};
    open_registry(f, false);
    close_registry(f);
    test_make_directory(test_session_path(f, "tasks/abandoned"));
    test_write_file(test_exit_path(f, "abandoned"), "", 0);
    open_registry(f, false);
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
    ASSERT_OK(tether_gc(f->registry, NULL, &result, &f->error), f->error);
    assert_int_equal(result.leftovers, 1);
    ASSERT_OK(tether_gc(f->registry, NULL, &result, &f->error), f->error);
    assert_int_equal(result.leftovers, 0);
}

static void temporary_files_are_removed_after_an_hour(void **state)
{
    fixture *f = *state;
    enum { MINUTE_MS = 60 * 1000 };
    static const int64_t young[] = {0, 58 * MINUTE_MS, -58 * MINUTE_MS};
    static const int64_t old[] = {62 * MINUTE_MS, -62 * MINUTE_MS};
    tether__moment now;
    size_t removed = 0;
    open_registry(f, false);
    const char *path = test_path(f, ".tmp-0123456789abcdef");
    const char *other = test_path(f, "tmp-0123456789abcdef");
    test_write_file(other, "", 0);
    tether__moment_now(&f->registry->store.here, &now);
    for (size_t i = 0; i < sizeof old / sizeof old[0]; i++) {
        test_write_file(path, "half", 4);
        for (size_t k = 0; k < sizeof young / sizeof young[0]; k++)
            tether__temporaries_remove(f->registry->store.root, now.wall_ms + young[k], &removed);
        assert_int_equal(removed, i);
        assert_true(test_exists(path));
        tether__temporaries_remove(f->registry->store.root, now.wall_ms + old[i], &removed);
        assert_int_equal(removed, i + 1);
        assert_false(test_exists(path));
    }
    assert_true(test_exists(other));
    test_remove_file(other);
}

static void damaged_state_file_counts_as_none(void **state)
{
    fixture *f = *state;
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"schema_version\": 2, \"believed\": {\"wall_ms\": 5}}",
        "{\"schema_version\": 1, \"believed\": 7, \"doubted\": \"x\", \"doubted_since\": []}",
        ("{\"schema_version\": 1, \"believed\": {\"wall_ms\": \"x\", \"boot_id\": "
         "\"0123456789012345678901234567890123456789012345678901234567890123456789\"}}")};
    static const tether__gc_state nothing = {0};
    tether__gc_state got;
    open_registry(f, false);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        test_write_file(test_path(f, "gc.json"), texts[i], strlen(texts[i]));
        tether__gc_state_load(&f->registry->store, &got, NULL);
        assert_memory_equal(&got, &nothing, sizeof got);
    }
    ASSERT_OK(tether_gc(f->registry, NULL, NULL, &f->error), f->error);
    tether__gc_state_load(&f->registry->store, &got, NULL);
    assert_true(got.collected.wall_ms != 0);
    assert_int_equal(got.clock.believed.wall_ms, got.collected.wall_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(registry_collects_once_when_it_opens, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(collection_stops_between_two_tasks, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(hosts_that_close_at_once_collect_once, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(collection_does_not_wait_for_a_lock, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(collection_keeps_needed_tasks, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(registry_works_during_a_collection, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(interrupted_removal_is_completed, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(what_goes_to_the_quarantine_is_no_leftover, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(leftovers_of_the_opening_are_counted_once, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(temporary_files_are_removed_after_an_hour, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(damaged_state_file_counts_as_none, test_setup,
                                        test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
