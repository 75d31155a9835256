/* The limits of a session: max_running, max_started and max_output_bytes. A refused start names the
 * tasks or numbers in its error, and leaves nothing behind. */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static const tether_error untouched = {.code = 4711, .step = "untouched"};

static const char *const forever[] = {CHILD, "forever", NULL};
static const char *const exit_at_once[] = {CHILD, "exit", "0", NULL};

static tether_registry *open_limited(fixture *f, tether_open_options options)
{
    tether_registry *registry;
    options.store = f->store;
    options.reaper = test_reaper_mode();
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    return registry;
}

static int spawn(tether_registry *registry, const char *const *argv, size_t max_running,
                 char id[TETHER_ID_SIZE], tether_error *error)
{
    tether_spec spec = {.argv = argv, .max_running = max_running};
    tether_error written = untouched;
    int code = tether_spawn(registry, &spec, id, &written);
    if (code == TETHER_OK) {
        assert_memory_equal(&written, &untouched, sizeof untouched);
    } else {
        assert_int_equal(written.code, code);
        *error = written;
    }
    assert_int_equal(id[0] != '\0', code == TETHER_OK);
    return code;
}

/* Asserts that a start is refused, leaves no files, and does not change the count of starts. */
static void expect_refused(fixture *f, tether_registry *registry, size_t max_running)
{
    char id[TETHER_ID_SIZE];
    int tasks = test_count_names(test_session_path(f, "tasks"));
    int exits = test_count_lifelines(f);
    assert_int_equal(spawn(registry, exit_at_once, max_running, id, &f->error), TETHER_EQUOTA);
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), tasks);
    assert_int_equal(test_count_lifelines(f), exits);
}

static void expect_started(fixture *f, tether_registry *registry, size_t max_running,
                           char id[TETHER_ID_SIZE])
{
    ASSERT_OK(spawn(registry, forever, max_running, id, &f->error), f->error);
}

static void kill_now(fixture *f, tether_registry *registry, const char *id)
{
    const tether_kill_options options = {.grace_ms = -1};
    ASSERT_OK(tether_kill(registry, id, &options, &f->error), f->error);
}

/* --- max_running --- */

static void a_start_above_the_running_limit_is_refused(void **state)
{
    fixture *f = *state;
    char ids[4][TETHER_ID_SIZE];
    f->registry = open_limited(f, (tether_open_options){.max_running = 2});
    expect_started(f, f->registry, 0, ids[0]);
    expect_started(f, f->registry, 0, ids[1]);
    expect_refused(f, f->registry, 0);
    assert_non_null(strstr(f->error.message, ids[0]));
    assert_non_null(strstr(f->error.message, ids[1]));
    assert_non_null(strstr(f->error.message, "2"));
    kill_now(f, f->registry, ids[0]);
    expect_started(f, f->registry, 0, ids[2]);
    expect_refused(f, f->registry, 0);
    assert_null(strstr(f->error.message, ids[0]));
    assert_non_null(strstr(f->error.message, ids[2]));
    /* Tasks of other hosts count. A host without the option has no limit. */
    tether_registry *other = test_open(f);
    expect_started(f, other, 0, ids[3]);
    kill_now(f, other, ids[2]);
    expect_refused(f, f->registry, 0);
    assert_non_null(strstr(f->error.message, ids[3]));
    ASSERT_OK(tether_close(other, TETHER_SHUTDOWN, &f->error), f->error);
}

static void the_error_of_many_running_tasks_fits(void **state)
{
    enum { TASKS = 12 };
    fixture *f = *state;
    char ids[TASKS][TETHER_ID_SIZE];
    f->registry = open_limited(f, (tether_open_options){.max_running = TASKS});
    for (int i = 0; i < TASKS; i++)
        expect_started(f, f->registry, 0, ids[i]);
    expect_refused(f, f->registry, 0);
    int named = 0;
    for (int i = 0; i < TASKS; i++)
        named += strstr(f->error.message, ids[i]) != NULL;
    assert_in_range(named, 3, TASKS - 1);
    assert_non_null(strstr(f->error.message, "..."));
    assert_non_null(strstr(f->error.message, "wait"));
}

