/* Tasks in cgroups of their own: where one is delegated, they are in it and it goes with them;
 * where none is, the start is refused as a whole. ci/vm has the limit of memory. */
#include "monitor/posix/monitored.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/posix/machine.h"

enum { LIFELINE_FD = 9, ORDERS_FD = 8 };

#define WITH_REGISTRY(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)
#define WITH_STORE(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

/* --- With the system's cgroups --- */

static int start(fixture *f, const char *command, uint64_t limit, char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {
        .command = command, .shell = "sh", .scope = true, .memory_limit = limit};
    return tether_spawn(f->registry, &spec, id, &f->error);
}

/* Whether this machine gives a task a cgroup. If not, checks that the refusal says what to do, and
 * has left nothing. */
static bool starts(fixture *f, const char *command, uint64_t limit, char id[TETHER_ID_SIZE])
{
    int code = start(f, command, limit, id);
    if (code == TETHER_OK)
        return true;
    assert_int_equal(code, TETHER_ENOTSUP);
    assert_string_equal(f->error.step, "make scope");
    assert_non_null(strstr(f->error.message, "leave out the scope"));
    assert_string_equal(id, "");
    assert_int_equal(test_count_names(test_session_path(f, "exits")), 0);
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 0);
    return false;
}

static char *scope_of(fixture *f, const char *id)
{
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_non_null(snapshot->scope);
    assert_non_null(strstr(snapshot->scope, id));
    char *scope = strdup(snapshot->scope);
    assert_non_null(scope);
    tether_snapshot_free(snapshot);
    return scope;
}

/* Whether a process is in the cgroup with this name below that of the task. */
static bool is_in(const char *scope, const char *name, long pid)
{
    char path[4200];
    long member;
    bool found = false;
    snprintf(path, sizeof path, "%s/%s/cgroup.procs", scope, name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    while (!found && fscanf(file, "%ld", &member) == 1)
        found = member == pid;
    fclose(file);
    return found;
}

static void a_task_has_a_cgroup_while_it_lives(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    if (!starts(f, "echo $$; (echo ready; sleep 1000) & wait", 0, id))
        return;
    char *scope = scope_of(f, id);
    long command = test_output_number(f->registry, id);
    assert_true(is_in(scope, "task", command));
    long monitor = monitored_pid(f->registry, id);
    WAIT_UNTIL(is_in(scope, "monitor", monitor));
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    WAIT_UNTIL(!test_exists(scope));
    free(scope);
}

/* Starts a task that has failed and left a process behind. Returns its cgroup, which the caller
 * frees; NULL: it was refused, as it must be here. */
static char *leave_one_behind(fixture *f, char id[TETHER_ID_SIZE])
{
    if (!starts(f, "setsid sleep 1000 & exit 7", 0, id))
        return NULL;
    char *scope = scope_of(f, id);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 7, NULL);
    return scope;
}

/* What it has left behind keeps the cgroup. */
static void the_cgroup_goes_with_the_last_process(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    char *scope = leave_one_behind(f, id);
    if (scope == NULL)
        return;
    assert_true(test_exists(scope));
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    WAIT_UNTIL(!test_exists(scope));
    free(scope);
}

static void a_collection_removes_what_a_killed_monitor_has_left(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    char *scope = leave_one_behind(f, id);
    if (scope == NULL)
        return;
    long monitor = monitored_pid(f->registry, id);
    assert_int_equal(kill((pid_t)monitor, SIGKILL), 0);
    WAIT_UNTIL(!test_process_alive(monitor));
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    ASSERT_OK(tether_gc(f->registry, NULL, NULL, &f->error), f->error);
    WAIT_UNTIL(!test_exists(scope) || tether_gc(f->registry, NULL, NULL, &f->error) != TETHER_OK);
    assert_false(test_exists(scope));
    free(scope);
}

static void a_limit_of_memory_is_kept_or_refused(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    if (!starts(f, "exit 3", 64 * 1024 * 1024, id))
        return;
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_int_equal(snapshot->exit_code, 3);
    assert_int_equal(snapshot->memory_limit, 64 * 1024 * 1024);
    tether_snapshot_free(snapshot);
}

