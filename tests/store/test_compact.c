/* The compaction of a journal: which tasks leave it, what becomes of all other lines, and that a
 * compaction which dies or fails loses nothing. */
#include "store/compact.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/journal.h"
#include "os/lifeline.h"
#include "store/archive.h"
#include "store/journals.h"

/* The record of a task that has ended, and whose completion is pending. */
#define ENDED(id)                                                                                  \
    "{\"schema_version\":1,\"task_id\":\"" id "\",\"session_id\":\"s\",\"status\":\"completed\"}"  \
    "\n"

static void compact(journals *j)
{
    tether__lock lock;
    ASSERT_OK(tether__session_lock(&j->own, &lock, &j->error), j->error);
    ASSERT_OK(tether__compact(&j->own, &j->error), j->error);
    tether__os_lock_release(&lock);
}

static void write_text(const journals *j, const char *text)
{
    journals_write(j, text, strlen(text));
}

static void make_lifeline(const journals *j, const char *id)
{
    tether_error error = {0};
    ASSERT_OK(tether__os_file_create(j->own.exits, id, "exit 0\n", 7, &error), error);
}

static bool has_lifeline(const journals *j, const char *id)
{
    tether__file_stamp stamp;
    return tether__os_file_stamp(j->own.exits, id, &stamp, NULL) == TETHER_OK;
}

static void tasks_that_are_over_go_to_the_archive(void **state)
{
    journals *j = *state;
    write_text(j, HEAD("4", "2") BIRTH("live", "") BIRTH("done", "") BIRTH("pending", "")
                      CHANGE("done", END) CHANGE("pending", END) CHANGE("done", DELIVERED)
                          DONE("watched", ",\"watches\":[{\"id\":1}]"));
    make_lifeline(j, "done");
    make_lifeline(j, "pending");
    make_lifeline(j, "live");
    compact(j);
    journals_expect_archives(j, "4 ");
    journals_expect_file(j, "archive-4", DONE("done", ""));
    journals_expect_file(j, NULL,
                         HEAD("5", "3") BIRTH("live", "") ENDED("pending")
                             DONE("watched", ",\"watches\":[{\"id\":1}]"));
    /* An end that the journal has needs no lifeline any more. */
    assert_false(has_lifeline(j, "done") || has_lifeline(j, "pending"));
    assert_true(has_lifeline(j, "live"));
    tether__ledger_facts facts = journals_facts(&j->other);
    assert_int_equal(facts.number, 5);
    assert_int_equal(facts.started, 6);
    assert_null(journals_quarantined(j));
}

/* Others find in it what ended first. The removal changes the order of the tasks in memory. */
static void tasks_stand_in_the_order_of_their_ends(void **state)
{
    journals *j = *state;
    write_text(j, HEAD("1", "0") BIRTH("t1", "") BIRTH("t2", "") BIRTH("t3", "") BIRTH("t4", "")
                      BIRTH("t5", "") CHANGE("t4", END) CHANGE("t1", REMOVED) CHANGE("t2", END)
                          CHANGE("t3", END) CHANGE("t4", ",\"notify_on_completion\":true"));
    compact(j);
    static const char rest[] =
        BIRTH("t5", "") "{\"schema_version\":1,\"task_id\":\"t4\",\"session_id\":\"s\",\"status\":"
                        "\"completed\",\"notify_on_completion\":true}\n" ENDED("t2") ENDED("t3");
    char text[1024];
    snprintf(text, sizeof text, "%s%s", HEAD("2", "1"), rest);
    journals_expect_file(j, NULL, text);
    compact(j);
    snprintf(text, sizeof text, "%s%s", HEAD("3", "1"), rest);
    journals_expect_file(j, NULL, text);
}

