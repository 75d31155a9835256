/* Every struct that crosses the library's boundary carries its size. */
#include "support/support.h"

#include <string.h>

/* No struct was ever so small. */
enum { NO_SIZE = 3 };

static void assert_refused(int code, const tether_error *error, const char *name)
{
    assert_int_equal(code, TETHER_EINVAL);
    assert_string_equal(error->step, "check options");
    assert_non_null(strstr(error->message, name));
}

static void open_refuses_a_size_that_no_version_had(void **state)
{
    fixture *f = *state;
    tether_registry *registry;
    const tether_open_options options = {.size = NO_SIZE, .store = f->store};
    assert_refused(tether_open(&options, &registry, &f->error), &f->error, "tether_open_options");
    assert_null(registry);
}

static void starts_refuse_a_size_that_no_version_had(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_outcome *outcome;
    tether_proxy *proxy;
    const tether_spec spec = {.size = NO_SIZE, .command = "echo x"};
    const tether_proxy_spec work = {.size = NO_SIZE, .command = "work"};
    assert_refused(tether_spawn(f->registry, &spec, id, &f->error), &f->error, "tether_spec");
    assert_refused(tether_run(f->registry, &spec, 0, 0, &outcome, &f->error), &f->error,
                   "tether_spec");
    assert_refused(tether_proxy_open(f->registry, &work, id, &proxy, &f->error), &f->error,
                   "tether_proxy_spec");
}

static void calls_on_tasks_refuse_a_size_that_no_version_had(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    int watch;
    tether_snapshot_list *list;
    const tether_list_options lists = {.size = NO_SIZE};
    const tether_kill_options kill = {.size = NO_SIZE};
    const tether_watch_spec watching = {.size = NO_SIZE, .pattern = "x"};
    test_start_child(f->registry, id, "forever", NULL);
    assert_refused(tether_list_in(f->registry, &lists, &list, &f->error), &f->error,
                   "tether_list_options");
    assert_refused(tether_kill(f->registry, id, &kill, &f->error), &f->error,
                   "tether_kill_options");
    assert_refused(tether_watch_add(f->registry, id, &watching, &watch, &f->error), &f->error,
                   "tether_watch_spec");
}

static void completions_refuse_a_size_that_no_version_had(void **state)
{
    fixture *f = *state;
    tether_snapshot_list *list;
    const tether_completion_options options = {.size = NO_SIZE};
    const char *name = "tether_completion_options";
    assert_refused(tether_completions_peek(f->registry, &options, &list, &f->error), &f->error,
                   name);
    assert_refused(tether_completions_lease(f->registry, &options, &list, &f->error), &f->error,
                   name);
    assert_refused(tether_completions_drain(f->registry, &options, &list, &f->error), &f->error,
                   name);
    assert_refused(tether_completions_wait(f->registry, &options, 0, &f->error), &f->error, name);
}

static void collection_refuses_a_size_that_no_version_had(void **state)
{
    fixture *f = *state;
    const tether_gc_options options = {.size = NO_SIZE};
    tether_gc_result result = {.size = NO_SIZE, .removed = 99};
    assert_refused(tether_gc(f->registry, &options, NULL, &f->error), &f->error,
                   "tether_gc_options");
    assert_refused(tether_gc(f->registry, NULL, &result, &f->error), &f->error, "tether_gc_result");
    assert_refused(tether_cleanup_finished(f->registry, 0, &result, &f->error), &f->error,
                   "tether_gc_result");
    assert_int_equal(result.removed, 99);
}