static void a_script_has_no_scope(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec specs[] = {
        {.command = "exit 0", .scope = true, .supervisor = TETHER_SUPERVISOR_SCRIPT},
        {.command = "exit 0", .memory_limit = 1, .supervisor = TETHER_SUPERVISOR_SCRIPT},
        {.command = "exit 0", .memory_limit = UINT64_MAX}};
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++)
        assert_int_equal(tether_spawn(f->registry, &specs[i], id, &f->error), TETHER_EINVAL);
}

/* --- With a folder in the place of a cgroup --- */

static void put(const char *folder, const char *name, const char *text)
{
    char path[4200];
    snprintf(path, sizeof path, "%.4096s/%.64s", folder, name);
    test_write_file(path, text, strlen(text));
}

static int open_high(const char *path, int flags)
{
    int fd = open(path, flags | O_CREAT | O_CLOEXEC, 0600);
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 20);
    close(fd);
    assert_true(high >= 20);
    return high;
}

static void write_orders(const fixture *f, const char *scope, const char *command, bool timeout)
{
    char text[4096], place[2400], arg[1200];
    size_t size = 0;
    snprintf(place, sizeof place, "scope=%s", scope);
    snprintf(arg, sizeof arg, "arg=%s", command);
    const char *const words[] = {"tether-orders 1",
                                 "task=t1",
                                 "program=/bin/sh",
                                 "arg=-c",
                                 arg,
                                 place,
                                 "memorylimit=4096",
                                 timeout ? "timeout=100" : "end",
                                 "grace=1",
                                 "end"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        memcpy(text + size, words[i], strlen(words[i]) + 1);
        size += strlen(words[i]) + 1;
        if (strcmp(words[i], "end") == 0)
            break;
    }
    test_write_file(test_work_path(f, "orders"), text, size);
}

/* Starts a monitor by hand, in a cgroup with this path. With `deaf` no signal of it arrives, and
 * the command has a deadline. */
static pid_t start_in(const fixture *f, const char *scope, const char *command, bool deaf)
{
    static const int calls[] = {SYS_kill, SYS_pidfd_send_signal};
    write_orders(f, scope, command, deaf);
    int orders = open_high(test_work_path(f, "orders"), O_RDONLY);
    int lifeline = open_high(test_work_path(f, "lifeline"), O_RDWR | O_APPEND | O_TRUNC);
    pid_t pid = fork();
    if (pid == 0) {
        machine_die_with_parent();
        close(LIFELINE_FD);
        close(ORDERS_FD);
        if ((!deaf || (setsid() > 0 && machine_refuse(calls, 2, EPERM))) &&
            dup2(orders, ORDERS_FD) >= 0 && dup2(lifeline, LIFELINE_FD) >= 0)
            execl(getenv("TETHER_MONITOR"), "tether-monitor", "t1", NULL);
        _exit(99);
    }
    close(orders);
    close(lifeline);
    return pid;
}

/* Returns what the monitor has written into its lifeline; free it. */
static char *monitor_in(const fixture *f, const char *scope)
{
    int status;
    pid_t pid = start_in(f, scope, "exit 3", false);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return test_read_file(test_work_path(f, "lifeline"), NULL);
}

/* --- A kill that signals do not finish --- */

/* Makes a cgroup as a host makes one; false: not on this machine. */
static bool make_cgroup(fixture *f, const char *name, char scope[2048])
{
    char id[TETHER_ID_SIZE], part[4200];
    if (!starts(f, "sleep 1000", 0, id))
        return false;
    char *other = scope_of(f, id), *last = strrchr(other, '/');
    assert_non_null(last);
    snprintf(scope, 2048, "%.*s/%s-%ld", (int)(last - other), other, name, (long)getpid());
    free(other);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    static const char *const parts[] = {"", "/task", "/monitor"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(part, sizeof part, "%s%s", scope, parts[i]);
        assert_int_equal(mkdir(part, 0755), 0);
    }
    return true;
}

/* Of the second command no list is complete: one of its processes starts the next one and ends, all
 * the time. */
static void what_no_signal_ends_goes_with_its_cgroup(void **state)
{
    static const char *const commands[] = {"exec sleep 1000", "'" CHILD "' hop & exec sleep 1000"};
    fixture *f = *state;
    char scope[2048];
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        int status;
        if (!make_cgroup(f, "killed", scope))
            return;
        pid_t pid = start_in(f, scope, commands[i], true);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
        char *text = test_read_file(test_work_path(f, "lifeline"), NULL);
        assert_non_null(strstr(text, "\ntimed_out uptime="));
        assert_non_null(strstr(text, " left=0"));
        free(text);
        assert_false(test_exists(scope));
    }
}

