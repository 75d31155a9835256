/* A registry that the host runs by turns: everything happens in calls of tether_dispatch, the
 * pollable tells when one is due, and nothing is lost if none comes. */
#include "support/support.h"

#include <string.h>
#include <uv.h>

#include "support/turns.h"

/* Opens the fixture's registry with `dispatch` and the witness as its callback. */
static void open_by_turns(fixture *f, witness *w, const tether_open_options *given)
{
    tether_open_options options = given != NULL ? *given : (tether_open_options){0};
    options.dispatch = 1;
    f->registry = witness_registry(f, w, &options);
}

/* Leaves the tasks as they are. */
static void close_by_turns(fixture *f, witness *w)
{
    test_detach(f->registry);
    f->registry = NULL;
    witness_close(w);
}

/* Runs turns, each when the pollable is ready or the last one's time has passed, until an event of
 * this kind was delivered. */
static void run_until(fixture *f, witness *w, tether_event_kind kind, const char *id)
{
    int64_t end = test_now_ms() + PATIENCE_MS, next = 0;
    while (witness_count(w, kind, id) == 0) {
        assert_true(test_now_ms() < end);
        test_await_turn(f->registry, next < 0 ? PATIENCE_MS : next);
        ASSERT_OK(tether_dispatch(f->registry, &next, &f->error), f->error);
    }
}

static uv_thread_t here;
static int told_here, told_elsewhere;

static void note_thread(tether_registry *registry, const tether_event *event, witness *w)
{
    (void)registry, (void)event, (void)w;
    uv_thread_t self = uv_thread_self();
    ++*(uv_thread_equal(&self, &here) ? &told_here : &told_elsewhere);
}

static void an_end_makes_it_ready_and_a_turn_tells_it(void **state)
{
    fixture *f = *state;
    witness w;
    char id[TETHER_ID_SIZE];
    here = uv_thread_self();
    told_here = told_elsewhere = 0;
    witness_open(&w);
    w.react = note_thread;
    open_by_turns(f, &w, NULL);
    test_start_child(f->registry, id, "exit", "4", NULL);
    run_until(f, &w, TETHER_EVENT_COMPLETION, id);
    assert_int_equal(witness_get(&w, TETHER_EVENT_COMPLETION, id, 0).status, TETHER_STATUS_FAILED);
    assert_int_equal(witness_count(&w, TETHER_EVENT_STARTED, id), 1);
    assert_int_equal(told_here, 2);
    assert_int_equal(told_elsewhere, 0);
    close_by_turns(f, &w);
}

static void nothing_is_told_outside_of_a_turn(void **state)
{
    fixture *f = *state;
    witness w;
    char id[TETHER_ID_SIZE];
    witness_open(&w);
    open_by_turns(f, &w, NULL);
    test_start_child(f->registry, id, "exit", "0", NULL);
    test_await_turn(f->registry, PATIENCE_MS);
    WAIT_UNTIL(tether_status_ended(test_status(f->registry, id)));
    assert_int_equal(witness_count(&w, TETHER_EVENT_COMPLETION, NULL), 0);
    assert_int_equal(witness_count(&w, TETHER_EVENT_STARTED, NULL), 0);
    run_until(f, &w, TETHER_EVENT_COMPLETION, id);
    close_by_turns(f, &w);
}

static bool is_at_rest(fixture *f)
{
    int64_t next;
    ASSERT_OK(tether_dispatch(f->registry, &next, &f->error), f->error);
    return next == -1 && !test_await_turn(f->registry, 0);
}

/* A line of the supervisor can be read a moment before the system tells of it. The command starts
 * after that. */