/* Its supervisor may still guard processes, and nobody looks at an archived task again. */
static void a_task_whose_lifeline_is_held_stays(void **state)
{
    journals *j = *state;
    tether__lifeline lifeline;
    write_text(j, HEAD("1", "0") DONE("t1", "") DONE("t2", ""));
    ASSERT_OK(tether__os_lifeline_create(j->own.exits, "t1", &lifeline, &j->error), j->error);
    compact(j);
    journals_expect_file(j, "archive-1", DONE("t2", ""));
    journals_expect_file(j, NULL, HEAD("2", "1") DONE("t1", ""));
    assert_true(has_lifeline(j, "t1"));
    tether__os_lifeline_close(&lifeline);
    compact(j);
    journals_expect_file(j, "archive-2", DONE("t1", ""));
    journals_expect_file(j, NULL, HEAD("3", "2"));
    assert_false(has_lifeline(j, "t1"));
}

static void a_task_whose_output_is_to_be_trimmed_stays(void **state)
{
    journals *j = *state;
    tether__dir *bundle;
    write_text(j,
               HEAD("1", "0") DONE("t1", ",\"output_limit\":4") DONE("t2", ",\"output_limit\":4"));
    journals_make_bundles(j, "t1", "t2", NULL);
    ASSERT_OK(tether__os_dir_open(j->own.tasks, "t1", false, &bundle, &j->error), j->error);
    ASSERT_OK(tether__os_file_create(bundle, "stdout", "more than 4", 11, &j->error), j->error);
    tether__os_dir_close(bundle);
    make_lifeline(j, "t1");
    compact(j);
    journals_expect_file(j, "archive-1", DONE("t2", ",\"output_limit\":4"));
    journals_expect_file(j, NULL, HEAD("2", "1") DONE("t1", ",\"output_limit\":4"));
    assert_true(has_lifeline(j, "t1"));
}

static void removed_tasks_leave_without_a_trace_but_are_counted(void **state)
{
    journals *j = *state;
    write_text(j, HEAD("1", "10") BIRTH("t1", "") BIRTH("t2", "") BIRTH("t3", "")
                      CHANGE("t1", REMOVED) CHANGE("t2", REMOVED ",\"unstarted\":true"));
    compact(j);
    journals_expect_archives(j, "");
    journals_expect_file(j, NULL, HEAD("2", "11") BIRTH("t3", ""));
    assert_int_equal(journals_facts(&j->own).started, 12);
}

static void a_task_that_came_back_is_counted_once(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", "t2", NULL);
    journals_archive(j, 1, DONE("t1", "") DONE("t2", ""));
    write_text(j, HEAD("2", "2") DONE("t1", ",\"again\":true,\"n\":1") BIRTH("t3", "")
                      BIRTH("t2", ",\"again\":true"));
    assert_int_equal(journals_facts(&j->own).started, 3);
    compact(j);
    journals_expect_file(j, "archive-2", DONE("t1", ",\"again\":true,\"n\":1"));
    journals_expect_file(j, NULL, HEAD("3", "2") BIRTH("t3", "") BIRTH("t2", ",\"again\":true"));
    assert_int_equal(journals_facts(&j->own).started, 3);
    compact(j);
    journals_expect_file(j, NULL, HEAD("4", "2") BIRTH("t3", "") BIRTH("t2", ",\"again\":true"));
}

/* --- Later versions --- */

static void lines_of_a_newer_schema_are_copied(void **state)
{
    journals *j = *state;
    write_text(j, HEAD("1", "0") BIRTH("t1", "") CHANGE("t1", END DELIVERED)
                      CHANGE("t1", ",\"schema_version\":9,\"x\":1") CHANGE("t1", ",\"x\":2")
                          BIRTH("t2", ""));
    compact(j);
    journals_expect_archives(j, "");
    journals_expect_file(j, NULL,
                         HEAD("2", "0") BIRTH("t1", "") CHANGE("t1", END DELIVERED)
                             CHANGE("t1", ",\"schema_version\":9,\"x\":1") CHANGE("t1", ",\"x\":2")
                                 BIRTH("t2", ""));
    assert_int_equal(journals_facts(&j->other).started, 2);
}

