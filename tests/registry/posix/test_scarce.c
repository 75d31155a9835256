/* A host that has only a few descriptors or processes left: every call either does what it should
 * or returns an error that names the limit; none aborts, hangs, or gives a wrong answer. */
#include "support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/posix/machine.h"

enum { DESCRIPTORS = 128, MOST_FREE = 24, MOST_PROCESSES = 6, ENDED = 3, HOST_SECONDS = 120 };
enum { FIRST_UNPRIVILEGED = 40000, UNPRIVILEGED_USERS = 20000 };

/* What one host has started, in memory that it shares with the test. */
typedef struct trial {
    int scarce; /* how many descriptors or processes are left */
    uid_t user;
    char ended[ENDED][TETHER_ID_SIZE]; /* by the test, before */
    bool opened;
    char quick[TETHER_ID_SIZE]; /* exits with 42; empty: it was not started */
    char slow[TETHER_ID_SIZE];  /* runs until it is killed */
    bool killed;
    size_t refused; /* how many calls have failed */
} trial;

/* Takes the result of a call: an error has to name the limit and what to do. Returns whether the
 * call has succeeded. */
static bool succeeded(trial *t, int code, const tether_error *error, const char *call)
{
    if (code == TETHER_OK)
        return true;
    t->refused++;
    if (code != TETHER_ELIMIT) {
        fprintf(stderr, "%s with %d left: ", call, t->scarce);
        test_host_fail(__FILE__, __LINE__, tether_error_name(code), error->message);
    }
    HOST_ASSERT(error->code == code);
    HOST_ASSERT(error->step[0] != '\0');
    if (strstr(error->message, "ulimit -n") == NULL &&
        strstr(error->message, "ulimit -u") == NULL &&
        strstr(error->message, "limit of descriptors") == NULL)
        test_host_fail(__FILE__, __LINE__, call, error->message);
    return false;
}

#define TRY(t, call) succeeded(t, call, &error, #call)

