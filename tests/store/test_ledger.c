/* The ledger: two hosts append to one journal, and each reads what the other one has written. What
 * is damaged in the journal takes no other task with it. */
#include "store/compact.h"
#include "store/journals.h"
#include "store/session.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/journal.h"
#include "store/ledger_append.h"
#include "store/ledger_read.h"

static void expect_damaged(const journals *j, uint64_t damaged)
{
    assert_int_equal(journals_facts(&j->own).damaged, damaged);
    assert_int_equal(journals_facts(&j->other).damaged, damaged);
}

/* Both hosts find this record. */
static void expect(const journals *j, const char *id, const char *record)
{
    journals_expect(&j->own, id, record);
    journals_expect(&j->other, id, record);
}

/* The record of a task that has ended. */
#define ENDED(id) "{\"schema_version\":1,\"task_id\":\"" id "\",\"session_id\":\"s\"" END "}"

/* --- Appending --- */

static void the_first_line_creates_the_journal(void **state)
{
    journals *j = *state;
    assert_int_equal(journals_facts(&j->own).number, 0);
    expect(j, "t1", NULL);
    journals_append(&j->own, BIRTH("t1", ""));
    journals_expect_file(j, NULL, HEAD("1", "0") BIRTH("t1", ""));
    expect(j, "t1", BIRTH("t1", ""));
    tether__ledger_facts facts = journals_facts(&j->other);
    assert_int_equal(facts.number, 1);
    assert_int_equal(facts.started, 1);
    assert_int_equal(facts.damaged, 0);
    assert_int_equal(facts.size, strlen(HEAD("1", "0") BIRTH("t1", "")));
}

static void two_hosts_append_in_turns(void **state)
{
    journals *j = *state;
    char line[128], id[16];
    for (int i = 0; i < 40; i++) {
        const tether__session *writer = i % 2 == 0 ? &j->own : &j->other;
        snprintf(id, sizeof id, "t%d", i);
        snprintf(line, sizeof line, BIRTH("t%d", ",\"n\":%d"), i, i);
        journals_append(writer, line);
        expect(j, id, line);
    }
    journals_append(&j->other, CHANGE("t0", END ",\"exit_code\":3"));
    journals_append(&j->own, CHANGE("t0", DELIVERED));
    expect(j, "t0",
           "{\"schema_version\":1,\"task_id\":\"t0\",\"session_id\":\"s\",\"n\":0" END DELIVERED
           ",\"exit_code\":3}");
    journals_append(&j->own, CHANGE("t1", REMOVED));
    expect(j, "t1", NULL);
    assert_true(tether__ledger_removed(&j->other, "t1"));
    assert_false(tether__ledger_removed(&j->other, "t2"));
    assert_int_equal(journals_facts(&j->other).started, 40);
    expect_damaged(j, 0);
}

static tether__file_stamp stamp_of(const tether__session *session, const char *id)
{
    tether__file_stamp stamp;
    tether_error error = {0};
    ASSERT_OK(tether__ledger_stamp(session, id, &stamp, &error), error);
    return stamp;
}

/* A host that keeps the record in memory reads it again only if it has changed. */
static void a_stamp_changes_with_the_lines_of_its_task_alone(void **state)
{
    journals *j = *state;
    journals_append(&j->own, BIRTH("t1", ""));
    journals_append(&j->own, BIRTH("t2", ""));
    tether__file_stamp first = stamp_of(&j->other, "t1"), second = stamp_of(&j->other, "t2");
    journals_append(&j->own, CHANGE("t1", END));
    tether__file_stamp now = stamp_of(&j->other, "t1");
    assert_memory_not_equal(&now, &first, sizeof now);
    now = stamp_of(&j->other, "t2");
    assert_memory_equal(&now, &second, sizeof now);
    assert_int_equal(tether__ledger_stamp(&j->own, "t3", &now, &j->error), TETHER_ENOTASK);
}

