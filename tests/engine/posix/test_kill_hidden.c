/* Kills of processes that cannot be found by their cookie, or seem to have ended: cleared
 * environments, sessions of their own, first threads that have exited. And of strangers with the
 * cookie of somebody else's task, which no kill may touch. */
#include "support/support.h"

#include <grp.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/posix/killable.h"
#include "posix/forked.h"
#include "posix/proc.h"
#include "support/posix/machine.h"

enum { SHORT_GRACE_MS = 200, STRANGER = 40000 };

/* Starts a task from a shell command that prints the pid of the process that hides, and returns
 * that pid. */
static long start_hiding(fixture *f, const char *command, char id[TETHER_ID_SIZE])
{
    char cookie[TETHER_ID_SIZE + 32];
    test_run(f, command, id);
    long pid = test_output_number(f->registry, id);
    snprintf(cookie, sizeof cookie, "TETHER_TASK_ID=%s", id);
    assert_false(tether__proc_has_variable(pid, cookie));
    return pid;
}

static int kill_with(fixture *f, const char *id, int64_t grace_ms)
{
    const tether_kill_options options = {.grace_ms = grace_ms};
    return tether_kill(f->registry, id, &options, &f->error);
}

/* Kills the task, which must end the process and report so. */
static void expect_killed(fixture *f, const char *id, long pid)
{
    ASSERT_OK(kill_with(f, id, SHORT_GRACE_MS), f->error);
    assert_false(test_process_alive(pid));
    assert_int_equal(killable_count(id), 0);
}

static int64_t supervisor_of(tether_registry *registry, const char *id)
{
    tether_snapshot *snapshot = test_snapshot(registry, id);
    int64_t pid = snapshot->child_pid;
    tether_snapshot_free(snapshot);
    assert_true(pid > 0);
    return pid;
}

static bool has_survivor(tether_registry *registry, const char *id, long pid)
{
    bool found = false;
    tether_snapshot *snapshot = test_snapshot(registry, id);
    for (size_t i = 0; i < snapshot->survivor_count; i++)
        found = found || snapshot->survivors[i] == pid;
    tether_snapshot_free(snapshot);
    return found;
}

static const char cleared[] = "trap : TERM; env -i " CHILD " ignore-term pid forever; echo over";
static const char cleared_in_background[] =
    "env -i " CHILD " ignore-term pid forever & exec " CHILD " forever";

/* The supervisor ends at the first final signal only. */
static void process_with_a_cleared_environment_is_killed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long pid = start_hiding(f, cleared, id);
    expect_killed(f, id, pid);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGKILL, NULL);
}

/* The supervisor ends at the polite signal, because its command does. */
static void process_is_remembered_when_the_supervisor_has_ended(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long pid = start_hiding(f, cleared_in_background, id);
    expect_killed(f, id, pid);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
}

static void process_with_a_cleared_environment_is_killed_at_the_deadline(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long pid = start_hiding(f, cleared_in_background, id);
    /* Only now, because the process may come late. */
    ASSERT_OK(tether_extend(f->registry, id, 50, &f->error), f->error);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    assert_false(test_process_alive(pid));
}

static void process_with_a_cleared_environment_is_killed_by_a_shutdown(void **state)
{
    fixture *f = *state;
    char ids[2][TETHER_ID_SIZE];
    long pids[2] = {start_hiding(f, cleared, ids[0]),
                    start_hiding(f, cleared_in_background, ids[1])};
    ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
    f->registry = test_open(f);
    for (int i = 0; i < 2; i++) {
        assert_false(test_process_alive(pids[i]));
        assert_int_equal(test_status(f->registry, ids[i]), TETHER_STATUS_KILLED);
    }
}

/* The exit line says until when the supervisor lived, also to another host. */
static void leftover_of_an_ended_task_is_listed_and_killed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long pid = start_hiding(f, "env -i " CHILD " ignore-term pid forever & exit 6", id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 6, NULL);
    /* A monitor stays for what is left. */
    bool guarded = strcmp(test_supervisor(), "monitor") == 0;
    WAIT_UNTIL(test_process_alive((long)supervisor_of(f->registry, id)) == guarded);
    test_detach(f->registry);
    f->registry = test_open(f);
    assert_true(has_survivor(f->registry, id, pid));
    expect_killed(f, id, pid);
    assert_false(has_survivor(f->registry, id, pid));
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 6, NULL);
    /* The registry that started the task is closed, and may not have reaped the supervisor. */
    WAIT_UNTIL(waitpid(-1, NULL, WNOHANG) != 0);
}

