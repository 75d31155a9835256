/* What a task with a monitor has, and one with a script has not: true ends, a deadline that needs
 * no host, and no process that gets away. */
#include "monitor/posix/monitored.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SHORT_MS = 300, LIFELINE_FD = 9, ORDERS_FD = 8, ESCAPEES = 20 };

static bool lifeline_has(const fixture *f, const char *id, const char *word)
{
    char *text = test_read_file(test_exit_path(f, id), NULL);
    bool has = text != NULL && strstr(text, word) != NULL;
    free(text);
    return has;
}

/* --- The end --- */

static void a_signal_is_told_from_an_exit(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *command;
        int64_t code;
        int signal;
    } cases[] = {{"kill -SEGV $$", 139, SIGSEGV},
                 {"exit 139", 139, 0},
                 {"kill -TERM $$", 143, SIGTERM},
                 {"exit 143", 143, 0},
                 {"exit 255", 255, 0},
                 {"kill -KILL $$", 137, SIGKILL}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char id[TETHER_ID_SIZE];
        monitored_start(f->registry, cases[i].command, 0, id);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        assert_int_equal(snapshot->status, TETHER_STATUS_FAILED);
        assert_int_equal(snapshot->exit_code, cases[i].code);
        assert_int_equal(snapshot->signal, cases[i].signal);
        assert_string_equal(snapshot->supervisor, "monitor");
        tether_snapshot_free(snapshot);
    }
}

/* The code of a killed shell: it was not the kill that ended the command. */
static void an_exit_with_the_code_of_a_signal_is_an_exit(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    monitored_start(f->registry, "trap 'exit 143' TERM; echo ready; while :; do sleep 0.01; done",
                    0, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 143, "ended by itself while being killed");
}

/* The shell, and the two for which it has waited count as one with it. */
static void the_use_of_all_processes_is_told(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    monitored_start(f->registry,
                    "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; (exit 0); (exit 0)", 0, id);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_int_equal(snapshot->exit_code, 0);
    assert_in_range(snapshot->user_ms, 10, 60000);
    assert_in_range(snapshot->system_ms, 0, 60000);
    assert_in_range(snapshot->peak_memory, 100 * 1024, 1024 * 1024 * 1024);
    assert_int_equal(snapshot->process_count, 1);
    tether_snapshot_free(snapshot);
    const tether_spec spec = {.command = "exit 0", .supervisor = TETHER_SUPERVISOR_SCRIPT};
    test_start(f->registry, &spec, id);
    snapshot = test_wait(f->registry, id);
    assert_int_equal(snapshot->user_ms, -1);
    assert_int_equal(snapshot->process_count, -1);
    tether_snapshot_free(snapshot);
}

/* --- The start --- */

static void make_program(const char *path, const char *text)
{
    test_write_file(path, text, strlen(text));
    assert_int_equal(chmod(path, 0700), 0);
}

static void a_program_without_its_interpreter_says_why(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *path = test_work_path(f, "lost");
    make_program(path, "#!/no/such/interpreter\n");
    const char *const argv[] = {path, NULL};
    const tether_spec spec = {.argv = argv, .supervisor = TETHER_SUPERVISOR_MONITOR};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 127, "the command could not be started");
    size_t size;
    char *text = test_output(f->registry, id, TETHER_STDERR, &size);
    assert_non_null(strstr(text, "tether: "));
    assert_non_null(strstr(text, path));
    assert_non_null(strstr(text, strerror(ENOENT)));
    free(text);
}

static void a_script_without_a_first_line_runs_in_sh(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *path = test_work_path(f, "plain");
    make_program(path, "echo \"$1-$2\"; exit 7\n");
    const char *const argv[] = {path, "a b", "c", NULL};
    const tether_spec spec = {.argv = argv, .supervisor = TETHER_SUPERVISOR_MONITOR};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 7, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "a b-c\n");
}