static void a_record_that_is_too_long_changes_nothing(void **state)
{
    journals *j = *state;
    journals_append(&j->own, BIRTH("t1", ""));
    char *text = malloc(TETHER__JOURNAL_LINE_LIMIT);
    assert_non_null(text);
    memset(text, 'x', TETHER__JOURNAL_LINE_LIMIT);
    json_t *line =
        json_pack("{s:s, s:s#}", "task_id", "t1", "command", text, (int)TETHER__JOURNAL_LINE_LIMIT);
    assert_int_equal(tether__ledger_append(&j->own, line, &j->error), TETHER_ETOOBIG);
    json_decref(line);
    free(text);
    journals_expect_file(j, NULL, HEAD("1", "0") BIRTH("t1", ""));
    expect(j, "t1", BIRTH("t1", ""));
}

/* --- Scopes --- */

static void expect_ids(const tether__session *session, tether__scope scope, size_t expected)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    tether_error error = {0};
    ASSERT_OK(tether__ledger_ids(session, scope, &ids, &count, &error), error);
    assert_int_equal(count, expected);
    free(ids);
}

static void lists_the_tasks_of_a_scope(void **state)
{
    journals *j = *state;
    expect_ids(&j->own, TETHER__SCOPE_ALL, 0);
    journals_append(&j->own, BIRTH("live", ""));
    journals_append(&j->own, BIRTH("pending", ""));
    journals_append(&j->own, CHANGE("pending", END));
    journals_append(&j->own, DONE("done", ""));
    journals_append(&j->own, DONE("limited", ",\"output_limit\":10"));
    expect_ids(&j->other, TETHER__SCOPE_LIVE, 2);
    expect_ids(&j->other, TETHER__SCOPE_PENDING, 3);
    expect_ids(&j->other, TETHER__SCOPE_ALL, 4);
}

static void expect_overdue(const tether__session *session, int64_t now_ms, const char *expected)
{
    char(*ids)[TETHER_ID_SIZE];
    size_t count;
    tether_error error = {0};
    ASSERT_OK(tether__ledger_overdue(session, now_ms, &ids, &count, &error), error);
    assert_int_equal(count, expected != NULL);
    if (expected != NULL)
        assert_string_equal(ids[0], expected);
    free(ids);
}

static void lists_the_tasks_that_are_overdue(void **state)
{
    journals *j = *state;
    journals_append(&j->own, BIRTH("free", ",\"deadline_monotonic_ms\":null"));
    journals_append(&j->own, BIRTH("ended", ",\"deadline_monotonic_ms\":10"));
    journals_append(&j->own, CHANGE("ended", END));
    journals_append(&j->own, BIRTH("bound", ",\"deadline_monotonic_ms\":100"));
    expect_overdue(&j->other, 99, NULL);
    expect_overdue(&j->other, 100, "bound");
    journals_append(&j->own, CHANGE("bound", ",\"deadline_monotonic_ms\":200"));
    expect_overdue(&j->other, 199, NULL);
    expect_overdue(&j->own, 200, "bound");
    journals_append(&j->own, CHANGE("bound", ",\"deadline_monotonic_ms\":null"));
    expect_overdue(&j->other, INT64_MAX, NULL);
    journals_append(&j->own, CHANGE("free", ",\"kill_intent\":\"kill\""));
    expect_overdue(&j->other, 0, "free");
    journals_append(&j->own, CHANGE("free", ",\"kill_intent\":null"));
    expect_overdue(&j->other, 0, NULL);
}

/* --- A torn tail --- */

/* A reader that has seen a part of a line, whose writer then cuts it off, keeps nothing of it. */
static void a_line_without_a_newline_is_read_again(void **state)
{
    journals *j = *state;
    journals_append(&j->own, BIRTH("t1", ""));
    char *before = journals_read(j, NULL, NULL);
    static const char *const parts[] = {"{\"task_id\":\"t1\",\"exit_code\":1",
                                        "{\"task_id\":\"t1\",\"exit_code\":1}", "{", "%"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        journals_add(j, parts[i], strlen(parts[i]));
        expect(j, "t1", BIRTH("t1", ""));
        journals_write(j, before, strlen(before));
        expect(j, "t1", BIRTH("t1", ""));
    }
    journals_add(j, parts[0], strlen(parts[0]));
    expect(j, "t1", BIRTH("t1", ""));
    expect_damaged(j, 0);
    /* The rest of the line comes. */
    journals_add(j, "7}\n", 3);
    expect(j, "t1", BIRTH("t1", ",\"exit_code\":17"));
    expect_damaged(j, 0);
    free(before);
}

