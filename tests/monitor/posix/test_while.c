/* A task that runs beside another task, or beside a process, ends with it, however that ends, and
 * with all that it has started. */
#include "monitor/controlled.h"
#include "monitor/posix/monitored.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/anchor.h"
#include "os/process.h"

static const char sleeper[] = "echo ready; exec sleep 1000";

/* A task that ignores SIGTERM, with a process that hides and ignores it too. */
static const char stubborn[] = "trap '' TERM; env -i setsid sh -c 'exec sleep 1000' &\n"
                               "echo ready; while :; do sleep 1000; done";

static void start_beside(fixture *f, const char *command, const char *anchor,
                         char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.command = command, .shell = "sh", .while_task = anchor};
    test_start(f->registry, &spec, id);
}

static void start_beside_process(fixture *f, const char *command, pid_t anchor,
                                 char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.command = command, .shell = "sh", .while_pid = anchor};
    test_start(f->registry, &spec, id);
}

static void wait_ready(fixture *f, const char *id)
{
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
}

/* A task, and one beside it; both run. */
static void start_both(fixture *f, char anchor[TETHER_ID_SIZE], char id[TETHER_ID_SIZE])
{
    monitored_start(f->registry, sleeper, 0, anchor);
    wait_ready(f, anchor);
    start_beside(f, sleeper, anchor, id);
    wait_ready(f, id);
}

static void expect_ended_with(fixture *f, const char *id, int signal, const char *kind,
                              const char *anchor)
{
    char reason[200];
    snprintf(reason, sizeof reason, "ended at the end of %s %s", kind, anchor);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + signal, reason);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_int_equal(snapshot->signal, signal);
    tether_snapshot_free(snapshot);
}

static pid_t start_process(void)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pause();
        _exit(0);
    }
    return pid;
}

static void end_process(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* --- Beside a task --- */

static void it_ends_with_a_task(void **state)
{
    fixture *f = *state;
    char anchor[TETHER_ID_SIZE], obeys[TETHER_ID_SIZE], refuses[TETHER_ID_SIZE],
        catches[TETHER_ID_SIZE];
    monitored_start(f->registry, sleeper, 0, anchor);
    wait_ready(f, anchor);
    start_beside(f, sleeper, anchor, obeys);
    start_beside(f, stubborn, anchor, refuses);
    start_beside(f, "trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done", anchor,
                 catches);
    wait_ready(f, obeys);
    wait_ready(f, refuses);
    wait_ready(f, catches);
    tether_snapshot *snapshot = test_snapshot(f->registry, obeys);
    assert_string_equal(snapshot->while_task, anchor);
    assert_int_equal(snapshot->while_pid, 0);
    tether_snapshot_free(snapshot);
    ASSERT_OK(tether_kill(f->registry, anchor, NULL, &f->error), f->error);
    expect_ended_with(f, obeys, SIGTERM, "task", anchor);
    expect_ended_with(f, refuses, SIGKILL, "task", anchor);
    char reason[200];
    snprintf(reason, sizeof reason, "ended by itself at the end of task %s", anchor);
    test_expect(f->registry, catches, TETHER_STATUS_FAILED, 5, reason);
}

/* The monitor of the other task stays for what that has left behind. */
static void what_the_task_has_left_behind_keeps_nothing_alive(void **state)
{
    fixture *f = *state;
    char anchor[TETHER_ID_SIZE], id[TETHER_ID_SIZE], command[600];
    const char *go = test_work_path(f, "go");
    snprintf(command, sizeof command,
             "setsid sleep 1000 & echo ready; until [ -e '%s' ]; do sleep 0.01; done", go);
    monitored_start(f->registry, command, 0, anchor);
    wait_ready(f, anchor);
    start_beside(f, sleeper, anchor, id);
    wait_ready(f, id);
    test_write_file(go, "", 0);
    expect_ended_with(f, id, SIGTERM, "task", anchor);
    test_expect(f->registry, anchor, TETHER_STATUS_COMPLETED, 0, NULL);
    ASSERT_OK(tether_kill(f->registry, anchor, NULL, &f->error), f->error);
}

static void it_ends_with_a_task_that_has_a_script(void **state)
{
    fixture *f = *state;
    char anchor[TETHER_ID_SIZE], id[TETHER_ID_SIZE];
    const tether_spec spec = {
        .command = sleeper, .shell = "sh", .supervisor = TETHER_SUPERVISOR_SCRIPT};
    test_start(f->registry, &spec, anchor);
    wait_ready(f, anchor);
    start_beside(f, sleeper, anchor, id);
    wait_ready(f, id);
    ASSERT_OK(tether_kill(f->registry, anchor, NULL, &f->error), f->error);
    expect_ended_with(f, id, SIGTERM, "task", anchor);
}

static void it_ends_with_a_task_whose_monitor_is_killed(void **state)
{
    fixture *f = *state;
    char anchor[TETHER_ID_SIZE], id[TETHER_ID_SIZE];
    start_both(f, anchor, id);
    assert_int_equal(kill((pid_t)monitored_pid(f->registry, anchor), SIGKILL), 0);
    expect_ended_with(f, id, SIGTERM, "task", anchor);
    /* Its command goes on, where a host can see the end. */
    if (!controlled_has_witnesses(f))
        test_expect(f->registry, anchor, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                    "process exited without exit marker");
    ASSERT_OK(tether_kill(f->registry, anchor, NULL, &f->error), f->error);
    if (controlled_has_witnesses(f))
        test_expect(f->registry, anchor, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
}

/* Hosts make each other look by opening the lifeline for writing; an empty line is no end. */
static void nothing_but_an_end_ends_it(void **state)
{
    fixture *f = *state;
    char anchor[TETHER_ID_SIZE], id[TETHER_ID_SIZE];
    start_both(f, anchor, id);
    int fd = open(test_exit_path(f, anchor), O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "\n", 1), 1);
    assert_int_equal(close(fd), 0);
    ASSERT_OK(tether_pause(f->registry, anchor, &f->error), f->error);
    ASSERT_OK(tether_resume(f->registry, anchor, &f->error), f->error);
    test_nap_us(100000);
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_RUNNING);
    ASSERT_OK(tether_kill(f->registry, anchor, NULL, &f->error), f->error);
    expect_ended_with(f, id, SIGTERM, "task", anchor);
}

