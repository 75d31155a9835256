/* The monitor is killed, and a host sees how the command ends: by a descriptor that it opens then.
 */
#include "monitor/controlled.h"
#include "monitor/posix/monitored.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SEEN "its supervisor died before it, and a host saw the end"
#define UNSEEN "process exited without exit marker"
#define NOTE "user.tether.command"

static bool is_noted(const fixture *f, const char *id)
{
    char text[64];
    return getxattr(test_exit_path(f, id), NOTE, text, sizeof text) > 0;
}

/* Waits until the monitor has started its command, which tells its pid, and noted that; returns the
 * monitor's. The command writes nothing more as long as it has to live: the pipes end with the
 * monitor. */
static long wait_noted(fixture *f, const char *id)
{
    (void)test_output_number(f->registry, id);
    WAIT_UNTIL(!controlled_has_witnesses(f) || is_noted(f, id));
    return monitored_pid(f->registry, id);
}

/* Starts a command that waits for a file, and kills its monitor. */
static void orphan(fixture *f, const char *command, char id[TETHER_ID_SIZE])
{
    char text[2048];
    const char *file = test_work_path(f, "go");
    (void)unlink(file);
    snprintf(text, sizeof text, "echo $$; while [ ! -e '%s' ]; do sleep 0.01; done; %s", file,
             command);
    monitored_start(f->registry, text, 0, id);
    long monitor = wait_noted(f, id);
    assert_int_equal(kill((pid_t)monitor, SIGKILL), 0);
    WAIT_UNTIL(!test_process_alive(monitor));
}

static void let_go(const fixture *f)
{
    test_write_file(test_work_path(f, "go"), "", 0);
}

static void expect_status(fixture *f, const char *id, tether_status status)
{
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_int_equal(snapshot->status, status);
    tether_snapshot_free(snapshot);
}

/* Elsewhere the task is lost as soon as its monitor is killed. */
static void expect_end(fixture *f, const char *id, tether_status status, int64_t code)
{
    if (controlled_has_witnesses(f))
        test_expect(f->registry, id, status, code, SEEN);
    else
        test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, UNSEEN);
}

static void a_task_without_its_monitor_runs_until_its_command_ends(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *command;
        tether_status status;
        int64_t code;
    } cases[] = {
        {"exit 0", TETHER_STATUS_COMPLETED, 0},
        {"exit 7", TETHER_STATUS_FAILED, 7},
        {"exit 143", TETHER_STATUS_FAILED, 143},
        {"kill -KILL $$", TETHER_STATUS_FAILED, 128 + SIGKILL},
        {"ulimit -c 0; kill -SEGV $$", TETHER_STATUS_FAILED, 128 + SIGSEGV},
        {"sleep 0.3; echo this goes nowhere; exit 0", TETHER_STATUS_FAILED, 128 + SIGPIPE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char id[TETHER_ID_SIZE];
        orphan(f, cases[i].command, id);
        expect_status(f, id,
                      controlled_has_witnesses(f) ? TETHER_STATUS_RUNNING : TETHER_STATUS_LOST);
        let_go(f);
        expect_end(f, id, cases[i].status, cases[i].code);
    }
}

/* It runs, so it takes the place of one. */
static void a_task_without_its_monitor_counts_as_running(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], other[TETHER_ID_SIZE];
    const tether_spec spec = {.command = "exit 0", .shell = "sh", .max_running = 1};
    orphan(f, "exit 7", id);
    expect_status(f, id, controlled_has_witnesses(f) ? TETHER_STATUS_RUNNING : TETHER_STATUS_LOST);
    int code = tether_spawn(f->registry, &spec, other, &f->error);
    assert_int_equal(code, controlled_has_witnesses(f) ? TETHER_EQUOTA : TETHER_OK);
    if (code != TETHER_OK)
        assert_non_null(strstr(f->error.message, id));
    let_go(f);
    expect_end(f, id, TETHER_STATUS_FAILED, 7);
    ASSERT_OK(tether_spawn(f->registry, &spec, other, &f->error), f->error);
    tether_snapshot_free(test_wait(f->registry, other));
}