static tether__file_stamp journal_stamp(const journals *j)
{
    tether__file_stamp stamp;
    tether_error error = {0};
    ASSERT_OK(tether__os_file_stamp(j->own.journal, TETHER__JOURNAL_FILE, &stamp, &error), error);
    return stamp;
}

/* Returns whether the file system's clock has advanced since the earlier state. */
static bool write_later(const journals *j, const char *text, const tether__file_stamp *before)
{
    journals_write(j, text, strlen(text));
    return journal_stamp(j).mtime_ns != before->mtime_ns;
}

/* The new line takes exactly the place of the part that was cut off. */
static void a_line_as_long_as_the_part_before_it_is_read(void **state)
{
    journals *j = *state;
    static const char part[] = "{\"task_id\":\"t1\",\"exit_code\":1";
    static const char line[] = "{\"task_id\":\"t1\",\"exit_cod\":4}\n";
    char whole[512];
    assert_int_equal(strlen(part) + 1, strlen(line));
    journals_append(&j->own, BIRTH("t1", ""));
    journals_add(j, line, 1);
    journals_add(j, part + 1, strlen(part) - 1);
    journals_add(j, "2", 1);
    expect(j, "t1", BIRTH("t1", ""));
    snprintf(whole, sizeof whole, "%s%s", HEAD("1", "0") BIRTH("t1", ""), line);
    tether__file_stamp before = journal_stamp(j);
    WAIT_UNTIL(write_later(j, whole, &before));
    expect(j, "t1", BIRTH("t1", ",\"exit_cod\":4"));
}

static void the_next_line_begins_with_a_newline(void **state)
{
    journals *j = *state;
    journals_append(&j->own, BIRTH("t1", ""));
    journals_add(j, "{\"task_id\":\"t1\",\"st", 19);
    journals_append(&j->own, BIRTH("t2", ""));
    journals_append(&j->own, BIRTH("t3", ""));
    journals_expect_file(j, NULL,
                         HEAD("1", "0") BIRTH("t1", "") "{\"task_id\":\"t1\",\"st\n" BIRTH("t2", "")
                             BIRTH("t3", ""));
    expect(j, "t1", BIRTH("t1", ""));
    expect(j, "t2", BIRTH("t2", ""));
    expect(j, "t3", BIRTH("t3", ""));
    expect_damaged(j, 1);
}

/* A host that has seen less of the torn line than there is of it now. */
static void another_host_continues_after_a_torn_line(void **state)
{
    journals *j = *state;
    journals_append(&j->own, BIRTH("t1", ""));
    journals_add(j, "{\"task_id\"", 10);
    expect(j, "t1", BIRTH("t1", ""));
    journals_add(j, ":\"t", 3);
    journals_append(&j->other, CHANGE("t1", END));
    expect(j, "t1", ENDED("t1"));
    expect_damaged(j, 1);
}

/* --- Another journal --- */

static void a_journal_that_was_replaced_is_read_from_its_start(void **state)
{
    journals *j = *state;
    journals_append(&j->own, BIRTH("t1", ""));
    journals_append(&j->own, BIRTH("t2", ""));
    expect(j, "t1", BIRTH("t1", ""));
    journals_replace(j, HEAD("2", "1") BIRTH("t2", ",\"n\":1") BIRTH("t3", ""));
    expect(j, "t1", NULL);
    expect(j, "t2", BIRTH("t2", ",\"n\":1"));
    expect(j, "t3", BIRTH("t3", ""));
    assert_int_equal(journals_facts(&j->other).number, 2);
    assert_int_equal(journals_facts(&j->other).started, 3);
}

/* The system may give the journal after the next one the identity of the first; a longer one looks
 * as if it had grown. */
static void a_journal_with_the_same_identity_is_known_by_its_number(void **state)
{
    journals *j = *state;
    journals_append(&j->own, BIRTH("t1", ""));
    expect(j, "t1", BIRTH("t1", ""));
    static const char text[] = HEAD("3", "1") BIRTH("t2", "") BIRTH("t3", "");
    journals_write(j, text, strlen(text));
    expect(j, "t1", NULL);
    expect(j, "t2", BIRTH("t2", ""));
    expect_damaged(j, 0);
    assert_int_equal(journals_facts(&j->own).number, 3);
}

