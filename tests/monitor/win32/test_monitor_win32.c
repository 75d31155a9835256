/* What a task with a monitor has on Windows, and one with a script has not: arguments of any kind,
 * a deadline that needs no host, and an end that is told although something is left. The program is
 * also:
 *   test_monitor_win32 host STORE FACTS: the host that dies; starts a task and writes its id */
#include "support/support.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "support/win32/in_job.h"
#include "win32/orders.h"

enum { SHORT_MS = 300 };

static bool lifeline_has(const fixture *f, const char *id, const char *word)
{
    char *text = test_read_file(test_exit_path(f, id), NULL);
    bool has = text != NULL && strstr(text, word) != NULL;
    free(text);
    return has;
}

/* Starts CHILD with these verbs; NULL ends the list. */
static void start(tether_registry *registry, const char *const *argv, tether_spec spec,
                  char id[TETHER_ID_SIZE])
{
    spec.argv = argv;
    spec.supervisor = TETHER_SUPERVISOR_MONITOR;
    test_start(registry, &spec, id);
}

static const tether_spec plain;

static long monitor_of(tether_registry *registry, const char *id)
{
    tether_snapshot *snapshot = test_snapshot(registry, id);
    assert_string_equal(snapshot->supervisor, "monitor");
    long pid = (long)snapshot->child_pid;
    tether_snapshot_free(snapshot);
    return pid;
}

static int count_processes(const char *id)
{
    char cookie[TETHER_ID_SIZE + 32];
    snprintf(cookie, sizeof cookie, "TETHER_TASK_ID=%s", id);
    return test_count_cookies(cookie);
}

static HANDLE open_monitor(tether_registry *registry, const char *id, DWORD access)
{
    HANDLE process = OpenProcess(access | SYNCHRONIZE, FALSE, (DWORD)monitor_of(registry, id));
    assert_non_null(process);
    return process;
}

static void kill_monitor(tether_registry *registry, const char *id)
{
    process_crash(open_monitor(registry, id, PROCESS_TERMINATE));
}

static void suspend_monitor(tether_registry *registry, const char *id)
{
    typedef LONG(WINAPI * suspend_fn)(HANDLE process);
    HANDLE process = open_monitor(registry, id, PROCESS_SUSPEND_RESUME);
    FARPROC suspend = GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "NtSuspendProcess");
    assert_non_null(suspend);
    assert_int_equal(((suspend_fn)(void (*)(void))suspend)(process), 0);
    CloseHandle(process);
}

/* --- The end --- */

static void every_code_is_told_in_full(void **state)
{
    fixture *f = *state;
    static const char *const codes[] = {"1",   "137",        "143",        "255",
                                        "259", "2147483647", "3221225477", "4294967295"};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        const char *const argv[] = {CHILD, "exit", codes[i], NULL};
        char id[TETHER_ID_SIZE];
        start(f->registry, argv, plain, id);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        assert_int_equal(snapshot->status, TETHER_STATUS_FAILED);
        assert_int_equal(snapshot->exit_code, strtoll(codes[i], NULL, 10));
        assert_int_equal(snapshot->signal, 0);
        assert_string_equal(snapshot->supervisor, "monitor");
        tether_snapshot_free(snapshot);
    }
}

static void the_use_of_the_job_is_told(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.command = CHILD_TEXT " out a& " CHILD_TEXT " out b",
                              .shell = "cmd",
                              .supervisor = TETHER_SUPERVISOR_MONITOR};
    test_start(f->registry, &spec, id);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_int_equal(snapshot->exit_code, 0);
    assert_in_range(snapshot->process_count, 3, 16);
    if (test_in_wine()) { /* which counts neither time nor memory */
        assert_int_equal(snapshot->user_ms, -1);
        assert_int_equal(snapshot->peak_memory, -1);
    } else {
        assert_in_range(snapshot->user_ms, 0, 60000);
        assert_in_range(snapshot->system_ms, 0, 60000);
        assert_in_range(snapshot->peak_memory, 100 * 1024, 1024 * 1024 * 1024);
    }
    tether_snapshot_free(snapshot);
}

/* --- The start --- */

