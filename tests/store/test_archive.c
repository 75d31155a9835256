/* The archives of a session: which record of a task is the newest, and what a look does when
 * archives are missing, damaged, or come and go meanwhile. */
#include "store/journals.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "format/journal.h"
#include "store/archive.h"

static void expect_found(const journals *j, const char *id, const char *text)
{
    json_t *record;
    tether_error error = {0};
    tether__file_stamp stamp;
    int code = tether__archive_find(&j->own, id, &record, &stamp, &error);
    if (text == NULL) {
        assert_int_equal(code, TETHER_ENOTASK);
        assert_null(record);
        assert_int_equal(error.code, 0);
        return;
    }
    if (code != TETHER_OK)
        fail_msg("task %s is not found: %s", id, error.message);
    json_t *wanted = json_loads(text, 0, NULL);
    assert_true(json_equal(record, wanted));
    json_decref(wanted);
    json_decref(record);
}

/* What a visit has seen, such as "t1 t2 ". */
typedef struct visited {
    const journals *j;
    char text[512];
    size_t room;                     /* visits that are left */
    void (*first)(const journals *); /* done in the first visit; may be NULL */
} visited;

static bool visit(void *context, const char *task_id, json_t *record)
{
    visited *v = context;
    assert_string_equal(json_string_value(json_object_get(record, "task_id")), task_id);
    if (v->first != NULL && v->text[0] == '\0')
        v->first(v->j);
    strcat(strcat(v->text, task_id), " ");
    return --v->room > 0;
}

static bool visit_line(void *context, const char *task_id, const char *text, size_t size)
{
    json_t *record = json_loadb(text, size, 0, NULL);
    bool goes_on = visit(context, task_id, record);
    json_decref(record);
    return goes_on;
}

static void expect_visited(const journals *j, size_t room, void (*first)(const journals *),
                           const char *expected)
{
    visited v = {.j = j, .room = room, .first = first};
    tether_error error = {0};
    ASSERT_OK(tether__archive_visit(&j->own, visit_line, &v, &error), error);
    assert_string_equal(v.text, expected);
}

enum { ALL = 1000 };

static void expect_count(const journals *j, uint64_t newest, uint64_t tasks)
{
    uint64_t number, count;
    tether_error error = {0};
    ASSERT_OK(tether__archive_count(&j->own, &number, &count, &error), error);
    assert_int_equal(number, newest);
    assert_int_equal(count, tasks);
}

static void a_session_has_no_archives_at_first(void **state)
{
    journals *j = *state;
    journals_expect_archives(j, "");
    expect_visited(j, ALL, NULL, "");
    expect_count(j, 0, 0);
    journals_make_bundles(j, "t1", NULL);
    expect_found(j, "t1", NULL);
}

