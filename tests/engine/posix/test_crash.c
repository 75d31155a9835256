/* Hosts are killed at random moments and at every system call. The next host finds each task: it
 * ran at most once, has its own exit code, and completes once. */
#include "engine/core.h"
#include "os/file.h"
#include "support/elsewhere.h"
#include "support/exit_line.h"
#include "support/flood.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS = 200, STRETCH = 10, LAST_CODE = 200, LAST_SLEEP_MS = 30, SHORTEST_RANGE_US = 15000 };

/* The task that one host starts. */
typedef struct job {
    char file[1024]; /* the task appends one line to it */
    char sleep_ms[16];
    char code[16];
    atomic_bool *spawned; /* shared memory that the host sets; NULL: not needed */
} job;

/* How many runs ended in each way. */
typedef struct tally {
    int invisible; /* the host was killed before the task was visible on disk */
    int never_started;
    int ran;
} tally;

static job create_job(const fixture *f, int number, int sleep_ms, int code)
{
    job j = {.spawned = NULL};
    snprintf(j.file, sizeof j.file, "%s", test_work_path(f, "run-%d", number));
    snprintf(j.sleep_ms, sizeof j.sleep_ms, "%d", sleep_ms);
    snprintf(j.code, sizeof j.code, "%d", code);
    return j;
}

static void spawn_and_stay(fixture *f, void *userdata)
{
    const job *j = userdata;
    tether_error error = {0};
    tether_registry *registry;
    char id[TETHER_ID_SIZE];
    tether_open_options options = {.store = f->store, .reaper = test_reaper_mode()};
    const char *const argv[] = {CHILD,       "append", j->file, "sleep",
                                j->sleep_ms, "exit",   j->code, NULL};
    tether_spec spec = {.argv = argv};
    HOST_OK(tether_open(&options, &registry, &error), error);
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    if (j->spawned != NULL)
        atomic_store(j->spawned, true);
    for (;;)
        pause();
}

/* Finds the one task of the session whose completion is pending; false: there is none. */
static bool find_new_task(tether_registry *registry, char id[TETHER_ID_SIZE])
{
    tether_error error = {0};
    tether_snapshot_list *list;
    size_t found = 0;
    ASSERT_OK(tether_list(registry, TETHER_LIST_ALL, &list, &error), error);
    for (size_t i = 0; i < list->count; i++) {
        if (!list->items[i]->completion_delivered) {
            strcpy(id, list->items[i]->task_id);
            found++;
        }
    }
    tether_snapshot_list_free(list);
    assert_in_range(found, 0, 1);
    return found == 1;
}

static bool has_record(const char *name, void *userdata)
{
    const fixture *f = userdata;
    bool temporary =
        strncmp(name, ".tmp-", 5) == 0; /* removed when it is old, see test_gc_steps.c */
    if (!temporary && !test_has_record(f, name))
        fail_msg("%s has no record", name);
    return true;
}

/* Every lifeline has a record in the journal, and every bundle one there or in an archive. */
static void check_no_leftover(const fixture *f, tether_registry *registry)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    ASSERT_OK(tether_list(registry, TETHER_LIST_ALL, &list, &error), error);
    ASSERT_OK(tether__os_dir_list(registry->session.exits, has_record, (void *)f, &error), error);
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), list->count);
    for (size_t i = 0; i < list->count; i++)
        assert_true(test_exists(test_bundle_path(f, list->items[i]->task_id, ".")));
    tether_snapshot_list_free(list);
}