/* More than a pipe holds, and more than one read returns. */
static void orders_have_no_size_of_their_own(void **state)
{
    fixture *f = *state;
    enum { COUNT = 90, SIZE = 10000 };
    static char word[SIZE + 1];
    const char *argv[COUNT + 4] = {"/bin/sh", "-c", "echo $#", "sh"};
    char id[TETHER_ID_SIZE];
    memset(word, 'w', SIZE);
    for (int i = 0; i < COUNT - 1; i++)
        argv[4 + i] = word;
    const tether_spec spec = {.argv = argv, .supervisor = TETHER_SUPERVISOR_MONITOR};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "89\n");
}

/* However they came. */
static void no_command_gets_the_orders(void **state)
{
    fixture *f = *state;
    enum { SIZE = 6000 };
    static char word[SIZE + 1];
    memset(word, 'w', SIZE);
    const char *argv[] = {"/bin/sh", "-c",    "env | grep TETHER_ORDERS; ls /proc/$$/fd",
                          "sh",      "short", NULL};
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.argv = argv, .supervisor = TETHER_SUPERVISOR_MONITOR};
    for (int round = 0; round < 2; round++) {
        test_start(f->registry, &spec, id);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        test_expect_output(f->registry, id, TETHER_STDOUT, "0\n1\n2\n");
        argv[4] = word;
    }
}

static void the_choice_decides(void **state)
{
    fixture *f = *state;
    static const struct {
        tether_supervisor choice;
        const char *shown;
    } cases[] = {{TETHER_SUPERVISOR_AUTO, "monitor"},
                 {TETHER_SUPERVISOR_SCRIPT, "script"},
                 {TETHER_SUPERVISOR_MONITOR, "monitor"}};
    static const char *const argv[] = {"/bin/true", NULL};
    char id[TETHER_ID_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const tether_spec spec = {.argv = argv, .supervisor = cases[i].choice};
        test_start(f->registry, &spec, id);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        assert_string_equal(snapshot->supervisor, cases[i].shown);
        assert_int_equal(snapshot->exit_code, 0);
        tether_snapshot_free(snapshot);
    }
    const tether_spec wrong = {.argv = argv, .supervisor = (tether_supervisor)3};
    assert_int_equal(tether_spawn(f->registry, &wrong, id, &f->error), TETHER_EINVAL);
}

static void without_a_monitor_a_script_supervises(void **state)
{
    fixture *f = *state;
    static const char *const argv[] = {"/bin/true", NULL};
    static const char *const places[] = {"", "/no/such/monitor", "relative"};
    char id[TETHER_ID_SIZE];
    char *before = strdup(getenv("TETHER_MONITOR"));
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        tether_spec spec = {.argv = argv};
        setenv("TETHER_MONITOR", places[i], 1);
        test_start(f->registry, &spec, id);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        assert_string_equal(snapshot->supervisor, "script");
        tether_snapshot_free(snapshot);
        spec.supervisor = TETHER_SUPERVISOR_MONITOR;
        assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_ENOTSUP);
        assert_non_null(strstr(f->error.message, "TETHER_MONITOR"));
        assert_string_equal(id, "");
    }
    setenv("TETHER_MONITOR", before, 1);
    free(before);
}

/* --- Orders --- */

