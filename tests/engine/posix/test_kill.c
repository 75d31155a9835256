/* Kills, deadlines and shutdowns, of tasks that obey and of tasks that resist. */
#include "support/elsewhere.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/posix/killable.h"
#include "support/posix/machine.h"

enum {
    SHORT_GRACE_MS = 300,  /* for kills that wait for it */
    LONG_GRACE_MS = 15000, /* for kills that end before it does */
    ENDLESS_GRACE_MS = 3600000,
    LATE_MS = 5000 /* how much longer than its grace a kill may take */
};

static int kill_with(tether_registry *registry, const char *id, int64_t grace_ms)
{
    tether_error error = {0};
    const tether_kill_options options = {.grace_ms = grace_ms};
    int code = tether_kill(registry, id, &options, &error);
    if (code != TETHER_OK)
        print_message("%s: %s\n", tether_error_name(code), error.message);
    return code;
}

static void obedient_task_ends_at_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "out", "ready", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    int64_t begin = test_now_ms();
    assert_int_equal(kill_with(f->registry, id, LONG_GRACE_MS), TETHER_OK);
    assert_in_range(test_now_ms() - begin, 0, LONG_GRACE_MS / 2);
    assert_int_equal(killable_count(id), 0);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
    test_take_completion(f->registry, id);
}

static void stubborn_task_ends_after_the_grace(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    killable_start_stubborn(f->registry, &id, 1);
    int64_t begin = test_now_ms();
    assert_int_equal(kill_with(f->registry, id, SHORT_GRACE_MS), TETHER_OK);
    assert_in_range(test_now_ms() - begin, SHORT_GRACE_MS - 1, SHORT_GRACE_MS + LATE_MS);
    assert_int_equal(killable_count(id), 0);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGKILL, NULL);
}

static void kill_without_grace_is_immediate(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    killable_start_stubborn(f->registry, &id, 1);
    assert_int_equal(kill_with(f->registry, id, -1), TETHER_OK);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGKILL, NULL);
}

static void stopped_task_is_continued_to_end(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "pid", "stop", "forever", NULL);
    long child = test_output_number(f->registry, id);
    assert_int_equal(kill_with(f->registry, id, LONG_GRACE_MS), TETHER_OK);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
    assert_false(test_process_alive(child));
}

/* The supervisor is stopped as well, so no process of the task runs. */
static void wholly_stopped_task_is_killed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    killable_start_stubborn(f->registry, &id, 1);
    const tether_kill_options stop = {.signal = SIGSTOP};
    ASSERT_OK(tether_kill(f->registry, id, &stop, &f->error), f->error);
    assert_int_equal(kill_with(f->registry, id, SHORT_GRACE_MS), TETHER_OK);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGKILL, NULL);
}

static void task_that_forks_during_a_kill_is_killed_whole(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "ignore-term", "out", "ready", "forks", "300", "forever",
                     NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    assert_int_equal(kill_with(f->registry, id, 20), TETHER_OK);
    assert_int_equal(killable_count(id), 0);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGKILL, NULL);
}

static void process_that_left_the_session_is_killed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_run(f, CHILD " detach detach pid ignore-term forever & exec " CHILD " forever", id);
    long away = test_output_number(f->registry, id);
    assert_int_equal(kill_with(f->registry, id, SHORT_GRACE_MS), TETHER_OK);
    assert_false(test_process_alive(away));
    assert_int_equal(killable_count(id), 0);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_int_equal(snapshot->status, TETHER_STATUS_KILLED);
    tether_snapshot_free(snapshot);
}

/* Whether the status lists this survivor and no other. */
static bool has_survivor(tether_registry *registry, const char *id, long pid)
{
    tether_snapshot *snapshot;
    tether_error error = {0};
    ASSERT_OK(tether_status_get(registry, id, &snapshot, &error), error);
    bool only = snapshot->survivor_count == 1 && snapshot->survivors[0] == pid;
    tether_snapshot_free(snapshot);
    return only;
}