static void the_smaller_limit_applies(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_registry *other = test_open(f);
    f->registry = open_limited(f, (tether_open_options){.max_running = 2});
    expect_started(f, f->registry, 1, id);
    expect_refused(f, f->registry, 1);
    expect_refused(f, other, 1);
    expect_started(f, f->registry, 5, id);
    expect_refused(f, f->registry, 5);
    expect_refused(f, other, 2);
    expect_started(f, other, 3, id);
    ASSERT_OK(tether_close(other, TETHER_SHUTDOWN, &f->error), f->error);
}

static void an_end_frees_a_place_at_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    f->registry = open_limited(f, (tether_open_options){.max_running = 1});
    for (int i = 0; i < 40; i++) {
        ASSERT_OK(spawn(f->registry, exit_at_once, 0, id, &f->error), f->error);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    }
}

static void paused_tasks_count(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    f->registry = open_limited(f, (tether_open_options){.max_running = 1});
    expect_started(f, f->registry, 0, id);
    ASSERT_OK(tether_pause(f->registry, id, &f->error), f->error);
    expect_refused(f, f->registry, 0);
    assert_non_null(strstr(f->error.message, id));
}

/* Two registries, each on its own thread, start a task at the same moment. posix/test_quota_hosts.c
 * does the same with two processes. */
enum { ROUNDS = 30 };

typedef struct contender {
    fixture *f;
    uv_barrier_t *line;
    uv_thread_t thread;
    int won[ROUNDS];
    int wrong;
} contender;

/* Lets the task end and waits for it, so that the next one can start. */
static bool end_round(tether_registry *registry, const char *id, const char *gate)
{
    test_write_file(gate, "", 0);
    return tether_wait(registry, &id, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, NULL) == TETHER_OK;
}

static void contend(void *userdata)
{
    contender *c = userdata;
    tether_registry *registry;
    tether_open_options options = {
        .store = c->f->store, .reaper = test_reaper_mode(), .max_running = 1, .no_gc = 1};
    bool open = tether_open(&options, &registry, NULL) == TETHER_OK;
    c->wrong += !open;
    for (int round = 0; round < ROUNDS; round++) {
        char id[TETHER_ID_SIZE], gate[1100];
        snprintf(gate, sizeof gate, "%s/go%d", c->f->work, round);
        const char *const argv[] = {CHILD, "await", gate, NULL};
        tether_spec spec = {.argv = argv};
        uv_barrier_wait(c->line);
        int code = open ? tether_spawn(registry, &spec, id, NULL) : TETHER_ECLOSED;
        c->won[round] = code == TETHER_OK;
        c->wrong += code != TETHER_OK && code != TETHER_EQUOTA;
        uv_barrier_wait(c->line);
        if (code == TETHER_OK)
            c->wrong += !end_round(registry, id, gate);
    }
    if (open)
        c->wrong += tether_close(registry, TETHER_SHUTDOWN, NULL) != TETHER_OK;
}