/* Runs the monitor by hand. Returns its exit status. */
static int run_monitor(const fixture *f, const char *orders, size_t size, const char *lifeline)
{
    const char *file = test_work_path(f, "orders");
    test_write_file(file, orders, size);
    pid_t pid = fork();
    if (pid == 0) {
        int in = open(file, O_RDONLY), out = open(lifeline, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (in >= 0 && out >= 0 && dup2(in, ORDERS_FD) >= 0 && dup2(out, LIFELINE_FD) >= 0)
            execl(getenv("TETHER_MONITOR"), "tether-monitor", "t1", NULL);
        _exit(99);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void orders_that_it_does_not_understand_are_refused(void **state)
{
    fixture *f = *state;
    static const char other[] = "tether-orders 2\0program=/bin/true\0end";
    static const char torn[] = "tether-orders 1\0program=/bin/true";
    const char *lifeline = test_work_path(f, "lifeline");
    const struct {
        const char *bytes;
        size_t size;
    } cases[] = {{other, sizeof other}, {torn, sizeof torn}, {"", 0}, {"garbage", 7}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unlink(lifeline);
        assert_int_equal(run_monitor(f, cases[i].bytes, cases[i].size, lifeline), 126);
        char *text = test_read_file(lifeline, NULL);
        assert_non_null(text);
        assert_memory_equal(text, "exit 126 error=orders uptime=", 29);
        free(text);
    }
}

/* --- The deadline --- */

static void start_and_die(fixture *f, void *userdata)
{
    tether_registry *registry;
    const tether_open_options options = {.store = f->store, .no_gc = 1};
    tether_error error = {0};
    HOST_OK(tether_open(&options, &registry, &error), error);
    monitored_start(registry, "trap '' TERM; while :; do sleep 0.05; done", SHORT_MS, userdata);
    _exit(0);
}

static void the_deadline_needs_no_host(void **state)
{
    fixture *f = *state;
    char *id = test_shared(TETHER_ID_SIZE);
    assert_int_equal(test_join_host(test_fork_host(start_and_die, f, id)), 0);
    WAIT_UNTIL(lifeline_has(f, id, "\ntimed_out "));
    assert_true(lifeline_has(f, id, "\ndeadline "));
    char cookie[TETHER_ID_SIZE + 32];
    snprintf(cookie, sizeof cookie, "TETHER_TASK_ID=%s", id);
    WAIT_UNTIL(test_count_cookies(cookie) == 0);
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    test_unshare(id, TETHER_ID_SIZE);
}

static void a_command_that_obeys_its_deadline_has_ended_by_itself(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    monitored_start(f->registry, "trap 'exit 5' TERM; while :; do sleep 0.01; done", SHORT_MS, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 5, "ended by itself at its deadline");
}

/* A shell whose child is ended first exits by itself, with a code of its own. */
static void a_shell_is_ended_before_its_child(void **state)
{
    fixture *f = *state;
    enum { TASKS = 12 };
    char ids[TASKS][TETHER_ID_SIZE];
    for (int i = 0; i < TASKS; i++)
        monitored_start(f->registry,
                        i % 4 == 0 ? "trap '' TERM; sleep 1000; exit 9" : "sleep 1000; exit 9",
                        SHORT_MS, ids[i]);
    for (int i = 0; i < TASKS; i++)
        test_expect(f->registry, ids[i], TETHER_STATUS_TIMED_OUT, 124, NULL);
}

static void the_deadline_comes_while_the_input_has_no_writer(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *fifo = test_work_path(f, "fifo");
    static const char *const argv[] = {"/bin/cat", NULL};
    assert_int_equal(mkfifo(fifo, 0600), 0);
    const tether_spec spec = {.argv = argv,
                              .stdin_path = fifo,
                              .timeout_ms = SHORT_MS,
                              .supervisor = TETHER_SUPERVISOR_MONITOR};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
}

/* What is left of the task is ended by a kill of the task that is lost. */
static void a_monitor_that_dies_at_the_deadline_leaves_a_lost_task(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    monitored_start(f->registry, "trap '' TERM; echo $$; while :; do sleep 0.05; done", SHORT_MS,
                    id);
    long command = test_output_number(f->registry, id);
    WAIT_UNTIL(lifeline_has(f, id, "\ndeadline "));
    assert_int_equal(kill((pid_t)monitored_pid(f->registry, id), SIGKILL), 0);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "supervisor died while it ended the task at its deadline");
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    assert_false(test_process_alive(command));
}

/* A host ends the task if the monitor does not. */
static void a_stopped_monitor_is_no_reason_to_miss_the_deadline(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    monitored_start(f->registry, "echo ready; exec sleep 1000", SHORT_MS, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    assert_int_equal(kill((pid_t)monitored_pid(f->registry, id), SIGSTOP), 0);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
}

/* --- Processes that want to get away --- */

/* Each line starts one that lives on in another way, and prints its pid. */
static const char *const escapes[] = {
    "sleep 1000 & echo $!",
    "setsid sh -c 'echo $$; exec sleep 1000' &",
    "(setsid sh -c 'echo $$; exec sleep 1000' &)",
    "env -i setsid sh -c 'echo $$; exec /bin/sleep 1000' &",
    "(env -i setsid sh -c 'echo $$; exec /bin/sleep 1000' &)",
    "(trap '' TERM HUP INT; setsid sh -c 'echo $$; exec sleep 1000' &)",
    "sh -c 'echo $$; kill -STOP $$; exec sleep 1000' &",
    "(setsid sh -c 'echo $$; kill -STOP $$; exec sleep 1000' &)",
    "(trap '' TERM; env -i setsid sh -c 'echo $$; (sleep 1000); :' &)",
    "(setsid sh -c 'echo $$; while :; do (sleep 0.01); done' &)",
};

enum { SCRIPT_SIZE = 4096 };

/* A command that starts all of them, and goes on with `rest` once each has printed its pid. */
static void write_script(const fixture *f, const char *rest, char script[SCRIPT_SIZE])
{
    const char *pids = test_work_path(f, "pids");
    int used = snprintf(script, SCRIPT_SIZE, "exec >>'%s'\n", pids);
    for (int i = 0; i < ESCAPEES; i++)
        used += snprintf(script + used, SCRIPT_SIZE - (size_t)used, "%s\n",
                         escapes[i % (int)(sizeof escapes / sizeof escapes[0])]);
    used += snprintf(script + used, SCRIPT_SIZE - (size_t)used,
                     "until [ $(grep -c . '%s') -eq %d ]; do sleep 0.01; done\n%s", pids, ESCAPEES,
                     rest);
    assert_true(used < SCRIPT_SIZE);
}

/* Asserts that at least so many have started, and none lives. */
static void expect_gone(const fixture *f, int started)
{
    char *text = test_read_file(test_work_path(f, "pids"), NULL);
    assert_non_null(text);
    int count = 0;
    for (char *at = text, *next; *at != '\0'; at = next + 1, count++) {
        long pid = strtol(at, &next, 10);
        assert_true(pid > 1 && *next == '\n');
        assert_false(test_process_alive(pid));
    }
    assert_in_range(count, started, ESCAPEES);
    free(text);
}

static void nothing_gets_away_at_the_deadline(void **state)
{
    fixture *f = *state;
    char script[SCRIPT_SIZE], id[TETHER_ID_SIZE];
    write_script(f, "sleep 1000", script);
    monitored_start(f->registry, script, 10 * SHORT_MS, id);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    expect_gone(f, 1); /* on a slow machine the deadline comes before all have started */
}

/* The host's kill finds them by the way from the monitor, which adopts orphans. */
static void nothing_gets_away_from_a_kill(void **state)
{
    fixture *f = *state;
    char script[SCRIPT_SIZE], id[TETHER_ID_SIZE];
    write_script(f, "echo >&2 ready; sleep 1000", script);
    monitored_start(f->registry, script, 0, id);
    test_wait_output(f->registry, id, TETHER_STDERR, 6);
    const tether_kill_options options = {.grace_ms = SHORT_MS};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_KILLED);
    expect_gone(f, ESCAPEES);
}

static void nothing_is_left_with_end_tree(void **state)
{
    fixture *f = *state;
    char script[SCRIPT_SIZE], id[TETHER_ID_SIZE];
    write_script(f, "exit 3", script);
    const tether_spec spec = {.command = script, .shell = "sh", .end_tree = true};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
    /* The end is told at once. */
    long monitor = monitored_pid(f->registry, id);
    WAIT_UNTIL(!test_process_alive(monitor));
    expect_gone(f, ESCAPEES);
}

/* --- What is left behind --- */

/* Runs a task that leaves a process behind to which no mark of the task leads. Returns its pid. */
static long leave_behind(fixture *f, char id[TETHER_ID_SIZE])
{
    char script[SCRIPT_SIZE];
    const char *pid = test_work_path(f, "pid");
    snprintf(script, sizeof script,
             "(env -i setsid sh -c 'echo $$ >%s; exec /bin/sleep 1000' &)\n"
             "until [ -s '%s' ]; do sleep 0.01; done\nexit 4",
             pid, pid);
    monitored_start(f->registry, script, 0, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 4, NULL);
    char *text = test_read_file(pid, NULL);
    long left = strtol(text, NULL, 10);
    free(text);
    assert_true(left > 1);
    return left;
}

static void a_monitor_guards_what_is_left(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long left = leave_behind(f, id), monitor = monitored_pid(f->registry, id);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_true(snapshot->survivors_known);
    assert_int_equal(snapshot->survivor_count, 1);
    assert_int_equal(snapshot->survivors[0], left);
    tether_snapshot_free(snapshot);
    assert_true(test_process_alive(monitor));
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    assert_false(test_process_alive(left));
    WAIT_UNTIL(!test_process_alive(monitor));
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 4, NULL);
}

/* The monitor's exit is an event for its host, which then reaps it. */
static void a_monitor_leaves_last(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long left = leave_behind(f, id);
    assert_true(test_has_child());
    assert_int_equal(kill((pid_t)left, SIGKILL), 0);
    WAIT_UNTIL(!test_has_child());
}

static void a_guarded_task_can_be_removed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long left = leave_behind(f, id), monitor = monitored_pid(f->registry, id);
    tether_snapshot *snapshot;
    ASSERT_OK(tether_remove(f->registry, id, &f->error), f->error);
    assert_int_equal(tether_status_get(f->registry, id, &snapshot, &f->error), TETHER_ENOTASK);
    assert_false(test_exists(test_exit_path(f, id)));
    assert_true(test_process_alive(left));
    assert_int_equal(kill((pid_t)left, SIGKILL), 0);
    WAIT_UNTIL(!test_process_alive(monitor) && !test_has_child());
}

