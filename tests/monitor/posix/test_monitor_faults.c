/* Faults of monitors, and of what is around them: refused calls, full disks, signals, and starts by
 * hand. ci/matrix has each system call. */
#include "monitor/posix/monitored.h"
#include "monitor/told.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/process.h"
#include "support/posix/machine.h"

enum { SHORT_MS = 300, LIFELINE_FD = 9, ORDERS_FD = 8 };

/* --- By hand --- */

/* Opens a file above the descriptors of a monitor. */
static int open_high(const char *path, int flags)
{
    int fd = open(path, flags | O_CREAT | O_CLOEXEC, 0600);
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 20);
    close(fd);
    assert_true(high >= 20);
    return high;
}

/* Starts the monitor with these descriptors; -1: none. */
static pid_t start_monitor(int orders, int lifeline, int out)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    close(LIFELINE_FD);
    close(ORDERS_FD);
    if ((orders < 0 || dup2(orders, ORDERS_FD) >= 0) &&
        (lifeline < 0 || dup2(lifeline, LIFELINE_FD) >= 0) && dup2(out, STDOUT_FILENO) >= 0 &&
        dup2(out, STDERR_FILENO) >= 0)
        execl(getenv("TETHER_MONITOR"), "tether-monitor", "t1", NULL);
    _exit(99);
}

static void started_by_hand_it_says_so_and_ends(void **state)
{
    fixture *f = *state;
    int status, error = open_high(test_work_path(f, "error"), O_RDWR);
    pid_t pid = start_monitor(-1, -1, error);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    close(error);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 125);
    char *text = test_read_file(test_work_path(f, "error"), NULL);
    assert_non_null(strstr(text, "lifeline"));
    free(text);
}

static int write_orders(const fixture *f, const char *program)
{
    char text[512];
    size_t size = 0;
    const char *const words[] = {"tether-orders 1",
                                 "task=t1",
                                 program,
                                 "arg=-c",
                                 "arg=trap '' TERM; echo $$; while :; do sleep 0.05; done",
                                 "timeout=300",
                                 "grace=100",
                                 "end"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        memcpy(text + size, words[i], strlen(words[i]) + 1);
        size += strlen(words[i]) + 1;
    }
    test_write_file(test_work_path(f, "orders"), text, size);
    return open_high(test_work_path(f, "orders"), O_RDONLY);
}

static bool has_lines(const char *path, const char *first, const char *last)
{
    char *text = test_read_file(path, NULL);
    const char *at = text != NULL ? strstr(text, first) : NULL;
    bool has = at != NULL && strstr(at, last) != NULL;
    free(text);
    return has;
}

static bool has_ended(pid_t pid)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/* A limit of the file's size takes the place of a full disk: `room` more bytes fit, less than a
 * line. */
