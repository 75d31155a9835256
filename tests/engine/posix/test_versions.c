/* Records that another version of tether wrote. */
#include "support/elsewhere.h"
#include "engine/posix/planting.h"

#include <stdio.h>
#include <stdlib.h>

static char *record_text(const fixture *f, const char *id)
{
    json_t *record = test_load_record(f, id);
    char *text = json_dumps(record, 0);
    json_decref(record);
    return text;
}

static void record_of_a_newer_schema_is_never_written(void **state)
{
    fixture *f = *state;
    static const char *const statuses[] = {"running", "completed", "killing", "hibernating"};
    char *before[4], id[16];
    for (size_t i = 0; i < 4; i++) {
        snprintf(id, sizeof id, "tnewer%zu", i);
        json_t *record = plant_new_record(f, id);
        json_object_set_new(record, "schema_version", json_integer(2));
        json_object_set_new(record, "from_the_future", json_pack("{s:[i,i]}", "list", 1, 2));
        plant_set_status(record, statuses[i]);
        plant_task(f, id, record,
                   i == 0 ? "garbage\n" : "supervisor pid=2147483000 start=1\nexit 0\n");
        before[i] = record_text(f, id);
    }
    f->registry = test_open(f);
    tether_snapshot_list *list;
    ASSERT_OK(tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    size_t newer = 0;
    for (size_t i = 0; i < list->count; i++)
        newer += list->items[i]->read_only;
    assert_int_equal(newer, 4);
    tether_snapshot_list_free(list);
    const tether_gc_options any_age = {.older_than_ms = -1};
    ASSERT_OK(tether_gc(f->registry, &any_age, NULL, &f->error), f->error);
    for (size_t i = 0; i < 4; i++) {
        snprintf(id, sizeof id, "tnewer%zu", i);
        int code = tether_kill(f->registry, id, NULL, &f->error);
        bool running = i == 0 || i == 2;
        assert_int_equal(code, running ? TETHER_EREADONLY : TETHER_OK);
        assert_int_equal(tether_completion_ack(f->registry, id, NULL, &f->error), TETHER_EREADONLY);
        char *after = record_text(f, id);
        assert_string_equal(after, before[i]);
        assert_true(test_exists(test_exit_path(f, id)));
        free(after);
        free(before[i]);
    }
    assert_int_equal(test_pending(f->registry, NULL), 0);
    assert_false(test_exists(test_path(f, "quarantine")));
    /* A shutdown has to report that it cannot end the two that run. */
    assert_int_equal(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), TETHER_EREADONLY);
    f->registry = NULL;
}

static void unknown_fields_are_kept(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *gate = test_work_path(f, "gate");
    START_ELSEWHERE(f, id, "--", CHILD, "await", gate, "exit", "4");
    json_t *record = test_load_record(f, id);
    json_object_set_new(record, "colour", json_pack("{s:[i,s]}", "deep", 7, "blue"));
    json_object_set_new(record, "identity", json_pack("{s:s}", "cgroup", "/a/b"));
    test_save_record(f, id, record);
    f->registry = test_open(f);
    test_write_file(gate, "", 0);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 4, NULL);
    test_take_completion(f->registry, id);
    record = test_load_record(f, id);
    json_t *deep = json_object_get(json_object_get(record, "colour"), "deep");
    assert_int_equal(json_integer_value(json_array_get(deep, 0)), 7);
    assert_string_equal(json_string_value(json_array_get(deep, 1)), "blue");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(record, "identity"), "cgroup")), "/a/b");
    assert_true(json_is_true(json_object_get(record, "completion_delivered")));
    json_decref(record);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(record_of_a_newer_schema_is_never_written),
        WITH_STORE(unknown_fields_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