/* Not even if it came back from an archive: the count would fall below zero. */
static void a_task_of_a_newer_schema_that_came_back_is_counted_once(void **state)
{
    journals *j = *state;
    static const char lines[] = DONE("t1", ",\"again\":true") CHANGE("t1", ",\"schema_version\":9");
    char text[512];
    snprintf(text, sizeof text, "%s%s", HEAD("2", "0"), lines);
    write_text(j, text);
    compact(j);
    snprintf(text, sizeof text, "%s%s", HEAD("3", "0"), lines);
    journals_expect_file(j, NULL, text);
    assert_int_equal(journals_facts(&j->own).number, 3);
    assert_int_equal(journals_facts(&j->own).started, 0);
}

/* Folding it would cost more than all else, and change nothing. */
static void the_only_line_of_a_live_task_is_copied(void **state)
{
    journals *j = *state;
    static const char line[] = "{ \"status\": \"running\", \"task_id\":\"t1\","
                               "\"schema_version\":1, \"session_id\":\"s\", \"x\":null }\n";
    char text[512];
    snprintf(text, sizeof text, "%s%s%s%s", HEAD("1", "0"), line, BIRTH("t2", ""),
             CHANGE("t2", ",\"x\":1"));
    write_text(j, text);
    compact(j);
    snprintf(text, sizeof text, "%s%s%s", HEAD("2", "0"), line, BIRTH("t2", ",\"x\":1"));
    journals_expect_file(j, NULL, text);
    compact(j);
    snprintf(text, sizeof text, "%s%s%s", HEAD("3", "0"), line, BIRTH("t2", ",\"x\":1"));
    journals_expect_file(j, NULL, text);
}

static void lines_of_unknown_kinds_are_copied(void **state)
{
    journals *j = *state;
    write_text(j, HEAD("1", "0") "{\"shape\":\"new\"}\n" BIRTH("t1", "") "{\"b\":[2, 3]}\n");
    compact(j);
    journals_expect_file(j, NULL,
                         HEAD("2", "0") BIRTH("t1", "") "{\"shape\":\"new\"}\n{\"b\":[2, 3]}\n");
    assert_null(journals_quarantined(j));
}

static void unknown_fields_are_kept(void **state)
{
    journals *j = *state;
    write_text(j,
               HEAD("1", "0") DONE("t1", ",\"future\":{\"a\":null}") BIRTH("t2", ",\"later\":[1]"));
    compact(j);
    journals_expect_file(j, "archive-1", DONE("t1", ",\"future\":{\"a\":null}"));
    journals_expect_file(j, NULL, HEAD("2", "1") BIRTH("t2", ",\"later\":[1]"));
}

/* --- Damage --- */

static void damaged_lines_go_to_the_quarantine(void **state)
{
    journals *j = *state;
    write_text(j, HEAD("1", "0") BIRTH("t1", "") "garbage\n\n" CHANGE("t2", END)
                      BIRTH("t1", ",\"n\":2") ENDED("t3") CHANGE("t3", ",\"status\":\"killed\"")
                          HEAD("7", "7") "{\"torn");
    assert_int_equal(journals_facts(&j->own).damaged, 5);
    compact(j);
    journals_expect_file(j, NULL, HEAD("2", "0") BIRTH("t1", "") ENDED("t3"));
    assert_int_equal(journals_facts(&j->own).damaged, 0);
    char *lines = journals_quarantined(j);
    assert_non_null(lines);
    assert_string_equal(lines, "garbage\n" CHANGE("t2", END) BIRTH("t1", ",\"n\":2")
                                   CHANGE("t3", ",\"status\":\"killed\"") HEAD("7", "7"));
    free(lines);
}

/* Nothing may be concluded from such a record: a host that looks at the task quarantines it. */
static void a_damaged_record_stays(void **state)
{
    journals *j = *state;
    static const char damaged[] = "{\"schema_version\":1,\"task_id\":\"t1\",\"session_id\":\"s\","
                                  "\"status\":7}\n";
    char text[512];
    snprintf(text, sizeof text, "%s%s%s", HEAD("1", "0"), damaged, DONE("t2", ""));
    write_text(j, text);
    make_lifeline(j, "t1");
    compact(j);
    snprintf(text, sizeof text, "%s%s", HEAD("2", "1"), damaged);
    journals_expect_file(j, NULL, text);
    journals_expect_file(j, "archive-1", DONE("t2", ""));
    assert_true(has_lifeline(j, "t1"));
}

