/* Garbage collection on request, the report of doctor, the default store, and simple lookups. */
#include "care/removable.h"
#include "os/spawn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t count_tasks(tether_registry *registry)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    ASSERT_OK(tether_list(registry, TETHER_LIST_ALL, &list, &error), error);
    size_t count = list->count;
    tether_snapshot_list_free(list);
    return count;
}

static void collect(tether_registry *registry, int64_t older_than_ms, tether_gc_result *result)
{
    tether_error error = {0};
    tether_gc_options options = {.older_than_ms = older_than_ms};
    ASSERT_OK(tether_gc(registry, &options, result, &error), error);
}

static void gc_removes_ended_tasks_that_were_acknowledged(void **state)
{
    fixture *f = *state;
    char done[TETHER_ID_SIZE], pending[TETHER_ID_SIZE], silent[TETHER_ID_SIZE];
    char running[TETHER_ID_SIZE];
    tether_gc_result result = {0};
    bool fresh;
    test_run(f, "exit 1", done);
    test_run(f, "exit 2", pending);
    test_run(f, CHILD_TEXT " forever", running);
    tether_spec quiet = {.command = "exit 3", .no_notify = true};
    ASSERT_OK(tether_spawn(f->registry, &quiet, silent, &f->error), f->error);
    const char *const ended[] = {done, pending, silent};
    ASSERT_OK(tether_wait(f->registry, ended, 3, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &f->error),
              f->error);
    ASSERT_OK(tether_completion_ack(f->registry, done, &fresh, &f->error), f->error);
    assert_true(fresh);

    /* By default only tasks older than a day are removed. */
    collect(f->registry, 0, &result);
    assert_int_equal(result.removed, 0);
    assert_int_equal(result.kept, 4);

    /* The supervisor may hold its lifeline for a moment after it wrote its exit line. */
    size_t removed = 0;
    WAIT_UNTIL((collect(f->registry, -1, &result), removed += result.removed, removed == 2));
    assert_int_equal(count_tasks(f->registry), 2);
    tether_snapshot *snapshot;
    assert_int_equal(tether_status_get(f->registry, done, &snapshot, NULL), TETHER_ENOTASK);
    assert_null(snapshot);
    assert_int_equal(tether_status_get(f->registry, silent, &snapshot, NULL), TETHER_ENOTASK);
    ASSERT_OK(tether_status_get(f->registry, pending, &snapshot, &f->error), f->error);
    assert_int_equal(snapshot->exit_code, 2);
    tether_snapshot_free(snapshot);
}

static void gc_collects_in_every_session_of_the_store(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_gc_result result = {0};
    tether_registry *other = test_open_session(f, "another");
    removable_run(other, "exit 0", id);
    ASSERT_OK(tether_close(other, TETHER_DETACH, &f->error), f->error);

    size_t removed = 0;
    WAIT_UNTIL((collect(f->registry, -1, &result), removed += result.removed, removed == 1));
    other = test_open_session(f, "another");
    assert_int_equal(count_tasks(other), 0);
    ASSERT_OK(tether_close(other, TETHER_DETACH, &f->error), f->error);
}

static void gc_refuses_a_negative_age(void **state)
{
    fixture *f = *state;
    tether_gc_options options = {.older_than_ms = -2};
    assert_int_equal(tether_gc(f->registry, &options, NULL, &f->error), TETHER_EINVAL);
}

static void clean_up(fixture *f, int64_t older_than_ms, tether_gc_result *result)
{
    ASSERT_OK(tether_cleanup_finished(f->registry, older_than_ms, result, &f->error), f->error);
}

static void cleanup_removes_ended_tasks_of_its_own_session(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], elsewhere[TETHER_ID_SIZE];
    char pending[TETHER_ID_SIZE], running[TETHER_ID_SIZE];
    tether_gc_result result = {0};
    tether_registry *other = test_open_session(f, "another");
    removable_run(other, "exit 0", elsewhere);
    removable_run(f->registry, "exit 0", id);
    test_run(f, "exit 0", pending);
    test_run(f, CHILD_TEXT " forever", running);
    tether_snapshot_free(test_wait(f->registry, pending));

    clean_up(f, 60 * 60 * 1000, &result);
    assert_int_equal(result.removed, 0);
    assert_int_equal(result.kept, 3);
    size_t removed = 0;
    WAIT_UNTIL((clean_up(f, 0, &result), removed += result.removed, removed == 1));
    assert_int_equal(result.kept, 2);
    assert_int_equal(count_tasks(f->registry), 2);
    assert_int_equal(count_tasks(other), 1);
    assert_false(test_has_record(f, id));
    assert_int_equal(tether_cleanup_finished(f->registry, -1, NULL, &f->error), TETHER_EINVAL);
    ASSERT_OK(tether_cleanup_finished(f->registry, 0, NULL, &f->error), f->error);
    ASSERT_OK(tether_close(other, TETHER_DETACH, &f->error), f->error);
}

/* An open skips tasks that are marked as ended: the collection is the first to read the record. */
static void gc_quarantines_damaged_records(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_gc_result result = {0};
    removable_run(f->registry, "exit 0", id);
    ASSERT_OK(tether_close(f->registry, TETHER_DETACH, &f->error), f->error);
    test_damage_record(f, id);
    f->registry = test_open(f);
    size_t quarantined = 0;
    WAIT_UNTIL(
        (collect(f->registry, 0, &result), quarantined += result.quarantined, quarantined == 1));
    const char *folder = test_find_name(test_path(f, "quarantine"), id);
    assert_non_null(folder);
    size_t size;
    char *reason = test_read_file(test_path(f, "quarantine/%s/reason.txt", folder), &size);
    assert_non_null(strstr(reason, "\nuptime: "));
    assert_non_null(strstr(reason, " boot: "));
    assert_non_null(strstr(reason, "status"));
    free(reason);
    assert_int_equal(result.expired, 0);
}

