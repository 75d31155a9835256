/* Idempotent starts: a start with a key finds the task that has it, instead of starting another. */
#include "support/support.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static const char *const forever[] = {CHILD, "forever", NULL};
static const char *const exit_at_once[] = {CHILD, "exit", "3", NULL};

/* Starts, or finds. */
static int ask(tether_registry *registry, const char *key, const char *const *argv, bool *found,
               char id[TETHER_ID_SIZE], tether_error *error)
{
    tether_spec spec = {.argv = argv, .key = key, .found = found};
    return tether_spawn(registry, &spec, id, error);
}

static void expect_new(fixture *f, tether_registry *registry, const char *key,
                       const char *const *argv, char id[TETHER_ID_SIZE])
{
    bool found = true;
    ASSERT_OK(ask(registry, key, argv, &found, id, &f->error), f->error);
    assert_false(found);
}

static void expect_found(fixture *f, tether_registry *registry, const char *key, const char *id)
{
    bool found = false;
    char other[TETHER_ID_SIZE];
    ASSERT_OK(ask(registry, key, exit_at_once, &found, other, &f->error), f->error);
    assert_true(found);
    assert_string_equal(other, id);
}

/* What the command has done, however often it ran: `append` writes a line each time. */
static const char *const *append_to(const char *path)
{
    static const char *argv[] = {CHILD, "append", NULL, "exit", "3", NULL};
    argv[2] = path;
    return argv;
}

static void a_second_start_finds_the_first(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], other[TETHER_ID_SIZE];
    const char *trace = test_work_path(f, "trace");
    expect_new(f, f->registry, "build 1", append_to(trace), id);
    expect_found(f, f->registry, "build 1", id);
    /* The key decides, whatever else is asked for; also what the machine cannot start. */
    const char *const missing[] = {"no-such-program-on-any-machine", NULL};
    bool found = false;
    ASSERT_OK(ask(f->registry, "build 1", missing, &found, other, &f->error), f->error);
    assert_true(found);
    assert_string_equal(other, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
    expect_found(f, f->registry, "build 1", id);
    assert_int_equal(test_count_lines(trace), 1);
    assert_int_equal(test_count_lifelines(f), 1);

    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_string_equal(snapshot->key, "build 1");
    char *json = tether_snapshot_json(snapshot);
    assert_non_null(strstr(json, "\"key\":\"build 1\""));
    tether_free(json);
    tether_snapshot_free(snapshot);

    /* Another key, or none, is another task. */
    expect_new(f, f->registry, "build 2", exit_at_once, other);
    assert_string_not_equal(other, id);
    test_expect(f->registry, other, TETHER_STATUS_FAILED, 3, NULL);
    test_start_child(f->registry, other, "exit", "0", NULL);
    snapshot = test_wait(f->registry, other);
    assert_null(snapshot->key);
    tether_snapshot_free(snapshot);
}

static void another_host_finds_it(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_registry *other = test_open(f);
    expect_new(f, f->registry, "k", forever, id);
    expect_found(f, other, "k", id);
    test_detach(other);
    other = test_open(f);
    expect_found(f, other, "k", id);
    ASSERT_OK(tether_kill(other, id, NULL, &f->error), f->error);
    expect_found(f, other, "k", id);
    expect_found(f, f->registry, "k", id);
    test_detach(other);
}

static void sessions_do_not_share_keys(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], other_id[TETHER_ID_SIZE];
    tether_registry *other = test_open_session(f, "another");
    expect_new(f, f->registry, "k", forever, id);
    expect_new(f, other, "k", forever, other_id);
    assert_string_not_equal(other_id, id);
    expect_found(f, f->registry, "k", id);
    expect_found(f, other, "k", other_id);
    ASSERT_OK(tether_close(other, TETHER_SHUTDOWN, &f->error), f->error);
}

static void no_limit_refuses_what_is_found(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], none[TETHER_ID_SIZE];
    bool found = true;
    const tether_open_options options = {
        .store = f->store, .reaper = test_reaper_mode(), .max_running = 1, .max_started = 1};
    ASSERT_OK(tether_open(&options, &f->registry, &f->error), f->error);
    expect_new(f, f->registry, "k", forever, id);
    expect_found(f, f->registry, "k", id);
    assert_int_equal(ask(f->registry, "other", forever, &found, none, &f->error), TETHER_EQUOTA);
    assert_false(found);
    assert_string_equal(none, "");
    expect_found(f, f->registry, "k", id);
    f->error = (tether_error){0};
}