/* Else it would replace the archive of another journal. */
static void a_damaged_head_is_numbered_after_the_archives(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "a1", "a2", NULL);
    journals_archive(j, 3, DONE("a1", ""));
    journals_archive(j, 6, DONE("a2", "") DONE("removed", ""));
    write_text(j, "{\"schema_vers\n" BIRTH("t1", "") DONE("t2", ""));
    compact(j);
    journals_expect_archives(j, "7 6 3 ");
    journals_expect_file(j, "archive-7", DONE("t2", ""));
    journals_expect_file(j, NULL, HEAD("8", "3") BIRTH("t1", ""));
    assert_int_equal(journals_facts(&j->own).started, 4);
}

/* --- Deaths and failures --- */

/* The host has died after the archive had its name. */
static void a_compaction_that_died_is_repeated(void **state)
{
    journals *j = *state;
    static const char before[] = HEAD("1", "0") BIRTH("t1", "") DONE("t2", "") DONE("t3", "");
    journals_make_bundles(j, "t1", "t2", "t3", NULL);
    write_text(j, before);
    compact(j);
    write_text(j, before);
    /* Until then, the journal wins. */
    journals_expect(&j->other, "t2", DONE("t2", ""));
    compact(j);
    journals_expect_archives(j, "1 ");
    journals_expect_file(j, "archive-1", DONE("t2", "") DONE("t3", ""));
    journals_expect_file(j, NULL, HEAD("2", "2") BIRTH("t1", ""));
    /* The task may have changed between the death and the repetition. */
    write_text(j, before);
    journals_append(&j->other, CHANGE("t2", ",\"completion_delivered\":false"));
    compact(j);
    journals_expect_file(j, "archive-1", DONE("t3", ""));
    assert_int_equal(journals_facts(&j->other).started, 3);
}

static void a_compaction_that_fails_changes_nothing(void **state)
{
    journals *j = *state;
    static const char before[] = HEAD("1", "0") BIRTH("t1", "") DONE("t2", "") "garbage\n";
    write_text(j, before);
    test_make_directory(journals_path(j, "archive-1"));
    assert_true(tether__compact(&j->own, &j->error) < 0);
    assert_non_null(strstr(j->error.message, "archive-1"));
    journals_expect_file(j, NULL, before);
    /* Else each attempt would leave another copy of the damaged lines. */
    assert_null(journals_quarantined(j));
    journals_append(&j->own, BIRTH("t3", ""));
    journals_expect(&j->other, "t3", BIRTH("t3", ""));
    journals_expect(&j->other, "t2", DONE("t2", ""));
}

/* The number is one that no host has written: no archive of a higher one is ever read. */
static void a_head_with_a_number_beyond_all_is_damaged(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", NULL);
    write_text(j, HEAD("9000000000000000000", "0") DONE("t1", ""));
    compact(j);
    journals_expect_archives(j, "1 ");
    journals_expect_file(j, NULL, HEAD("2", "1"));
}

/* Others follow: each task is in the journal or in an archive. */
static void a_follower_finds_what_has_left_the_journal(void **state)
{
    journals *j = *state;
    json_t *record;
    tether__file_stamp stamp;
    journals_make_bundles(j, "t1", "t2", NULL);
    journals_append(&j->other, BIRTH("t1", ""));
    journals_append(&j->other, BIRTH("t2", ""));
    journals_append(&j->own, CHANGE("t1", END DELIVERED));
    journals_expect(&j->other, "t2", BIRTH("t2", ""));
    compact(j);
    compact(j);
    journals_expect(&j->other, "t1", NULL);
    journals_expect(&j->other, "t2", BIRTH("t2", ""));
    assert_false(tether__ledger_removed(&j->other, "t1"));
    ASSERT_OK(tether__archive_find(&j->other, "t1", &record, &stamp, &j->error), j->error);
    json_decref(record);
    journals_append(&j->other, CHANGE("t2", END));
    journals_expect(&j->own, "t2", ENDED("t2"));
}