static void archives_are_listed_newest_first(void **state)
{
    journals *j = *state;
    static const uint64_t numbers[] = {9, 10, 2, 100, 1};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        journals_archive(j, numbers[i], DONE("t1", ""));
    static const char *const others[] = {"archive-",   "archive-0",  "archive-01",
                                         "archive-3x", "archive--4", "archive-5.0",
                                         "xarchive-6", "archive",    "archive-1234567890123456789"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        test_write_file(journals_path(j, others[i]), "", 0);
    journals_expect_archives(j, "100 10 9 2 1 ");
}

static void the_newest_record_of_a_task_is_found(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", "t2", "t3", NULL);
    journals_archive(j, 1, DONE("t1", ",\"n\":1") DONE("t2", ",\"n\":1"));
    journals_archive(j, 2, DONE("t3", ",\"n\":2") DONE("t1", ",\"n\":2"));
    /* Number 3 is missing: it had no tasks, or was joined with another. */
    journals_archive(j, 4, DONE("t1", ",\"n\":4"));
    expect_found(j, "t1", DONE("t1", ",\"n\":4"));
    expect_found(j, "t2", DONE("t2", ",\"n\":1"));
    expect_found(j, "t3", DONE("t3", ",\"n\":2"));
    expect_found(j, "t4", NULL);
    expect_visited(j, ALL, NULL, "t1 t3 t1 t1 t2 ");
    expect_visited(j, 2, NULL, "t1 t3 ");
    expect_count(j, 4, 3);
}

/* Other tasks mention the id, or have one that begins with it. */
static void a_task_is_not_taken_for_another_one(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", "t", "t11", NULL);
    journals_archive(j, 1,
                     DONE("t11", "") DONE("t2", ",\"command\":\"t1\",\"t1\":\"\\\"t1\\\"\"")
                         DONE("t1", ",\"n\":1") DONE("t1", ",\"n\":2"));
    expect_found(j, "t1", DONE("t1", ",\"n\":1"));
    expect_found(j, "t11", DONE("t11", ""));
    expect_found(j, "t", NULL);
}

/* A removal takes the bundle first. */
static void a_task_without_its_bundle_is_removed(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t2", NULL);
    journals_archive(j, 1, DONE("t1", "") DONE("t2", "") DONE("t3", ""));
    expect_found(j, "t1", NULL);
    expect_found(j, "t2", DONE("t2", ""));
    expect_visited(j, ALL, NULL, "t2 ");
    expect_count(j, 1, 1);
}

/* The bundle belongs to a later task with the same id, whose lifeline was there first. */
static void a_task_with_a_lifeline_is_another_one(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", "t2", NULL);
    journals_archive(j, 1, DONE("t1", "") DONE("t2", ""));
    ASSERT_OK(tether__os_file_create(j->own.exits, "t1", "", 0, &j->error), j->error);
    expect_found(j, "t1", NULL);
    expect_visited(j, ALL, NULL, "t2 ");
}

static void damaged_lines_take_no_other_task_with_them(void **state)
{
    journals *j = *state;
    static const char text[] = DONE("t1", "") "garbage\n\n\0\0\0\n{\"task_id\":\"t2\"\n"
                                              "{\"shape\":\"new\"}\n" DONE("t3", "")
                                                  CHANGE("t5", REMOVED) "{\"task_id\":\"t4\"}";
    tether_error error = {0};
    journals_make_bundles(j, "t1", "t2", "t3", "t4", "t5", NULL);
    ASSERT_OK(tether__archive_write(&j->own, 1, text, sizeof text - 1, &error), error);
    expect_visited(j, ALL, NULL, "t1 t3 ");
    expect_found(j, "t3", DONE("t3", ""));
    expect_found(j, "t2", NULL);
    expect_found(j, "t4", NULL);
    expect_count(j, 1, 2);
}

static void a_line_over_the_limit_is_skipped(void **state)
{
    journals *j = *state;
    tether__text text = {0};
    tether_error error = {0};
    char block[4096];
    memset(block, 'x', sizeof block);
    journals_make_bundles(j, "t1", "t2", "t3", NULL);
    tether__text_add_string(&text, DONE("t1", "") "{\"task_id\":\"t2\",\"x\":\"");
    for (size_t i = 0; i <= TETHER__JOURNAL_LINE_LIMIT / sizeof block; i++)
        tether__text_add(&text, block, sizeof block);
    tether__text_add_string(&text, "\"}\n" DONE("t3", ""));
    assert_false(text.failed);
    ASSERT_OK(tether__archive_write(&j->own, 1, text.bytes, text.size, &error), error);
    tether__text_dispose(&text);
    expect_visited(j, ALL, NULL, "t1 t3 ");
    expect_found(j, "t2", NULL);
    expect_found(j, "t3", DONE("t3", ""));
}

/* --- Changes --- */

static void an_archive_is_replaced_as_a_whole(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", "t2", NULL);
    journals_archive(j, 1, DONE("t1", ""));
    journals_archive(j, 1, DONE("t2", ""));
    journals_expect_file(j, "archive-1", DONE("t2", ""));
    expect_found(j, "t1", NULL);
    expect_found(j, "t2", DONE("t2", ""));
}

static void an_archive_is_removed(void **state)
{
    journals *j = *state;
    journals_archive(j, 1, DONE("t1", ""));
    journals_archive(j, 12, DONE("t1", ""));
    ASSERT_OK(tether__archive_remove(&j->own, 1, &j->error), j->error);
    ASSERT_OK(tether__archive_remove(&j->own, 1, &j->error), j->error);
    journals_expect_archives(j, "12 ");
}

static void one_archive_is_read(void **state)
{
    journals *j = *state;
    visited v = {.j = j, .room = ALL};
    journals_make_bundles(j, "t1", "t2", NULL);
    journals_archive(j, 1, DONE("t1", ""));
    journals_archive(j, 2, DONE("t2", ""));
    ASSERT_OK(tether__archive_read(&j->own, 1, visit, &v, &j->error), j->error);
    assert_string_equal(v.text, "t1 ");
    /* One that does not exist has no tasks. */
    ASSERT_OK(tether__archive_read(&j->own, 3, visit, &v, &j->error), j->error);
    assert_string_equal(v.text, "t1 ");
}

/* As archive_join.c does it: into the oldest, then the newer ones are removed. */
static void join_all(const journals *j)
{
    tether_error error = {0};
    journals_archive(j, 1, DONE("t3", "") DONE("t2", "") DONE("t1", ""));
    ASSERT_OK(tether__archive_remove(&j->own, 3, &error), error);
    ASSERT_OK(tether__archive_remove(&j->own, 2, &error), error);
}

/* Each task is seen at least once, although archive 2 disappears between listing and opening. */
static void a_look_finds_the_tasks_of_an_archive_that_disappears(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", "t2", "t3", NULL);
    journals_archive(j, 1, DONE("t1", ""));
    journals_archive(j, 2, DONE("t2", ""));
    journals_archive(j, 3, DONE("t3", ""));
    expect_visited(j, ALL, join_all, "t3 t3 t2 t1 ");
    journals_expect_archives(j, "1 ");
}

static void remove_all(const journals *j)
{
    tether_error error = {0};
    for (uint64_t number = 1; number <= 3; number++)
        ASSERT_OK(tether__archive_remove(&j->own, number, &error), error);
}

static void archives_that_disappear_have_no_tasks(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", "t2", "t3", NULL);
    for (uint64_t number = 1; number <= 3; number++)
        journals_archive(j, number, DONE("t1", ""));
    expect_visited(j, ALL, remove_all, "t1 ");
}

/* A directory in the place of an archive is no damaged record: nobody may move a task to the
 * quarantine because of it. */
static void what_is_no_file_in_the_place_of_an_archive_is_named(void **state)
{
    journals *j = *state;
    visited v = {.j = j, .room = ALL};
    json_t *record;
    uint64_t number, count;
    tether__file_stamp stamp;
    journals_make_bundles(j, "t1", NULL);
    journals_archive(j, 1, DONE("t1", ""));
    test_make_directory(journals_path(j, "archive-2"));
    assert_int_equal(tether__archive_find(&j->own, "t1", &record, &stamp, &j->error),
                     TETHER_ESTORE);
    assert_null(record);
    assert_int_equal(j->error.code, TETHER_ESTORE);
    assert_non_null(strstr(j->error.message, "archive-2"));
    assert_int_equal(tether__archive_visit(&j->own, visit_line, &v, &j->error), TETHER_ESTORE);
    assert_int_equal(tether__archive_count(&j->own, &number, &count, &j->error), TETHER_ESTORE);
    assert_true(tether__archive_write(&j->own, 2, "", 0, &j->error) < 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, journals_setup, journals_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_session_has_no_archives_at_first),
        TEST(archives_are_listed_newest_first),
        TEST(the_newest_record_of_a_task_is_found),
        TEST(a_task_is_not_taken_for_another_one),
        TEST(a_task_without_its_bundle_is_removed),
        TEST(a_task_with_a_lifeline_is_another_one),
        TEST(damaged_lines_take_no_other_task_with_them),
        TEST(a_line_over_the_limit_is_skipped),
        TEST(an_archive_is_replaced_as_a_whole),
        TEST(an_archive_is_removed),
        TEST(one_archive_is_read),
        TEST(a_look_finds_the_tasks_of_an_archive_that_disappears),
        TEST(archives_that_disappear_have_no_tasks),
        TEST(what_is_no_file_in_the_place_of_an_archive_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
