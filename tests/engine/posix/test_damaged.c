/* Damaged markers and records: the task is lost or quarantined, and its neighbours stay. */
#include "engine/posix/planting.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void task_with_a_damaged_marker_is_lost(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *name;
        plant_kind kind;
        const char *bytes;
        bool quarantined;
    } cases[] = {
        {"tempty", PLANT_NOTHING, "", false},
        {"tcut", PLANT_NOTHING, "supervisor pid=1", true},
        {"tcutend", PLANT_NOTHING, "supervisor pid=2147483000 start=1\nexit 0", true},
        {"tgarbage", PLANT_NOTHING, "\x01\xff garbage\n", true},
        {"tnumber", PLANT_NOTHING, "supervisor pid=2147483000 start=1\nexit 99999999999\n", true},
        {"tnegative", PLANT_NOTHING, "supervisor pid=2147483000 start=1\nexit -2147483649\n", true},
        {"tnocode", PLANT_NOTHING, "supervisor pid=2147483000 start=1\nexit\n", true},
        {"thuge", PLANT_HUGE_FILE, NULL, true},
        {"tfifo", PLANT_FIFO, NULL, true},
        {"tsymlink", PLANT_SYMLINK, NULL, true},
        {"thardlink", PLANT_HARDLINK, NULL, true},
        {"tdirectory", PLANT_DIRECTORY, NULL, true},
    };
    enum { CASES = sizeof cases / sizeof cases[0] };
    plant_victim(f);
    for (size_t i = 0; i < CASES; i++) {
        json_t *record = plant_new_record(f, cases[i].name);
        plant_set_status(record, "running");
        plant_set_pid(record, 2147483000, 1);
        plant_task(f, cases[i].name, record, cases[i].bytes);
        if (cases[i].bytes == NULL)
            plant_replace(f, test_exit_path(f, cases[i].name), cases[i].kind);
    }
    f->registry = test_open(f);
    for (size_t i = 0; i < CASES; i++) {
        print_message("marker: %s\n", cases[i].name);
        test_expect(f->registry, cases[i].name, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                    "corrupt exit marker");
        test_take_completion(f->registry, cases[i].name);
        const char *folder = test_find_name(test_path(f, "quarantine"), cases[i].name);
        assert_int_equal(folder != NULL, cases[i].quarantined);
        if (cases[i].quarantined) {
            assert_true(test_exists(test_path(f, "quarantine/%s/exit-marker", folder)));
            assert_true(test_exists(test_path(f, "quarantine/%s/reason.txt", folder)));
            assert_false(test_exists(test_exit_path(f, cases[i].name)));
        }
    }
    plant_check_victim(f);
}

/* Checks that a host quarantines this task and leaves its neighbour "tgood" as it is. */
static void check_quarantined(fixture *f, const char *id, const char *expected_file)
{
    tether_snapshot_list *list;
    tether_snapshot *snapshot;
    tether_registry *registry = test_open(f);
    ASSERT_OK(tether_list(registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    for (size_t i = 0; i < list->count; i++)
        assert_string_not_equal(list->items[i]->task_id, id);
    tether_snapshot_list_free(list);
    assert_int_equal(tether_status_get(registry, id, &snapshot, &f->error), TETHER_ENOTASK);
    test_expect(registry, "tgood", TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, "never started");
    const char *folder = test_find_name(test_path(f, "quarantine"), id);
    assert_non_null(folder);
    char *reason = test_read_file(test_path(f, "quarantine/%s/reason.txt", folder), NULL);
    assert_non_null(strstr(reason, id));
    free(reason);
    assert_true(test_exists(test_path(f, "quarantine/%s/bundle/%s", folder, expected_file)));
    assert_false(test_exists(test_bundle_path(f, id, ".")));
    test_detach(registry);
}

static void damaged_record_is_quarantined(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *id, *field, *value;
    } cases[] = {
        {"ttypes1", "status", "7"},
        {"ttypes2", "exit_code", "\"no\""},
        {"ttypes3", "schema_version", "0"},
        {"ttypes5", "status", "\"elsewhere\""},
        {"ttypes6", "notify_on_completion", "[]"},
        {"ttypes7", "kill_intent", "\"fun\""},
    };
    plant_starting(f, "tgood", "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *record = plant_new_record(f, cases[i].id);
        json_object_set_new(record, cases[i].field,
                            json_loads(cases[i].value, JSON_DECODE_ANY, NULL));
        plant_task(f, cases[i].id, record, "");
        plant_output(f, cases[i].id);
        check_quarantined(f, cases[i].id, "stdout");
    }
}

/* The line of a task is not even an object: the journal has no such task any more, and the files of
 * the task are kept for people. */
static void files_of_a_lost_record_are_quarantined(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *id, *line;
    } cases[] = {
        {"tcut", "{\"schema_version\": 1, \"task_id\": \"tcut\", \"session_id\": \"defa\n"},
        {"tnone", ""},
        {"tnojson", "\xff\xfe{]\n"},
        {"tother", "[\"tother\"]\n"},
        {"tblank", "\n\n"},
    };
    plant_starting(f, "tgood", "");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        plant_task(f, cases[i].id, plant_new_record(f, cases[i].id), "supervisor pid=2147483000\n");
        plant_output(f, cases[i].id);
        test_replace_record(f, cases[i].id, cases[i].line);
        check_quarantined(f, cases[i].id, "stdout");
    }
}

/* A journal that is no file fails every call, and loses nothing. */
static void planted_journal_is_refused(void **state)
{
    fixture *f = *state;
    static const plant_kind kinds[] = {PLANT_SYMLINK, PLANT_HARDLINK, PLANT_FIFO, PLANT_DIRECTORY};
    tether_registry *registry;
    char kept[1200];
    plant_victim(f);
    plant_starting(f, "tgood", "");
    const char *journal = test_session_path(f, "journal/journal.jsonl");
    snprintf(kept, sizeof kept, "%s.kept", journal);
    assert_int_equal(rename(journal, kept), 0);
    for (size_t i = 0; i < 4; i++) {
        plant_replace(f, journal, kinds[i]);
        tether_open_options options = {.store = f->store, .reaper = test_reaper_mode()};
        assert_int_equal(tether_open(&options, &registry, &f->error), TETHER_ESTORE);
        assert_non_null(strstr(f->error.message, "journal.jsonl"));
        plant_replace(f, journal, PLANT_NOTHING);
    }
    plant_check_victim(f);
    assert_int_equal(rename(kept, journal), 0);
    registry = test_open(f);
    test_expect(registry, "tgood", TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, "never started");
    test_detach(registry);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(task_with_a_damaged_marker_is_lost),
        WITH_STORE(damaged_record_is_quarantined),
        WITH_STORE(files_of_a_lost_record_are_quarantined),
        WITH_STORE(planted_journal_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