static void survivors_of_an_ended_task_are_listed_and_killed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_run(f, CHILD " detach detach pid forever; exit 6", id);
    long away = test_output_number(f->registry, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 6, NULL);
    /* The process between the two calls of setsid may still be exiting. */
    WAIT_UNTIL(has_survivor(f->registry, id, away));
    assert_int_equal(kill_with(f->registry, id, 0), TETHER_OK);
    assert_false(test_process_alive(away));
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 6, NULL);
}

/* A supervisor lives for a moment after its exit line. */
static void supervisor_after_its_exit_line_is_no_survivor(void **state)
{
    static const char end[] = "exit 0 uptime=1.00\n";
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "pid", "forever", NULL);
    long child = test_output_number(f->registry, id);
    int fd = open(test_exit_path(f, id), O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, end, sizeof end - 1), (ssize_t)sizeof end - 1);
    assert_int_equal(close(fd), 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    assert_true(has_survivor(f->registry, id, child));
    assert_int_equal(kill_with(f->registry, id, 0), TETHER_OK);
    assert_int_equal(killable_count(id), 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
}

static void killing_again_is_no_error(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "exit", "3", NULL);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(kill_with(f->registry, id, 0), TETHER_OK);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
    test_take_completion(f->registry, id);
}

typedef struct killer {
    tether_registry *registry;
    const char *id;
    int64_t grace_ms;
    int code;
} killer;

static void *run_killer(void *userdata)
{
    killer *k = userdata;
    k->code = kill_with(k->registry, k->id, k->grace_ms);
    return NULL;
}

static void two_killers_agree(void **state)
{
    fixture *f = *state;
    tether_registry *other = test_open(f);
    for (int i = 0; i < 10; i++) {
        char id[TETHER_ID_SIZE];
        pthread_t threads[3];
        killable_start_stubborn(f->registry, &id, 1);
        killer killers[3] = {
            {f->registry, id, 50, 1}, {other, id, 50, 1}, {f->registry, id, 50, 1}};
        for (int k = 0; k < 3; k++)
            assert_int_equal(pthread_create(&threads[k], NULL, run_killer, &killers[k]), 0);
        for (int k = 0; k < 3; k++) {
            assert_int_equal(pthread_join(threads[k], NULL), 0);
            assert_int_equal(killers[k].code, TETHER_OK);
        }
        assert_int_equal(killable_count(id), 0);
        test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGKILL, NULL);
        test_expect(other, id, TETHER_STATUS_KILLED, 128 + SIGKILL, NULL);
        test_take_completion(other, id);
        assert_int_equal(test_pending(f->registry, id), 0);
    }
    test_detach(other);
}

static bool is_being_killed(tether_registry *registry, const char *id)
{
    tether_snapshot *snapshot;
    tether_error error = {0};
    ASSERT_OK(tether_status_get(registry, id, &snapshot, &error), error);
    bool killing = snapshot->status == TETHER_STATUS_KILLING;
    tether_snapshot_free(snapshot);
    return killing;
}

/* The first kill would wait for longer than the test may take. */
static void impatient_kill_shortens_the_grace_of_the_first(void **state)
{
    fixture *f = *state;
    tether_registry *other = test_open(f);
    tether_registry *const seconds[] = {f->registry, other};
    for (int i = 0; i < 2; i++) {
        char id[TETHER_ID_SIZE];
        pthread_t thread;
        killable_start_stubborn(f->registry, &id, 1);
        killer first = {f->registry, id, ENDLESS_GRACE_MS, 1};
        assert_int_equal(pthread_create(&thread, NULL, run_killer, &first), 0);
        WAIT_UNTIL(is_being_killed(f->registry, id));
        assert_int_equal(kill_with(seconds[i], id, -1), TETHER_OK);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(first.code, TETHER_OK);
        test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGKILL, NULL);
    }
    test_detach(other);
}