/* --- Runners and other tasks --- */

/* A program that starts itself again and ends, in a session of its own, with an empty environment
 * and without minding SIGTERM. It writes a byte each time. */
static const char *make_runner(const fixture *f, const char *file)
{
    char text[1024];
    const char *path = test_work_path(f, "runner");
    snprintf(text, sizeof text,
             "#!/bin/sh\ntrap '' TERM\nprintf x >>'%s'\nsleep 0.005\nsetsid '%s' &\n", file, path);
    make_program(path, text);
    return path;
}

static size_t size_of(const char *path)
{
    size_t size = 0;
    free(test_read_file(path, &size));
    return size;
}

static void a_process_that_runs_away_is_killed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[600];
    const char *file = test_work_path(f, "trace");
    snprintf(command, sizeof command, "env -i PATH=\"$PATH\" setsid '%s' & exec sleep 1000",
             make_runner(f, file));
    monitored_start(f->registry, command, 0, id);
    WAIT_UNTIL(size_of(file) > 5);
    const tether_kill_options options = {.grace_ms = 20};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_KILLED);
    size_t size = size_of(file);
    test_nap_us(100000); /* twenty generations */
    assert_int_equal(size_of(file), size);
}

/* A task that a command of this one has started, as an agent in a task does. */
static long start_inner(fixture *f, const char *rest, tether_spec *spec, char id[TETHER_ID_SIZE])
{
    char command[1200];
    const char *pid = test_work_path(f, "pid");
    snprintf(command, sizeof command,
             "'%s' --store '%s' run -- sh -c 'echo $$ >%s; exec sleep 1000' >&2\n"
             "until [ -s '%s' ]; do sleep 0.01; done\n%s",
             TETHER_TEST_COMMAND, f->store, pid, pid, rest);
    spec->command = command;
    spec->shell = "sh";
    test_start(f->registry, spec, id);
    WAIT_UNTIL(size_of(pid) > 0);
    char *text = test_read_file(pid, NULL);
    long inner = strtol(text, NULL, 10);
    free(text);
    return inner;
}