/* The same, when the number stands behind a session id of the greatest length. */
static void the_number_is_compared_after_a_long_session_id(void **state)
{
    journals *j = *state;
    tether__session session;
    char id[129], text[4096];
    memset(id, 'x', sizeof id - 1);
    id[sizeof id - 1] = '\0';
    ASSERT_OK(tether__session_open(&j->store, id, PATIENCE_MS, &session, &j->error), j->error);
    journals_append(&session, BIRTH("t1", ""));
    journals_expect(&session, "t1", BIRTH("t1", ""));
    snprintf(text, sizeof text,
             "{\"schema_version\":2,\"session_id\":\"%s\",\"journal\":9,\"started\":0}\n%s", id,
             BIRTH("t2", "") BIRTH("t3", ""));
    char path[1024];
    snprintf(path, sizeof path, "%s/" TETHER__JOURNAL_FILE, tether__os_dir_path(session.journal));
    test_write_file(path, text, strlen(text));
    journals_expect(&session, "t2", BIRTH("t2", ""));
    journals_expect(&session, "t1", NULL);
    tether__session_close(&session);
}

static void a_journal_that_became_shorter_is_read_from_its_start(void **state)
{
    journals *j = *state;
    static const char text[] = HEAD("1", "0") BIRTH("t1", "") BIRTH("t2", "");
    journals_write(j, text, strlen(text));
    expect(j, "t2", BIRTH("t2", ""));
    journals_write(j, text, strlen(HEAD("1", "0") BIRTH("t1", "")));
    expect(j, "t1", BIRTH("t1", ""));
    expect(j, "t2", NULL);
    journals_append(&j->other, BIRTH("t3", ""));
    expect(j, "t3", BIRTH("t3", ""));
    expect_damaged(j, 0);
    /* In the middle of a line. */
    journals_write(j, text, strlen(text) - 10);
    expect(j, "t1", BIRTH("t1", ""));
    expect(j, "t2", NULL);
    journals_append(&j->own, CHANGE("t1", ",\"signal\":9"));
    expect(j, "t1", BIRTH("t1", ",\"signal\":9"));
    expect_damaged(j, 1);
}

static void an_empty_journal_is_gone_on_with(void **state)
{
    journals *j = *state;
    journals_append(&j->own, BIRTH("t1", ""));
    journals_write(j, "", 0);
    expect(j, "t1", NULL);
    journals_append(&j->own, BIRTH("t2", ""));
    journals_append(&j->other, BIRTH("t3", ""));
    expect(j, "t2", BIRTH("t2", ""));
    expect(j, "t3", BIRTH("t3", ""));
    assert_int_equal(journals_facts(&j->own).number, 0);
    assert_int_equal(journals_facts(&j->own).started, 2);
}

static void a_journal_that_is_lost_is_created_anew(void **state)
{
    journals *j = *state;
    journals_append(&j->own, BIRTH("t1", ""));
    expect(j, "t1", BIRTH("t1", ""));
    test_remove_file(journals_journal(j));
    expect(j, "t1", NULL);
    journals_append(&j->other, BIRTH("t2", ""));
    journals_expect_file(j, NULL, HEAD("1", "0") BIRTH("t2", ""));
    expect(j, "t1", NULL);
    expect(j, "t2", BIRTH("t2", ""));
}

/* Else a compaction would replace the archive of the journal that was lost. */
static void a_lost_journal_is_numbered_after_the_archives(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "a1", "a2", "a3", NULL);
    journals_archive(j, 2, DONE("a1", "") DONE("a2", "") DONE("gone", ""));
    /* One came back and was archived again. */
    journals_archive(j, 10, DONE("a3", "") DONE("a1", ",\"again\":true"));
    journals_append(&j->own, BIRTH("t1", ""));
    journals_expect_file(j, NULL, HEAD("11", "3") BIRTH("t1", ""));
    assert_int_equal(journals_facts(&j->other).started, 4);
}

/* --- Damage --- */

