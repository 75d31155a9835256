/* Kills of processes that the killer may not signal: programs of root's that a task of another user
 * has started, as sudo is one. They are named, and never reported as killed. */
#include "support/support.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/posix/machine.h"

enum { USER = 40002, NO_GRACE = -1 };

/* What the test and its host, which is an ordinary user, share. */
typedef struct shared {
    bool as_command; /* the program is the task's command, not a child of it */
    int64_t timeout_ms;
    char program[600];
    atomic_long pid; /* of the program, once all is checked that needs it alive */
} shared;

static bool is_gone(long pid)
{
    return kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

static tether_registry *open_as_user(const fixture *f)
{
    tether_error error = {0};
    tether_registry *registry;
    tether_open_options options = {.store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
    HOST_ASSERT(setgroups(0, NULL) == 0 && setgid(USER) == 0 && setuid(USER) == 0);
    HOST_ASSERT(machine_be_visible());
    HOST_OK(tether_open(&options, &registry, &error), error);
    return registry;
}

/* Starts the task and returns the pid that the program has printed. */
static long start(const fixture *f, const shared *s, tether_registry *registry,
                  char id[TETHER_ID_SIZE])
{
    char command[700];
    uint64_t size = 0;
    tether_error error = {0};
    tether_snapshot *snapshot;
    const char *const argv[] = {s->program, "become-root", "pid", "forever", NULL};
    tether_spec spec = {.timeout_ms = s->timeout_ms, .workdir = f->work};
    snprintf(command, sizeof command, "%s become-root pid forever; echo over", s->program);
    if (s->as_command)
        spec.argv = argv;
    else
        spec.command = command;
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    for (int64_t end = test_now_ms() + PATIENCE_MS; size < 2; test_pause()) {
        HOST_ASSERT(test_now_ms() < end);
        HOST_OK(tether_output_size(registry, id, TETHER_STDOUT, &size, &error), error);
    }
    HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
    FILE *output = fopen(snapshot->output_path, "re");
    long pid = 0;
    HOST_ASSERT(output != NULL && fscanf(output, "%ld", &pid) == 1);
    fclose(output);
    tether_snapshot_free(snapshot);
    HOST_ASSERT(pid > 0 && kill((pid_t)pid, 0) != 0 && errno == EPERM);
    return pid;
}

/* The status says what could not be ended, and lists it. */
static bool is_reported(tether_registry *registry, const char *id, long pid)
{
    char name[64];
    tether_error error = {0};
    tether_snapshot *snapshot;
    snprintf(name, sizeof name, "could not be ended: %ld ", pid);
    HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
    HOST_ASSERT(snapshot->status == TETHER_STATUS_KILLING ||
                snapshot->status == TETHER_STATUS_RUNNING);
    bool reported = snapshot->status == TETHER_STATUS_KILLING && snapshot->reason != NULL &&
                    strncmp(snapshot->reason, name, strlen(name)) == 0 &&
                    strstr(snapshot->reason, " (belongs to root)") != NULL &&
                    strchr(snapshot->reason, ',') == NULL && snapshot->survivor_count == 1 &&
                    snapshot->survivors[0] == pid;
    tether_snapshot_free(snapshot);
    return reported;
}

static void wait_until_ended(tether_registry *registry, const char *id, tether_status status)
{
    tether_error error = {0};
    tether_snapshot *snapshot;
    for (int64_t end = test_now_ms() + PATIENCE_MS;; test_pause()) {
        HOST_ASSERT(test_now_ms() < end);
        HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
        bool ended = tether_status_ended(snapshot->status);
        HOST_ASSERT(!ended || (snapshot->status == status && snapshot->reason == NULL));
        tether_snapshot_free(snapshot);
        if (ended)
            return;
    }
}

static void kill_as_user(fixture *f, void *userdata)
{
    shared *s = userdata;
    char id[TETHER_ID_SIZE], name[64];
    tether_error error = {0};
    const tether_kill_options options = {.grace_ms = NO_GRACE};
    tether_registry *registry = open_as_user(f);
    long pid = start(f, s, registry, id);
    if (s->timeout_ms == 0) {
        HOST_ASSERT(tether_kill(registry, id, &options, &error) == TETHER_ESURVIVED);
        snprintf(name, sizeof name, " %ld ", pid);
        HOST_ASSERT(strstr(error.message, name) != NULL);
        HOST_ASSERT(strstr(error.message, " (belongs to root)") != NULL);
        HOST_ASSERT(is_reported(registry, id, pid));
    }
    for (int64_t end = test_now_ms() + PATIENCE_MS; !is_reported(registry, id, pid); test_pause())
        HOST_ASSERT(test_now_ms() < end);
    atomic_store(&s->pid, pid);
    for (int64_t end = test_now_ms() + PATIENCE_MS; !is_gone(pid); test_pause())
        HOST_ASSERT(test_now_ms() < end);
    wait_until_ended(registry, id,
                     s->timeout_ms == 0 ? TETHER_STATUS_KILLED : TETHER_STATUS_TIMED_OUT);
    HOST_OK(tether_close(registry, TETHER_SHUTDOWN, &error), error);
}

/* Only the others get the signal, and the call says so. */
static void signal_as_user(fixture *f, void *userdata)
{
    shared *s = userdata;
    char id[TETHER_ID_SIZE];
    tether_error error = {0};
    const tether_kill_options harmless = {.signal = SIGWINCH};
    tether_registry *registry = open_as_user(f);
    long pid = start(f, s, registry, id);
    HOST_ASSERT(tether_kill(registry, id, &harmless, &error) == TETHER_EACCESS);
    HOST_ASSERT(strstr(error.message, "belongs to root") != NULL);
    HOST_ASSERT(tether_pause(registry, id, &error) == TETHER_EACCESS);
    HOST_OK(tether_resume(registry, id, &error), error);
    atomic_store(&s->pid, pid);
    for (int64_t end = test_now_ms() + PATIENCE_MS; !is_gone(pid); test_pause())
        HOST_ASSERT(test_now_ms() < end);
    HOST_OK(tether_close(registry, TETHER_SHUTDOWN, &error), error);
}

/* Makes a program of root's that every user can start, and gives the directories to the user. */
static void prepare(const fixture *f, shared *s)
{
    size_t size;
    struct statvfs at;
    if (geteuid() != 0)
        test_skip("needs root");
    assert_int_equal(statvfs(f->work, &at), 0);
    if ((at.f_flag & ST_NOSUID) != 0)
        test_skip("the file system ignores setuid");
    snprintf(s->program, sizeof s->program, "%s", test_work_path(f, "child"));
    char *program = test_read_file(CHILD, &size);
    test_write_file(s->program, program, size);
    free(program);
    assert_int_equal(chmod(s->program, 04755), 0);
    assert_int_equal(chown(f->work, USER, USER), 0);
    assert_int_equal(chown(f->store, USER, USER), 0);
}

static void run_as_user(fixture *f, void (*host)(fixture *f, void *userdata), const shared *wanted)
{
    shared *s = test_shared(sizeof *s);
    *s = *wanted;
    prepare(f, s);
    long pid = test_fork_host(host, f, s);
    WAIT_UNTIL(atomic_load(&s->pid) != 0 || waitpid((pid_t)pid, NULL, WNOHANG) != 0);
    assert_true(atomic_load(&s->pid) > 0);
    assert_int_equal(kill((pid_t)atomic_load(&s->pid), SIGKILL), 0);
    assert_int_equal(test_join_host(pid), 0);
    assert_int_equal(chown(f->work, 0, 0), 0);
    assert_int_equal(chown(f->store, 0, 0), 0);
    test_unshare(s, sizeof *s);
}

static void child_that_belongs_to_root_is_named(void **state)
{
    run_as_user(*state, kill_as_user, &(shared){.as_command = false});
}

static void command_that_belongs_to_root_is_named(void **state)
{
    run_as_user(*state, kill_as_user, &(shared){.as_command = true});
}

static void process_that_belongs_to_root_is_named_after_the_deadline(void **state)
{
    run_as_user(*state, kill_as_user, &(shared){.timeout_ms = 3000});
}

static void signal_that_a_process_refuses_is_an_error(void **state)
{
    run_as_user(*state, signal_as_user, &(shared){.as_command = false});
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(child_that_belongs_to_root_is_named),
        WITH_STORE(command_that_belongs_to_root_is_named),
        WITH_STORE(process_that_belongs_to_root_is_named_after_the_deadline),
        WITH_STORE(signal_that_a_process_refuses_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