/* The end in the marker counts, whenever the kill came. */
static void own_end_wins_a_race(void **state)
{
    enum { RACES = 200 };
    fixture *f = *state;
    int own = 0;
    unsigned seed = (unsigned)getpid();
    print_message("seed %u\n", seed);
    srand(seed);
    for (int i = 0; i < RACES; i++) {
        char id[TETHER_ID_SIZE], ms[16];
        snprintf(ms, sizeof ms, "%d", rand() % 6);
        test_start_child(f->registry, id, "sleep", ms, "exit", "0", NULL);
        test_nap_us(rand() % 8000);
        assert_int_equal(kill_with(f->registry, id, SHORT_GRACE_MS), TETHER_OK);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        char *marker = test_read_file(test_exit_path(f, id), NULL);
        if (strstr(marker, "\nexit 0") != NULL) {
            assert_int_equal(snapshot->status, TETHER_STATUS_COMPLETED);
            assert_int_equal(snapshot->exit_code, 0);
            own++;
        } else {
            assert_int_equal(snapshot->status, TETHER_STATUS_KILLED);
        }
        free(marker);
        tether_snapshot_free(snapshot);
    }
    print_message("%d of %d ended by themselves\n", own, RACES);
}

static void signal_option_sends_only_that_signal(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "on-usr1", "33", "out", "ready", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    const tether_kill_options usr1 = {.signal = SIGUSR1};
    ASSERT_OK(tether_kill(f->registry, id, &usr1, &f->error), f->error);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 33, NULL);
    const tether_kill_options negative = {.signal = -1};
    assert_int_equal(tether_kill(f->registry, id, &negative, &f->error), TETHER_EINVAL);
}

static void signal_that_does_not_exist_is_refused(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "out", "ready", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    static const int numbers[] = {200, 4000, 1 << 30};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const tether_kill_options options = {.signal = numbers[i]};
        assert_int_equal(tether_kill(f->registry, id, &options, &f->error), TETHER_EINVAL);
        assert_non_null(strstr(f->error.message, "has no signal"));
    }
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_RUNNING);
}

static void start_with_timeout(fixture *f, const char *const *verbs, int64_t timeout_ms,
                               char id[TETHER_ID_SIZE])
{
    const char *argv[16] = {CHILD};
    for (size_t i = 0; verbs[i] != NULL; i++)
        argv[i + 1] = verbs[i];
    tether_spec spec = {.argv = argv, .timeout_ms = timeout_ms};
    test_start(f->registry, &spec, id);
}

static void deadlines_are_kept(void **state)
{
    fixture *f = *state;
    static const char *const verbs[][5] = {
        {"forever", NULL}, {"ignore-term", "forever", NULL}, {"stop", "forever", NULL}};
    char ids[3][TETHER_ID_SIZE];
    int64_t begin = test_now_ms();
    for (int i = 0; i < 3; i++)
        start_with_timeout(f, verbs[i], 100, ids[i]);
    for (int i = 0; i < 3; i++) {
        tether_snapshot *snapshot = test_wait(f->registry, ids[i]);
        assert_int_equal(snapshot->status, TETHER_STATUS_TIMED_OUT);
        assert_int_equal(snapshot->exit_code, 124);
        assert_int_equal(snapshot->timeout_ms, 100);
        assert_true(snapshot->duration_ms >= 90);
        tether_snapshot_free(snapshot);
        /* A monitor lives for a moment after it has written the end. */
        WAIT_UNTIL(killable_count(ids[i]) == 0);
        test_take_completion(f->registry, ids[i]);
    }
    assert_in_range(test_now_ms() - begin, 90, PATIENCE_MS);
}

/* The deadline passed while no host had the session open. */
static void passed_deadline_is_kept_by_the_next_host(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    START_ELSEWHERE(f, id, "--timeout", "1s", "--", CHILD, "out", "r", "forever");
    /* The command is a host too. It must end before the deadline, or it starts the kill itself. */
    int64_t started = test_now_ms();
    WAIT_UNTIL(test_now_ms() - started > 1000);
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
}

