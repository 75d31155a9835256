/* Other things in the place of a journal or an archive while hosts use the session, and archives
 * that are missing: calls fail by name or work, none hangs, and nothing that is whole is lost. */
#include "engine/posix/planting.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/name.h"

static const plant_kind kinds[] = {PLANT_SYMLINK, PLANT_HARDLINK, PLANT_FIFO, PLANT_DIRECTORY};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* Takes a file away; put_back brings it back. */
static void take(const fixture *f, const char *path)
{
    assert_int_equal(rename(path, test_work_path(f, "taken")), 0);
}

static void put_back(const fixture *f, const char *path)
{
    plant_replace(f, path, PLANT_NOTHING);
    assert_int_equal(rename(test_work_path(f, "taken"), path), 0);
}

/* Runs a task that writes output and is done at its end. Returns once its supervisor was reaped:
 * the registry would forget its child together with a record that is taken away. */
static void run_done(fixture *f, char id[TETHER_ID_SIZE])
{
    const char *const argv[] = {CHILD, "put", "text", "exit", "3", NULL};
    const tether_spec spec = {.argv = argv, .no_notify = true};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
    WAIT_UNTIL(!test_has_child());
}

/* The path of an archive; free it with free(). */
static char *find_archive(const fixture *f)
{
    const char *name = test_find_name(test_session_path(f, "journal"), "archive-");
    assert_non_null(name);
    char path[64];
    snprintf(path, sizeof path, "journal/%s", name);
    return strdup(test_session_path(f, path));
}

static size_t count_listed(fixture *f)
{
    tether_snapshot_list *list;
    ASSERT_OK(tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    size_t count = list->count;
    tether_snapshot_list_free(list);
    return count;
}

/* A call may answer from memory; else it fails with the name of the file. */
static void expect_named(fixture *f, int code, const char *name)
{
    if (code != TETHER_OK) {
        assert_int_equal(code, TETHER_ESTORE);
        assert_int_equal(f->error.code, TETHER_ESTORE);
        assert_non_null(strstr(f->error.message, name));
    }
    f->error = (tether_error){0};
}

static void a_journal_that_is_no_file_stops_no_open_registry(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], other[TETHER_ID_SIZE];
    const tether_spec spec = {.command = "exit 0"};
    tether_snapshot_list *list;
    tether_snapshot *snapshot;
    plant_victim(f);
    run_done(f, id);
    char *journal = strdup(test_session_path(f, "journal/journal.jsonl"));
    for (size_t i = 0; i < KINDS; i++) {
        print_message("kind %d\n", (int)kinds[i]);
        take(f, journal);
        plant_replace(f, journal, kinds[i]);
        int code = tether_spawn(f->registry, &spec, other, &f->error);
        assert_int_equal(code, TETHER_ESTORE);
        expect_named(f, code, "journal.jsonl");
        code = tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error);
        expect_named(f, code, "journal.jsonl");
        tether_snapshot_list_free(list);
        code = tether_status_get(f->registry, id, &snapshot, &f->error);
        expect_named(f, code, "journal.jsonl");
        tether_snapshot_free(snapshot);
        put_back(f, journal);
        test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
        assert_int_equal(count_listed(f), 1);
    }
    free(journal);
    plant_check_victim(f);
    assert_false(test_exists(test_path(f, "quarantine")));
    run_done(f, other);
}

static void an_archive_that_is_no_file_is_named(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], other[TETHER_ID_SIZE];
    tether_snapshot_list *list;
    tether_snapshot *snapshot;
    plant_victim(f);
    run_done(f, id);
    WAIT_UNTIL(test_archive_task(f, id));
    char *archive = find_archive(f);
    for (size_t i = 0; i < KINDS; i++) {
        print_message("kind %d\n", (int)kinds[i]);
        take(f, archive);
        plant_replace(f, archive, kinds[i]);
        tether_registry *registry = test_open(f);
        int code = tether_status_get(registry, id, &snapshot, &f->error);
        assert_int_equal(code, TETHER_ESTORE);
        expect_named(f, code, "archive-");
        code = tether_list(registry, TETHER_LIST_ALL, &list, &f->error);
        assert_int_equal(code, TETHER_ESTORE);
        expect_named(f, code, "archive-");
        code = tether_gc(registry, NULL, NULL, &f->error);
        assert_true(code < 0);
        expect_named(f, code, "archive-");
        /* What needs no archive works. */
        test_start_child(registry, other, "exit", "0", NULL);
        test_expect(registry, other, TETHER_STATUS_COMPLETED, 0, NULL);
        test_detach(registry);
        assert_false(test_exists(test_path(f, "quarantine")));
        assert_true(test_exists(test_bundle_path(f, id, "stdout")));
        put_back(f, archive);
        test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
    }
    free(archive);
    plant_check_victim(f);
    assert_int_equal(count_listed(f), 1 + KINDS);
}

