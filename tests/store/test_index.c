/* The index of a journal: which lines count, and what it remembers of each task. */
#include "support/unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/index.h"

#define BIRTH(id, fields)                                                                          \
    "{\"task_id\":\"" id "\",\"session_id\":\"s\",\"status\":\"running\"" fields "}"
#define CHANGE(id, fields) "{\"task_id\":\"" id "\"" fields "}"
#define END ",\"status\":\"completed\""
#define REMOVED ",\"removed\":true"

/* An index, and the offset at which the next line stands. */
typedef struct filled {
    tether__index index;
    uint64_t end;
} filled;

static int setup(void **state)
{
    *state = calloc(1, sizeof(filled));
    return *state == NULL;
}

static int teardown(void **state)
{
    filled *f = *state;
    tether__index_clear(&f->index);
    free(f);
    return 0;
}

static tether__indexing add(filled *f, const char *text)
{
    tether__journal_line line;
    tether__span span = {.offset = f->end, .size = (uint32_t)strlen(text)};
    assert_int_equal(tether__journal_parse(text, strlen(text), &line), TETHER_OK);
    tether__indexing result = tether__index_add(&f->index, &line, span);
    tether__journal_dispose(&line);
    f->end += span.size + 1;
    return result;
}

static void add_good(filled *f, const char *text)
{
    if (add(f, text) != TETHER__INDEXED)
        fail_msg("does not count: %s", text);
}

static void add_wrong(filled *f, const char *text)
{
    if (add(f, text) != TETHER__INDEX_WRONG)
        fail_msg("counts: %s", text);
}

static const tether__indexed *find(const filled *f, const char *id)
{
    const tether__indexed *task = tether__index_find(&f->index, id);
    assert_non_null(task);
    assert_string_equal(tether__indexed_id(task), id);
    return task;
}

static void expect_started(const filled *f, uint64_t started)
{
    assert_int_equal(f->index.started, started);
}

static void add_head(filled *f)
{
    add_good(f, "{\"schema_version\":2,\"session_id\":\"s\",\"journal\":3,\"started\":7}");
}

static void an_index_begins_empty(void **state)
{
    filled *f = *state;
    assert_null(tether__index_find(&f->index, "t1"));
    assert_int_equal(f->index.number, 0);
    add_head(f);
    assert_int_equal(f->index.number, 3);
    assert_int_equal(f->index.count, 0);
    expect_started(f, 7);
}

static void a_birth_brings_a_task(void **state)
{
    filled *f = *state;
    add_head(f);
    uint64_t at = f->end;
    add_good(f, BIRTH("t1", ""));
    const tether__indexed *task = find(f, "t1");
    assert_false(task->ended || task->delivered || task->watched || task->limited || task->newer);
    assert_true(task->notify); /* as in a record that does not say it */
    assert_int_equal(task->span_count, 1);
    assert_int_equal(task->spans[0].offset, at);
    assert_int_equal(task->spans[0].size, strlen(BIRTH("t1", "")));
    assert_null(tether__index_find(&f->index, "t"));
    assert_null(tether__index_find(&f->index, "t11"));
    expect_started(f, 8);
}

static void the_lines_of_a_task_stay_in_their_order(void **state)
{
    filled *f = *state;
    enum { CHANGES = 20 };
    uint64_t at[CHANGES];
    add_head(f);
    add_good(f, BIRTH("t1", ""));
    for (int i = 0; i < CHANGES; i++) {
        at[i] = f->end;
        add_good(f, CHANGE("t1", ",\"future\":1"));
    }
    const tether__indexed *task = find(f, "t1");
    assert_int_equal(task->span_count, CHANGES + 1);
    for (int i = 0; i < CHANGES; i++)
        assert_int_equal(task->spans[i + 1].offset, at[i]);
}

