/* Joining archives: small ones become one, what was removed or has a newer record leaves them, and
 * a death at any step loses nothing. */
#include "store/archive_join.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "store/archive.h"
#include "store/journals.h"

static void join(journals *j, uint64_t below)
{
    ASSERT_OK(tether__archive_join(&j->own, below, &j->error), j->error);
}

static void small_archives_become_one(void **state)
{
    journals *j = *state;
    join(j, 1);
    journals_make_bundles(j, "t1", "t2", "t3", "t4", NULL);
    journals_archive(j, 2, DONE("t1", ""));
    journals_archive(j, 3, DONE("t2", "") DONE("t3", ""));
    journals_archive(j, 7, DONE("t4", ""));
    join(j, 8);
    /* The oldest one: a look that reads the newest first then still comes to them. */
    journals_expect_archives(j, "2 ");
    journals_expect_file(j, "archive-2",
                         DONE("t4", "") DONE("t2", "") DONE("t3", "") DONE("t1", ""));
}

/* Also without a later collection: a compaction that died may be repeated, and then replaces the
 * archive of the journal's number. */
static void the_archive_of_the_journal_stays(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", "t2", "t3", NULL);
    journals_archive(j, 1, DONE("t1", ""));
    journals_archive(j, 2, DONE("t2", ""));
    journals_archive(j, 3, DONE("t3", ""));
    join(j, 3);
    journals_expect_archives(j, "3 1 ");
    journals_expect_file(j, "archive-3", DONE("t3", ""));
    join(j, 1);
    journals_expect_archives(j, "3 1 ");
}

static void the_newest_record_stays(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", "t2", NULL);
    journals_archive(j, 1, DONE("t1", ",\"n\":1") DONE("t2", ",\"n\":1"));
    journals_archive(j, 2, DONE("t1", ",\"n\":2"));
    join(j, 3);
    journals_expect_file(j, "archive-1", DONE("t1", ",\"n\":2") DONE("t2", ",\"n\":1"));
}

static void removed_tasks_leave_their_archive(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t2", NULL);
    journals_archive(j, 1, DONE("t1", "") DONE("t2", "") DONE("t3", ""));
    join(j, 2);
    journals_expect_file(j, "archive-1", DONE("t2", ""));
}

static void archives_without_tasks_are_removed(void **state)
{
    journals *j = *state;
    journals_archive(j, 1, DONE("t1", ""));
    join(j, 2);
    journals_expect_archives(j, "");
    journals_archive(j, 1, DONE("t1", ""));
    journals_archive(j, 2, DONE("t2", ""));
    join(j, 3);
    journals_expect_archives(j, "");
}

/* A look reads the journal first. If the task comes back after that, the look finds it in the
 * archive. */
static void a_task_that_came_back_stays_in_its_archive(void **state)
{
    journals *j = *state;
    json_t *record;
    tether__file_stamp stamp;
    journals_make_bundles(j, "t1", "t2", NULL);
    journals_archive(j, 1, DONE("t1", "") DONE("t2", "") DONE("t3", ""));
    assert_int_equal(tether__ledger_stamp(&j->own, "t1", &stamp, NULL), TETHER_ENOTASK);
    journals_append(&j->other, DONE("t1", ",\"again\":true"));
    join(j, journals_facts(&j->other).number);
    journals_expect_file(j, "archive-1", DONE("t1", "") DONE("t2", ""));
    ASSERT_OK(tether__archive_find(&j->own, "t1", &record, &stamp, &j->error), j->error);
    json_decref(record);
    journals_expect(&j->own, "t1", DONE("t1", ",\"again\":true"));
}

static void an_archive_in_which_nothing_changes_is_not_written(void **state)
{
    journals *j = *state;
    tether__file_stamp before, after;
    journals_make_bundles(j, "t1", "t2", NULL);
    journals_archive(j, 1, DONE("t1", "") DONE("t2", ""));
    ASSERT_OK(tether__archive_stamp(&j->own, 1, &before, &j->error), j->error);
    join(j, 2);
    ASSERT_OK(tether__archive_stamp(&j->own, 1, &after, &j->error), j->error);
    assert_memory_equal(&before, &after, sizeof before);
}