/* Checks what the next host finds after the job's host died. */
static void check_after_death(fixture *f, const job *j, tally *t)
{
    char id[TETHER_ID_SIZE];
    tether_registry *registry = test_open(f);
    if (find_new_task(registry, id)) {
        tether_snapshot *snapshot = test_wait(registry, id);
        if (snapshot->status == TETHER_STATUS_LOST) {
            assert_string_equal(snapshot->reason, "never started");
            assert_int_equal(snapshot->exit_code, TETHER_EXIT_UNKNOWN);
            assert_int_equal(test_count_lines(j->file), 0);
            t->never_started++;
        } else {
            assert_null(snapshot->reason);
            assert_int_equal(snapshot->exit_code, atoi(j->code));
            assert_int_equal(snapshot->status,
                             atoi(j->code) == 0 ? TETHER_STATUS_COMPLETED : TETHER_STATUS_FAILED);
            assert_int_equal(test_count_lines(j->file), 1);
            t->ran++;
        }
        tether_snapshot_free(snapshot);
        test_take_completion(registry, id);
    } else {
        assert_int_equal(test_count_lines(j->file), 0);
        t->invisible++;
    }
    check_no_leftover(f, registry);
    test_detach(registry);
}

/* No task ran twice, and none that was lost or invisible has run since. */
static void check_all_runs(const fixture *f, int runs, const tally *t)
{
    int lines = 0;
    for (int run = 0; run < runs; run++) {
        int here = test_count_lines(test_work_path(f, "run-%d", run));
        assert_in_range(here, 0, 1);
        lines += here;
    }
    assert_int_equal(lines, t->ran);
    assert_int_equal(t->ran + t->never_started + t->invisible, runs);
    print_message("%d runs: %d ran, %d never started, %d invisible\n", runs, t->ran,
                  t->never_started, t->invisible);
}

/* Measures how long a host and its task take, so that the kills cover all of that time on a slow
 * machine too. */
static long measure_range_us(fixture *f, tally *t)
{
    job j = create_job(f, 0, 0, 1);
    int64_t begin = test_now_ms();
    long host = test_fork_host(spawn_and_stay, f, &j);
    WAIT_UNTIL(test_count_lines(j.file) == 1);
    long range = (long)(test_now_ms() - begin) * 1500;
    test_kill_host(host);
    check_after_death(f, &j, t);
    return range > SHORTEST_RANGE_US ? range : SHORTEST_RANGE_US;
}

static void host_is_killed_at_any_moment(void **state)
{
    fixture *f = *state;
    const char *given = getenv("TETHER_TEST_SEED");
    unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)getpid();
    tally t = {0, 0, 0};
    f->hosts_died = true;
    long range = measure_range_us(f, &t);
    print_message("seed %u (TETHER_TEST_SEED), kills within %ld us\n", seed, range);
    srand(seed);
    for (int run = 1; run <= RUNS; run++) {
        int sleep_ms = rand() % 2 == 0 ? 0 : rand() % (LAST_SLEEP_MS + 1);
        job j = create_job(f, run, sleep_ms, rand() % (LAST_CODE + 1));
        long host = test_fork_host(spawn_and_stay, f, &j);
        test_nap_us(rand() % range);
        test_kill_host(host);
        check_after_death(f, &j, &t);
        /* The machine has become slower since the range was measured. */
        if (run % STRETCH == 0 && t.ran * 5 < run)
            range = range * 3 / 2;
    }
    check_all_runs(f, RUNS + 1, &t);
    /* Not all kills came before the task started. */
    assert_true(t.ran > RUNS / 10);
}

