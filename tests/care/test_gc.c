/* The collection of garbage that a registry does by itself, in the background. */
#include "support/support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "care/gc.h"
#include "care/gc_state.h"
#include "os/lifeline.h"
#include "registry/registry.h"

static const int64_t day_ms = 24 * 60 * 60 * 1000;

/* Opens the fixture's registry, so that it collects by itself or not. */
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

/* A task that nobody needs, of another boot and two days ago. */
static void make_old_task(fixture *f, char id[TETHER_ID_SIZE])
{
    tether_spec spec = {.command = "exit 0", .no_notify = true};
    ASSERT_OK(tether_spawn(f->registry, &spec, id, &f->error), f->error);
    tether_snapshot_free(test_wait(f->registry, id));
    bool held = true;
    WAIT_UNTIL((tether__os_lifeline_held(f->registry->session.exits, id, &held, NULL), !held));
    /* From then on no registry looks at it by itself. */
    WAIT_UNTIL(tether__os_lifeline_marked_ended(f->registry->session.exits, id));
    json_t *record = test_load_record(f, id);
    int64_t finished_at = json_integer_value(json_object_get(record, "finished_at"));
    json_object_set_new(record, "finished_at", json_integer(finished_at - 2 * day_ms));
    json_object_set_new(record, "boot_id", json_string("another"));
    test_save_record(f, id, record);
}

/* A clock that was right all the time, and a last round of which nothing is known. */
static void believe_clock(fixture *f)
{
    tether__gc_state state = {0};
    tether__moment_now(&state.clock.believed);
    ASSERT_OK(tether__gc_state_save(&f->registry->store, &state, &f->error), f->error);
}

static bool has_task(fixture *f, const char *id)
{
    return test_exists(test_bundle_path(f, id, "record.json"));
}

static void registry_collects_once_by_itself(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], later[TETHER_ID_SIZE];
    tether__gc_state after = {0};
    open_registry(f, false);
    assert_null(((tether__whole *)(void *)f->registry)->housekeeper);
    make_old_task(f, id);
    believe_clock(f);
    close_registry(f);
    assert_true(has_task(f, id));

    open_registry(f, true);
    WAIT_UNTIL((tether__gc_state_load(&f->registry->store, &after), after.collected.wall_ms != 0));
    assert_false(has_task(f, id));
    assert_int_equal(test_count_names(test_session_path(f, "exits")), 0);

    /* The next one within ten minutes leaves it at that. */
    make_old_task(f, later);
    assert_false(tether__gc_due(f->registry));
    after.collected.uptime_ms -= 10 * 60 * 1000;
    ASSERT_OK(tether__gc_state_save(&f->registry->store, &after, &f->error), f->error);
    assert_true(tether__gc_due(f->registry));
    strcpy(after.collected.boot_id, "another");
    ASSERT_OK(tether__gc_state_save(&f->registry->store, &after, &f->error), f->error);
    assert_true(tether__gc_due(f->registry));
    assert_true(has_task(f, later));
}

/* Says stop from the n-th question on. */
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

static void round_ends_between_two_tasks(void **state)
{
    fixture *f = *state;
    enum { TASKS = 6, ALLOWED = 2 };
    char ids[TASKS][TETHER_ID_SIZE];
    int left = ALLOWED, there = 0;
    tether__gc_state after;
    open_registry(f, false);
    for (int i = 0; i < TASKS; i++)
        make_old_task(f, ids[i]);
    believe_clock(f);
    ASSERT_OK(tether__gc_background(f->registry, stop_after, &left, &f->error), f->error);
    for (int i = 0; i < TASKS; i++)
        there += has_task(f, ids[i]);
    assert_int_equal(there, TASKS - ALLOWED);
    tether__gc_state_load(&f->registry->store, &after);
    assert_int_equal(after.collected.wall_ms, 0);

    ASSERT_OK(tether__gc_background(f->registry, never, NULL, &f->error), f->error);
    for (int i = 0; i < TASKS; i++)
        assert_false(has_task(f, ids[i]));
    tether__gc_state_load(&f->registry->store, &after);
    assert_true(after.collected.wall_ms != 0);
}

static void round_waits_for_no_lock(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether__lock lock;
    open_registry(f, false);
    make_old_task(f, id);
    believe_clock(f);
    ASSERT_OK(tether__session_lock(&f->registry->session, &lock, &f->error), f->error);
    int64_t before = test_now_ms();
    ASSERT_OK(tether__gc_background(f->registry, never, NULL, &f->error), f->error);
    assert_true(test_now_ms() - before < f->registry->session.lock_timeout_ms / 2);
    tether__os_lock_release(&lock);
    assert_true(has_task(f, id));
    ASSERT_OK(tether__gc_background(f->registry, never, NULL, &f->error), f->error);
    assert_false(has_task(f, id));
}

/* What must stay, whatever its age: in the background no record is written either. */
static void round_keeps_what_is_needed(void **state)
{
    fixture *f = *state;
    char pending[TETHER_ID_SIZE], running[TETHER_ID_SIZE], damaged[TETHER_ID_SIZE];
    char newer[TETHER_ID_SIZE];
    open_registry(f, false);
    make_old_task(f, pending);
    json_t *record = test_load_record(f, pending);
    json_object_set_new(record, "notify_on_completion", json_true());
    test_save_record(f, pending, record);
    make_old_task(f, damaged);
    test_write_file(test_bundle_path(f, damaged, "record.json"), "{", 1);
    make_old_task(f, newer);
    record = test_load_record(f, newer);
    json_object_set_new(record, "schema_version", json_integer(2));
    test_save_record(f, newer, record);
    test_run(f, CHILD_TEXT " forever", running);
    believe_clock(f);
    ASSERT_OK(tether__gc_background(f->registry, never, NULL, &f->error), f->error);
    assert_true(has_task(f, pending));
    assert_true(has_task(f, damaged));
    assert_true(has_task(f, newer));
    assert_true(has_task(f, running));
    assert_false(test_exists(test_path(f, "quarantine")));
}

/* A registry with many old tasks works and closes while the round goes on. */
static void registry_works_meanwhile(void **state)
{
    fixture *f = *state;
    enum { TASKS = 60, TURNS = 20 };
    char id[TETHER_ID_SIZE];
    open_registry(f, false);
    for (int i = 0; i < TASKS; i++)
        make_old_task(f, id);
    believe_clock(f);
    close_registry(f);
    for (int i = 0; i < TURNS; i++) {
        open_registry(f, true);
        test_run(f, "exit 0", id);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        test_take_completion(f->registry, id);
        close_registry(f);
    }
    /* Whatever the rounds got done, of the old ones nothing is left after this, and nothing of the
     * others is missing. */
    open_registry(f, false);
    ASSERT_OK(tether_gc(f->registry, NULL, NULL, &f->error), f->error);
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), TURNS);
}

static void state_survives_what_is_in_its_file(void **state)
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
        tether__gc_state_load(&f->registry->store, &got);
        assert_memory_equal(&got, &nothing, sizeof got);
    }
    ASSERT_OK(tether_gc(f->registry, NULL, NULL, &f->error), f->error);
    tether__gc_state_load(&f->registry->store, &got);
    assert_true(got.collected.wall_ms != 0);
    assert_int_equal(got.clock.believed.wall_ms, got.collected.wall_ms);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(registry_collects_once_by_itself, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(round_ends_between_two_tasks, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(round_waits_for_no_lock, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(round_keeps_what_is_needed, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(registry_works_meanwhile, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(state_survives_what_is_in_its_file, test_setup,
                                        test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