static void damage_affects_only_the_tasks_of_its_lines(void **state)
{
    journals *j = *state;
#define HEAD_1 HEAD("1", "0")
#define BIRTH_1 BIRTH("t1", "")
#define BIRTH_2 BIRTH("t2", "")
#define END_2 CHANGE("t2", END)
    static const struct {
        const char *name, *text;
        size_t size;
        uint64_t number, started, damaged;
        const char *first, *second; /* the records of t1 and t2 */
    } cases[] = {
#define CASE(name, text, number, started, damaged, first, second)                                  \
    {name, text, sizeof text - 1, number, started, damaged, first, second}
        CASE("whole", HEAD_1 BIRTH_1 BIRTH_2 END_2, 1, 2, 0, BIRTH_1, ENDED("t2")),
        CASE("garbage", HEAD_1 BIRTH_1 "\x01\xff garbage {\n" BIRTH_2 END_2, 1, 2, 1, BIRTH_1,
             ENDED("t2")),
        CASE("empty lines", HEAD_1 "\n\n" BIRTH_1 "\n" BIRTH_2 END_2, 1, 2, 0, BIRTH_1,
             ENDED("t2")),
        CASE("zeros between lines", HEAD_1 BIRTH_1 "\0\0\0\0\0\0\0\n" BIRTH_2 END_2, 1, 2, 1,
             BIRTH_1, ENDED("t2")),
        /* They take a newline with them: the line before and the line after it are one. */
        CASE("zeros over a newline",
             HEAD_1 BIRTH_1 BIRTH("t3", "") "{\"task_id\":\"t3\",\0\0\0\0\0" BIRTH_2 END_2, 1, 2, 2,
             BIRTH_1, NULL),
        CASE("zeros at the end", HEAD_1 BIRTH_1 BIRTH_2 END_2 "\0\0\0\0", 1, 2, 0, BIRTH_1,
             ENDED("t2")),
        CASE("an end is damaged", HEAD_1 BIRTH_1 BIRTH_2 "{\"task_id\":\"t2\"" END "\n", 1, 2, 1,
             BIRTH_1, BIRTH_2),
        CASE("a birth is damaged", HEAD_1 BIRTH_1 "[]\n" END_2, 1, 1, 2, BIRTH_1, NULL),
        CASE("the head is damaged", "{\"schema_ver\n" BIRTH_1 BIRTH_2 END_2, 0, 2, 1, BIRTH_1,
             ENDED("t2")),
        CASE("the head is missing", BIRTH_1 BIRTH_2 END_2, 0, 2, 0, BIRTH_1, ENDED("t2")),
        CASE("a copy of itself", HEAD_1 BIRTH_1 BIRTH_2 END_2 HEAD_1 BIRTH_1 BIRTH_2 END_2, 1, 2, 4,
             BIRTH_1, ENDED("t2")),
        CASE("a torn copy of itself", HEAD_1 BIRTH_1 BIRTH_2 END_2 HEAD_1 BIRTH_1 "{\"schema", 1, 2,
             2, BIRTH_1, ENDED("t2")),
        CASE("a copy after a removal",
             HEAD_1 BIRTH_1 BIRTH_2 CHANGE("t2", REMOVED)
                 HEAD_1 BIRTH_1 BIRTH_2 CHANGE("t2", REMOVED),
             1, 3, 2, BIRTH_1, NULL),
        CASE("a copy of a start that was undone",
             HEAD_1 BIRTH_1 BIRTH_2 CHANGE("t2", REMOVED ",\"unstarted\":true")
                 BIRTH_2 CHANGE("t2", REMOVED ",\"unstarted\":true"),
             1, 1, 0, BIRTH_1, NULL),
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("journal: %s\n", cases[i].name);
        if (i > 0)
            test_remove_file(journals_journal(j));
        journals_write(j, cases[i].text, cases[i].size);
        expect(j, "t1", cases[i].first);
        expect(j, "t2", cases[i].second);
        expect_damaged(j, cases[i].damaged);
        assert_int_equal(journals_facts(&j->own).number, cases[i].number);
        assert_int_equal(journals_facts(&j->own).started, cases[i].started);
        /* The journal goes on. */
        journals_append(&j->other, CHANGE("t1", ",\"signal\":9"));
        journals_append(&j->own, BIRTH("t9", ""));
        expect(j, "t1", BIRTH("t1", ",\"signal\":9"));
        expect(j, "t9", BIRTH("t9", ""));
    }
}