static void make_folder(const fixture *f, const char *name, char scope[2048])
{
    char part[4200];
    snprintf(scope, 2048, "%s", test_work_path(f, "%s", name));
    test_make_directory(scope);
    snprintf(part, sizeof part, "%.4096s/task", scope);
    test_make_directory(part);
    put(part, "cgroup.procs", "");
    put(part, "cgroup.kill", "");
}

static bool is_to_be_killed(const char *scope)
{
    char path[4200];
    snprintf(path, sizeof path, "%.4096s/task/cgroup.kill", scope);
    char *text = test_read_file(path, NULL);
    bool is = strcmp(text, "1") == 0;
    free(text);
    return is;
}

static bool has_deadline(const fixture *f)
{
    char *text = test_read_file(test_work_path(f, "lifeline"), NULL);
    bool has = text != NULL && strstr(text, "\ndeadline ") != NULL;
    free(text);
    return has;
}

/* The first monitor has come to that point before the second one. */
static void another_task_in_the_cgroup_goes_on(void **state)
{
    fixture *f = *state;
    char scopes[2][2048], shared[1200];
    pid_t monitors[2];
    snprintf(shared, sizeof shared,
             "TETHER_TASK_ID=t2 setsid sh -c 'echo $$ >%.1000s; exec sleep 1000' & exec sleep 1000",
             test_work_path(f, "pid"));
    for (int i = 0; i < 2; i++) {
        make_folder(f, i == 0 ? "shared" : "own", scopes[i]);
        monitors[i] = start_in(f, scopes[i], i == 0 ? shared : "exec sleep 1000", true);
        if (i == 0)
            WAIT_UNTIL(has_deadline(f));
    }
    WAIT_UNTIL(is_to_be_killed(scopes[1]));
    assert_false(is_to_be_killed(scopes[0]));
    char *number = test_read_file(test_work_path(f, "pid"), NULL);
    pid_t other = (pid_t)strtol(number, NULL, 10);
    free(number);
    assert_true(other > 1);
    assert_int_equal(kill(other, SIGKILL), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(kill(-monitors[i], SIGKILL), 0);
        assert_int_equal(waitpid(monitors[i], NULL, 0), monitors[i]);
    }
}

static void the_end_tells_what_the_cgroup_says_of_memory(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *events, *peak, *expected;
        bool has;
    } cases[] = {{"low 0\nhigh 0\nmax 7\noom 1\noom_kill 2\n", "123456\n", " oom=4096", true},
                 {"low 0\noom_kill 2", "123456\n", " peak=123456 ", true},
                 {"low 0\noom 1\noom_kill 0\n", "123456\n", " oom=", false},
                 {"oom_kill_x 4\n", "x", " oom=", false},
                 {"", "", " oom=", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char scope[2048], part[4200];
        snprintf(scope, sizeof scope, "%s", test_work_path(f, "tether-t%zu", i));
        test_make_directory(scope);
        snprintf(part, sizeof part, "%.4096s/task", scope);
        test_make_directory(part);
        put(part, "cgroup.procs", "");
        put(part, "memory.events", cases[i].events);
        put(part, "memory.peak", cases[i].peak);
        char *text = monitor_in(f, scope);
        assert_non_null(strstr(text, "\nexit 3 "));
        assert_int_equal(strstr(text, cases[i].expected) != NULL, cases[i].has);
        free(text);
    }
}

static void a_cgroup_that_cannot_be_entered_is_told(void **state)
{
    fixture *f = *state;
    char *text = monitor_in(f, test_work_path(f, "nowhere"));
    assert_non_null(strstr(text, "\nexit 126 error=scope"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(a_task_has_a_cgroup_while_it_lives),
        WITH_REGISTRY(the_cgroup_goes_with_the_last_process),
        WITH_REGISTRY(a_collection_removes_what_a_killed_monitor_has_left),
        WITH_REGISTRY(a_limit_of_memory_is_kept_or_refused),
        WITH_REGISTRY(a_script_has_no_scope),
        WITH_REGISTRY(what_no_signal_ends_goes_with_its_cgroup),
        WITH_STORE(another_task_in_the_cgroup_goes_on),
        WITH_STORE(the_end_tells_what_the_cgroup_says_of_memory),
        WITH_STORE(a_cgroup_that_cannot_be_entered_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