static void one_of_two_takes_the_last_place(void **state)
{
    fixture *f = *state;
    uv_barrier_t line;
    contender contenders[2] = {{.f = f, .line = &line}, {.f = f, .line = &line}};
    assert_int_equal(uv_barrier_init(&line, 2), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(uv_thread_create(&contenders[i].thread, contend, &contenders[i]), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(uv_thread_join(&contenders[i].thread), 0);
    uv_barrier_destroy(&line);
    for (int round = 0; round < ROUNDS; round++)
        assert_int_equal(contenders[0].won[round] + contenders[1].won[round], 1);
    assert_int_equal(contenders[0].wrong + contenders[1].wrong, 0);
}

/* --- max_started --- */

static void every_start_counts_for_ever(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_registry *other = test_open(f);
    f->registry = open_limited(f, (tether_open_options){.max_started = 3});
    ASSERT_OK(spawn(other, exit_at_once, 0, id, &f->error), f->error);
    test_expect(other, id, TETHER_STATUS_COMPLETED, 0, NULL);
    ASSERT_OK(spawn(f->registry, exit_at_once, 0, id, &f->error), f->error);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_take_completion(f->registry, id);
    const tether_gc_options any_age = {.older_than_ms = -1};
    /* The supervisor holds its lifeline for a moment after the end: until then the task stays. */
    WAIT_UNTIL(tether_gc(other, &any_age, NULL, &f->error) == TETHER_OK && !test_has_record(f, id));
    ASSERT_OK(spawn(f->registry, exit_at_once, 0, id, &f->error), f->error);
    expect_refused(f, f->registry, 0);
    assert_non_null(strstr(f->error.message, "3"));
    /* A host without the option has no limit. Each session has its own count. */
    ASSERT_OK(spawn(other, exit_at_once, 0, id, &f->error), f->error);
    test_expect(other, id, TETHER_STATUS_COMPLETED, 0, NULL);
    tether_registry *elsewhere =
        open_limited(f, (tether_open_options){.session = "b", .max_started = 1});
    ASSERT_OK(spawn(elsewhere, exit_at_once, 0, id, &f->error), f->error);
    test_expect(elsewhere, id, TETHER_STATUS_COMPLETED, 0, NULL);
    expect_refused(f, elsewhere, 0);
    test_detach(elsewhere);
    test_detach(other);
    /* The count survives the registry. */
    other = open_limited(f, (tether_open_options){.max_started = 4});
    expect_refused(f, other, 0);
    test_detach(other);
}

static void failed_starts_do_not_count(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const nothing[] = {"/no/such/program", NULL};
    f->registry = open_limited(f, (tether_open_options){.max_started = 2});
    ASSERT_OK(spawn(f->registry, exit_at_once, 0, id, &f->error), f->error);
    for (int i = 0; i < 3; i++) {
        tether_spec unreadable = {.argv = exit_at_once, .stdin_path = "/no/such/file"};
        assert_true(tether_spawn(f->registry, &unreadable, id, &f->error) < 0);
        assert_int_equal(spawn(f->registry, nothing, 0, id, &f->error), TETHER_ENOPROGRAM);
    }
    ASSERT_OK(spawn(f->registry, exit_at_once, 0, id, &f->error), f->error);
    expect_refused(f, f->registry, 0);
}

/* --- max_output_bytes --- */

static void a_start_above_the_output_limit_is_refused(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const flood[] = {CHILD, "flood", "1500", NULL};
    f->registry = open_limited(f, (tether_open_options){.max_output_bytes = 2000});
    ASSERT_OK(spawn(f->registry, flood, 0, id, &f->error), f->error);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    /* Below the limit another task may start, and write any amount. Standard error counts too. */
    tether_spec noise = {.command = CHILD_TEXT " flood 800 >&2"};
    ASSERT_OK(tether_spawn(f->registry, &noise, id, &f->error), f->error);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    expect_refused(f, f->registry, 0);
    assert_non_null(strstr(f->error.message, "2300"));
    assert_non_null(strstr(f->error.message, "2000"));
    tether_registry *other = test_open(f);
    test_start_child(other, id, "exit", "0", NULL);
    test_expect(other, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_detach(other);
    tether_snapshot_list *list;
    ASSERT_OK(tether_completions_drain(f->registry, NULL, &list, &f->error), f->error);
    assert_int_equal(list->count, 3);
    tether_snapshot_list_free(list);
    const tether_gc_options any_age = {.older_than_ms = -1};
    ASSERT_OK(tether_gc(f->registry, &any_age, NULL, &f->error), f->error);
    ASSERT_OK(spawn(f->registry, flood, 0, id, &f->error), f->error);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_of_two_takes_the_last_place),
        TEST(a_start_above_the_running_limit_is_refused),
        TEST(the_error_of_many_running_tasks_fits),
        TEST(the_smaller_limit_applies),
        TEST(an_end_frees_a_place_at_once),
        TEST(paused_tasks_count),
        TEST(every_start_counts_for_ever),
        TEST(failed_starts_do_not_count),
        TEST(a_start_above_the_output_limit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