static void tether_run_waits_for_the_found_task(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const out[] = {CHILD, "out", "first", "exit", "4", NULL};
    bool found = false;
    tether_outcome *outcome;
    expect_new(f, f->registry, "k", out, id);
    const tether_spec spec = {.argv = exit_at_once, .key = "k", .found = &found};
    ASSERT_OK(tether_run(f->registry, &spec, PATIENCE_MS, 0, &outcome, &f->error), f->error);
    assert_true(found);
    assert_string_equal(outcome->snapshot->task_id, id);
    assert_int_equal(outcome->snapshot->exit_code, 4);
    assert_memory_equal(outcome->output, "first", 5);
    tether_outcome_free(outcome);
}

/* --- How long a task has its key --- */

static void acknowledge(fixture *f, const char *id)
{
    ASSERT_OK(tether_completion_ack(f->registry, id, NULL, &f->error), f->error);
}

static void an_acknowledged_and_archived_task_has_its_key(void **state)
{
    fixture *f = *state;
    char ids[3][TETHER_ID_SIZE], plain[TETHER_ID_SIZE];
    const char *const keys[] = {"first", "second \"\\ \xc3\xa9", "third"};
    /* Each goes to an archive of its own; the last one stays in the journal. */
    for (int i = 0; i < 3; i++) {
        expect_new(f, f->registry, keys[i], exit_at_once, ids[i]);
        test_start_child(f->registry, plain, "exit", "0", NULL);
        test_expect(f->registry, ids[i], TETHER_STATUS_FAILED, 3, NULL);
        test_expect(f->registry, plain, TETHER_STATUS_COMPLETED, 0, NULL);
        acknowledge(f, ids[i]);
        acknowledge(f, plain);
        expect_found(f, f->registry, keys[i], ids[i]);
        if (i < 2)
            WAIT_UNTIL(test_archive_task(f, ids[i]));
        tether_registry *other = test_open(f);
        for (int j = 0; j <= i; j++) {
            expect_found(f, f->registry, keys[j], ids[j]);
            expect_found(f, other, keys[j], ids[j]);
        }
        test_detach(other);
    }
    tether_snapshot *snapshot = test_snapshot(f->registry, ids[1]);
    assert_string_equal(snapshot->key, keys[1]);
    tether_snapshot_free(snapshot);
}

static void a_removed_task_frees_its_key(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], archived[TETHER_ID_SIZE], fresh[TETHER_ID_SIZE];
    expect_new(f, f->registry, "journal", exit_at_once, id);
    expect_new(f, f->registry, "archive", exit_at_once, archived);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
    test_expect(f->registry, archived, TETHER_STATUS_FAILED, 3, NULL);
    acknowledge(f, archived);
    WAIT_UNTIL(test_archive_task(f, archived));
    expect_found(f, f->registry, "archive", archived);
    ASSERT_OK(tether_remove(f->registry, id, &f->error), f->error);
    ASSERT_OK(tether_remove(f->registry, archived, &f->error), f->error);
    expect_new(f, f->registry, "journal", exit_at_once, fresh);
    assert_string_not_equal(fresh, id);
    expect_found(f, f->registry, "journal", fresh);
    expect_new(f, f->registry, "archive", exit_at_once, fresh);
    assert_string_not_equal(fresh, archived);
    expect_found(f, f->registry, "archive", fresh);
}

static void set_end(fixture *f, const char *id, const char *status, const char *reason)
{
    json_t *record = test_load_record(f, id);
    json_object_set_new(record, "status", json_string(status));
    json_object_set_new(record, "reason", json_string(reason));
    test_save_record(f, id, record);
}

static void a_task_that_never_began_frees_its_key(void **state)
{
    static const struct {
        const char *status, *reason;
        bool frees;
    } ends[] = {
        {"lost", "never started", true},
        {"failed", "no process could be started for the command", true},
        {"failed", "the supervisor could not run the command", true},
        {"lost", "process exited without exit marker", false},
        {"lost", "rebooted", false},
        {"killed", "never started", false},
        {"failed", "left a core file", false},
    };
    fixture *f = *state;
    char id[TETHER_ID_SIZE], next[TETHER_ID_SIZE], key[16];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(key, sizeof key, "key %d", (int)i);
        expect_new(f, f->registry, key, exit_at_once, id);
        test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
        set_end(f, id, ends[i].status, ends[i].reason);
        if (!ends[i].frees) {
            expect_found(f, f->registry, key, id);
            continue;
        }
        expect_new(f, f->registry, key, exit_at_once, next);
        assert_string_not_equal(next, id);
        expect_found(f, f->registry, key, next);
        test_expect(f->registry, next, TETHER_STATUS_FAILED, 3, NULL);
    }
}

