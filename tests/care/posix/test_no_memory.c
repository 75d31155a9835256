/* Memory that is short at each allocation of a call: the answer is whole, or the call says why. */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

#include "engine/child.h"
#include "format/journal.h"
#include "format/record.h"
#include "store/index.h"
#include "task/lease.h"

static _Thread_local int left; /* allocations until the one that fails; 0: none */
static _Thread_local bool reached;

static bool fails(void)
{
    if (left == 0 || --left > 0)
        return false;
    reached = true;
    return true;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

static void doctor_leaves_out_no_finding(void **state)
{
    fixture *f = *state;
    tether_report *report;
    ASSERT_OK(tether_doctor(f->store, &report, &f->error), f->error);
    size_t whole = report->count, failures = 0;
    tether_report_free(report);
    for (int nth = 1; nth == 1 || reached; nth++) {
        reached = false;
        left = nth;
        int code = tether_doctor(f->store, &report, &f->error);
        left = 0;
        failures += code != TETHER_OK;
        if (code == TETHER_OK && report->count != whole)
            fail_msg("allocation %d: %zu findings instead of %zu", nth, report->count, whole);
        assert_true(code == TETHER_OK || (code == TETHER_ENOMEM && report == NULL));
        tether_report_free(report);
    }
    assert_true(failures > 3 * whole);
}

static void a_lease_is_not_missing_for_want_of_memory(void **state)
{
    fixture *f = *state;
    char *session;
    tether__leases leases;
    ASSERT_OK(tether__leases_init(&leases, &f->error), f->error);
    assert_true(tether__leases_find(&leases, "t1", &session));
    assert_null(session);
    assert_true(tether__leases_add(&leases, "t1", "other"));
    left = 1;
    assert_false(tether__leases_find(&leases, "t1", &session));
    assert_null(session);
    assert_true(tether__leases_find(&leases, "t1", &session));
    assert_string_equal(session, "other");
    free(session);
    tether__leases_dispose(&leases);
}

/* The task is of another session, which only the list of leases knows. */
static void an_acknowledgement_fails_for_want_of_memory_and_succeeds_later(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_snapshot_list *list;
    tether_registry *other = test_open_session(f, "other");
    test_start_child(other, id, "exit", "0", NULL);
    tether_snapshot_free(test_wait(other, id));
    tether_registry *registry = test_open(f);
    tether_completion_options options = {.size = sizeof options, .all_sessions = true};
    ASSERT_OK(tether_completions_lease(registry, &options, &list, &f->error), f->error);
    assert_int_equal(list->count, 1);
    tether_snapshot_list_free(list);
    left = 1;
    int code = tether_completion_ack(registry, id, NULL, &f->error);
    left = 0;
    assert_int_equal(code, TETHER_ENOMEM);
    ASSERT_OK(tether_completion_ack(registry, id, NULL, &f->error), f->error);
    test_detach(registry);
    test_detach(other);
}

/* It only stays larger than it could be. */
static void a_record_is_whole_without_the_memory_to_make_it_small(void **state)
{
    (void)state;
    tether__record record;
    tether__record_init(&record);
    assert_true(tether__record_set(&record, &record.task_id, "t1"));
    assert_true(tether__record_set(&record, &record.command, "make"));
    left = 1;
    tether__record_lighten(&record, NULL);
    left = 0;
    assert_null(record.packed);
    assert_string_equal(record.task_id, "t1");
    assert_string_equal(record.command, "make");
    tether__record_lighten(&record, NULL);
    assert_non_null(record.packed);
    left = 1;
    assert_false(tether__record_set(&record, &record.command, "test"));
    left = 0;
    assert_string_equal(record.command, "make");
    tether__record_dispose(&record);
}

static tether__indexing add_line(tether__index *index, const char *text, bool short_of_memory)
{
    tether__journal_line line;
    assert_int_equal(tether__journal_parse(text, strlen(text), &line), TETHER_OK);
    left = short_of_memory;
    tether__indexing result = tether__index_add(index, &line, (tether__span){0});
    left = 0;
    tether__journal_dispose(&line);
    return result;
}

static void a_line_that_is_not_indexed_for_want_of_memory_leaves_its_task_as_it_was(void **state)
{
    (void)state;
    static const char birth[] = "{\"task_id\":\"t1\",\"session_id\":\"s\",\"status\":\"running\"}";
    static const char change[] = "{\"task_id\":\"t1\",\"output_limit\":100}";
    tether__index index = {.count = 0};
    assert_int_equal(add_line(&index, birth, true), TETHER__INDEX_NO_MEMORY);
    assert_null(tether__index_find(&index, "t1"));
    assert_int_equal(add_line(&index, birth, false), TETHER__INDEXED);
    const tether__indexed *task = tether__index_find(&index, "t1");
    while (task->span_count < task->span_capacity)
        assert_int_equal(add_line(&index, "{\"task_id\":\"t1\"}", true), TETHER__INDEXED);
    assert_int_equal(add_line(&index, change, true), TETHER__INDEX_NO_MEMORY);
    assert_ptr_equal(tether__index_find(&index, "t1"), task);
    assert_int_equal(task->span_count, task->span_capacity);
    assert_false(task->limited);
    assert_int_equal(add_line(&index, change, false), TETHER__INDEXED);
    assert_true(tether__index_find(&index, "t1")->limited);
    tether__index_clear(&index);
}

static void an_origin_is_not_known_for_want_of_memory(void **state)
{
    (void)state;
    static const tether__identity here = {.boot_id = "b"};
    tether__origin *list = NULL;
    left = 1;
    assert_null(tether__origin_find(&list, &here));
    left = 0;
    assert_null(list);
    const tether__origin *origin = tether__origin_find(&list, &here);
    left = 1; /* needs none */
    assert_ptr_equal(tether__origin_find(&list, &here), origin);
    left = 0;
    tether__origins_free(list);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(doctor_leaves_out_no_finding),
        TEST(a_lease_is_not_missing_for_want_of_memory),
        TEST(an_acknowledgement_fails_for_want_of_memory_and_succeeds_later),
        cmocka_unit_test(a_record_is_whole_without_the_memory_to_make_it_small),
        cmocka_unit_test(a_line_that_is_not_indexed_for_want_of_memory_leaves_its_task_as_it_was),
        cmocka_unit_test(an_origin_is_not_known_for_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