static void what_the_library_hands_out_tells_its_size(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_snapshot_list *list;
    tether_outcome *outcome;
    tether_report *report;
    const tether_spec spec = {.size = sizeof spec, .command = CHILD_TEXT " exit 0"};
    ASSERT_OK(tether_run(f->registry, &spec, -1, 0, &outcome, &f->error), f->error);
    assert_int_equal(outcome->size, sizeof *outcome);
    assert_int_equal(outcome->snapshot->size, sizeof *outcome->snapshot);
    strcpy(id, outcome->snapshot->task_id);
    tether_outcome_free(outcome);
    ASSERT_OK(tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    assert_int_equal(list->size, sizeof *list);
    assert_int_equal(list->count, 1);
    assert_int_equal(list->items[0]->size, sizeof **list->items);
    tether_snapshot_list_free(list);
    ASSERT_OK(tether_doctor(f->store, &report, &f->error), f->error);
    assert_int_equal(report->size, sizeof *report);
    assert_true(report->count > 0);
    assert_int_equal(report->items[0]->size, sizeof **report->items);
    tether_report_free(report);
    test_take_completion(f->registry, id);
}

/* An error that a caller has filled with a pattern, to see whether a call leaves it alone. */
static void fill(tether_error *error)
{
    memset(error, 0x5a, sizeof *error);
    error->size = sizeof *error;
}

static void assert_untouched(const tether_error *error)
{
    tether_error pattern;
    fill(&pattern);
    assert_memory_equal(error, &pattern, sizeof pattern);
}

static void run_to_the_end(fixture *f, char id[TETHER_ID_SIZE])
{
    test_run(f, "exit 0", id);
    tether_snapshot_free(test_wait(f->registry, id));
}

static void a_list_that_skips_a_task_leaves_the_error_untouched(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_snapshot_list *list;
    tether_error error;
    run_to_the_end(f, id);
    test_take_completion(f->registry, id);
    tether_registry *other = test_open(f);
    /* The supervisor holds its lifeline for a moment after the end: until then the task stays. */
    WAIT_UNTIL(tether_cleanup_finished(other, 0, NULL, &f->error) == TETHER_OK &&
               !test_has_record(f, id));
    test_detach(other);
    fill(&error);
    assert_int_equal(tether_list(f->registry, TETHER_LIST_ALL, &list, &error), TETHER_OK);
    assert_int_equal(list->count, 0);
    assert_untouched(&error);
    tether_snapshot_list_free(list);
}

static void a_wait_that_skips_a_damaged_task_leaves_the_error_untouched(void **state)
{
    fixture *f = *state;
    char damaged[TETHER_ID_SIZE], whole[TETHER_ID_SIZE];
    tether_error error;
    run_to_the_end(f, damaged);
    run_to_the_end(f, whole);
    test_damage_record(f, damaged);
    fill(&error);
    assert_int_equal(tether_completions_wait(f->registry, NULL, 0, &error), TETHER_OK);
    assert_untouched(&error);
    test_take_completion(f->registry, whole);
}

static void a_collection_that_cannot_be_noted_leaves_the_error_untouched(void **state)
{
    fixture *f = *state;
    tether_error error;
    test_make_directory(test_path(f, "gc.json"));
    test_make_directory(test_path(f, "gc.json/inside"));
    fill(&error);
    assert_int_equal(tether_gc(f->registry, NULL, NULL, &error), TETHER_OK);
    assert_untouched(&error);
}

/* Opens and closes what earlier hosts left: a new store, ended tasks, a damaged one. */
static void opening_and_closing_leave_the_error_untouched(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_error error;
    const tether_open_options options = {.store = f->store, .reaper = test_reaper_mode()};
    for (int i = 0; i < 3; i++) {
        tether_registry *registry;
        fill(&error);
        assert_int_equal(tether_open(&options, &registry, &error), TETHER_OK);
        assert_untouched(&error);
        assert_int_equal(tether_close(registry, TETHER_DETACH, &error), TETHER_OK);
        assert_untouched(&error);
        run_to_the_end(f, id);
        if (i == 1)
            test_damage_record(f, id);
    }
}

static void a_result_keeps_the_size_that_its_caller_gave(void **state)
{
    fixture *f = *state;
    tether_gc_result result = {.size = sizeof result, .removed = 99};
    ASSERT_OK(tether_gc(f->registry, NULL, &result, &f->error), f->error);
    assert_int_equal(result.size, sizeof result);
    assert_int_equal(result.removed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(open_refuses_a_size_that_no_version_had, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(starts_refuse_a_size_that_no_version_had,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(calls_on_tasks_refuse_a_size_that_no_version_had,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(completions_refuse_a_size_that_no_version_had,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(collection_refuses_a_size_that_no_version_had,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(what_the_library_hands_out_tells_its_size,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(opening_and_closing_leave_the_error_untouched,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(a_list_that_skips_a_task_leaves_the_error_untouched,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(a_wait_that_skips_a_damaged_task_leaves_the_error_untouched,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(
            a_collection_that_cannot_be_noted_leaves_the_error_untouched, test_setup_registry,
            test_teardown),
        cmocka_unit_test_setup_teardown(a_result_keeps_the_size_that_its_caller_gave,
                                        test_setup_registry, test_teardown),
    };
    return cmocka_run_group_tests_name("sizes", tests, NULL, NULL);
}