/* --- When --- */

enum { KIB = 1024 };

/* Appends changes of a task until the journal has at least this size. */
static void grow(journals *j, const char *id, uint64_t size)
{
    char line[2 * KIB], fill[KIB + 1];
    memset(fill, 'x', KIB);
    fill[KIB] = '\0';
    snprintf(line, sizeof line, "{\"task_id\":\"%s\",\"fill\":\"%s\"}", id, fill);
    while (journals_facts(&j->own).size < size)
        journals_append(&j->own, line);
}

static void a_small_journal_is_left_alone(void **state)
{
    journals *j = *state;
    assert_false(tether__ledger_is_large(&j->own));
    journals_append(&j->own, BIRTH("t1", ""));
    grow(j, "t1", 60 * KIB);
    assert_false(tether__ledger_is_large(&j->own));
}

static void a_journal_that_has_grown_is_compacted_once_per_growth(void **state)
{
    journals *j = *state;
    journals_append(&j->own, BIRTH("t1", ""));
    grow(j, "t1", 65 * KIB);
    assert_true(tether__ledger_is_large(&j->own));
    /* A compaction that failed is not repeated at each line. */
    assert_false(tether__ledger_is_large(&j->own));
    grow(j, "t1", 120 * KIB);
    assert_false(tether__ledger_is_large(&j->own));
    grow(j, "t1", 130 * KIB);
    assert_true(tether__ledger_is_large(&j->own));
    compact(j);
    assert_true(journals_facts(&j->own).size < 2 * KIB);
    assert_false(tether__ledger_is_large(&j->own));
    grow(j, "t1", 70 * KIB);
    assert_true(tether__ledger_is_large(&j->own));
}

/* A compaction would make it hardly smaller. */
static void a_journal_of_live_tasks_is_left_alone(void **state)
{
    journals *j = *state;
    char line[2 * KIB], fill[KIB + 1];
    memset(fill, 'x', KIB);
    fill[KIB] = '\0';
    for (int i = 0; i < 100; i++) {
        snprintf(line, sizeof line,
                 "{\"schema_version\":1,\"task_id\":\"t%d\",\"session_id\":\"s\","
                 "\"status\":\"running\",\"fill\":\"%s\"}",
                 i, fill);
        journals_append(&j->own, line);
        assert_false(tether__ledger_is_large(&j->own));
    }
    /* Twice the size, and the growth. */
    grow(j, "t1", 260 * KIB);
    grow(j, "t1", 340 * KIB);
    assert_true(tether__ledger_is_large(&j->own));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, journals_setup, journals_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tasks_that_are_over_go_to_the_archive),
        TEST(tasks_stand_in_the_order_of_their_ends),
        TEST(a_task_whose_lifeline_is_held_stays),
        TEST(a_task_whose_output_is_to_be_trimmed_stays),
        TEST(removed_tasks_leave_without_a_trace_but_are_counted),
        TEST(a_task_that_came_back_is_counted_once),
        TEST(lines_of_a_newer_schema_are_copied),
        TEST(a_task_of_a_newer_schema_that_came_back_is_counted_once),
        TEST(the_only_line_of_a_live_task_is_copied),
        TEST(lines_of_unknown_kinds_are_copied),
        TEST(unknown_fields_are_kept),
        TEST(damaged_lines_go_to_the_quarantine),
        TEST(a_damaged_record_stays),
        TEST(a_damaged_head_is_numbered_after_the_archives),
        TEST(a_compaction_that_died_is_repeated),
        TEST(a_compaction_that_fails_changes_nothing),
        TEST(a_head_with_a_number_beyond_all_is_damaged),
        TEST(a_follower_finds_what_has_left_the_journal),
        TEST(a_small_journal_is_left_alone),
        TEST(a_journal_that_has_grown_is_compacted_once_per_growth),
        TEST(a_journal_of_live_tasks_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
