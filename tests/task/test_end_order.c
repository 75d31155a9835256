/* Ends that file times cannot tell apart: the order is that of their lines in the journal, for all
 * hosts alike. */
#include "support/support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TASKS = 3, SPARE = 1, ORDERS = 6 };

/* All orders of the tasks. */
static const int orders[ORDERS][TASKS] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                          {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

static const json_int_t same_time_ms = 1700000000000;

typedef struct tied {
    char ids[TASKS][TETHER_ID_SIZE]; /* sorted */
    json_t *records[TASKS];
    char spare[TETHER_ID_SIZE]; /* has the first lines in the journal */
    json_t *spare_record;
} tied;

static int compare_ids(const void *left, const void *right)
{
    return strcmp(left, right);
}

static void run(tether_registry *registry, char id[TETHER_ID_SIZE])
{
    test_start_child(registry, id, "exit", "0", NULL);
    test_expect(registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
}

/* Runs tasks that end at the same time, as far as their records say. No registry is open then. */
static void tied_run(fixture *f, tied *t)
{
    tether_registry *registry = test_open_session(f, f->session != NULL ? f->session : "default");
    run(registry, t->spare);
    for (int i = 0; i < TASKS; i++)
        run(registry, t->ids[i]);
    test_detach(registry);
    qsort(t->ids, TASKS, sizeof t->ids[0], compare_ids);
    t->spare_record = test_load_record(f, t->spare);
    for (int i = 0; i < TASKS; i++) {
        t->records[i] = test_load_record(f, t->ids[i]);
        json_object_set_new(t->records[i], "finished_at", json_integer(same_time_ms));
    }
}

static void tied_dispose(tied *t)
{
    json_decref(t->spare_record);
    for (int i = 0; i < TASKS; i++)
        json_decref(t->records[i]);
}

static char *add_line(char *text, json_t *line)
{
    char *one = json_dumps(line, JSON_COMPACT);
    char *both = realloc(text, strlen(text) + strlen(one) + 2);
    assert_non_null(both);
    strcat(strcat(both, one), "\n");
    free(one);
    json_decref(line);
    return both;
}

static json_t *end_line(const char *id)
{
    return json_pack("{s:s, s:s, s:I, s:i}", "task_id", id, "status", "completed", "finished_at",
                     same_time_ms, "exit_code", 0);
}

/* Writes the births in the order of the ids, then the ends in this one. */
static void write_ends(fixture *f, const tied *t, const int order[TASKS])
{
    char *text = strdup("");
    test_save_record(f, t->spare, json_deep_copy(t->spare_record));
    for (int i = 0; i < TASKS; i++) {
        json_t *birth = json_deep_copy(t->records[i]);
        json_object_set_new(birth, "status", json_string("running"));
        json_object_del(birth, "finished_at");
        text = add_line(text, birth);
        test_replace_record(f, t->ids[i], "");
    }
    for (int i = 0; i < TASKS; i++)
        text = add_line(text, end_line(t->ids[order[i]]));
    /* Behind the line of the spare task, which stays. */
    test_replace_record(f, "none", text);
    free(text);
}

static void expect_completions(tether_registry *registry, const tied *t, const int order[TASKS])
{
    tether_error error = {0};
    tether_snapshot_list *list;
    ASSERT_OK(tether_completions_peek(registry, NULL, &list, &error), error);
    assert_true(list->count >= TASKS);
    for (int i = 0; i < TASKS; i++)
        assert_string_equal(list->items[i]->task_id, t->ids[order[i]]);
    tether_snapshot_list_free(list);
}

static void expect_waits(tether_registry *registry, const tied *t, const int order[TASKS])
{
    tether_error error = {0};
    tether_waiter *waiter;
    size_t index;
    char id[TETHER_ID_SIZE];
    const char *ids[] = {t->ids[1], t->ids[0], t->ids[2]};
    ASSERT_OK(tether_waiter_open(registry, ids, TASKS, &waiter, &error), error);
    for (int i = 0; i < TASKS; i++) {
        ASSERT_OK(tether_waiter_next(waiter, 0, id, &error), error);
        assert_string_equal(id, t->ids[order[i]]);
    }
    tether_waiter_close(waiter);
    ASSERT_OK(tether_wait(registry, ids, TASKS, TETHER_WAIT_ANY, 0, &index, &error), error);
    assert_string_equal(ids[index], t->ids[order[0]]);
}

/* Asks a new host, which comes to know the tasks in another order than they ended. */
static void expect_order(fixture *f, const tied *t, const int order[TASKS])
{
    tether_registry *registry = test_open_session(f, f->session != NULL ? f->session : "default");
    tether_snapshot_free(test_snapshot(registry, t->ids[order[TASKS - 1]]));
    expect_waits(registry, t, order);
    expect_completions(registry, t, order);
    test_detach(registry);
}

/* Writes more lines of the tasks: the first end gets them last. */
static void lease_and_release(fixture *f, const tied *t, const int order[TASKS])
{
    tether_snapshot_list *list;
    tether_registry *registry = test_open(f);
    ASSERT_OK(tether_completions_lease(registry, NULL, &list, &f->error), f->error);
    assert_int_equal(list->count, TASKS + SPARE);
    tether_snapshot_list_free(list);
    for (int i = TASKS; i > 0; i--)
        ASSERT_OK(tether_completion_release(registry, t->ids[order[i - 1]], &f->error), f->error);
    test_detach(registry);
}

static void ends_at_one_time_have_the_order_of_the_journal(void **state)
{
    fixture *f = *state;
    tied t;
    tied_run(f, &t);
    for (int i = 0; i < ORDERS; i++) {
        write_ends(f, &t, orders[i]);
        expect_order(f, &t, orders[i]);
        lease_and_release(f, &t, orders[i]);
        expect_order(f, &t, orders[i]);
    }
    tied_dispose(&t);
}

static void remove_spare(fixture *f, const tied *t)
{
    tether_registry *registry = test_open(f);
    ASSERT_OK(tether_remove(registry, t->spare, &f->error), f->error);
    test_detach(registry);
}

/* A compaction writes each task in one line. */
static void a_compaction_keeps_the_order_of_the_ends(void **state)
{
    fixture *f = *state;
    tied t;
    tied_run(f, &t);
    for (int i = 0; i < ORDERS; i++) {
        write_ends(f, &t, orders[i]);
        if (i == ORDERS - 1)
            remove_spare(f, &t);
        test_compact(f);
        expect_order(f, &t, orders[i]);
        test_compact(f);
        expect_order(f, &t, orders[i]);
    }
    tied_dispose(&t);
}

/* A host that knows the tasks keeps step with a journal that is read again. */
static void a_host_reads_the_order_again(void **state)
{
    fixture *f = *state;
    tied t;
    tied_run(f, &t);
    write_ends(f, &t, orders[ORDERS - 1]);
    tether_registry *registry = test_open(f);
    for (int i = 0; i < ORDERS; i++) {
        write_ends(f, &t, orders[i]);
        expect_waits(registry, &t, orders[i]);
        expect_completions(registry, &t, orders[i]);
    }
    test_detach(registry);
    tied_dispose(&t);
}

/* An archive does not have the order. */
static void archived_ends_at_one_time_have_the_order_of_their_ids(void **state)
{
    fixture *f = *state;
    tied t;
    tied_run(f, &t);
    for (int i = 0; i < TASKS; i++)
        json_object_set_new(t.records[i], "completion_delivered", json_true());
    write_ends(f, &t, orders[ORDERS - 1]);
    for (int i = 0; i < TASKS; i++)
        WAIT_UNTIL(test_archive_task(f, t.ids[i]));
    tether_registry *registry = test_open(f);
    tether_snapshot_free(test_snapshot(registry, t.ids[2]));
    expect_waits(registry, &t, orders[0]);
    test_detach(registry);
    tied_dispose(&t);
}

/* Two sessions have no common order: that of their names, for the hosts of both. */
static void sessions_are_listed_one_after_the_other(void **state)
{
    fixture *f = *state;
    static const char *const sessions[] = {"a", "b"};
    const int *const order = orders[ORDERS - 1];
    tied t[2];
    for (int s = 0; s < 2; s++) {
        f->session = sessions[s];
        tied_run(f, &t[s]);
        write_ends(f, &t[s], order);
    }
    for (int s = 0; s < 2; s++) {
        tether_snapshot_list *list;
        const tether_completion_options all = {.all_sessions = true, .limit = 2 * TASKS};
        tether_registry *registry = test_open_session(f, sessions[s]);
        ASSERT_OK(tether_completions_peek(registry, &all, &list, &f->error), f->error);
        assert_int_equal(list->count, 2 * TASKS);
        for (int i = 0; i < 2 * TASKS; i++)
            assert_string_equal(list->items[i]->task_id, t[i / TASKS].ids[order[i % TASKS]]);
        tether_snapshot_list_free(list);
        test_detach(registry);
    }
    f->session = NULL;
    tied_dispose(&t[0]);
    tied_dispose(&t[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ends_at_one_time_have_the_order_of_the_journal),
        TEST(a_compaction_keeps_the_order_of_the_ends),
        TEST(a_host_reads_the_order_again),
        TEST(archived_ends_at_one_time_have_the_order_of_their_ids),
        TEST(sessions_are_listed_one_after_the_other),
    };
    return cmocka_run_group_tests_name("end_order", tests, NULL, NULL);
}