/* Line ends and percent signs, which cmd cannot carry, and more than a line of cmd has. */
static void what_a_running_task_uses_is_told(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {CHILD, "forever", NULL};
    start(f->registry, argv, plain, id);
    WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_RUNNING);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    ASSERT_OK(tether_snapshot_measure(f->registry, snapshot, &f->error), f->error);
    assert_int_equal(snapshot->processes_now, 1);
    if (test_in_wine()) /* which counts no time */
        assert_int_equal(snapshot->user_ms, -1);
    else
        assert_in_range(snapshot->user_ms, 0, 60000);
    assert_int_equal(snapshot->memory_now, -1);
    tether_snapshot_free(snapshot);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
}

static void passes_arguments_of_any_kind(void **state)
{
    fixture *f = *state;
    enum { LONG_SIZE = 20000 };
    static char word[LONG_SIZE + 1];
    memset(word, 'w', LONG_SIZE);
    const char *const argv[] = {CHILD,    "argv",   "two\nlines",
                                "\r\n",   "%PATH%", "100%",
                                "%%1",    "a\"b",   "\"",
                                "\\\"",   "a b\\",  "",
                                "!PATH!", "^",      "\" & exit 1 & \"",
                                "it's",   "*",      "\xc3\xa4\xe2\x9c\x93",
                                word,     NULL};
    char id[TETHER_ID_SIZE];
    start(f->registry, argv, plain, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_arguments(f->registry, id, argv + 2);
}

static void works_in_its_directory(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *const argv[] = {CHILD, "workdir", NULL};
    const tether_spec spec = {.workdir = f->work};
    start(f->registry, argv, spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    char line[1100];
    snprintf(line, sizeof line, "%s\n", snapshot->workdir);
    test_expect_output(f->registry, id, TETHER_STDOUT, line);
    tether_snapshot_free(snapshot);
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
    static const char *const argv[] = {CHILD, NULL};
    char id[TETHER_ID_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const tether_spec spec = {.argv = argv, .supervisor = cases[i].choice};
        test_start(f->registry, &spec, id);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        assert_string_equal(snapshot->supervisor, cases[i].shown);
        assert_int_equal(snapshot->exit_code, 0);
        tether_snapshot_free(snapshot);
    }
}

/* What only a script can do is given to one, or refused with the reason. */
static void cmd_in_a_network_path_needs_a_script(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    char unc[1100];
    if (f->work[1] != ':') {
        fail_msg("no drive: %s", f->work);
        return;
    }
    snprintf(unc, sizeof unc, "\\\\localhost\\%c$\\%s", f->work[0], f->work + 3);
    tether_spec spec = {
        .command = "cd", .shell = "cmd", .workdir = unc, .supervisor = TETHER_SUPERVISOR_MONITOR};
    int code = tether_spawn(f->registry, &spec, id, &f->error);
    if (code == TETHER_EWORKDIR)
        return; /* such as in Wine: this machine has no network paths */
    assert_int_equal(code, TETHER_ENOTSUP);
    assert_non_null(strstr(f->error.message, "network path"));
}

/* --- Orders --- */

/* Runs the monitor by hand, with an inherited lifeline and these orders. Stores what it writes to
 * the lifeline. Returns its exit code. */
static DWORD run_monitor(const fixture *f, const char *orders, size_t size, char **text)
{
    SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
    char numbers[2][24];
    HANDLE shared, passed;
    const char *file = test_work_path(f, "lifeline");
    HANDLE lifeline = CreateFileA(file, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE,
                                  &inherited, CREATE_ALWAYS, 0, NULL);
    assert_ptr_not_equal(lifeline, INVALID_HANDLE_VALUE);
    assert_int_equal(tether__win32_orders_pass(orders, size, &shared), 0);
    assert_true(DuplicateHandle(GetCurrentProcess(), shared, GetCurrentProcess(), &passed, 0, TRUE,
                                DUPLICATE_SAME_ACCESS));
    snprintf(numbers[0], sizeof numbers[0], "%llu", (unsigned long long)(uintptr_t)lifeline);
    snprintf(numbers[1], sizeof numbers[1], "%llu", (unsigned long long)(uintptr_t)passed);
    const char *const argv[] = {getenv("TETHER_MONITOR"), "t1", numbers[0], numbers[1], NULL};
    DWORD code = process_join(job_start(NULL, 0, argv, TRUE));
    CloseHandle(shared);
    CloseHandle(passed);
    CloseHandle(lifeline);
    *text = test_read_file(file, NULL);
    assert_non_null(*text);
    return code;
}

static void orders_that_it_does_not_understand_are_refused(void **state)
{
    fixture *f = *state;
    static const char other[] = "tether-orders 2\0program=C:\\x.exe\0end";
    static const char torn[] = "tether-orders 1\0program=C:\\x.exe";
    static const char posix[] = "tether-orders 1\0task=t1\0program=/bin/true\0end";
    const struct {
        const char *bytes;
        size_t size;
    } cases[] = {{other, sizeof other}, {torn, sizeof torn}, {posix, sizeof posix}, {"garbage", 7}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text;
        assert_int_equal(run_monitor(f, cases[i].bytes, cases[i].size, &text), 126);
        assert_memory_equal(text, "exit 126 error=orders uptime=", 29);
        free(text);
    }
}

/* What was there when the host looked, and is gone when the monitor starts it. */
static void a_start_that_fails_names_its_step(void **state)
{
    fixture *f = *state;
    static const char gone[] = "tether-orders 1\0task=t1\0program=C:\\no\\such.exe\0"
                               "line=\"C:\\no\\such.exe\"\0end";
    static const char nowhere[] =
        "tether-orders 1\0task=t1\0program=C:\\windows\\system32\\cmd.exe\0"
        "line=cmd /c exit 3\0workdir=C:\\no\\such\\folder\0end";
    static const char enters[] =
        "tether-orders 1\0task=t1\0program=C:\\windows\\system32\\cmd.exe\0"
        "line=cmd /c exit 3\0enters=C:\\no\\such\\folder\0end";
    static const char text[] = "tether-orders 1\0task=t1\0program=C:\\windows\\win.ini\0"
                               "line=win.ini\0end";
    const struct {
        const char *bytes;
        size_t size;
        DWORD code;
        const char *line;
    } cases[] = {{gone, sizeof gone, 127, "exit 127 error=start uptime="},
                 {nowhere, sizeof nowhere, 126, "exit 126 error=workdir uptime="},
                 {enters, sizeof enters, 126, "exit 126 error=workdir uptime="},
                 {text, sizeof text, 126, "exit 126 error=start uptime="}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *marker;
        assert_int_equal(run_monitor(f, cases[i].bytes, cases[i].size, &marker), cases[i].code);
        assert_memory_equal(marker, cases[i].line, strlen(cases[i].line));
        free(marker);
    }
}

static void without_its_handles_it_starts_nothing(void **state)
{
    (void)state;
    const char *const argv[] = {getenv("TETHER_MONITOR"), "t1", "4", "0", NULL};
    assert_int_equal(process_run(argv), 125);
}

/* --- The deadline --- */

static int be_host(char **argv)
{
    static const char *const waits[] = {CHILD, "forks", "3", "forever", NULL};
    const tether_open_options options = {.store = argv[2], .no_gc = 1};
    tether_spec spec = {.timeout_ms = SHORT_MS, .supervisor = TETHER_SUPERVISOR_MONITOR};
    tether_registry *registry;
    tether_error error = {0};
    char id[TETHER_ID_SIZE], line[TETHER_ID_SIZE + 1];
    HOST_OK(tether_open(&options, &registry, &error), error);
    spec.argv = waits;
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    snprintf(line, sizeof line, "%s\n", id);
    test_write_file(argv[3], line, strlen(line));
    TerminateProcess(GetCurrentProcess(), 0);
    return 1;
}

static void the_deadline_needs_no_host(void **state)
{
    fixture *f = *state;
    const char *facts = test_work_path(f, "facts");
    const char *const argv[] = {process_self(), "host", f->store, facts, NULL};
    assert_int_equal(process_run(argv), 0);
    char *id = test_read_file(facts, NULL);
    assert_non_null(id);
    *strchr(id, '\n') = '\0';
    WAIT_UNTIL(lifeline_has(f, id, "\ntimed_out "));
    assert_true(lifeline_has(f, id, "\ndeadline "));
    WAIT_UNTIL(count_processes(id) == 0);
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    free(id);
}

/* The grace period is when the break was sent: only then processes are terminated. */
static void a_monitor_that_dies_at_the_deadline_leaves_a_lost_task(void **state)
{
    fixture *f = *state;
    const char *const argv[] = {CHILD, "pid", "forever", NULL};
    const tether_spec spec = {.timeout_ms = SHORT_MS};
    char id[TETHER_ID_SIZE];
    if (!test_in_wine())
        return; /* the break ends the command at once */
    start(f->registry, argv, spec, id);
    long command = test_output_number(f->registry, id);
    WAIT_UNTIL(lifeline_has(f, id, "\ndeadline "));
    kill_monitor(f->registry, id);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "supervisor died while it ended the task at its deadline");
    assert_true(test_process_alive(command));
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    assert_false(test_process_alive(command));
}

/* A host ends the task if the monitor does not. */
static void a_suspended_monitor_is_no_reason_to_miss_the_deadline(void **state)
{
    fixture *f = *state;
    const char *const argv[] = {CHILD, "out", "ready", "forever", NULL};
    const tether_spec spec = {.timeout_ms = SHORT_MS};
    char id[TETHER_ID_SIZE];
    start(f->registry, argv, spec, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    suspend_monitor(f->registry, id);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
    assert_int_equal(count_processes(id), 0);
}

static void a_paused_task_has_a_deadline_without_a_host(void **state)
{
    fixture *f = *state;
    const char *const argv[] = {CHILD, "out", "ready", "forever", NULL};
    const tether_spec spec = {.timeout_ms = 4 * SHORT_MS};
    char id[TETHER_ID_SIZE];
    start(f->registry, argv, spec, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    ASSERT_OK(tether_pause(f->registry, id, &f->error), f->error);
    test_detach(f->registry);
    f->registry = NULL;
    WAIT_UNTIL(lifeline_has(f, id, "\ntimed_out "));
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_TIMED_OUT, 124, NULL);
}

/* --- What is left behind --- */

/* Runs a task that leaves a process behind. Returns its pid. */
static long leave_behind(fixture *f, char id[TETHER_ID_SIZE])
{
    const char *const argv[] = {CHILD, "leave", "pid", "forever", NULL};
    start(f->registry, argv, plain, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    long left = test_output_number(f->registry, id);
    assert_true(left > 1 && test_process_alive(left));
    return left;
}

static void end_process(long pid)
{
    HANDLE process = OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, (DWORD)pid);
    assert_non_null(process);
    process_crash(process);
}

static void a_monitor_guards_what_is_left(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long left = leave_behind(f, id), monitor = monitor_of(f->registry, id);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_true(snapshot->survivors_known);
    assert_int_equal(snapshot->survivor_count, 1);
    assert_int_equal(snapshot->survivors[0], left);
    tether_snapshot_free(snapshot);
    assert_true(test_process_alive(monitor));
    char named[80];
    snprintf(named, sizeof named, " left=1 who=%ld:tether-test-chi", left);
    assert_true(lifeline_has(f, id, named));
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    assert_false(test_process_alive(left));
    WAIT_UNTIL(!test_process_alive(monitor));
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
}

static void a_monitor_leaves_last(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long left = leave_behind(f, id), monitor = monitor_of(f->registry, id);
    end_process(left);
    WAIT_UNTIL(!test_process_alive(monitor));
}

static void a_guarded_task_can_be_removed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long left = leave_behind(f, id), monitor = monitor_of(f->registry, id);
    tether_snapshot *snapshot;
    ASSERT_OK(tether_remove(f->registry, id, &f->error), f->error);
    assert_int_equal(tether_status_get(f->registry, id, &snapshot, &f->error), TETHER_ENOTASK);
    assert_true(test_process_alive(left));
    end_process(left);
    WAIT_UNTIL(!test_process_alive(monitor));
    /* The files that the process had open. */
    ASSERT_OK(tether_gc(f->registry, NULL, NULL, &f->error), f->error);
}

static void nothing_is_left_with_end_tree(void **state)
{
    fixture *f = *state;
    const char *const argv[] = {CHILD, "leave", "forever", NULL};
    const tether_spec spec = {.end_tree = true};
    char id[TETHER_ID_SIZE];
    start(f->registry, argv, spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    /* The end is told at once. */
    long monitor = monitor_of(f->registry, id);
    WAIT_UNTIL(!test_process_alive(monitor));
    assert_int_equal(count_processes(id), 0);
}

static void nothing_is_left_of_a_killed_task(void **state)
{
    fixture *f = *state;
    const char *const argv[] = {CHILD, "forks", "8", "out", "ready", "forever", NULL};
    char id[TETHER_ID_SIZE];
    start(f->registry, argv, plain, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    long monitor = monitor_of(f->registry, id);
    assert_true(count_processes(id) >= 9);
    const tether_kill_options options = {.grace_ms = SHORT_MS};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_KILLED);
    assert_int_equal(count_processes(id), 0);
    assert_false(test_process_alive(monitor));
    assert_true(lifeline_has(f, id, "\nexit "));
}

/* The kill lets it go on, so that it reports the end. */
static void a_suspended_monitor_reports_a_kill(void **state)
{
    fixture *f = *state;
    const char *const argv[] = {CHILD, "out", "ready", "forever", NULL};
    char id[TETHER_ID_SIZE];
    start(f->registry, argv, plain, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_RUNNING);
    suspend_monitor(f->registry, id);
    const tether_kill_options options = {.grace_ms = -1};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_KILLED);
    assert_int_equal(count_processes(id), 0);
}

/* Somebody else ends the monitor: what it has started goes on, and a kill finds it. */
static void what_a_dead_monitor_leaves_is_found(void **state)
{
    fixture *f = *state;
    const char *const argv[] = {CHILD, "pid", "forever", NULL};
    char id[TETHER_ID_SIZE];
    start(f->registry, argv, plain, id);
    long command = test_output_number(f->registry, id);
    WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_RUNNING);
    kill_monitor(f->registry, id);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    assert_true(test_process_alive(command));
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    assert_false(test_process_alive(command));
}