/* Each task that grows moves in memory. */
static void tasks_with_many_lines_are_found_and_removed(void **state)
{
    filled *f = *state;
    add_good(f, BIRTH("t1", ""));
    add_good(f, BIRTH("t2", ",\"output_limit\":100,\"notify_on_completion\":false"));
    add_good(f, BIRTH("t3", ""));
    for (uint32_t i = 0; i < 20; i++) {
        add_good(f, CHANGE("t1", ",\"future\":1"));
        add_good(f, CHANGE("t2", ",\"future\":1"));
        assert_int_equal(find(f, "t1")->span_count, i + 2);
        assert_int_equal(find(f, "t2")->span_count, i + 2);
        assert_int_equal(find(f, "t3")->span_count, 1);
    }
    assert_true(find(f, "t2")->limited);
    assert_false(find(f, "t2")->notify);
    assert_true(find(f, "t1")->notify);
    uint64_t end = f->end + 1;
    add_good(f, CHANGE("t1", END));
    assert_int_equal(tether__indexed_end(find(f, "t1")), end);
    add_good(f, CHANGE("t1", REMOVED));
    assert_null(tether__index_find(&f->index, "t1"));
    assert_int_equal(find(f, "t2")->span_count, 21);
    assert_int_equal(find(f, "t3")->span_count, 1);
}

/* Each line changes the fields that it has, and no others. */
static void changes_are_laid_over_in_their_order(void **state)
{
    filled *f = *state;
    add_good(f, BIRTH("t1", ",\"output_limit\":100,\"notify_on_completion\":false"));
    assert_true(find(f, "t1")->limited);
    assert_false(find(f, "t1")->notify);
    add_good(f, CHANGE("t1", ",\"watches\":[{\"a\":1}],\"notify_on_completion\":true"));
    assert_true(find(f, "t1")->watched && find(f, "t1")->notify && find(f, "t1")->limited);
    add_good(f, CHANGE("t1", END));
    assert_true(find(f, "t1")->ended && find(f, "t1")->watched);
    assert_false(tether__indexed_done(find(f, "t1")));
    add_good(f, CHANGE("t1", ",\"completion_delivered\":true"));
    assert_false(tether__indexed_done(find(f, "t1")));
    add_good(f, CHANGE("t1", ",\"watches\":[],\"output_limit\":0"));
    assert_true(tether__indexed_done(find(f, "t1")));
    assert_false(find(f, "t1")->limited);
    /* A promotion of a task that has ended. */
    add_good(f, CHANGE("t1", ",\"completion_delivered\":false"));
    assert_false(tether__indexed_done(find(f, "t1")));
}

static void a_task_without_a_request_is_done_at_its_end(void **state)
{
    filled *f = *state;
    add_good(f, BIRTH("t1", ",\"notify_on_completion\":false"));
    assert_false(tether__indexed_done(find(f, "t1")));
    add_good(f, CHANGE("t1", END));
    assert_true(tether__indexed_done(find(f, "t1")));
}

static void each_line_has_a_version_of_its_own(void **state)
{
    filled *f = *state;
    add_good(f, BIRTH("t1", ""));
    add_good(f, BIRTH("t2", ""));
    uint64_t first = find(f, "t1")->version, second = find(f, "t2")->version;
    assert_true(first != second && first != 0);
    add_good(f, CHANGE("t1", ",\"signal\":9"));
    assert_true(find(f, "t1")->version > second);
    assert_int_equal(find(f, "t2")->version, second);
    /* Not even the same journal, read again, gives a version that a task had before. */
    uint64_t last = find(f, "t1")->version;
    tether__index_clear(&f->index);
    add_good(f, BIRTH("t1", ""));
    assert_true(find(f, "t1")->version > last);
}

/* Lines that come later, such as an acknowledgement, change nothing about what ended first. */
static void the_place_of_an_end_is_that_of_its_line(void **state)
{
    filled *f = *state;
    add_good(f, BIRTH("t1", ""));
    add_good(f, BIRTH("t2", ""));
    assert_int_equal(tether__indexed_end(find(f, "t1")), 0);
    add_good(f, CHANGE("t2", ",\"status\":\"killing\""));
    uint64_t second = f->end + 1;
    add_good(f, CHANGE("t2", END));
    uint64_t first = f->end + 1;
    add_good(f, CHANGE("t1", END));
    add_good(f, CHANGE("t2", ",\"completion_delivered\":true"));
    assert_int_equal(tether__indexed_end(find(f, "t2")), second);
    assert_int_equal(tether__indexed_end(find(f, "t1")), first);
    /* As a compaction writes it. */
    uint64_t whole = f->end + 1;
    add_good(f, "{\"task_id\":\"t3\",\"session_id\":\"s\",\"status\":\"failed\"}");
    assert_int_equal(tether__indexed_end(find(f, "t3")), whole);
}

/* --- Removals --- */