static void an_idle_registry_asks_for_no_turn(void **state)
{
    fixture *f = *state;
    witness w;
    char id[TETHER_ID_SIZE];
    tether_open_options options = {.store = f->store,
                                   .reminder_ms = TETHER_NO_REMINDER,
                                   .reaper = TETHER_REAPER_EVENTS,
                                   .no_gc = 1,
                                   .dispatch = 1,
                                   .on_event = witness_event,
                                   .userdata = &w};
    witness_open(&w);
    ASSERT_OK(tether_open(&options, &f->registry, &f->error), f->error);
    tether_spec spec = {.command = CHILD_TEXT " out ready forever",
                        .timeout_ms = TETHER_NO_TIMEOUT};
    test_start(f->registry, &spec, id);
    run_until(f, &w, TETHER_EVENT_STARTED, id);
    WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_RUNNING);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    WAIT_UNTIL(is_at_rest(f));
    assert_false(test_await_turn(f->registry, 300));
    tether_close(f->registry, TETHER_SHUTDOWN, NULL);
    f->registry = NULL;
    witness_close(&w);
}

static void the_time_of_the_next_turn_is_told(void **state)
{
    fixture *f = *state;
    witness w;
    char id[TETHER_ID_SIZE];
    tether_open_options options = {.reminder_ms = 50};
    witness_open(&w);
    open_by_turns(f, &w, &options);
    test_start_child(f->registry, id, "forever", NULL);
    run_until(f, &w, TETHER_EVENT_REMINDER, id);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    run_until(f, &w, TETHER_EVENT_COMPLETION, id);
    assert_int_equal(witness_get(&w, TETHER_EVENT_COMPLETION, id, 0).status, TETHER_STATUS_KILLED);
    close_by_turns(f, &w);
}

static void turns_that_come_too_often_do_no_harm(void **state)
{
    fixture *f = *state;
    witness w;
    char id[TETHER_ID_SIZE];
    witness_open(&w);
    open_by_turns(f, &w, NULL);
    test_start_child(f->registry, id, "exit", "0", NULL);
    run_until(f, &w, TETHER_EVENT_COMPLETION, id);
    for (int i = 0; i < 1000; i++)
        ASSERT_OK(tether_dispatch(f->registry, NULL, &f->error), f->error);
    assert_int_equal(witness_count(&w, TETHER_EVENT_COMPLETION, id), 1);
    close_by_turns(f, &w);
}

static void close_at_end(tether_registry *registry, const tether_event *event, witness *w)
{
    fixture *f = w->userdata;
    if (event->kind != TETHER_EVENT_COMPLETION)
        return;
    f->registry = NULL;
    assert_int_equal(tether_close(registry, TETHER_DETACH, NULL), TETHER_OK);
}

static void a_callback_may_close_the_registry(void **state)
{
    fixture *f = *state;
    witness w;
    char id[TETHER_ID_SIZE];
    int code = TETHER_OK;
    int64_t next = 0;
    witness_open(&w);
    w.react = close_at_end;
    w.userdata = f;
    open_by_turns(f, &w, NULL);
    test_start_child(f->registry, id, "exit", "0", NULL);
    tether_registry *registry = f->registry;
    for (int64_t end = test_now_ms() + PATIENCE_MS; code == TETHER_OK;) {
        assert_true(test_now_ms() < end);
        test_await_turn(registry, next < 0 ? PATIENCE_MS : next);
        code = tether_dispatch(registry, &next, &f->error);
    }
    assert_int_equal(code, TETHER_ECLOSED);
    assert_int_equal(next, -1);
    assert_null(f->registry);
    witness_close(&w);
}

static int code_inside;

static void dispatch_inside(tether_registry *registry, const tether_event *event, witness *w)
{
    (void)event, (void)w;
    code_inside = tether_dispatch(registry, NULL, NULL);
}

static void a_turn_cannot_run_inside_another(void **state)
{
    fixture *f = *state;
    witness w;
    char id[TETHER_ID_SIZE];
    code_inside = TETHER_OK;
    witness_open(&w);
    w.react = dispatch_inside;
    open_by_turns(f, &w, NULL);
    test_start_child(f->registry, id, "exit", "0", NULL);
    run_until(f, &w, TETHER_EVENT_COMPLETION, id);
    assert_int_equal(code_inside, TETHER_EINVAL);
    close_by_turns(f, &w);
}

