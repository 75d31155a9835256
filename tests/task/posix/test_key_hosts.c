/* Starts with one key by several processes: hosts that race, hosts that are killed, and a host that
 * is between its birth line and its start. */
#include "support/support.h"
#include "support/waiters.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <uv.h>

#include "engine/posix/planting.h"
#include "format/marker.h"
#include "os/clock.h"
#include "os/process.h"

static int ask(tether_registry *registry, const char *key, const char *trace, bool *found,
               char id[TETHER_ID_SIZE], tether_error *error)
{
    const char *const argv[] = {CHILD, "append", trace, "exit", "3", NULL};
    const tether_spec spec = {.argv = argv, .key = key, .found = found};
    return tether_spawn(registry, &spec, id, error);
}

static tether_registry *open_host(const fixture *f)
{
    tether_registry *registry;
    tether_error error = {0};
    const tether_open_options options = {.store = f->store, .reaper = test_reaper_mode()};
    HOST_OK(tether_open(&options, &registry, &error), error);
    return registry;
}

/* --- A race --- */

enum { HOSTS = 2, ROUNDS = 40 };

typedef struct arena {
    atomic_int arrived;
    char ids[HOSTS][ROUNDS][TETHER_ID_SIZE];
    atomic_int started[ROUNDS];
    atomic_int numbers;
} arena;

static void wait_for_both(atomic_int *count, int round)
{
    int64_t end = test_now_ms() + PATIENCE_MS;
    atomic_fetch_add(count, 1);
    while (atomic_load(count) < HOSTS * (round + 1))
        HOST_ASSERT(test_now_ms() < end);
}