/* Its next write fails. */
static void without_its_monitor_a_command_has_no_reader(void **state)
{
    fixture *f = *state;
    static const char *const argv[] = {CHILD, "pid", "times", "100000000", "out", "more", NULL};
    char id[TETHER_ID_SIZE];
    start(f->registry, argv, plain, id);
    long command = test_output_number(f->registry, id);
    kill_monitor(f->registry, id);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    WAIT_UNTIL(!test_process_alive(command));
}

static void without_a_monitor_a_script_supervises(void **state)
{
    fixture *f = *state;
    static const char *const argv[] = {CHILD, NULL};
    char id[TETHER_ID_SIZE];
    tether_spec spec = {.argv = argv};
    test_use_scripts();
    test_start(f->registry, &spec, id);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_string_equal(snapshot->supervisor, "script");
    tether_snapshot_free(snapshot);
    spec.supervisor = TETHER_SUPERVISOR_MONITOR;
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_ENOTSUP);
    assert_non_null(strstr(f->error.message, "TETHER_MONITOR"));
    spec.supervisor = TETHER_SUPERVISOR_AUTO;
    spec.end_tree = true;
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_ENOTSUP);
    assert_non_null(strstr(f->error.message, "cannot end what is left"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)
#define ALONE(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(every_code_is_told_in_full),
        TEST(the_use_of_the_job_is_told),
        TEST(what_a_running_task_uses_is_told),
        TEST(passes_arguments_of_any_kind),
        TEST(works_in_its_directory),
        TEST(the_choice_decides),
        TEST(cmd_in_a_network_path_needs_a_script),
        ALONE(orders_that_it_does_not_understand_are_refused),
        ALONE(a_start_that_fails_names_its_step),
        ALONE(without_its_handles_it_starts_nothing),
        ALONE(the_deadline_needs_no_host),
        TEST(a_monitor_that_dies_at_the_deadline_leaves_a_lost_task),
        TEST(a_suspended_monitor_is_no_reason_to_miss_the_deadline),
        TEST(a_paused_task_has_a_deadline_without_a_host),
        TEST(a_monitor_guards_what_is_left),
        TEST(a_monitor_leaves_last),
        TEST(a_guarded_task_can_be_removed),
        TEST(nothing_is_left_with_end_tree),
        TEST(nothing_is_left_of_a_killed_task),
        TEST(a_suspended_monitor_reports_a_kill),
        TEST(what_a_dead_monitor_leaves_is_found),
        TEST(without_its_monitor_a_command_has_no_reader),
        TEST(without_a_monitor_a_script_supervises), /* the last one: without monitors from here on
                                                      */
    };
    if (argc == 4 && strcmp(argv[1], "host") == 0)
        return be_host(argv);
    return cmocka_run_group_tests_name("monitor_win32", tests, NULL, NULL);
}