/* As in a container whose first process waits for nobody. */
static void an_end_is_known_before_anybody_has_waited(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
    orphan(f, "exit 7", id);
    pid_t command = (pid_t)test_output_number(f->registry, id);
    expect_status(f, id, controlled_has_witnesses(f) ? TETHER_STATUS_RUNNING : TETHER_STATUS_LOST);
    let_go(f);
    expect_end(f, id, TETHER_STATUS_FAILED, 7);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0), 0);
    /* By its pid: the registry waits for the monitor, and may not have done so yet. */
    assert_int_equal(waitpid(command, NULL, 0), command);
}

/* Two hosts have pinned the command: they say the same about its end, and only one of them writes
 * it. */
static void a_host_that_comes_later_is_a_witness_too(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    orphan(f, "exit 7", id);
    /* One that looks only after the end would say that the task is lost, and might be first. */
    expect_status(f, id, controlled_has_witnesses(f) ? TETHER_STATUS_RUNNING : TETHER_STATUS_LOST);
    tether_registry *other = test_open(f);
    tether_snapshot *snapshot = test_snapshot(other, id);
    assert_int_equal(snapshot->status,
                     controlled_has_witnesses(f) ? TETHER_STATUS_RUNNING : TETHER_STATUS_LOST);
    tether_snapshot_free(snapshot);
    let_go(f);
    snapshot = test_wait(other, id);
    if (controlled_has_witnesses(f))
        assert_int_equal(snapshot->exit_code, 7);
    tether_snapshot_free(snapshot);
    expect_end(f, id, TETHER_STATUS_FAILED, 7);
    tether_close(other, TETHER_DETACH, NULL);
}

/* A host that was not there cannot know the code, and does not guess it. */
static void an_end_that_no_host_saw_is_lost(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    monitored_start(f->registry, "echo $$; sleep 1000; exit 7", 0, id);
    long command = test_output_number(f->registry, id), monitor = wait_noted(f, id);
    ASSERT_OK(tether_close(f->registry, TETHER_DETACH, &f->error), f->error);
    assert_int_equal(kill((pid_t)monitor, SIGKILL), 0);
    assert_int_equal(waitpid((pid_t)monitor, NULL, 0), monitor);
    assert_int_equal(kill(-(pid_t)monitor, SIGKILL), 0);
    WAIT_UNTIL(!test_process_alive(command));
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, UNSEEN);
}

/* The note is right as far as the pid goes, and a stranger has that pid. */
static void a_stranger_with_the_commands_pid_is_no_witness(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], note[64];
    monitored_start(f->registry, "echo $$; sleep 1000", 0, id);
    long monitor = wait_noted(f, id);
    snprintf(note, sizeof note, "pid=%ld pidfs=1", (long)getpid());
    if (controlled_has_witnesses(f))
        assert_int_equal(setxattr(test_exit_path(f, id), NOTE, note, strlen(note), 0), 0);
    assert_int_equal(kill((pid_t)monitor, SIGKILL), 0);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, UNSEEN);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
}

static void a_task_without_its_monitor_can_be_killed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    orphan(f, "exit 0", id);
    if (controlled_has_witnesses(f)) {
        ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
        test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
    }
    let_go(f);
}

#define WITH_REGISTRY(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(a_task_without_its_monitor_runs_until_its_command_ends),
        WITH_REGISTRY(a_task_without_its_monitor_counts_as_running),
        WITH_REGISTRY(an_end_is_known_before_anybody_has_waited),
        WITH_REGISTRY(a_host_that_comes_later_is_a_witness_too),
        WITH_REGISTRY(an_end_that_no_host_saw_is_lost),
        WITH_REGISTRY(a_stranger_with_the_commands_pid_is_no_witness),
        WITH_REGISTRY(a_task_without_its_monitor_can_be_killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