/* The end is in the lifeline when its monitor goes on. */
static void a_monitor_that_was_stopped_hears_of_the_end(void **state)
{
    fixture *f = *state;
    char anchor[TETHER_ID_SIZE], id[TETHER_ID_SIZE];
    start_both(f, anchor, id);
    pid_t monitor = (pid_t)monitored_pid(f->registry, id);
    assert_int_equal(kill(monitor, SIGSTOP), 0);
    ASSERT_OK(tether_kill(f->registry, anchor, NULL, &f->error), f->error);
    ASSERT_OK(tether_remove(f->registry, anchor, &f->error), f->error);
    assert_int_equal(kill(monitor, SIGCONT), 0);
    expect_ended_with(f, id, SIGTERM, "task", anchor);
}

static void a_chain_of_tasks_ends_as_a_whole(void **state)
{
    fixture *f = *state;
    char first[TETHER_ID_SIZE], second[TETHER_ID_SIZE], third[TETHER_ID_SIZE];
    monitored_start(f->registry, sleeper, 0, first);
    start_beside(f, sleeper, first, second); /* while the first one may be starting */
    start_beside(f, sleeper, second, third);
    wait_ready(f, third);
    ASSERT_OK(tether_kill(f->registry, first, NULL, &f->error), f->error);
    expect_ended_with(f, second, SIGTERM, "task", first);
    expect_ended_with(f, third, SIGTERM, "task", second);
}

/* Its monitor is killed after the line that announces the kill. */
static void a_monitor_that_dies_meanwhile_leaves_a_lost_task(void **state)
{
    fixture *f = *state;
    char anchor[TETHER_ID_SIZE], id[TETHER_ID_SIZE], reason[200];
    monitored_start(f->registry, sleeper, 0, anchor);
    wait_ready(f, anchor);
    start_beside(f, stubborn, anchor, id);
    wait_ready(f, id);
    long monitor = monitored_pid(f->registry, id);
    ASSERT_OK(tether_kill(f->registry, anchor, NULL, &f->error), f->error);
    bool told = false;
    while (!told) {
        char *text = test_read_file(test_exit_path(f, id), NULL);
        told = text != NULL && strstr(text, "\nanchor-ended ") != NULL;
        free(text);
    }
    assert_int_equal(kill((pid_t)monitor, SIGKILL), 0);
    snprintf(reason, sizeof reason, "supervisor died while it ended the task at the end of task %s",
             anchor);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, reason);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
}

/* --- Beside a process --- */

static void it_ends_with_a_process(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], text[24];
    pid_t anchor = start_process();
    start_beside_process(f, stubborn, anchor, id);
    wait_ready(f, id);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_null(snapshot->while_task);
    assert_int_equal(snapshot->while_pid, anchor);
    tether_snapshot_free(snapshot);
    end_process(anchor);
    snprintf(text, sizeof text, "%ld", (long)anchor);
    expect_ended_with(f, id, SIGKILL, "process", text);
}