typedef struct waiter {
    fixture *f;
    const char *id;
    int code;
} waiter;

static void wait_elsewhere(void *userdata)
{
    waiter *one = userdata;
    one->code =
        tether_wait(one->f->registry, &one->id, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, NULL);
}

static void a_wait_ends_though_no_turn_ever_comes(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_open_options options = {
        .store = f->store, .dispatch = 1, .no_gc = 1, .reaper = test_reaper_mode()};
    ASSERT_OK(tether_open(&options, &f->registry, &f->error), f->error);
    test_start_child(f->registry, id, "exit", "3", NULL);
    waiter one = {.f = f, .id = id, .code = TETHER_EINVAL};
    uv_thread_t thread;
    assert_int_equal(uv_thread_create(&thread, wait_elsewhere, &one), 0);
    uv_thread_join(&thread);
    assert_int_equal(one.code, TETHER_OK);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_int_equal(snapshot->exit_code, 3);
    tether_snapshot_free(snapshot);
}

static void two_registries_have_turns_of_their_own(void **state)
{
    fixture *f = *state;
    witness first, second;
    char id[TETHER_ID_SIZE];
    witness_open(&first);
    witness_open(&second);
    open_by_turns(f, &second, NULL);
    fixture other = *f;
    open_by_turns(&other, &first, NULL);
    test_start_child(f->registry, id, "exit", "0", NULL);
    run_until(f, &second, TETHER_EVENT_COMPLETION, id);
    assert_int_equal(witness_count(&first, TETHER_EVENT_COMPLETION, id), 0);
    run_until(&other, &first, TETHER_EVENT_COMPLETION, id);
    test_detach(other.registry);
    test_detach(f->registry);
    f->registry = NULL;
    witness_close(&first);
    witness_close(&second);
}

static void a_watch_reports_in_turns(void **state)
{
    fixture *f = *state;
    witness w;
    char id[TETHER_ID_SIZE];
    int watch;
    tether_watch_spec options = {.pattern = "ready"};
    witness_open(&w);
    open_by_turns(f, &w, NULL);
    tether_spec spec = {.command = "echo ready", .timeout_ms = TETHER_NO_TIMEOUT};
    test_start(f->registry, &spec, id);
    ASSERT_OK(tether_watch_add(f->registry, id, &options, &watch, &f->error), f->error);
    run_until(f, &w, TETHER_EVENT_COMPLETION, id);
    assert_int_equal(witness_count(&w, TETHER_EVENT_MATCH, id), 1);
    close_by_turns(f, &w);
}

static void other_registries_have_no_turns(void **state)
{
    fixture *f = *state;
    intptr_t pollable;
    f->registry = test_open(f);
    assert_int_equal(tether_pollable(f->registry, &pollable, &f->error), TETHER_EINVAL);
    assert_non_null(strstr(f->error.message, "dispatch"));
    assert_int_equal(tether_dispatch(f->registry, NULL, &f->error), TETHER_EINVAL);
    uv_loop_t loop;
    tether_registry *none = NULL;
    tether_open_options both = {.store = f->store, .dispatch = 1, .loop = &loop};
    assert_int_equal(tether_open(&both, &none, &f->error), TETHER_EINVAL);
    assert_null(none);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_end_makes_it_ready_and_a_turn_tells_it),
        TEST(nothing_is_told_outside_of_a_turn),
        TEST(an_idle_registry_asks_for_no_turn),
        TEST(the_time_of_the_next_turn_is_told),
        TEST(turns_that_come_too_often_do_no_harm),
        TEST(a_callback_may_close_the_registry),
        TEST(a_turn_cannot_run_inside_another),
        TEST(a_wait_ends_though_no_turn_ever_comes),
        TEST(two_registries_have_turns_of_their_own),
        TEST(a_watch_reports_in_turns),
        TEST(other_registries_have_no_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