/* Kills the supervisor of a running task. None of the processes that are left has the cookie. */
static long orphan(fixture *f, char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.command = "exec env -i " CHILD " ignore-term pid forever",
                              .supervisor = TETHER_SUPERVISOR_SCRIPT};
    test_start(f->registry, &spec, id);
    long pid = test_output_number(f->registry, id);
    WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_RUNNING);
    int64_t supervisor = supervisor_of(f->registry, id);
    test_detach(f->registry);
    f->registry = NULL;
    assert_int_equal(kill((pid_t)supervisor, SIGKILL), 0);
    assert_int_equal(test_join_host((long)supervisor), 128 + SIGKILL);
    return pid;
}

static void leftover_of_a_killed_supervisor_is_killed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long pid = orphan(f, id);
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    assert_true(has_survivor(f->registry, id, pid));
    expect_killed(f, id, pid);
}

/* The host that began the kill has died after its final signal. */
static void another_host_takes_the_kill_up(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long pid = orphan(f, id);
    json_t *record = test_load_record(f, id);
    json_object_set_new(record, "status", json_string("killing"));
    json_object_set_new(record, "kill_intent", json_string("kill"));
    test_save_record(f, id, record);
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGKILL, NULL);
    assert_false(test_process_alive(pid));
}

/* Nothing says until when the supervisor lived: the session could be another one by now. */
static void process_that_may_be_a_strangers_is_named_and_not_signalled(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], name[64];
    long pid = orphan(f, id);
    json_t *record = test_load_record(f, id);
    json_object_set_new(record, "status", json_string("killing"));
    json_object_set_new(record, "kill_intent", json_string("kill"));
    json_object_set_new(record, "alive_uptime_ms", json_null());
    test_save_record(f, id, record);
    f->registry = test_open(f);
    assert_int_equal(kill_with(f, id, -1), TETHER_ESURVIVED);
    snprintf(name, sizeof name, ": %ld tether-test-chi", pid);
    assert_non_null(strstr(f->error.message, name));
    assert_non_null(strstr(f->error.message, " (maybe not the task's, not signalled)"));
    assert_non_null(strstr(f->error.message, ": 1 process survives the final signal: "));
    assert_true(test_process_alive(pid));
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_int_equal(snapshot->status, TETHER_STATUS_KILLING);
    assert_non_null(strstr(snapshot->reason, name));
    tether_snapshot_free(snapshot);
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGKILL, NULL);
}

/* The only trace of the process is its parent, which ends at the first signal. */
static void child_in_a_session_of_its_own_is_killed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long pid = start_hiding(
        f, "env -i " CHILD " own-session ignore-term pid forever & exec " CHILD " forever", id);
    expect_killed(f, id, pid);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
}

/* As root, a task may continue as another user. */
static void child_of_another_user_is_killed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    if (geteuid() != 0)
        test_skip("needs root");
    long pid =
        start_hiding(f,
                     "env -i " CHILD
                     " own-session become 40001 ignore-term pid forever & exec " CHILD " forever",
                     id);
    expect_killed(f, id, pid);
}

/* A host in a task starts tasks, which outlive their host and the task that it belongs to. */
static void task_that_a_member_has_started_is_spared(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long pid = start_hiding(
        f, "TETHER_TASK_ID=tinner " CHILD " own-session pid forever & exec " CHILD " forever", id);
    ASSERT_OK(kill_with(f, id, SHORT_GRACE_MS), f->error);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
    assert_true(test_process_alive(pid));
    assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
}

/* It has left the session too, so that only its cookie shows whose it is. */
static void process_whose_first_thread_has_exited_is_killed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    if (TETHER_TEST_SANITIZED)
        test_skip("the sanitizer does not survive the end of the first thread");
    test_run(f, CHILD " own-session ignore-term pid headless & exec " CHILD " forever", id);
    test_wait_output(f->registry, id, TETHER_STDOUT, sizeof "1\nheadless\n" - 1);
    long pid = test_output_number(f->registry, id);
    WAIT_UNTIL(machine_first_thread_exited(pid));
    assert_true(test_process_alive(pid));
    /* The supervisor, this process and the command, which has no cookie while it is executed. */
    WAIT_UNTIL(killable_count(id) == 3);
    expect_killed(f, id, pid);
}