/* What the task has left behind runs beside the process too. */
static void what_it_has_left_behind_ends_with_the_process(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    pid_t anchor = start_process();
    start_beside_process(f, "setsid sleep 1000 & echo $!", anchor, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    long left = test_output_number(f->registry, id);
    assert_true(test_process_alive(left));
    end_process(anchor);
    WAIT_UNTIL(!test_process_alive(left));
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
}

/* Starts a process with this pid; false: the system does not allow to choose one. */
static bool reuse_pid(pid_t pid)
{
    struct {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
            set_tid_size;
    } arguments = {.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&pid, .set_tid_size = 1};
    long child = syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pause();
        _exit(0);
    }
    assert_true(child == pid || (child < 0 && (errno == EPERM || errno == ENOSYS)));
    return child == pid;
}

/* The monitor is stopped while its process ends and another one gets the pid. */
static void another_process_with_the_pid_is_not_taken_for_it(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], text[24];
    pid_t anchor = start_process();
    start_beside_process(f, sleeper, anchor, id);
    wait_ready(f, id);
    pid_t monitor = (pid_t)monitored_pid(f->registry, id);
    assert_int_equal(kill(monitor, SIGSTOP), 0);
    end_process(anchor);
    bool reused = reuse_pid(anchor);
    assert_int_equal(kill(monitor, SIGCONT), 0);
    snprintf(text, sizeof text, "%ld", (long)anchor);
    expect_ended_with(f, id, SIGTERM, "process", text);
    if (reused)
        end_process(anchor);
}

/* The lifeline names a supervisor whose pid is another process's by now. */
static void another_process_with_the_supervisors_pid_is_refused(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether__anchor anchor;
    tether__dir *exits;
    monitored_start(f->registry, sleeper, 0, id);
    wait_ready(f, id);
    char *folder = strdup(test_exit_path(f, id));
    *strrchr(folder, '/') = '\0';
    ASSERT_OK(tether__os_dir_open_root(folder, false, &exits, &f->error), f->error);
    tether__identity other = {.pid = getpid()};
    other.start_time = tether__os_process_start_time(getpid()) + 1;
    assert_int_equal(tether__os_anchor_task(exits, id, &other, &anchor, &f->error), TETHER_EENDED);
    assert_false(anchor.open);
    other.start_time--;
    strcpy(other.pid_ns, "1");
    assert_int_equal(tether__os_anchor_task(exits, id, &other, &anchor, &f->error),
                     TETHER_EFOREIGN);
    tether__os_dir_close(exits);
    free(folder);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
}

/* --- Hosts and refusals --- */

static int run_command(const fixture *f, const char *arguments, char *text, size_t size)
{
    char command[1200];
    snprintf(command, sizeof command, "'%s' --store '%s' %s 2>&1", TETHER_TEST_COMMAND, f->store,
             arguments);
    FILE *output = popen(command, "re");
    assert_non_null(output);
    text[fread(text, 1, size - 1, output)] = '\0';
    text[strcspn(text, "\n")] = '\0';
    int status = pclose(output);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The command that has started the task is gone at once. */
static void the_command_takes_every_word_for_a_task(void **state)
{
    fixture *f = *state;
    char anchor[TETHER_ID_SIZE], text[2048], arguments[200];
    const tether_spec spec = {.command = sleeper, .shell = "sh", .name = "the anchor"};
    test_start(f->registry, &spec, anchor);
    wait_ready(f, anchor);
    char ids[4][TETHER_ID_SIZE];
    const char *const words[] = {"@last", anchor, "'the anchor'", anchor};
    for (size_t i = 0; i < 4; i++) {
        snprintf(arguments, sizeof arguments, "run --while %.*s sleep 1000", i == 3 ? 8 : 64,
                 words[i]);
        assert_int_equal(run_command(f, arguments, text, sizeof text), 0);
        assert_true(strlen(text) < sizeof ids[i]);
        strcpy(ids[i], text);
    }
    tether_snapshot *snapshot = test_snapshot(f->registry, ids[0]);
    assert_string_equal(snapshot->while_task, anchor);
    char *json = tether_snapshot_json(snapshot);
    snprintf(arguments, sizeof arguments, "\"while_task\":\"%s\"", anchor);
    assert_non_null(strstr(json, arguments));
    tether_free(json);
    tether_snapshot_free(snapshot);
    ASSERT_OK(tether_kill(f->registry, anchor, NULL, &f->error), f->error);
    for (size_t i = 0; i < 4; i++)
        expect_ended_with(f, ids[i], SIGTERM, "task", anchor);
}

static void expect_command_fails(const fixture *f, const char *arguments, int code,
                                 const char *part)
{
    char text[2048];
    int found = run_command(f, arguments, text, sizeof text);
    if (found != code || strstr(text, part) == NULL)
        fail_msg("%s: %d: %s", arguments, found, text);
}

static void the_command_refuses_what_cannot_be(void **state)
{
    fixture *f = *state;
    char arguments[100];
    expect_command_fails(f, "run --while nothing true", 127, "no task nothing");
    expect_command_fails(f, "run --while '' true", 125, "--while takes a task or a process id");
    expect_command_fails(f, "run --while 0 true", 125, "--while takes a task or a process id");
    expect_command_fails(f, "run --while 99999999999999999999 true", 125, "--while takes");
    expect_command_fails(f, "run --while 9999999999 true", 125, "9999999999 is no process id");
    snprintf(arguments, sizeof arguments, "run --while %ld --supervisor script true",
             (long)getpid());
    expect_command_fails(f, arguments, 125, "a script cannot end a task with another");
}

static void expect_refused(fixture *f, const tether_spec *spec, int code)
{
    char id[TETHER_ID_SIZE];
    int found = tether_spawn(f->registry, spec, id, &f->error);
    if (found != code)
        fail_msg("%d: %s", found, f->error.message);
    assert_string_equal(id, "");
}

static void what_has_ended_is_refused(void **state)
{
    fixture *f = *state;
    char anchor[TETHER_ID_SIZE];
    tether_spec spec = {.command = "exit 0", .while_task = "missing"};
    expect_refused(f, &spec, TETHER_ENOTASK);
    spec.while_task = "../x";
    expect_refused(f, &spec, TETHER_EINVAL);
    test_run(f, "exit 0", anchor);
    tether_snapshot_free(test_wait(f->registry, anchor));
    spec.while_task = anchor;
    expect_refused(f, &spec, TETHER_EENDED);
    assert_non_null(strstr(f->error.message, "has ended already"));
    spec.while_pid = getpid();
    expect_refused(f, &spec, TETHER_EINVAL);
    assert_non_null(strstr(f->error.message, "choose one"));

    spec.while_task = NULL;
    spec.while_pid = start_process();
    assert_int_equal(kill((pid_t)spec.while_pid, SIGKILL), 0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)spec.while_pid, &info, WEXITED | WNOWAIT), 0);
    expect_refused(f, &spec, TETHER_EENDED); /* a zombie */
    assert_int_equal(waitpid((pid_t)spec.while_pid, NULL, 0), spec.while_pid);
    expect_refused(f, &spec, TETHER_EENDED);
    spec.while_pid = -1;
    expect_refused(f, &spec, TETHER_EINVAL);
    assert_int_equal(test_count_lifelines(f), 1); /* nothing was started */
}