static void shutdown_shares_one_grace(void **state)
{
    enum { TASKS = 6 };
    fixture *f = *state;
    char ids[TASKS][TETHER_ID_SIZE];
    killable_start_stubborn(f->registry, ids, TASKS);
    int64_t begin = test_now_ms();
    ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
    /* A grace of two seconds for each task in turn would take twelve. */
    assert_in_range(test_now_ms() - begin, 1900, 2000 + LATE_MS);
    f->registry = test_open(f);
    for (int i = 0; i < TASKS; i++) {
        assert_int_equal(killable_count(ids[i]), 0);
        test_expect(f->registry, ids[i], TETHER_STATUS_KILLED, 128 + SIGKILL,
                    "registry was shut down");
        test_take_completion(f->registry, ids[i]);
    }
}

static void detach_leaves_tasks_running(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "pid", "forever", NULL);
    long child = test_output_number(f->registry, id);
    test_detach(f->registry);
    assert_true(test_process_alive(child));
    f->registry = test_open(f);
    assert_int_equal(test_output_number(f->registry, id), child);
    assert_int_equal(kill_with(f->registry, id, 0), TETHER_OK);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
    /* The registry that started the task is closed, so this process reaps the supervisor itself. */
    WAIT_UNTIL(waitpid(-1, NULL, WNOHANG) > 0);
}

static atomic_bool *inside_ready;
static bool inside_has_proc;

/* Uses up pids until the next ones do not exist in the outer namespace's /proc. There the task's
 * pid is then missing, which must not count as its end. */
static void skip_pids_that_exist_outside(void)
{
    char path[32];
    int free_in_a_row = 0;
    while (free_in_a_row < 20) {
        pid_t pid = fork();
        HOST_ASSERT(pid >= 0);
        if (pid == 0)
            _exit(0);
        HOST_ASSERT(waitpid(pid, NULL, 0) == pid);
        snprintf(path, sizeof path, "/proc/%ld", (long)pid + 20);
        free_in_a_row = access(path, F_OK) != 0 ? free_in_a_row + 1 : 0;
    }
}