static void a_refused_start_leaves_the_key_free(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    bool found = true;
    const char *const missing[] = {"no-such-program-on-any-machine", NULL};
    assert_int_equal(ask(f->registry, "k", missing, &found, id, &f->error), TETHER_ENOPROGRAM);
    assert_false(found);
    assert_string_equal(id, "");
    f->error = (tether_error){0};
    expect_new(f, f->registry, "k", exit_at_once, id);
    expect_found(f, f->registry, "k", id);
}

/* --- Which texts are keys --- */

static void what_is_no_key_is_refused_by_name(void **state)
{
    fixture *f = *state;
    char longest[201], id[TETHER_ID_SIZE];
    static const struct {
        const char *key, *message;
    } cases[] = {
        {"", "empty"},     {"a\nb", "control"}, {"\x7f", "control"},       {"a\xc2\x85", "control"},
        {"\xff", "UTF-8"}, {"\xc3", "UTF-8"},   {"\xed\xa0\x80", "UTF-8"}, {"\t", "control"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool found = true;
        assert_int_equal(ask(f->registry, cases[i].key, exit_at_once, &found, id, &f->error),
                         TETHER_EINVAL);
        assert_non_null(strstr(f->error.message, cases[i].message));
        assert_false(found);
        assert_string_equal(id, "");
    }
    memset(longest, 'k', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    f->error = (tether_error){0};
    expect_new(f, f->registry, longest, exit_at_once, id);
    expect_found(f, f->registry, longest, id);
    char *longer = malloc(sizeof longest + 1);
    memset(longer, 'k', sizeof longest);
    longer[sizeof longest] = '\0';
    assert_int_equal(ask(f->registry, longer, exit_at_once, NULL, id, &f->error), TETHER_EINVAL);
    assert_non_null(strstr(f->error.message, "200"));
    f->error = (tether_error){0};
    free(longer);
}

/* --- Races --- */

enum { THREADS = 4, ROUNDS = 25 };

typedef struct racer {
    tether_registry *registry;
    uv_barrier_t *start;
    const char *trace;
    char ids[ROUNDS][TETHER_ID_SIZE];
    bool found[ROUNDS];
    int codes[ROUNDS];
} racer;

static void race(void *userdata)
{
    racer *r = userdata;
    for (int i = 0; i < ROUNDS; i++) {
        char key[16];
        const char *const argv[] = {CHILD, "append", r->trace, NULL};
        snprintf(key, sizeof key, "round %d", i);
        uv_barrier_wait(r->start);
        r->codes[i] = ask(r->registry, key, argv, &r->found[i], r->ids[i], NULL);
    }
}

/* Two threads of each of two registries. */
static void of_racing_starts_one_starts(void **state)
{
    fixture *f = *state;
    uv_thread_t threads[THREADS];
    uv_barrier_t start;
    racer *racers = calloc(THREADS, sizeof *racers);
    tether_registry *other = test_open(f);
    const char *trace = test_work_path(f, "trace");
    assert_int_equal(uv_barrier_init(&start, THREADS), 0);
    for (int i = 0; i < THREADS; i++) {
        racers[i].registry = i % 2 == 0 ? f->registry : other;
        racers[i].start = &start;
        racers[i].trace = trace;
        assert_int_equal(uv_thread_create(&threads[i], race, &racers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        uv_thread_join(&threads[i]);
    uv_barrier_destroy(&start);
    for (int round = 0; round < ROUNDS; round++) {
        int found = 0;
        for (int i = 0; i < THREADS; i++) {
            assert_int_equal(racers[i].codes[round], TETHER_OK);
            assert_string_equal(racers[i].ids[round], racers[0].ids[round]);
            found += racers[i].found[round];
        }
        assert_int_equal(found, THREADS - 1);
        test_expect(f->registry, racers[0].ids[round], TETHER_STATUS_COMPLETED, 0, NULL);
    }
    assert_int_equal(test_count_lines(trace), ROUNDS);
    free(racers);
    test_detach(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define KEY_TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)
        KEY_TEST(a_second_start_finds_the_first),
        KEY_TEST(another_host_finds_it),
        KEY_TEST(sessions_do_not_share_keys),
        cmocka_unit_test_setup_teardown(no_limit_refuses_what_is_found, test_setup, test_teardown),
        KEY_TEST(tether_run_waits_for_the_found_task),
        KEY_TEST(an_acknowledged_and_archived_task_has_its_key),
        KEY_TEST(a_removed_task_frees_its_key),
        KEY_TEST(a_task_that_never_began_frees_its_key),
        KEY_TEST(a_refused_start_leaves_the_key_free),
        KEY_TEST(what_is_no_key_is_refused_by_name),
        KEY_TEST(of_racing_starts_one_starts),
    };
    return cmocka_run_group_tests_name("key", tests, NULL, NULL);
}