/* A line in the middle was changed after it was read: its task is not taken for another one. */
static void a_line_that_was_changed_is_noticed(void **state)
{
    journals *j = *state;
    static const char text[] = HEAD("1", "0") BIRTH("t1", "") BIRTH("t2", "") BIRTH("t3", "");
    static const char other[] = HEAD("1", "0") BIRTH("t1", "") BIRTH("t4", "") BIRTH("t3", "");
    journals_write(j, text, strlen(text));
    expect(j, "t2", BIRTH("t2", ""));
    journals_write(j, other, strlen(other));
    expect(j, "t2", NULL);
    expect(j, "t1", BIRTH("t1", ""));
    expect(j, "t4", BIRTH("t4", ""));
}

static void lines_of_later_versions_are_no_damage(void **state)
{
    journals *j = *state;
    static const char text[] = HEAD("1", "0")
        BIRTH("t1", "") "{\"shape\":\"new\"}\n" CHANGE("t1", ",\"schema_version\":9");
    tether__text lines = {0};
    journals_write(j, text, strlen(text));
    expect_damaged(j, 0);
    ASSERT_OK(tether__ledger_lines(&j->own, "t1", &lines, &j->error), j->error);
    assert_string_equal(lines.bytes, BIRTH("t1", "") CHANGE("t1", ",\"schema_version\":9"));
    tether__text_dispose(&lines);
}

/* A compaction folds only what becomes shorter or leaves. */
static void tells_which_lines_stay_as_they_are(void **state)
{
    journals *j = *state;
    bool again = true;
    static const char text[] = HEAD("1", "0") BIRTH("live", "") BIRTH("changed", "")
        CHANGE("changed", ",\"pid\":1") DONE("ended", "") BIRTH("newer", "")
            CHANGE("newer", ",\"schema_version\":9") DONE("back", ",\"again\":true");
    journals_write(j, text, strlen(text));
    expect_damaged(j, 0);
    assert_true(tether__ledger_stays(&j->own, "live", &again));
    assert_false(again);
    assert_false(tether__ledger_stays(&j->own, "changed", &again));
    assert_false(tether__ledger_stays(&j->own, "ended", &again));
    assert_true(tether__ledger_stays(&j->own, "newer", &again));
    assert_false(again);
    assert_false(tether__ledger_stays(&j->own, "back", &again));
    assert_true(again);
    assert_false(tether__ledger_stays(&j->own, "none", &again));
    assert_false(again);
}

/* The journal does not have the ends of archived tasks. */
static void tells_where_ends_stand(void **state)
{
    journals *j = *state;
    tether__end_place ends[] = {{"t1", 1}, {"t2", 1}, {"t3", 0}, {"other", 1}};
    journals_append(&j->other, BIRTH("t1", ""));
    journals_append(&j->other, BIRTH("t2", ""));
    journals_append(&j->other, BIRTH("t3", ""));
    journals_append(&j->other, CHANGE("t2", END));
    journals_append(&j->own, CHANGE("t1", END));
    tether__ledger_ends(&j->own, ends, 4);
    assert_in_range(ends[1].at, 1, ends[0].at - 1);
    assert_int_equal(ends[2].at, UINT64_MAX);
    assert_int_equal(ends[3].at, 0);
}

/* --- News --- */