/* Ten hosts with one task each, killed while the tasks run. */
static void all_tasks_of_killed_hosts_are_found(void **state)
{
    enum { TASKS = 10 };
    fixture *f = *state;
    f->hosts_died = true;
    job j[TASKS];
    long hosts[TASKS];
    atomic_bool *spawned = test_shared(TASKS * sizeof *spawned);
    for (int i = 0; i < TASKS; i++) {
        j[i] = create_job(f, i, 20 + i, i);
        j[i].spawned = &spawned[i];
        hosts[i] = test_fork_host(spawn_and_stay, f, &j[i]);
    }
    for (int i = 0; i < TASKS; i++) {
        WAIT_UNTIL(atomic_load(&spawned[i]));
        test_kill_host(hosts[i]);
    }
    tether_snapshot_list *list;
    f->registry = test_open(f);
    ASSERT_OK(tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    assert_int_equal(list->count, TASKS);
    int codes = 0;
    for (size_t i = 0; i < list->count; i++) {
        tether_snapshot *snapshot = test_wait(f->registry, list->items[i]->task_id);
        codes |= 1 << snapshot->exit_code;
        tether_snapshot_free(snapshot);
        test_take_completion(f->registry, list->items[i]->task_id);
    }
    assert_int_equal(codes, (1 << TASKS) - 1);
    tether_snapshot_list_free(list);
    test_unshare(spawned, TASKS * sizeof *spawned);
}

/* The system calls by which a host changes what others can see. The first END_STEPS are those that
 * record an end. */
static const char *const steps[] = {
    "renameat", "write",  "flock",     "fchmod",   "openat", "close",
    "mkdirat",  "clone3", "fallocate", "unlinkat", "vfork",  "clone",
};
enum { STEPS = sizeof steps / sizeof steps[0], END_STEPS = 5 };

static bool has_strace(void)
{
    const char *const argv[] = {"strace", "-V", NULL};
    return test_command(argv, NULL, NULL) == 0;
}

/* Runs the command and kills it at the entry of its nth call of one kind. Returns false where it
 * made fewer such calls. Only its first thread is traced: that one makes the changes. */
static bool killed_at(const char *call, int nth, const char *const *command)
{
    char inject[96], trace[64];
    /* The leak checker of a sanitizer traces its own process, which fails under strace. Other tests
     * find the leaks. */
    const char *argv[32] = {"strace", "-qq", "-o", "/dev/null", "-E", "ASAN_OPTIONS=detect_leaks=0",
                            "-e",     trace, "-e", inject};
    size_t count = 10;
    snprintf(trace, sizeof trace, "trace=%s", call);
    snprintf(inject, sizeof inject, "inject=%s:signal=KILL:when=%d", call, nth);
    while (*command != NULL)
        argv[count++] = *command++;
    char *err;
    int code = test_command(argv, NULL, &err);
    if (code != 0 && code != 128 + SIGKILL)
        fail_msg("%s number %d: the command ended with %d: %s", call, nth, code, err);
    free(err);
    return code != 0;
}

static void host_is_killed_at_every_step_of_a_start(void **state)
{
    fixture *f = *state;
    tally t = {0, 0, 0};
    int run = 0;
    if (!has_strace())
        test_skip("strace is not installed");
    f->hosts_died = true;
    for (size_t i = 0; i < STEPS; i++) {
        bool killed = true;
        for (int nth = 1; killed; nth++) {
            job j = create_job(f, run++, 0, nth % LAST_CODE);
            const char *const command[] = {COMMAND,  "--store", f->store, "run",  "--", CHILD,
                                           "append", j.file,    "exit",   j.code, NULL};
            killed = killed_at(steps[i], nth, command);
            check_after_death(f, &j, &t);
        }
    }
    check_all_runs(f, run, &t);
    assert_true(t.never_started > 0);
    assert_true(t.ran > 0);
    assert_true(t.invisible > 0);
}

/* The next tests let the command list the tasks. That records an end as every other verb does, and
 * does not look for survivors, for which it would open some files of each process on the machine.
 */

/* Creates a task that has ended while no host had the session open. */
static void create_unseen_end(fixture *f, const char *code, char id[TETHER_ID_SIZE])
{
    const char *gate = test_work_path(f, "gate");
    unlink(gate);
    START_ELSEWHERE(f, id, "--", CHILD, "await", gate, "exit", code);
    test_write_file(gate, "", 0);
    exit_line_wait(f, id);
}

/* Removes ended tasks, so that each run makes the same system calls. */
static void remove_ended_tasks(tether_registry *registry)
{
    tether_error error = {0};
    const tether_gc_options any_age = {.older_than_ms = -1};
    ASSERT_OK(tether_gc(registry, &any_age, NULL, &error), error);
}

static void host_is_killed_at_every_step_of_an_end(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], ack[] = "--ack";
    if (!has_strace())
        test_skip("strace is not installed");
    f->hosts_died = true;
    for (int acknowledge = 0; acknowledge < 2; acknowledge++) {
        for (size_t i = 0; i < END_STEPS; i++) {
            bool killed = true;
            for (int nth = 1; killed; nth++) {
                create_unseen_end(f, "5", id);
                const char *const list[] = {COMMAND, "--store", f->store, "list", "--all", NULL};
                const char *const completions[] = {COMMAND, "--store", f->store, "completions",
                                                   ack,     id,        NULL};
                killed = killed_at(steps[i], nth, acknowledge ? completions : list);
                tether_registry *registry = test_open(f);
                test_expect(registry, id, TETHER_STATUS_FAILED, 5, NULL);
                bool fresh;
                tether_error error = {0};
                ASSERT_OK(tether_completion_ack(registry, id, &fresh, &error), error);
                /* A killed command may have acknowledged or not; both are right. */
                if (!acknowledge)
                    assert_true(fresh);
                else if (!killed)
                    assert_false(fresh);
                assert_int_equal(test_pending(registry, NULL), 0);
                remove_ended_tasks(registry);
                check_no_leftover(f, registry);
                test_detach(registry);
            }
        }
    }
}