static void enforce_on_a_full_disk(fixture *f, rlim_t room)
{
    const char *path = test_work_path(f, "lifeline"), *output = test_work_path(f, "output");
    struct stat st;
    int status, out = open_high(output, O_RDWR);
    int lifeline = open_high(path, O_WRONLY | O_APPEND);
    int orders = write_orders(f, "program=/bin/sh");
    pid_t pid = start_monitor(orders, lifeline, out);
    WAIT_UNTIL(test_count_lines(output) == 1);
    assert_int_equal(stat(path, &st), 0);
    struct rlimit limit = {(rlim_t)st.st_size + room, RLIM_INFINITY};
    assert_int_equal(prlimit(pid, RLIMIT_FSIZE, &limit, NULL), 0);
    char *number = test_read_file(output, NULL);
    long command = strtol(number, NULL, 10);
    free(number);
    assert_true(command > 1);
    WAIT_UNTIL(!test_process_alive(command));
    assert_false(has_ended(pid));
    limit.rlim_cur = RLIM_INFINITY;
    assert_int_equal(prlimit(pid, RLIMIT_FSIZE, &limit, NULL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(has_lines(path, "supervisor ", "\ntimed_out uptime="));
    assert_int_equal(test_count_lines(path), 2);
    close(orders);
    close(lifeline);
    close(out);
}

/* Reads the first line of a file in the process's folder of /proc. */
static void read_proc(pid_t pid, const char *name, char *line, int capacity)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    if (fgets(line, capacity, file) == NULL)
        line[0] = '\0';
    fclose(file);
}

static bool sleeps(pid_t pid)
{
    char line[512];
    read_proc(pid, "stat", line, sizeof line);
    return strstr(line, "(tether-monitor) S") != NULL;
}

static bool has_children(pid_t pid)
{
    char name[64], line[64];
    snprintf(name, sizeof name, "task/%d/children", (int)pid);
    read_proc(pid, name, line, sizeof line);
    return line[0] != '\0';
}

/* Its first line takes the room for the others: without it, an end might be lost. The lifeline is
 * as large as files may become, but a sanitizer may still write one of its own. */
static void no_command_starts_before_the_first_line_has_room(void **state)
{
    enum { FULL = 8 * 1024 * 1024 };
    fixture *f = *state;
    char text[512] = "";
    const char *output = test_work_path(f, "output");
    struct rlimit full = {FULL, RLIM_INFINITY}, own;
    struct stat st;
    int status, out = open_high(output, O_RDWR);
    int lifeline = open_high(test_work_path(f, "lifeline"), O_RDWR | O_APPEND);
    int orders = write_orders(f, "program=/bin/sh");
    assert_int_equal(ftruncate(lifeline, FULL), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &own), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    pid_t pid = start_monitor(orders, lifeline, out);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &own), 0);
    WAIT_UNTIL(sleeps(pid));
    assert_false(has_children(pid));
    assert_int_equal(fstat(lifeline, &st), 0);
    assert_int_equal(st.st_size, FULL);
    assert_int_equal(prlimit(pid, RLIMIT_FSIZE, &own, NULL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(test_count_lines(output), 1);
    assert_true(pread(lifeline, text, sizeof text - 1, FULL) > 0);
    assert_memory_equal(text, "supervisor ", 11);
    assert_non_null(strstr(text, "\ntimed_out uptime="));
    close(orders);
    close(lifeline);
    close(out);
}

/* The task may be what fills it. */
static void a_full_disk_does_not_delay_the_deadline(void **state)
{
    enforce_on_a_full_disk(*state, 0);
}

static void a_line_that_fits_in_part_leaves_nothing(void **state)
{
    enforce_on_a_full_disk(*state, 5);
}

/* --- Refused calls --- */

static void start_where_nothing_can_be_waited_for(fixture *f, void *userdata)
{
    /* Nor does a host see the end. */
    static const int calls[] = {SYS_wait4, SYS_waitid, SYS_fsetxattr};
    char(*ids)[TETHER_ID_SIZE] = userdata;
    tether_registry *registry;
    const tether_open_options options = {.store = f->store, .no_gc = 1};
    tether_error error = {0};
    HOST_ASSERT(machine_refuse(calls, 3, ECHILD));
    HOST_OK(tether_open(&options, &registry, &error), error);
    const char *const exits[] = {CHILD, "exit", "3", NULL};
    const char *const stays[] = {CHILD, "ignore-term", "sleep", "100000", NULL};
    tether_spec spec = {.argv = exits, .supervisor = TETHER_SUPERVISOR_MONITOR};
    HOST_OK(tether_spawn(registry, &spec, ids[0], &error), error);
    spec.argv = stays;
    spec.timeout_ms = SHORT_MS;
    HOST_OK(tether_spawn(registry, &spec, ids[1], &error), error);
    tether_close(registry, TETHER_DETACH, NULL);
}

/* Any code would be a guess; 0 the worst. */
static void an_end_that_cannot_be_found_out_is_lost(void **state)
{
    fixture *f = *state;
    char(*ids)[TETHER_ID_SIZE] = test_shared(2 * sizeof *ids);
    assert_int_equal(test_join_host(test_fork_host(start_where_nothing_can_be_waited_for, f, ids)),
                     0);
    f->registry = test_open(f);
    for (int i = 0; i < 2; i++) {
        test_expect(f->registry, ids[i], TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                    "process exited without exit marker");
        ASSERT_OK(tether_kill(f->registry, ids[i], NULL, &f->error), f->error);
    }
    test_unshare(ids, 2 * sizeof *ids);
}

/* A code, a deadline, and a command at the end. */
static void start_three_without_wait4(fixture *f, void *userdata)
{
    static const int call = SYS_wait4;
    static const int errors[] = {ECHILD, EPERM};
    char(*ids)[TETHER_ID_SIZE] = userdata;
    const tether_open_options options = {.store = f->store, .no_gc = 1};
    tether_registry *registry;
    tether_error error = {0};
    HOST_ASSERT(machine_refuse(&call, 1, errors[ids[2][0] == 'x']));
    HOST_OK(tether_open(&options, &registry, &error), error);
    const char *const exits[] = {CHILD, "sleep", "50", "exit", "3", NULL};
    const char *const stays[] = {CHILD, "sleep", "100000", NULL};
    tether_spec spec = {.argv = exits, .supervisor = TETHER_SUPERVISOR_MONITOR};
    HOST_OK(tether_spawn(registry, &spec, ids[0], &error), error);
    spec.on_end = "exit 6";
    HOST_OK(tether_spawn(registry, &spec, ids[2], &error), error);
    spec = (tether_spec){
        .argv = stays, .supervisor = TETHER_SUPERVISOR_MONITOR, .timeout_ms = SHORT_MS};
    HOST_OK(tether_spawn(registry, &spec, ids[1], &error), error);
    tether_close(registry, TETHER_DETACH, NULL);
}

/* It is asked in another way, and tells as much. */
static void a_wait_that_is_refused_costs_nothing(void **state)
{
    fixture *f = *state;
    char(*ids)[TETHER_ID_SIZE] = test_shared(3 * sizeof *ids);
    for (int i = 0; i < 2; i++) {
        ids[2][0] = i == 0 ? '\0' : 'x';
        assert_int_equal(test_join_host(test_fork_host(start_three_without_wait4, f, ids)), 0);
        f->registry = test_open(f);
        test_expect(f->registry, ids[0], TETHER_STATUS_FAILED, 3, NULL);
        test_expect(f->registry, ids[1], TETHER_STATUS_TIMED_OUT, 124, NULL);
        test_expect(f->registry, ids[2], TETHER_STATUS_FAILED, 3, NULL);
        tether_snapshot *snapshot = test_snapshot(f->registry, ids[0]);
        assert_int_equal(snapshot->process_count, 1);
        assert_true(snapshot->peak_memory > 0);
        tether_snapshot_free(snapshot);
        told_expect(f->registry, ids[2], 6, "exit code 6");
        ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
        f->registry = NULL;
    }
    test_unshare(ids, 3 * sizeof *ids);
}

static void run_without(fixture *f, void *userdata)
{
    const int *calls = userdata;
    const tether_open_options options = {.store = f->store, .no_gc = 1};
    tether_registry *registry;
    tether_error error = {0};
    char id[TETHER_ID_SIZE];
    HOST_ASSERT(machine_refuse(calls, 1, calls[1]));
    HOST_OK(tether_open(&options, &registry, &error), error);
    const char *const argv[] = {CHILD, "sleep", "50", "exit", "3", NULL};
    const tether_spec spec = {.argv = argv, .supervisor = TETHER_SUPERVISOR_MONITOR};
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    const char *list = id;
    HOST_OK(tether_wait(registry, &list, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);
    tether_snapshot *snapshot = NULL;
    HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
    HOST_ASSERT(snapshot->exit_code == 3);
    tether_snapshot_free(snapshot);
    tether_close(registry, TETHER_SHUTDOWN, NULL);
}

static void what_the_system_refuses_costs_no_code(void **state)
{
    static int cases[][2] = {{SYS_signalfd4, EMFILE},
                             {SYS_signalfd4, ENOSYS},
                             {SYS_prctl, EPERM},
#ifdef SYS_poll
                             {SYS_poll, ENOMEM},
#endif
                             {SYS_memfd_create, ENOSYS}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(test_join_host(test_fork_host(run_without, *state, cases[i])), 0);
}

/* --- The start --- */

static void a_script_without_a_first_line_may_read_a_fifo(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    static const char text[] = "read word; echo \"$word-$1\"; exit 7\n";
    const char *fifo = test_work_path(f, "fifo"), *path = test_work_path(f, "plain");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    test_write_file(path, text, sizeof text - 1);
    assert_int_equal(chmod(path, 0700), 0);
    const char *const argv[] = {path, "a b", NULL};
    const tether_spec spec = {
        .argv = argv, .stdin_path = fifo, .supervisor = TETHER_SUPERVISOR_MONITOR};
    test_start(f->registry, &spec, id);
    int fd = open(fifo, O_RDWR | O_CLOEXEC); /* does not wait for a reader */
    assert_int_equal(write(fd, "word\n", 5), 5);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 7, NULL);
    close(fd);
    test_expect_output(f->registry, id, TETHER_STDOUT, "word-a b\n");
}

static void run_without_streams(fixture *f, void *userdata)
{
    const tether_open_options options = {.store = f->store, .no_gc = 1};
    tether_registry *registry;
    tether_error error = {0};
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        close(fd);
    HOST_OK(tether_open(&options, &registry, &error), error);
    const char *const argv[] = {CHILD, "out", "to out", "err", "to err", "fds", "exit", "3", NULL};
    const tether_spec spec = {
        .argv = argv, .supervisor = TETHER_SUPERVISOR_MONITOR, .output = TETHER_OUTPUT_PIPE};
    HOST_OK(tether_spawn(registry, &spec, userdata, &error), error);
    tether_close(registry, TETHER_DETACH, NULL);
}

static void a_host_without_standard_streams_gets_all(void **state)
{
    fixture *f = *state;
    char *id = test_shared(TETHER_ID_SIZE);
    assert_int_equal(test_join_host(test_fork_host(run_without_streams, f, id)), 0);
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 3, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "to out\n0 1 2 \n");
    test_expect_output(f->registry, id, TETHER_STDERR, "to err\n");
    test_unshare(id, TETHER_ID_SIZE);
}

/* --- Signals --- */

/* The command counts what reaches it. */
static const char counting[] = "trap 'echo term' TERM; trap 'echo hup' HUP; trap 'echo int' INT; "
                               "trap 'echo usr' USR1; echo ready; "
                               "until [ -e \"$GATE\" ]; do sleep 0.01; done; exit 4";

/* Starts it and returns the path that ends it once there is a file. */
static const char *start_counting(fixture *f, char id[TETHER_ID_SIZE])
{
    const char *gate = test_work_path(f, "gate");
    setenv("GATE", gate, 1);
    monitored_start(f->registry, counting, 0, id);
    unsetenv("GATE");
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    return gate;
}

static void signals_to_the_monitor_reach_nobody(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *gate = start_counting(f, id);
    pid_t monitor = (pid_t)monitored_pid(f->registry, id);
    for (int number = 1; number < SIGRTMAX; number++) {
        if (number != SIGKILL && number != SIGSTOP && number != 32 && number != 33)
            assert_int_equal(kill(monitor, number), 0);
    }
    test_write_file(gate, "", 0);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 4, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "ready\n");
}