/* Only the monitor of the inner task is a child of the outer one's. */
static void another_task_below_is_spared(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *rest;
        tether_spec spec;
        tether_status status;
    } cases[] = {{"sleep 1000", {.timeout_ms = 5 * SHORT_MS}, TETHER_STATUS_TIMED_OUT},
                 {"exit 0", {.end_tree = true}, TETHER_STATUS_COMPLETED},
                 {"exit 0", {.timeout_ms = 0}, TETHER_STATUS_COMPLETED}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char id[TETHER_ID_SIZE];
        tether_spec spec = cases[i].spec;
        unlink(test_work_path(f, "pid"));
        long inner = start_inner(f, cases[i].rest, &spec, id);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        assert_int_equal(snapshot->status, cases[i].status);
        long monitor = (long)snapshot->child_pid;
        tether_snapshot_free(snapshot);
        /* It does not stay for a task that is not its own. */
        WAIT_UNTIL(!test_process_alive(monitor));
        assert_true(test_process_alive(inner));
    }
}

static void a_paused_task_has_a_deadline_without_a_host(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    monitored_start(f->registry, "echo ready; exec sleep 1000", 2 * SHORT_MS, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    ASSERT_OK(tether_pause(f->registry, id, &f->error), f->error);
    test_detach(f->registry);
    f->registry = NULL;
    WAIT_UNTIL(lifeline_has(f, id, "\ntimed_out "));
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    WAIT_UNTIL(waitpid(-1, NULL, WNOHANG) != 0); /* the registry that knew the child is closed */
}

/* A kill ends also a monitor that does nothing any more. */
static void a_monitor_that_hangs_is_ended(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    monitored_start(f->registry, "echo ready; exec sleep 1000", 0, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_RUNNING);
    long tracee = monitored_pid(f->registry, id);
    assert_int_equal(ptrace(PTRACE_SEIZE, (pid_t)tracee, NULL, NULL), 0);
    assert_int_equal(ptrace(PTRACE_INTERRUPT, (pid_t)tracee, NULL, NULL), 0);
    const tether_kill_options options = {.grace_ms = -1};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_KILLED);
    assert_false(test_process_alive(tracee));
}