static const tether_finding *find(const tether_report *report, const char *name)
{
    for (size_t i = 0; i < report->count; i++) {
        if (strcmp(report->items[i]->name, name) == 0)
            return report->items[i];
    }
    fail_msg("doctor does not report on %s", name);
    return NULL;
}

static void doctor_reports_on_a_store_and_changes_nothing(void **state)
{
    fixture *f = *state;
    tether_report *report;
    static const char *const names[] = {"store",    "supervisor", "shell",    "events",
                                        "identity", "survival",   "kill",     "deadline",
                                        "outcome",  "output",     "ephemeral"};
    ASSERT_OK(tether_doctor(f->store, &report, &f->error), f->error);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_true(strlen(find(report, names[i])->text) > 10);
    assert_int_equal(find(report, "store")->verdict, TETHER_GOOD);
    tether_report_free(report);

    char missing[600];
    snprintf(missing, sizeof missing, "%s/none", f->store);
    ASSERT_OK(tether_doctor(missing, &report, &f->error), f->error);
    assert_int_equal(find(report, "store")->verdict, TETHER_GOOD);
    assert_non_null(strstr(find(report, "store")->text, "not created yet"));
    tether_report_free(report);
    FILE *file = fopen(missing, "r");
    assert_null(file);

    ASSERT_OK(tether_doctor("/", &report, &f->error), f->error);
    assert_int_equal(find(report, "store")->verdict, TETHER_BAD);
    tether_report_free(report);
    tether_report_free(NULL);
}

/* What holds depends on what supervises. */
static void doctor_tells_what_the_supervisor_promises(void **state)
{
    fixture *f = *state;
    tether_report *report;
    static const char *const names[] = {"deadline", "outcome", "output"};
    for (int script = 0; script < 2; script++) {
        if (script == 1)
            test_use_scripts();
        bool monitored = script == 0 && strcmp(test_supervisor(), "monitor") == 0;
        ASSERT_OK(tether_doctor(f->store, &report, &f->error), f->error);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            const tether_finding *finding = find(report, names[i]);
            bool good = monitored && (i < 2 || tether__os_spawn_has_pipes());
            assert_int_equal(finding->verdict, good ? TETHER_GOOD : TETHER_WEAK);
        }
        tether_report_free(report);
    }
}

static void append_to_journal(const fixture *f, const char *text)
{
    FILE *journal = fopen(test_session_path(f, "journal/journal.jsonl"), "ab");
    assert_non_null(journal);
    assert_true(fputs(text, journal) >= 0);
    assert_int_equal(fclose(journal), 0);
}

static void doctor_tells_what_a_journal_has_lost(void **state)
{
    fixture *f = *state;
    char kept[TETHER_ID_SIZE], lost[TETHER_ID_SIZE];
    tether_report *report;
    test_run(f, "exit 0", kept);
    test_expect(f->registry, kept, TETHER_STATUS_COMPLETED, 0, NULL);
    ASSERT_OK(tether_doctor(f->store, &report, &f->error), f->error);
    for (size_t i = 0; i < report->count; i++)
        assert_string_not_equal(report->items[i]->name, "journal");
    tether_report_free(report);

    append_to_journal(f, "garbage\n{\"task_id\":\n");
    ASSERT_OK(tether_doctor(f->store, &report, &f->error), f->error);
    const tether_finding *finding = find(report, "journal");
    assert_int_equal(finding->verdict, TETHER_WEAK);
    assert_non_null(strstr(finding->text, "session default: damaged lines"));
    assert_non_null(strstr(finding->text, ": 2. "));
    tether_report_free(report);

    test_compact(f);
    test_run(f, "exit 0", lost);
    test_expect(f->registry, lost, TETHER_STATUS_COMPLETED, 0, NULL);
    test_replace_record(f, lost, "");
    ASSERT_OK(tether_doctor(f->store, &report, &f->error), f->error);
    finding = find(report, "journal");
    assert_non_null(strstr(finding->text, "no record any more"));
    assert_non_null(strstr(finding->text, lost));
    assert_null(strstr(finding->text, kept));
    tether_report_free(report);
}

static void simple_lookups_work(void **state)
{
    (void)state;
    char *path;
    tether_error error = {0};
    ASSERT_OK(tether_default_store(&path, &error), error);
    assert_non_null(strstr(path, "tether"));
    tether_free(path);
    tether_free(NULL);
    assert_string_equal(tether_version(), TETHER_VERSION);
    int term = tether_signal_number("TERM");
    assert_true(term > 0);
    assert_int_equal(tether_signal_number("SIGTERM"), term);
    assert_int_equal(tether_signal_number("sigterm"), term);
    assert_int_equal(tether_signal_number("9"), 9);
    assert_int_equal(tether_signal_number("0"), 0);
    assert_int_equal(tether_signal_number("NOSUCH"), 0);
    assert_int_equal(tether_signal_number(""), 0);
    assert_int_equal(tether_signal_number(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gc_removes_ended_tasks_that_were_acknowledged,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(gc_collects_in_every_session_of_the_store,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(gc_refuses_a_negative_age, test_setup_registry,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(cleanup_removes_ended_tasks_of_its_own_session,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(gc_quarantines_damaged_records, test_setup_registry,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(doctor_reports_on_a_store_and_changes_nothing,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(doctor_tells_what_a_journal_has_lost, test_setup_registry,
                                        test_teardown),
        cmocka_unit_test(simple_lookups_work),
        /* The last one: without monitors from here on. */
        cmocka_unit_test_setup_teardown(doctor_tells_what_the_supervisor_promises,
                                        test_setup_registry, test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