/* Takes all descriptors but `left`. Returns the first number that is taken. */
static void leave_descriptors(int left)
{
    struct rlimit limit;
    int fds[DESCRIPTORS], count = 0;
    HOST_ASSERT(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = DESCRIPTORS;
    HOST_ASSERT(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    while ((fds[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        count++;
    HOST_ASSERT(errno == EMFILE);
    HOST_ASSERT(count > left);
    while (left-- > 0)
        close(fds[--count]);
}

static void spawn_tasks(trial *t, tether_registry *registry)
{
    tether_error error = {0};
    const char *const quick[] = {CHILD, "exit", "42", NULL}, *const slow[] = {CHILD, "forever",
                                                                              NULL};
    /* The leak checker of a sanitizer would need a thread at the child's end. */
    static const char *const set[] = {"ASAN_OPTIONS=detect_leaks=0", NULL};
    tether_spec spec = {.argv = quick, .env_set = set};
    TRY(t, tether_spawn(registry, &spec, t->quick, &error));
    spec.argv = slow;
    TRY(t, tether_spawn(registry, &spec, t->slow, &error));
}

static size_t count_started(const trial *t)
{
    return (size_t)(t->quick[0] != '\0') + (size_t)(t->slow[0] != '\0');
}

static void check_lists(trial *t, tether_registry *registry)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    if (TRY(t, tether_list(registry, TETHER_LIST_ALL, &list, &error))) {
        HOST_ASSERT(list->count == ENDED + count_started(t));
        for (size_t i = 0; i < list->count; i++)
            HOST_ASSERT(list->items[i]->status != TETHER_STATUS_LOST);
    } else {
        HOST_ASSERT(list == NULL);
    }
    tether_snapshot_list_free(list);
    if (TRY(t, tether_completions_peek(registry, NULL, &list, &error)))
        HOST_ASSERT(list->count >= ENDED);
    tether_snapshot_list_free(list);
}

static void check_ended(trial *t, tether_registry *registry)
{
    tether_error error = {0};
    tether_snapshot *snapshot;
    const char *id = t->ended[0];
    char *text = NULL, buffer[16];
    size_t size;
    bool truncated;
    if (TRY(t, tether_status_get(registry, id, &snapshot, &error))) {
        HOST_ASSERT(snapshot->status == TETHER_STATUS_FAILED);
        HOST_ASSERT(snapshot->exit_code == 7);
        HOST_ASSERT(strcmp(snapshot->output_preview, "hello\n") == 0);
    }
    tether_snapshot_free(snapshot);
    if (TRY(t, tether_output_tail(registry, id, TETHER_VIEW_BOTH, 0, 0, &text, &size, &truncated,
                                  &error)))
        HOST_ASSERT(strcmp(text, "hello\n") == 0);
    free(text);
    if (TRY(t, tether_output_read(registry, id, TETHER_STDOUT, 0, buffer, sizeof buffer, &size,
                                  &error)))
        HOST_ASSERT(size == 6 && memcmp(buffer, "hello\n", 6) == 0);
}

static void follow_ended(trial *t, tether_registry *registry)
{
    tether_error error = {0};
    tether_follower *follower;
    tether_stream stream;
    char buffer[16];
    size_t got, whole = 0;
    if (!TRY(t,
             tether_follow_open(registry, t->ended[0], TETHER_VIEW_BOTH, NULL, &follower, &error)))
        return;
    do {
        if (!TRY(t, tether_follow_read(follower, buffer, sizeof buffer, PATIENCE_MS, &stream, &got,
                                       &error)))
            break;
        whole += got;
        HOST_ASSERT(got > 0 || whole == 6);
    } while (got > 0);
    tether_follow_close(follower);
}

static void use_completions(trial *t, tether_registry *registry)
{
    tether_error error = {0};
    tether_snapshot_list *list;
    if (TRY(t, tether_completions_lease(registry, NULL, &list, &error)))
        HOST_ASSERT(list->count > 0);
    tether_snapshot_list_free(list);
    TRY(t, tether_completion_ack(registry, t->ended[1], NULL, &error));
    TRY(t, tether_completion_release(registry, t->ended[0], &error));
}

/* Waits for the quick task and kills the slow one, in the time that both take anyway. */
static void end_tasks(trial *t, tether_registry *registry)
{
    tether_error error = {0};
    const char *id = t->quick;
    size_t index;
    int watch;
    tether_watch_spec spec = {.pattern = "x"};
    if (id[0] != '\0') {
        TRY(t, tether_watch_add(registry, id, &spec, &watch, &error));
        TRY(t, tether_wait(registry, &id, 1, TETHER_WAIT_ALL, PATIENCE_MS, &index, &error));
    }
    if (t->slow[0] != '\0')
        t->killed = TRY(t, tether_kill(registry, t->slow, NULL, &error));
}

static void collect(trial *t, tether_registry *registry)
{
    tether_error error = {0};
    tether_gc_result result = {.size = sizeof result};
    TRY(t, tether_gc(registry, NULL, &result, &error));
    HOST_ASSERT(result.removed == 0);
}

static void ignore_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    (void)registry;
    (void)event;
    (void)userdata;
}

static void use_all(fixture *f, trial *t)
{
    tether_error error = {0};
    tether_registry *registry;
    tether_open_options options = {
        .store = f->store, .reaper = test_reaper_mode(), .on_event = ignore_event};
    t->opened = TRY(t, tether_open(&options, &registry, &error));
    if (!t->opened) {
        HOST_ASSERT(registry == NULL);
        return;
    }
    spawn_tasks(t, registry);
    check_lists(t, registry);
    check_ended(t, registry);
    follow_ended(t, registry);
    use_completions(t, registry);
    end_tasks(t, registry);
    collect(t, registry);
    TRY(t, tether_close(registry, TETHER_DETACH, &error));
}

static void host_with_few_descriptors(fixture *f, void *userdata)
{
    trial *t = userdata;
    alarm(HOST_SECONDS);
    leave_descriptors(t->scarce);
    use_all(f, t);
}

static void limit_processes(rlim_t count)
{
    struct rlimit limit;
    HOST_ASSERT(getrlimit(RLIMIT_NPROC, &limit) == 0);
    limit.rlim_cur = count;
    HOST_ASSERT(setrlimit(RLIMIT_NPROC, &limit) == 0);
}

static void host_with_few_processes(fixture *f, void *userdata)
{
    trial *t = userdata;
    alarm(HOST_SECONDS);
    HOST_ASSERT(setgroups(0, NULL) == 0);
    HOST_ASSERT(setgid(t->user) == 0 && setuid(t->user) == 0);
    HOST_ASSERT(machine_be_visible());
    limit_processes((rlim_t)(machine_count_threads() + t->scarce));
    use_all(f, t);
}

/* Checks the truth with a host that lacks nothing: what was started exists and ended as it should,
 * and nothing else exists. */
static void check_truth(fixture *f, trial *t)
{
    tether_snapshot_list *list;
    f->registry = test_open(f);
    if (t->quick[0] != '\0') {
        tether_snapshot *snapshot = test_wait(f->registry, t->quick);
        /* The supervisor of a scarce host may not be able to start the command. */
        if (snapshot->exit_code != 126)
            assert_int_equal(snapshot->exit_code, 42);
        assert_int_equal(snapshot->status, TETHER_STATUS_FAILED);
        tether_snapshot_free(snapshot);
    }
    if (t->slow[0] != '\0') {
        if (!t->killed)
            ASSERT_OK(tether_kill(f->registry, t->slow, NULL, &f->error), f->error);
        tether_snapshot *snapshot = test_wait(f->registry, t->slow);
        if (snapshot->exit_code != 126)
            assert_int_equal(snapshot->status, TETHER_STATUS_KILLED);
        tether_snapshot_free(snapshot);
    }
    for (int i = 0; i < ENDED; i++)
        assert_int_equal(test_status(f->registry, t->ended[i]), TETHER_STATUS_FAILED);
    ASSERT_OK(tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    assert_int_equal(list->count, ENDED + count_started(t));
    tether_snapshot_list_free(list);
    test_detach(f->registry);
    f->registry = NULL;
}

/* Creates the tasks that every host finds. */
static void make_ended(fixture *f, trial *t)
{
    f->registry = test_open(f);
    for (int i = 0; i < ENDED; i++) {
        test_start_child(f->registry, t->ended[i], "out", "hello", "exit", "7", NULL);
        test_expect(f->registry, t->ended[i], TETHER_STATUS_FAILED, 7, NULL);
    }
    test_detach(f->registry);
    f->registry = NULL;
}

static void give_store(const fixture *f, uid_t user)
{
    char owner[24];
    snprintf(owner, sizeof owner, "%ld:%ld", (long)user, (long)user);
    const char *const argv[] = {"chown", "-R", owner, f->store, NULL};
    assert_int_equal(test_command(argv, NULL, NULL), 0);
}

/* Runs the trial in a store of its own. */
static void run_trial(fixture *f, trial *t, void (*host)(fixture *f, void *userdata))
{
    char *outer = f->store;
    f->store = test_make_store();
    make_ended(f, t);
    if (t->user != 0)
        give_store(f, t->user);
    int result = test_join_host(test_fork_host(host, f, t));
    if (result != 0)
        fail_msg("with %d left, the host ended with %d", t->scarce, result);
    if (t->user != 0)
        give_store(f, 0);
    check_truth(f, t);
    test_remove_store(f->store);
    free(f->store);
    f->store = outer;
}

static void few_descriptors_are_enough_or_reported(void **state)
{
    fixture *f = *state;
    bool refused = false, done = false;
    for (int left = 0; left <= MOST_FREE; left++) {
        trial *t = test_shared(sizeof *t);
        t->scarce = left;
        run_trial(f, t, host_with_few_descriptors);
        print_message("%d descriptors: %s, %zu calls refused\n", left,
                      t->opened ? "opened" : "not opened", t->refused);
        refused = refused || !t->opened;
        /* How many are used at once differs from run to run. */
        done = done || (t->opened && t->refused == 0);
        test_unshare(t, sizeof *t);
    }
    assert_true(refused);
    assert_true(done);
}

/* Threads count as processes. */
static void few_processes_are_enough_or_reported(void **state)
{
    fixture *f = *state;
    bool refused = false;
    if (geteuid() != 0)
        test_skip("needs root");
    if (machine_count_threads() == 0)
        test_skip("the threads cannot be counted here");
    for (int left = 0; left <= MOST_PROCESSES; left++) {
        trial *t = test_shared(sizeof *t);
        t->scarce = left;
        t->user = FIRST_UNPRIVILEGED + (uid_t)getpid() % UNPRIVILEGED_USERS;
        run_trial(f, t, host_with_few_processes);
        print_message("%d processes: %s, %zu calls refused\n", left,
                      t->opened ? "opened" : "not opened", t->refused);
        refused = refused || !t->opened;
        test_unshare(t, sizeof *t);
    }
    assert_true(refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(few_descriptors_are_enough_or_reported, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(few_processes_are_enough_or_reported, test_setup,
                                        test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