/* Its tasks are not known any more; all others are, and people get the output of those. */
static void a_missing_archive_loses_its_own_tasks_alone(void **state)
{
    fixture *f = *state;
    char first[TETHER_ID_SIZE], second[TETHER_ID_SIZE], third[TETHER_ID_SIZE];
    tether_snapshot *snapshot;
    run_done(f, first);
    WAIT_UNTIL(test_archive_task(f, first));
    run_done(f, second);
    WAIT_UNTIL(test_archive_task(f, second));
    run_done(f, third);
    test_detach(f->registry);
    f->registry = NULL;
    char *archive = find_archive(f), *text = test_read_file(archive, NULL);
    const char *lost = strstr(text, first) != NULL ? first : second;
    const char *kept = lost == first ? second : first;
    free(text);
    test_remove_file(archive);
    free(archive);
    f->registry = test_open(f);
    assert_int_equal(tether_status_get(f->registry, lost, &snapshot, &f->error), TETHER_ENOTASK);
    f->error = (tether_error){0};
    test_expect(f->registry, kept, TETHER_STATUS_FAILED, 3, NULL);
    test_expect(f->registry, third, TETHER_STATUS_FAILED, 3, NULL);
    assert_int_equal(count_listed(f), 2);
    ASSERT_OK(tether_gc(f->registry, NULL, NULL, &f->error), f->error);
    const char *folder = test_find_name(test_path(f, "quarantine"), lost);
    assert_non_null(folder);
    char *output = test_read_file(test_path(f, "quarantine/%s/bundle/stdout", folder), NULL);
    assert_string_equal(output, "text");
    free(output);
    assert_int_equal(count_listed(f), 2);
}

/* The same with lines of an archive that are damaged. */
static void damaged_lines_of_an_archive_lose_their_own_tasks_alone(void **state)
{
    fixture *f = *state;
    char first[TETHER_ID_SIZE], second[TETHER_ID_SIZE];
    tether_snapshot *snapshot;
    run_done(f, first);
    run_done(f, second);
    WAIT_UNTIL(test_archive_task(f, first) && test_archive_task(f, second));
    test_detach(f->registry);
    f->registry = NULL;
    size_t size;
    char *archive = find_archive(f), *text = test_read_file(archive, &size);
    char *id = strstr(text, first);
    assert_non_null(id);
    memset(id, '\0', strlen(first));
    test_write_file(archive, text, size);
    free(archive);
    free(text);
    f->registry = test_open(f);
    assert_int_equal(tether_status_get(f->registry, first, &snapshot, &f->error), TETHER_ENOTASK);
    f->error = (tether_error){0};
    test_expect(f->registry, second, TETHER_STATUS_FAILED, 3, NULL);
    for (int round = 0; round < 2; round++) {
        ASSERT_OK(tether_gc(f->registry, NULL, NULL, &f->error), f->error);
        assert_non_null(test_find_name(test_path(f, "quarantine"), first));
        assert_null(test_find_name(test_path(f, "quarantine"), second));
        test_expect(f->registry, second, TETHER_STATUS_FAILED, 3, NULL);
        assert_int_equal(count_listed(f), 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_journal_that_is_no_file_stops_no_open_registry),
        TEST(an_archive_that_is_no_file_is_named),
        TEST(a_missing_archive_loses_its_own_tasks_alone),
        TEST(damaged_lines_of_an_archive_lose_their_own_tasks_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