/* --- Strangers --- */

typedef struct stranger {
    const char *program;
    char *cookie;
    char *verb; /* before "forever" */
} stranger;

/* As forked.h demands, it uses no assertions. */
static int pretend(void *userdata)
{
    stranger *s = userdata;
    char *const environment[] = {s->cookie, NULL};
    char *const argv[] = {"stranger", s->verb, "forever", NULL};
    setsid();
    if (setgroups(0, NULL) != 0 || setgid(STRANGER) != 0 || setuid(STRANGER) != 0)
        return 126;
    execve(s->program, argv, environment);
    return 127;
}

/* Copies CHILD to a place where every user can start it. */
static const char *copy_child(const fixture *f, mode_t mode)
{
    size_t size;
    const char *path = test_work_path(f, "child");
    char *program = test_read_file(CHILD, &size);
    test_write_file(path, program, size);
    free(program);
    assert_int_equal(chmod(f->work, 0755), 0);
    assert_int_equal(chmod(path, mode), 0);
    return path;
}

static bool belongs_to_root(pid_t pid)
{
    int64_t user;
    return tether__proc_user(pid, &user) == 0 && user == 0;
}

static void expect_stranger_is_spared(fixture *f, mode_t mode, char *verb)
{
    char id[TETHER_ID_SIZE], cookie[TETHER_ID_SIZE + 32];
    if (geteuid() != 0)
        test_skip("needs root");
    stranger s = {copy_child(f, mode), cookie, verb};
    test_start_child(f->registry, id, "out", "ready", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    snprintf(cookie, sizeof cookie, "TETHER_TASK_ID=%s", id);
    pid_t pid = forked_start(pretend, &s);
    WAIT_UNTIL(killable_count(id) == 3);
    WAIT_UNTIL(mode == 0755 || belongs_to_root(pid));
    ASSERT_OK(kill_with(f, id, SHORT_GRACE_MS), f->error);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
    assert_false(has_survivor(f->registry, id, pid));
    assert_true(forked_lives(pid));
    forked_kill(pid);
}

static void stranger_with_a_forged_cookie_is_spared(void **state)
{
    expect_stranger_is_spared(*state, 0755, "ignore-term");
}

/* A program of root's has the environment of the user who started it. */
static void setuid_program_with_a_forged_cookie_is_spared(void **state)
{
    fixture *f = *state;
    struct statvfs at;
    assert_int_equal(statvfs(f->work, &at), 0);
    if ((at.f_flag & ST_NOSUID) != 0)
        test_skip("the file system ignores setuid");
    if (!machine_has_namespaces())
        test_skip("only Linux shows who started a setuid program");
    expect_stranger_is_spared(f, 04755, "become-root");
}

#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(process_with_a_cleared_environment_is_killed),
        WITH_REGISTRY(process_is_remembered_when_the_supervisor_has_ended),
        WITH_REGISTRY(process_with_a_cleared_environment_is_killed_at_the_deadline),
        WITH_REGISTRY(process_with_a_cleared_environment_is_killed_by_a_shutdown),
        WITH_REGISTRY(leftover_of_an_ended_task_is_listed_and_killed),
        WITH_REGISTRY(leftover_of_a_killed_supervisor_is_killed),
        WITH_REGISTRY(another_host_takes_the_kill_up),
        WITH_REGISTRY(process_that_may_be_a_strangers_is_named_and_not_signalled),
        WITH_REGISTRY(child_in_a_session_of_its_own_is_killed),
        WITH_REGISTRY(child_of_another_user_is_killed),
        WITH_REGISTRY(task_that_a_member_has_started_is_spared),
        WITH_REGISTRY(process_whose_first_thread_has_exited_is_killed),
        WITH_REGISTRY(stranger_with_a_forged_cookie_is_spared),
        WITH_REGISTRY(setuid_program_with_a_forged_cookie_is_spared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