static void expect_news(journals *j, const char *ids, bool all)
{
    tether__news news;
    char text[256] = "";
    ASSERT_OK(tether__ledger_take_news(&j->own, &news, &j->error), j->error);
    for (size_t i = 0; i < news.count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s ", news.ids[i]);
    assert_string_equal(text, ids);
    assert_int_equal(news.all, all);
    free(news.ids);
}

static void the_lines_of_others_are_news(void **state)
{
    journals *j = *state;
    journals_append(&j->other, BIRTH("t1", ""));
    expect_news(j, "", false);
    tether__ledger_follow(&j->own, true);
    expect_news(j, "", false);
    journals_append(&j->other, CHANGE("t1", ",\"n\":1"));
    journals_append(&j->other, BIRTH("t2", ""));
    journals_append(&j->own, BIRTH("t3", ""));
    journals_append(&j->other, CHANGE("t3", ",\"n\":2"));
    journals_append(&j->own, CHANGE("t1", ",\"n\":3"));
    expect_news(j, "t1 t2 t3 ", false);
    expect_news(j, "", false);
    journals_append(&j->other, CHANGE("t1", REMOVED));
    expect_news(j, "t1 ", false);
    journals_append(&j->other, BIRTH("t4", ""));
    tether__ledger_follow(&j->own, false);
    journals_append(&j->other, BIRTH("t5", ""));
    expect_news(j, "", false);
}

/* A task may have left a journal that was replaced. */
static void a_replaced_journal_is_news_of_all(void **state)
{
    journals *j = *state;
    tether__lock lock;
    journals_append(&j->other, BIRTH("t1", ""));
    tether__ledger_follow(&j->own, true);
    expect_news(j, "t1 ", false);
    ASSERT_OK(tether__session_lock(&j->other, &lock, &j->error), j->error);
    ASSERT_OK(tether__compact(&j->other, &j->error), j->error);
    tether__os_lock_release(&lock);
    expect_news(j, "", true);
    expect_news(j, "", false);
    tether__ledger_keep_news(&j->own);
    expect_news(j, "", true);
}

static void compact(const tether__session *session)
{
    tether__lock lock;
    tether_error error = {0};
    ASSERT_OK(tether__session_lock(session, &lock, &error), error);
    ASSERT_OK(tether__compact(session, &error), error);
    tether__os_lock_release(&lock);
}

/* What other hosts have written before it is; what they write later, too. */
static void an_own_compaction_is_no_news(void **state)
{
    journals *j = *state;
    journals_make_bundles(j, "t1", "t2", "t3", NULL);
    journals_append(&j->other, BIRTH("t1", ""));
    tether__ledger_follow(&j->own, true);
    expect_news(j, "t1 ", false);
    journals_append(&j->other, BIRTH("t2", ""));
    compact(&j->own);
    journals_append(&j->other, BIRTH("t3", ""));
    expect_news(j, "t2 t3 ", false);
    journals_append(&j->own, CHANGE("t1", END DELIVERED));
    compact(&j->own);
    expect_news(j, "", false);
    journals_expect(&j->own, "t1", NULL);
    journals_append(&j->other, CHANGE("t2", END));
    expect_news(j, "t2 ", false);
    /* That of another host after it is news again. */
    compact(&j->own);
    compact(&j->other);
    expect_news(j, "", true);
}

/* More than anybody has taken for long are not told apart. */
static void many_news_are_all(void **state)
{
    journals *j = *state;
    tether__ledger_follow(&j->own, true);
    for (int i = 0; i < 1025; i++) {
        char line[128];
        snprintf(line, sizeof line, BIRTH("t%d", ""), i);
        journals_append(&j->other, line);
    }
    expect_news(j, "", true);
    journals_append(&j->other, CHANGE("t1", ",\"n\":1"));
    expect_news(j, "t1 ", false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, journals_setup, journals_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_line_creates_the_journal),
        TEST(two_hosts_append_in_turns),
        TEST(a_stamp_changes_with_the_lines_of_its_task_alone),
        TEST(a_record_that_is_too_long_changes_nothing),
        TEST(lists_the_tasks_of_a_scope),
        TEST(lists_the_tasks_that_are_overdue),
        TEST(a_line_without_a_newline_is_read_again),
        TEST(a_line_as_long_as_the_part_before_it_is_read),
        TEST(the_next_line_begins_with_a_newline),
        TEST(another_host_continues_after_a_torn_line),
        TEST(a_journal_that_was_replaced_is_read_from_its_start),
        TEST(a_journal_with_the_same_identity_is_known_by_its_number),
        TEST(the_number_is_compared_after_a_long_session_id),
        TEST(a_journal_that_became_shorter_is_read_from_its_start),
        TEST(an_empty_journal_is_gone_on_with),
        TEST(a_journal_that_is_lost_is_created_anew),
        TEST(a_lost_journal_is_numbered_after_the_archives),
        TEST(damage_affects_only_the_tasks_of_its_lines),
        TEST(a_line_that_was_changed_is_noticed),
        TEST(lines_of_later_versions_are_no_damage),
        TEST(tells_which_lines_stay_as_they_are),
        TEST(tells_where_ends_stand),
        TEST(the_lines_of_others_are_news),
        TEST(a_replaced_journal_is_news_of_all),
        TEST(an_own_compaction_is_no_news),
        TEST(many_news_are_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