/* Once, although the monitor gets it as well. */
static void a_signal_to_the_group_reaches_the_command_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *gate = start_counting(f, id);
    ASSERT_OK(tether_kill(f->registry, id, &(tether_kill_options){.signal = SIGTERM}, &f->error),
              f->error);
    test_wait_output(f->registry, id, TETHER_STDOUT, 11);
    ASSERT_OK(tether_kill(f->registry, id, &(tether_kill_options){.signal = SIGUSR1}, &f->error),
              f->error);
    test_wait_output(f->registry, id, TETHER_STDOUT, 15);
    test_write_file(gate, "", 0);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 4, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "ready\nterm\nusr\n");
}

/* At random moments, also around the end of the command. */
static void a_monitor_that_is_stopped_and_continued_loses_nothing(void **state)
{
    fixture *f = *state;
    enum { TIMES = 20 };
    for (int i = 0; i < TIMES; i++) {
        char id[TETHER_ID_SIZE], code[8], nap[8];
        snprintf(code, sizeof code, "%d", i + 1);
        snprintf(nap, sizeof nap, "%d", i);
        const char *const argv[] = {CHILD, "out", "x", "sleep", nap, "exit", code, NULL};
        const tether_spec spec = {.argv = argv,
                                  .supervisor = TETHER_SUPERVISOR_MONITOR,
                                  .output = i % 2 == 1 ? TETHER_OUTPUT_PIPE : TETHER_OUTPUT_DIRECT};
        test_start(f->registry, &spec, id);
        pid_t monitor = (pid_t)monitored_pid(f->registry, id);
        for (int stop = 0; stop < 10; stop++) {
            if (kill(monitor, stop % 2 == 0 ? SIGSTOP : SIGCONT) != 0)
                break;
            test_nap_us(i * 137 + stop * 211);
        }
        kill(monitor, SIGCONT);
        test_expect(f->registry, id, TETHER_STATUS_FAILED, i + 1, NULL);
        test_expect_output(f->registry, id, TETHER_STDOUT, "x\n");
    }
}