/* Writes an archive of this many lines of 1 KiB. */
static void write_large(journals *j, uint64_t number, const char *id, int lines)
{
    tether__text text = {0};
    char line[1025];
    for (int i = 0; i < lines; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s-%d", id, i);
        journals_make_bundles(j, name, NULL);
        int used =
            snprintf(line, sizeof line, "{\"task_id\":\"%s\",\"session_id\":\"s\",\"x\":\"", name);
        memset(line + used, 'x', sizeof line - 1 - (size_t)used);
        memcpy(line + sizeof line - 4, "\"}\n", 4);
        tether__text_add(&text, line, sizeof line - 1);
    }
    assert_false(text.failed);
    ASSERT_OK(tether__archive_write(&j->own, number, text.bytes, text.size, &j->error), j->error);
    tether__text_dispose(&text);
}

static void archives_that_are_large_together_stay_apart(void **state)
{
    journals *j = *state;
    tether__file_stamp stamp;
    write_large(j, 1, "a", 700);
    write_large(j, 2, "b", 200);
    write_large(j, 3, "c", 300);
    write_large(j, 4, "d", 600);
    join(j, 5);
    /* Newest first: 4 and 3 have less than 1 MiB, 2 with 1 too. */
    journals_expect_archives(j, "3 1 ");
    ASSERT_OK(tether__archive_stamp(&j->own, 3, &stamp, &j->error), j->error);
    assert_int_equal(stamp.size, 900 * 1024);
    ASSERT_OK(tether__archive_stamp(&j->own, 1, &stamp, &j->error), j->error);
    assert_int_equal(stamp.size, 900 * 1024);
    join(j, 5);
    journals_expect_archives(j, "3 1 ");
}

/* What a death leaves after each step of the join of three archives: a repetition completes it. */
static void a_join_that_died_is_repeated(void **state)
{
    journals *j = *state;
    static const char joined[] = DONE("t3", "") DONE("t2", "") DONE("t1", "");
    static const char *const repeated[] = {joined, DONE("t2", "") DONE("t3", "") DONE("t1", ""),
                                           joined};
    journals_make_bundles(j, "t1", "t2", "t3", NULL);
    for (int removed = 0; removed <= 2; removed++) {
        uint64_t newest, tasks;
        journals_archive(j, 1, joined);
        if (removed < 2)
            journals_archive(j, 2, DONE("t2", ""));
        if (removed < 1)
            journals_archive(j, 3, DONE("t3", ""));
        ASSERT_OK(tether__archive_count(&j->own, &newest, &tasks, &j->error), j->error);
        assert_int_equal(tasks, 3);
        join(j, 4);
        journals_expect_archives(j, "1 ");
        journals_expect_file(j, "archive-1", repeated[removed]);
    }
}

/* An archive that cannot be read is left alone, and so are those before it. */
static void what_is_no_file_stops_a_join(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", "t3", NULL);
    journals_archive(j, 1, DONE("t1", ""));
    test_make_directory(journals_path(j, "archive-2"));
    journals_archive(j, 3, DONE("t3", ""));
    assert_int_equal(tether__archive_join(&j->own, 4, &j->error), TETHER_ESTORE);
    assert_non_null(strstr(j->error.message, "archive-2"));
    journals_expect_file(j, "archive-1", DONE("t1", ""));
    journals_expect_file(j, "archive-3", DONE("t3", ""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, journals_setup, journals_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(small_archives_become_one),
        TEST(the_archive_of_the_journal_stays),
        TEST(the_newest_record_stays),
        TEST(removed_tasks_leave_their_archive),
        TEST(archives_without_tasks_are_removed),
        TEST(a_task_that_came_back_stays_in_its_archive),
        TEST(an_archive_in_which_nothing_changes_is_not_written),
        TEST(archives_that_are_large_together_stay_apart),
        TEST(a_join_that_died_is_repeated),
        TEST(what_is_no_file_stops_a_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