static void a_removal_ends_a_task(void **state)
{
    filled *f = *state;
    add_head(f);
    add_good(f, BIRTH("t1", ""));
    add_good(f, BIRTH("t2", ""));
    add_good(f, CHANGE("t1", REMOVED));
    assert_null(tether__index_find(&f->index, "t1"));
    assert_non_null(json_object_get(f->index.removed, "t1"));
    assert_null(json_object_get(f->index.removed, "t2"));
    find(f, "t2");
    assert_int_equal(f->index.count, 1);
    expect_started(f, 9); /* it was started all the same */
    add_wrong(f, CHANGE("t1", ",\"signal\":9"));
    assert_null(tether__index_find(&f->index, "t1"));
}

static void a_start_that_was_undone_does_not_count(void **state)
{
    filled *f = *state;
    add_head(f);
    add_good(f, BIRTH("t1", ""));
    add_good(f, CHANGE("t1", REMOVED ",\"unstarted\":true"));
    expect_started(f, 7);
    /* A repeated line does not undo the start of another task. */
    add_good(f, CHANGE("t1", REMOVED ",\"unstarted\":true"));
    expect_started(f, 7);
}

/* The archive has its older record: so the journal has to remember the removal. */
static void a_removal_is_remembered_for_a_task_that_is_elsewhere(void **state)
{
    filled *f = *state;
    add_good(f, CHANGE("t1", REMOVED));
    assert_non_null(json_object_get(f->index.removed, "t1"));
    expect_started(f, 0);
}

/* A proxy may have the id of one that was removed. */
static void an_id_may_be_used_again_after_a_removal(void **state)
{
    filled *f = *state;
    add_head(f);
    add_good(f, BIRTH("t1", ",\"watches\":[1]"));
    add_good(f, CHANGE("t1", END));
    add_good(f, CHANGE("t1", REMOVED));
    add_good(f, BIRTH("t1", ""));
    assert_false(find(f, "t1")->ended || find(f, "t1")->watched);
    assert_int_equal(find(f, "t1")->span_count, 1);
    assert_null(json_object_get(f->index.removed, "t1"));
    expect_started(f, 9);
}

static void a_task_that_comes_back_is_not_counted_again(void **state)
{
    filled *f = *state;
    add_head(f);
    add_good(f, BIRTH("t1", ",\"again\":true"));
    expect_started(f, 7);
    assert_int_equal(find(f, "t1")->span_count, 1);
    add_good(f, CHANGE("t1", REMOVED));
    expect_started(f, 7);
}

/* --- Damage --- */

static void a_second_birth_is_damage(void **state)
{
    filled *f = *state;
    add_head(f);
    add_good(f, BIRTH("t1", ""));
    add_good(f, CHANGE("t1", END));
    uint64_t version = find(f, "t1")->version;
    add_wrong(f, BIRTH("t1", ""));
    assert_true(find(f, "t1")->ended);
    assert_int_equal(find(f, "t1")->span_count, 2);
    assert_int_equal(find(f, "t1")->version, version);
    expect_started(f, 8);
}

static void a_second_end_is_damage(void **state)
{
    filled *f = *state;
    add_good(f, BIRTH("t1", ""));
    add_good(f, CHANGE("t1", END));
    add_wrong(f, CHANGE("t1", ",\"status\":\"killed\""));
    add_wrong(f, CHANGE("t1", ",\"status\":\"running\""));
    assert_true(find(f, "t1")->ended);
    assert_int_equal(find(f, "t1")->span_count, 2);
    add_good(f, CHANGE("t1", ",\"completion_delivered\":true"));
    assert_true(tether__indexed_done(find(f, "t1")));
}

static void a_second_head_is_damage(void **state)
{
    filled *f = *state;
    add_head(f);
    add_good(f, BIRTH("t1", ""));
    add_wrong(f, "{\"schema_version\":2,\"session_id\":\"s\",\"journal\":9,\"started\":90}");
    assert_int_equal(f->index.number, 3);
    expect_started(f, 8);
}

static void a_journal_without_a_head_has_no_number(void **state)
{
    filled *f = *state;
    add_good(f, BIRTH("t1", ""));
    add_wrong(f, "{\"schema_version\":2,\"session_id\":\"s\",\"journal\":9,\"started\":90}");
    assert_int_equal(f->index.number, 0);
    find(f, "t1");
    expect_started(f, 1);
}