/* The same with an output over its limit. After the kill the file is complete or correctly trimmed,
 * and the next host trims it. */
static void host_is_killed_at_every_step_of_a_trim(void **state)
{
    fixture *f = *state;
    int killed_before = 0, killed_after = 0;
    if (!has_strace())
        test_skip("strace is not installed");
    f->hosts_died = true;
    for (size_t i = 0; i < END_STEPS; i++) {
        bool killed = true;
        for (int nth = 1; killed; nth++) {
            char id[TETHER_ID_SIZE];
            const char *gate = test_work_path(f, "gate");
            unlink(gate);
            START_ELSEWHERE(f, id, "--output", "direct", "--output-limit", "70000", "--", CHILD,
                            "await", gate, "flood", "100000");
            test_write_file(gate, "", 0);
            exit_line_wait(f, id);
            const char *const list[] = {COMMAND, "--store", f->store, "list", "--all", NULL};
            killed = killed_at(steps[i], nth, list);
            size_t size;
            free(test_read_file(test_bundle_path(f, id, "stdout"), &size));
            assert_true(size == 100000 || size == 70000);
            killed_before += killed && size == 100000;
            killed_after += killed && size == 70000;
            tether_registry *registry = test_open(f);
            test_expect(registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
            uint64_t dropped;
            char byte;
            tether_error error = {0};
            ASSERT_OK(tether_output_dropped(registry, id, TETHER_STDOUT, &dropped, &error), error);
            assert_int_equal(dropped, 30000);
            ASSERT_OK(
                tether_output_read(registry, id, TETHER_STDOUT, 30000, &byte, 1, &size, &error),
                error);
            assert_int_equal(byte, flood_byte(30000));
            assert_false(test_tree_has(test_bundle_path(f, id, ""), ".tmp-"));
            test_take_completion(registry, id);
            remove_ended_tasks(registry);
            check_no_leftover(f, registry);
            test_detach(registry);
        }
    }
    assert_true(killed_before > 0);
    assert_true(killed_after > 0);
}

/* With the argument "steps": the tests that kill the command, which ignores TETHER_TEST_REAPER. */
int main(int argc, char **argv)
{
    const struct CMUnitTest moments[] = {
        cmocka_unit_test_setup_teardown(host_is_killed_at_any_moment, test_setup, test_teardown),
        cmocka_unit_test_setup_teardown(all_tasks_of_killed_hosts_are_found, test_setup,
                                        test_teardown),
    };
    const struct CMUnitTest by_step[] = {
        cmocka_unit_test_setup_teardown(host_is_killed_at_every_step_of_a_start, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(host_is_killed_at_every_step_of_an_end, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(host_is_killed_at_every_step_of_a_trim, test_setup,
                                        test_teardown),
    };
    if (argc > 1 && strcmp(argv[1], "steps") == 0)
        return cmocka_run_group_tests(by_step, NULL, NULL);
    return cmocka_run_group_tests(moments, NULL, NULL);
}