static void race(fixture *f, void *userdata)
{
    arena *a = userdata;
    tether_error error = {0};
    tether_registry *registry = open_host(f);
    int number = atomic_fetch_add(&a->numbers, 1);
    for (int round = 0; round < ROUNDS; round++) {
        char key[32];
        bool found = false;
        snprintf(key, sizeof key, "round %d", round);
        wait_for_both(&a->arrived, round);
        HOST_OK(ask(registry, key, test_work_path(f, "trace-%d", round), &found,
                    a->ids[number][round], &error),
                error);
        atomic_fetch_add(&a->started[round], !found);
    }
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

static void one_of_two_hosts_starts_the_task(void **state)
{
    fixture *f = *state;
    arena *a = test_shared(sizeof *a);
    long hosts[HOSTS];
    for (int i = 0; i < HOSTS; i++)
        hosts[i] = test_fork_host(race, f, a);
    for (int i = 0; i < HOSTS; i++)
        assert_int_equal(test_join_host(hosts[i]), 0);
    f->registry = test_open(f);
    for (int round = 0; round < ROUNDS; round++) {
        assert_int_equal(atomic_load(&a->started[round]), 1);
        assert_string_equal(a->ids[0][round], a->ids[1][round]);
        test_expect(f->registry, a->ids[0][round], TETHER_STATUS_FAILED, 3, NULL);
        assert_int_equal(test_count_lines(test_work_path(f, "trace-%d", round)), 1);
    }
    test_unshare(a, sizeof *a);
}

/* --- Hosts that are killed --- */

enum { DEATHS = 25 };

typedef struct victim {
    atomic_int round;
    char told[TETHER_ID_SIZE];
    atomic_bool was_told;
} victim;

static void start_and_die(fixture *f, void *userdata)
{
    victim *v = userdata;
    char key[32];
    tether_error error = {0};
    int round = atomic_load(&v->round);
    tether_registry *registry = open_host(f);
    snprintf(key, sizeof key, "round %d", round);
    atomic_store(&v->round, -1); /* it begins */
    HOST_OK(ask(registry, key, test_work_path(f, "trace-%d", round), NULL, v->told, &error), error);
    atomic_store(&v->was_told, true);
    for (;;)
        pause();
}

/* A host asks while another one, which has asked before, is killed at some moment. */
static void the_start_of_a_killed_host_is_found_or_done_anew(void **state)
{
    fixture *f = *state;
    victim *v = test_shared(sizeof *v);
    f->hosts_died = true;
    for (int round = 0; round < DEATHS; round++) {
        char key[32], id[TETHER_ID_SIZE];
        bool found = false;
        snprintf(key, sizeof key, "round %d", round);
        atomic_store(&v->round, round);
        atomic_store(&v->was_told, false);
        long host = test_fork_host(start_and_die, f, v);
        WAIT_UNTIL(atomic_load(&v->round) == -1);
        usleep((useconds_t)(round * 240)); /* from before the lifeline to after the answer */
        kill((pid_t)host, SIGKILL);
        f->registry = test_open(f);
        ASSERT_OK(
            ask(f->registry, key, test_work_path(f, "trace-%d", round), &found, id, &f->error),
            f->error);
        assert_int_equal(test_join_host(host), 128 + SIGKILL);
        if (atomic_load(&v->was_told)) {
            assert_true(found);
            assert_string_equal(v->told, id);
        }
        test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
        assert_int_equal(test_count_lines(test_work_path(f, "trace-%d", round)), 1);
        test_detach(f->registry);
        f->registry = NULL;
    }
    test_unshare(v, sizeof *v);
}

/* --- Between the birth line and the start --- */

static const char planted[] = "tstarting00";

/* Plants a task that a host is just starting, and returns the lifeline that this host holds, which
 * it does before others see the task. */
static int plant_undecided(fixture *f)
{
    json_t *record = plant_new_record(f, planted);
    test_write_file(test_exit_path(f, planted), "", 0);
    int lifeline = open(test_exit_path(f, planted), O_RDWR | O_APPEND | O_CLOEXEC);
    assert_true(lifeline >= 0);
    assert_int_equal(flock(lifeline, LOCK_EX), 0);
    plant_set_status(record, "starting");
    plant_set_pid(record, 0, 0);
    json_object_set_new(record, "key", json_string("k"));
    plant_task(f, planted, record, NULL);
    return lifeline;
}

typedef struct asker {
    fixture *f;
    atomic_bool released;
    bool after_release, found;
    int code;
    char id[TETHER_ID_SIZE];
    tether_error error;
} asker;

static void ask_in_thread(void *userdata)
{
    asker *a = userdata;
    a->code = ask(a->f->registry, "k", test_work_path(a->f, "trace"), &a->found, a->id, &a->error);
    a->after_release = atomic_load(&a->released);
}

/* Returns once the thread waits for the other host: a start is inside the gate only after it has
 * found the task with the key undecided. */
static void let_ask(asker *a, uv_thread_t *thread)
{
    assert_int_equal(uv_thread_create(thread, ask_in_thread, a), 0);
    WAIT_UNTIL(test_waiters(a->f->registry) == 1);
}

static void join(asker *a, uv_thread_t *thread)
{
    uv_thread_join(thread);
    if (a->code != TETHER_OK)
        fail_msg("%s", a->error.message);
    assert_true(a->after_release);
}

static void a_start_waits_until_the_other_host_has_died(void **state)
{
    fixture *f = *state;
    uv_thread_t thread;
    f->registry = test_open(f);
    int lifeline = plant_undecided(f);
    asker a = {.f = f};
    let_ask(&a, &thread);
    atomic_store(&a.released, true);
    close(lifeline);
    join(&a, &thread);
    assert_false(a.found);
    assert_string_not_equal(a.id, planted);
    assert_int_equal(test_status(f->registry, planted), TETHER_STATUS_LOST);
    test_expect(f->registry, a.id, TETHER_STATUS_FAILED, 3, NULL);
    assert_int_equal(test_count_lines(test_work_path(f, "trace")), 1);
}

static void a_start_waits_until_the_other_supervisor_runs(void **state)
{
    fixture *f = *state;
    uv_thread_t thread;
    char line[TETHER__MARKER_LINE_SIZE];
    f->registry = test_open(f);
    int lifeline = plant_undecided(f);
    /* This process plays the supervisor. */
    tether__identity self = {.pid = getpid(),
                             .start_time = tether__os_process_start_time(getpid())};
    assert_true(tether__os_boot_id(self.boot_id));
    asker a = {.f = f};
    let_ask(&a, &thread);
    size_t size = tether__marker_format_supervisor(&self, line);
    atomic_store(&a.released, true);
    assert_int_equal(write(lifeline, line, size), size);
    join(&a, &thread);
    assert_true(a.found);
    assert_string_equal(a.id, planted);
    assert_false(test_exists(test_work_path(f, "trace")));
    size = tether__marker_format_end(TETHER__END_EXIT, 3, -1, line);
    assert_int_equal(write(lifeline, line, size), size);
    close(lifeline);
    test_expect(f->registry, planted, TETHER_STATUS_FAILED, 3, NULL);
}

/* The thread of a host's own loop does not wait, and says why. */
static void the_loops_own_thread_does_not_wait(void **state)
{
    fixture *f = *state;
    uv_loop_t loop;
    tether_registry *registry;
    char id[TETHER_ID_SIZE];
    bool found = true;
    int lifeline = plant_undecided(f);
    assert_int_equal(uv_loop_init(&loop), 0);
    const tether_open_options options = {
        .store = f->store, .loop = &loop, .reaper = test_reaper_mode()};
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    assert_int_equal(ask(registry, "k", test_work_path(f, "trace"), &found, id, &f->error),
                     TETHER_ETIMEDOUT);
    assert_false(found);
    assert_string_equal(id, "");
    assert_non_null(strstr(f->error.message, planted));
    f->error = (tether_error){0};
    close(lifeline);
    ASSERT_OK(ask(registry, "k", test_work_path(f, "trace"), &found, id, &f->error), f->error);
    assert_false(found);
    tether_snapshot_free(test_wait(f->registry = test_open(f), id));
    ASSERT_OK(tether_close(registry, TETHER_DETACH, &f->error), f->error);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define HOSTS_TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)
        HOSTS_TEST(one_of_two_hosts_starts_the_task),
        HOSTS_TEST(the_start_of_a_killed_host_is_found_or_done_anew),
        HOSTS_TEST(a_start_waits_until_the_other_host_has_died),
        HOSTS_TEST(a_start_waits_until_the_other_supervisor_runs),
        HOSTS_TEST(the_loops_own_thread_does_not_wait),
    };
    return cmocka_run_group_tests_name("key_hosts", tests, NULL, NULL);
}