static void a_change_without_a_birth_is_damage(void **state)
{
    filled *f = *state;
    add_wrong(f, CHANGE("t1", END));
    assert_null(tether__index_find(&f->index, "t1"));
    add_good(f, BIRTH("t1", ""));
    assert_false(find(f, "t1")->ended);
}

static void garbage_is_damage(void **state)
{
    filled *f = *state;
    add_wrong(f, "%$&/");
    add_wrong(f, "{\"task_id\":\"../t1\",\"session_id\":\"s\"}");
    assert_int_equal(f->index.count, 0);
}

/* --- Later versions --- */

static void lines_of_unknown_kinds_are_no_damage(void **state)
{
    filled *f = *state;
    add_good(f, "{\"shape\":\"of a later version\"}");
    add_good(f, "{}");
    assert_int_equal(f->index.count, 0);
    assert_int_equal(f->index.version, 0);
}

static void a_task_with_a_line_of_a_newer_schema_is_newer(void **state)
{
    filled *f = *state;
    add_good(f, BIRTH("t1", ",\"notify_on_completion\":false"));
    add_good(f, BIRTH("t2", ",\"schema_version\":99"));
    assert_true(find(f, "t2")->newer);
    assert_false(find(f, "t1")->newer);
    add_good(f, CHANGE("t1", END ",\"schema_version\":99"));
    assert_true(find(f, "t1")->newer && find(f, "t1")->ended);
    assert_false(tether__indexed_done(find(f, "t1")));
    /* An older version's line does not make it older. */
    add_good(f, CHANGE("t1", ",\"schema_version\":1"));
    assert_true(find(f, "t1")->newer);
}

/* Only the later version knows whether such a task may run. */
static void a_status_that_is_unknown_counts_as_an_end(void **state)
{
    filled *f = *state;
    add_good(f, BIRTH("t1", ""));
    add_good(f, CHANGE("t1", ",\"status\":\"teleported\",\"schema_version\":99"));
    assert_true(find(f, "t1")->ended);
    assert_false(tether__indexed_done(find(f, "t1")));
}

/* --- Many tasks --- */

enum { MANY = 3000 };

static void add_numbered(filled *f, const char *format, int number)
{
    char text[128];
    snprintf(text, sizeof text, format, number);
    add_good(f, text);
}

/* Tasks are removed in another order than that of their births, so that gaps arise among those that
 * share a part of the hash table. */
static void many_tasks_are_found_while_others_are_removed(void **state)
{
    filled *f = *state;
    char id[16];
    for (int i = 0; i < MANY; i++)
        add_numbered(f, BIRTH("t%d", ""), i);
    for (int i = 0; i < MANY; i++) {
        if (i * 7 % MANY % 3 != 0)
            add_numbered(f, CHANGE("t%d", REMOVED), i * 7 % MANY);
    }
    assert_int_equal(f->index.count, MANY / 3);
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof id, "t%d", i);
        const tether__indexed *task = tether__index_find(&f->index, id);
        assert_int_equal(task != NULL, i % 3 == 0);
        assert_true(task == NULL || strcmp(tether__indexed_id(task), id) == 0);
    }
    expect_started(f, MANY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_index_begins_empty),
        TEST(a_birth_brings_a_task),
        TEST(the_lines_of_a_task_stay_in_their_order),
        TEST(tasks_with_many_lines_are_found_and_removed),
        TEST(changes_are_laid_over_in_their_order),
        TEST(a_task_without_a_request_is_done_at_its_end),
        TEST(each_line_has_a_version_of_its_own),
        TEST(the_place_of_an_end_is_that_of_its_line),
        TEST(a_removal_ends_a_task),
        TEST(a_start_that_was_undone_does_not_count),
        TEST(a_removal_is_remembered_for_a_task_that_is_elsewhere),
        TEST(an_id_may_be_used_again_after_a_removal),
        TEST(a_task_that_comes_back_is_not_counted_again),
        TEST(a_second_birth_is_damage),
        TEST(a_second_end_is_damage),
        TEST(a_second_head_is_damage),
        TEST(a_journal_without_a_head_has_no_number),
        TEST(a_change_without_a_birth_is_damage),
        TEST(garbage_is_damage),
        TEST(lines_of_unknown_kinds_are_no_damage),
        TEST(a_task_with_a_line_of_a_newer_schema_is_newer),
        TEST(a_status_that_is_unknown_counts_as_an_end),
        TEST(many_tasks_are_found_while_others_are_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