/* The command holds none of what tells of the end, and a host may bind it to itself as well. */
static void the_command_inherits_nothing_of_it(void **state)
{
    fixture *f = *state;
    char anchor[TETHER_ID_SIZE], id[TETHER_ID_SIZE];
    monitored_start(f->registry, sleeper, 0, anchor);
    wait_ready(f, anchor);
    const tether_spec spec = {
        .command = "for n in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$n ] || echo $n; done; echo end",
        .shell = "sh",
        .while_task = anchor,
        .with_host = true};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "end\n");
    ASSERT_OK(tether_kill(f->registry, anchor, NULL, &f->error), f->error);
}

static void it_needs_a_monitor(void **state)
{
    fixture *f = *state;
    tether_spec spec = {
        .command = "exit 0", .while_pid = getpid(), .supervisor = TETHER_SUPERVISOR_SCRIPT};
    expect_refused(f, &spec, TETHER_EINVAL);
    spec.supervisor = TETHER_SUPERVISOR_AUTO;
    test_use_scripts();
    expect_refused(f, &spec, TETHER_ENOTSUP);
    assert_non_null(strstr(f->error.message, "cannot end a task with another one"));
}

#define WITH_REGISTRY(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(it_ends_with_a_task),
        WITH_REGISTRY(what_the_task_has_left_behind_keeps_nothing_alive),
        WITH_REGISTRY(it_ends_with_a_task_that_has_a_script),
        WITH_REGISTRY(it_ends_with_a_task_whose_monitor_is_killed),
        WITH_REGISTRY(nothing_but_an_end_ends_it),
        WITH_REGISTRY(a_monitor_that_was_stopped_hears_of_the_end),
        WITH_REGISTRY(a_chain_of_tasks_ends_as_a_whole),
        WITH_REGISTRY(a_monitor_that_dies_meanwhile_leaves_a_lost_task),
        WITH_REGISTRY(it_ends_with_a_process),
        WITH_REGISTRY(what_it_has_left_behind_ends_with_the_process),
        WITH_REGISTRY(another_process_with_the_pid_is_not_taken_for_it),
        WITH_REGISTRY(another_process_with_the_supervisors_pid_is_refused),
        WITH_REGISTRY(the_command_takes_every_word_for_a_task),
        WITH_REGISTRY(the_command_refuses_what_cannot_be),
        WITH_REGISTRY(what_has_ended_is_refused),
        WITH_REGISTRY(the_command_inherits_nothing_of_it),
        WITH_REGISTRY(it_needs_a_monitor), /* the last one: without monitors from here on */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