static void end_tree_needs_a_monitor(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_spec spec = {
        .command = "exit 0", .end_tree = true, .supervisor = TETHER_SUPERVISOR_SCRIPT};
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_EINVAL);
    spec.supervisor = TETHER_SUPERVISOR_AUTO;
    test_use_scripts();
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_ENOTSUP);
    assert_non_null(strstr(f->error.message, "cannot end what is left"));
}

#define WITH_REGISTRY(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(a_signal_is_told_from_an_exit),
        WITH_REGISTRY(an_exit_with_the_code_of_a_signal_is_an_exit),
        WITH_REGISTRY(the_use_of_all_processes_is_told),
        WITH_REGISTRY(a_program_without_its_interpreter_says_why),
        WITH_REGISTRY(a_script_without_a_first_line_runs_in_sh),
        WITH_REGISTRY(orders_have_no_size_of_their_own),
        WITH_REGISTRY(no_command_gets_the_orders),
        WITH_REGISTRY(the_choice_decides),
        WITH_REGISTRY(without_a_monitor_a_script_supervises),
        cmocka_unit_test_setup_teardown(orders_that_it_does_not_understand_are_refused, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(the_deadline_needs_no_host, test_setup, test_teardown),
        WITH_REGISTRY(a_command_that_obeys_its_deadline_has_ended_by_itself),
        WITH_REGISTRY(a_shell_is_ended_before_its_child),
        WITH_REGISTRY(the_deadline_comes_while_the_input_has_no_writer),
        WITH_REGISTRY(a_monitor_that_dies_at_the_deadline_leaves_a_lost_task),
        WITH_REGISTRY(a_stopped_monitor_is_no_reason_to_miss_the_deadline),
        WITH_REGISTRY(nothing_gets_away_at_the_deadline),
        WITH_REGISTRY(nothing_gets_away_from_a_kill),
        WITH_REGISTRY(nothing_is_left_with_end_tree),
        WITH_REGISTRY(a_monitor_guards_what_is_left),
        WITH_REGISTRY(a_monitor_leaves_last),
        WITH_REGISTRY(a_guarded_task_can_be_removed),
        WITH_REGISTRY(a_process_that_runs_away_is_killed),
        WITH_REGISTRY(another_task_below_is_spared),
        WITH_REGISTRY(a_paused_task_has_a_deadline_without_a_host),
        WITH_REGISTRY(a_monitor_that_hangs_is_ended),
        WITH_REGISTRY(end_tree_needs_a_monitor), /* the last one: without monitors from here on */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