/* --- The lifeline --- */

/* Its end stands in a file without a name, which nobody can read: that is no end that anybody may
 * make up. */
static void a_lifeline_without_a_name_is_a_lost_task(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    monitored_start(f->registry, "echo ready; exec sleep 1000", 0, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    assert_int_equal(unlink(test_exit_path(f, id)), 0);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_int_equal(snapshot->status, TETHER_STATUS_LOST);
    assert_int_equal(snapshot->exit_code, TETHER_EXIT_UNKNOWN);
    assert_non_null(snapshot->reason);
    assert_int_equal(snapshot->user_ms, -1);
    assert_int_equal(snapshot->system_ms, -1);
    assert_int_equal(snapshot->peak_memory, -1);
    assert_int_equal(snapshot->process_count, -1);
    tether_snapshot_free(snapshot);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
}

#define WITH_REGISTRY(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)
#define WITH_STORE(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

/* --- Another process with the pid --- */

static json_t *forge_identity(const fixture *f, const char *id, pid_t pid, uint64_t pidfs_id)
{
    json_t *record = test_load_record(f, id), *identity = json_object_get(record, "identity");
    json_object_set_new(identity, "pid", json_integer(pid));
    json_object_set_new(identity, "start_time",
                        json_integer((json_int_t)tether__os_process_start_time(pid)));
    json_object_set_new(identity, "pidfs_id", json_integer((json_int_t)pidfs_id));
    json_object_set_new(record, "child_pid", json_integer(pid));
    json_object_set_new(record, "pgid", json_integer(pid));
    return record;
}

/* The record names a stranger, by the right pid and start time: as if the pid had come again within
 * one tick. What tells is the number alone. */
static void a_stranger_with_the_monitors_pid_and_start_is_spared(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    int status;
    /* Nothing that is older than the supervisor counts as the task's. */
    pid_t stranger = fork();
    if (stranger == 0) {
        setsid();
        for (;;)
            pause();
    }
    WAIT_UNTIL(getsid(stranger) == stranger);
    monitored_start(f->registry, "echo ready; sleep 1000", 0, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    pid_t monitor = (pid_t)monitored_pid(f->registry, id);
    uint64_t number = tether__os_process_pidfs_id(monitor);
    json_t *record = test_load_record(f, id);
    json_t *identity = json_object_get(record, "identity");
    assert_int_equal(json_integer_value(json_object_get(identity, "pidfs_id")), number);
    json_decref(record);
    ASSERT_OK(tether_close(f->registry, TETHER_DETACH, &f->error), f->error);
    if (number != 0)
        test_save_record(f, id, forge_identity(f, id, stranger, number));
    f->registry = test_open(f);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    assert_int_equal(waitpid(stranger, &status, WNOHANG), 0);
    assert_int_equal(kill(stranger, SIGKILL), 0);
    assert_int_equal(waitpid(stranger, &status, 0), stranger);
    assert_int_equal(waitpid(monitor, &status, 0), monitor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(started_by_hand_it_says_so_and_ends),
        WITH_STORE(no_command_starts_before_the_first_line_has_room),
        WITH_STORE(a_full_disk_does_not_delay_the_deadline),
        WITH_STORE(a_line_that_fits_in_part_leaves_nothing),
        WITH_STORE(an_end_that_cannot_be_found_out_is_lost),
        WITH_STORE(a_wait_that_is_refused_costs_nothing),
        WITH_STORE(what_the_system_refuses_costs_no_code),
        WITH_REGISTRY(a_script_without_a_first_line_may_read_a_fifo),
        WITH_STORE(a_host_without_standard_streams_gets_all),
        WITH_REGISTRY(signals_to_the_monitor_reach_nobody),
        WITH_REGISTRY(a_signal_to_the_group_reaches_the_command_once),
        WITH_REGISTRY(a_monitor_that_is_stopped_and_continued_loses_nothing),
        WITH_REGISTRY(a_lifeline_without_a_name_is_a_lost_task),
        WITH_REGISTRY(a_stranger_with_the_monitors_pid_and_start_is_spared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