/* The first process of another pid namespace: starts a task and waits. */
static void host_inside(fixture *f, void *userdata)
{
    char *id = userdata;
    tether_error error = {0};
    tether_registry *registry;
    tether_open_options options = {.store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
    const char *const argv[] = {CHILD, "out", "inside", "forever", NULL};
    tether_spec spec = {.argv = argv};
    HOST_ASSERT(getpid() == 1);
    if (inside_has_proc) {
        HOST_ASSERT(machine_own_proc());
    } else {
        skip_pids_that_exist_outside();
    }
    HOST_OK(tether_open(&options, &registry, &error), error);
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    uint64_t size = 0;
    while (size < 7)
        HOST_OK(tether_output_size(registry, id, TETHER_STDOUT, &size, &error), error);
    tether_snapshot *snapshot;
    for (int i = 0; i < 20; i++) {
        HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
        HOST_ASSERT(!tether_status_ended(snapshot->status));
        tether_snapshot_free(snapshot);
    }
    /* Where processes cannot be verified, the held lifeline verifies the group of a task of this
     * namespace. Another task ends, so that the first one is left for the host outside. */
    if (!inside_has_proc) {
        char other[TETHER_ID_SIZE];
        HOST_OK(tether_spawn(registry, &spec, other, &error), error);
        HOST_OK(tether_kill(registry, other, NULL, &error), error);
        HOST_OK(tether_status_get(registry, other, &snapshot, &error), error);
        HOST_ASSERT(snapshot->status == TETHER_STATUS_KILLED);
        tether_snapshot_free(snapshot);
        HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
        HOST_ASSERT(snapshot->status == TETHER_STATUS_RUNNING);
        tether_snapshot_free(snapshot);
    }
    atomic_store(inside_ready, true);
    for (;;)
        pause();
}

static void enter_namespace(fixture *f, void *userdata)
{
    HOST_ASSERT(machine_own_pids());
    long inside = test_fork_host(host_inside, f, userdata);
    _exit(test_join_host(inside));
}

static void check_namespace(fixture *f, bool has_proc)
{
    if (!machine_has_namespaces())
        test_skip("only Linux has namespaces");
    if (geteuid() != 0)
        test_skip("needs root");
    char *id = test_shared(TETHER_ID_SIZE);
    inside_ready = test_shared(sizeof *inside_ready);
    inside_has_proc = has_proc;
    long host = test_fork_host(enter_namespace, f, id);
    WAIT_UNTIL(atomic_load(inside_ready) || waitpid((pid_t)host, NULL, WNOHANG) != 0);
    assert_true(atomic_load(inside_ready));

    tether_registry *registry = test_open(f);
    tether_snapshot *snapshot;
    size_t size;
    ASSERT_OK(tether_status_get(registry, id, &snapshot, &f->error), f->error);
    assert_int_equal(snapshot->status, TETHER_STATUS_RUNNING);
    tether_snapshot_free(snapshot);
    char *out = test_output(registry, id, TETHER_STDOUT, &size);
    assert_string_equal(out, "inside\n");
    free(out);
    const tether_kill_options usr1 = {.signal = SIGUSR1};
    assert_int_equal(tether_kill(registry, id, NULL, &f->error), TETHER_EFOREIGN);
    assert_int_equal(tether_kill(registry, id, &usr1, &f->error), TETHER_EFOREIGN);
    ASSERT_OK(tether_status_get(registry, id, &snapshot, &f->error), f->error);
    assert_int_equal(snapshot->status, TETHER_STATUS_RUNNING);
    tether_snapshot_free(snapshot);

    /* The namespace ends with its first process, and the task with it. The free lifeline shows the
     * end. */
    char children[64];
    snprintf(children, sizeof children, "/proc/%ld/task/%ld/children", host, host);
    FILE *file = fopen(children, "re");
    long first = 0;
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld", &first), 1);
    fclose(file);
    assert_int_equal(kill((pid_t)first, SIGKILL), 0);
    assert_int_equal(test_join_host(host), 128 + SIGKILL);
    test_expect(registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    test_detach(registry);
    f->hosts_died = true;
    test_unshare(id, TETHER_ID_SIZE);
    test_unshare(inside_ready, sizeof *inside_ready);
}

static void task_in_another_pid_namespace_is_shown_but_not_signalled(void **state)
{
    check_namespace(*state, true);
}

/* /proc is that of the outer namespace, as in a sandbox that does not mount its own. */
static void task_in_a_pid_namespace_without_its_proc_is_not_lost(void **state)
{
    check_namespace(*state, false);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)
#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(obedient_task_ends_at_once),
        WITH_REGISTRY(stubborn_task_ends_after_the_grace),
        WITH_REGISTRY(kill_without_grace_is_immediate),
        WITH_REGISTRY(stopped_task_is_continued_to_end),
        WITH_REGISTRY(wholly_stopped_task_is_killed),
        WITH_REGISTRY(task_that_forks_during_a_kill_is_killed_whole),
        WITH_REGISTRY(process_that_left_the_session_is_killed),
        WITH_REGISTRY(survivors_of_an_ended_task_are_listed_and_killed),
        WITH_REGISTRY(supervisor_after_its_exit_line_is_no_survivor),
        WITH_REGISTRY(killing_again_is_no_error),
        WITH_REGISTRY(two_killers_agree),
        WITH_REGISTRY(impatient_kill_shortens_the_grace_of_the_first),
        WITH_REGISTRY(own_end_wins_a_race),
        WITH_REGISTRY(signal_option_sends_only_that_signal),
        WITH_REGISTRY(signal_that_does_not_exist_is_refused),
        WITH_REGISTRY(deadlines_are_kept),
        WITH_STORE(passed_deadline_is_kept_by_the_next_host),
        WITH_REGISTRY(shutdown_shares_one_grace),
        WITH_REGISTRY(detach_leaves_tasks_running),
        WITH_STORE(task_in_another_pid_namespace_is_shown_but_not_signalled),
        WITH_STORE(task_in_a_pid_namespace_without_its_proc_is_not_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
