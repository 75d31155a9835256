/* Single signals to a task: they reach the command, whatever they would do to its supervisor, and
 * the supervisor reports how the command ends. */
#include "support/support.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/posix/killable.h"
#include "posix/proc.h"

enum {
    LONG_GRACE_MS = 60000, /* longer than the test may take */
    AT_ONCE = 100,         /* tasks that get a signal right after their start */
    VARIABLES = 4000       /* of an environment that is small enough for every system */
};

static void send_signal(fixture *f, const char *id, int number)
{
    const tether_kill_options options = {.signal = number};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
}

/* Asserts that a task has ended with 128 + N and this signal, as its supervisor reports it. */
static void expect_end(fixture *f, const char *id, int number, int reported)
{
    tether_snapshot *snapshot = test_wait(f->registry, id);
    if (snapshot->status != TETHER_STATUS_FAILED || snapshot->exit_code != 128 + number)
        fail_msg("signal %d: %s, exit code %lld (%s)", number, tether_status_text(snapshot->status),
                 (long long)snapshot->exit_code, snapshot->reason != NULL ? snapshot->reason : "-");
    assert_null(snapshot->reason);
    assert_int_equal(snapshot->signal, reported);
    tether_snapshot_free(snapshot);
}

/* A script cannot tell a signal from the exit code that shells report for it. */
static void expect_reported_end(fixture *f, const char *id, int number)
{
    bool exact = strcmp(test_supervisor(), "monitor") == 0;
    expect_end(f, id, number, exact ? number : 0);
}

/* All that end a process by default. */
static const char *const fatal[] = {
    "HUP",    "INT",  "QUIT",   "ILL",  "TRAP",  "ABRT",    "BUS",   "FPE",
    "KILL",   "USR1", "SEGV",   "USR2", "PIPE",  "ALRM",    "TERM",  "XCPU",
    "XFSZ",   "PROF", "VTALRM", "SYS",  "RTMIN", "RTMIN+5", "RTMAX",
#ifdef SIGPWR
    "IO",     "POLL", "PWR",
#endif
#ifdef SIGSTKFLT
    "STKFLT",
#endif
};
enum { FATAL = sizeof fatal / sizeof fatal[0] };

static int number_of(const char *name)
{
    int number = tether_signal_number(name);
    if (number == 0)
        fail_msg("%s is not a signal", name);
    return number;
}

/* Lets a child leave the default actions to all signals. A program built with a sanitizer handles
 * some by itself, and hangs in its handler if the signal comes while it starts. */
#define PLAIN "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0"
static const char *const plain[] = {"ASAN_OPTIONS=" PLAIN ":detect_leaks=0", "TSAN_OPTIONS=" PLAIN,
                                    "UBSAN_OPTIONS=" PLAIN, NULL};
#undef PLAIN

static void start_plain_child(fixture *f, char id[TETHER_ID_SIZE])
{
    const char *const argv[] = {CHILD, "out", "ready", "forever", NULL};
    const tether_spec spec = {.argv = argv, .env_set = plain};
    test_start(f->registry, &spec, id);
}

static void every_fatal_signal_ends_the_command_and_is_reported(void **state)
{
    fixture *f = *state;
    char ids[FATAL][TETHER_ID_SIZE];
    for (size_t i = 0; i < FATAL; i++)
        start_plain_child(f, ids[i]);
    for (size_t i = 0; i < FATAL; i++) {
        test_wait_output(f->registry, ids[i], TETHER_STDOUT, 6);
        send_signal(f, ids[i], number_of(fatal[i]));
    }
    for (size_t i = 0; i < FATAL; i++)
        expect_reported_end(f, ids[i], number_of(fatal[i]));
}

/* Where the command is a text, its shell is the command. */
static void a_command_of_a_shell_can_handle_every_signal(void **state)
{
    static const char *const names[] = {"ABRT", "TRAP", "SYS", "BUS", "FPE", "HUP", "USR1", "TERM"};
    enum { COUNT = sizeof names / sizeof names[0] };
    fixture *f = *state;
    char ids[COUNT][TETHER_ID_SIZE], text[256];
    for (size_t i = 0; i < COUNT; i++) {
        snprintf(text, sizeof text,
                 "trap 'echo caught' %s; echo ready; while [ ! -e %s ]; do " CHILD
                 " sleep 20; done; exit 7",
                 names[i], test_work_path(f, "go"));
        const tether_spec spec = {.command = text, .shell = "sh", .env_set = plain};
        test_start(f->registry, &spec, ids[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        test_wait_output(f->registry, ids[i], TETHER_STDOUT, 6);
        send_signal(f, ids[i], number_of(names[i]));
        test_wait_output(f->registry, ids[i], TETHER_STDOUT, 13);
        assert_int_equal(test_status(f->registry, ids[i]), TETHER_STATUS_RUNNING);
    }
    test_make_directory(test_work_path(f, "go"));
    for (size_t i = 0; i < COUNT; i++)
        test_expect(f->registry, ids[i], TETHER_STATUS_FAILED, 7, NULL);
    test_expect_output(f->registry, ids[0], TETHER_STDOUT, "ready\ncaught\n");
}

static void a_command_that_aborts_is_reported_by_its_code(void **state)
{
    fixture *f = *state;
    char direct[TETHER_ID_SIZE], text[TETHER_ID_SIZE];
    test_start_child(f->registry, direct, "signal", "6", NULL);
    const tether_spec spec = {.command = CHILD " signal 6", .shell = "sh"};
    test_start(f->registry, &spec, text);
    expect_reported_end(f, direct, SIGABRT);
    /* The shell of the text has exited with that code. */
    expect_end(f, text, SIGABRT, 0);
}

/* A kill knows the signal that it sent. */
static void a_kill_reports_its_signal(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "out", "ready", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    tether_snapshot *snapshot = test_wait(f->registry, id);
    assert_int_equal(snapshot->status, TETHER_STATUS_KILLED);
    assert_int_equal(snapshot->signal, SIGTERM);
    assert_int_equal(snapshot->exit_code, 128 + SIGTERM);
    tether_snapshot_free(snapshot);
}

/* --- Right after the start --- */

static void signals_right_after_the_start_are_not_lost(void **state)
{
    static const int numbers[] = {SIGTERM, SIGABRT, SIGUSR1, SIGKILL};
    fixture *f = *state;
    char ids[AT_ONCE][TETHER_ID_SIZE];
    for (size_t i = 0; i < AT_ONCE; i++) {
        test_start_child(f->registry, ids[i], "forever", NULL);
        send_signal(f, ids[i], numbers[i % 4]);
    }
    for (size_t i = 0; i < AT_ONCE; i++)
        expect_reported_end(f, ids[i], numbers[i % 4]);
}

static void kills_right_after_the_start_do_not_wait_for_the_grace(void **state)
{
    fixture *f = *state;
    const tether_kill_options options = {.grace_ms = LONG_GRACE_MS};
    char id[TETHER_ID_SIZE];
    for (size_t i = 0; i < AT_ONCE; i++) {
        test_start_child(f->registry, id, "forever", NULL);
        ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
        test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
    }
}

static bool is_stopped(pid_t pid)
{
    tether__proc process;
    return tether__proc_read(pid, &process) == 0 && process.state == 'T';
}

typedef struct session_search {
    pid_t leader;
    bool found;
} session_search;

static bool find_member(int64_t pid, void *userdata)
{
    session_search *search = userdata;
    tether__proc process;
    search->found = pid != search->leader && tether__proc_read(pid, &process) == 0 &&
                    process.session == search->leader;
    return !search->found;
}

/* Whether the supervisor has forked. Its copy has no cookie while it executes the command. */
static bool has_forked(pid_t supervisor)
{
    session_search search = {supervisor, false};
    assert_int_equal(tether__proc_list(find_member, &search), 0);
    return search.found;
}

/* Starts a child whose supervisor, a shell, takes long to start: it has many variables to read. */
static void start_slowly(fixture *f, char id[TETHER_ID_SIZE])
{
    static char entries[VARIABLES][16];
    static const char *set[VARIABLES + 1];
    for (size_t i = 0; i < VARIABLES; i++) {
        snprintf(entries[i], sizeof entries[i], "V%zu=", i);
        set[i] = entries[i];
    }
    const char *const argv[] = {CHILD, "forever", NULL};
    const tether_spec spec = {.argv = argv, .env_set = set};
    test_start(f->registry, &spec, id);
}

/* Starts a task and stops its supervisor before that has started the command. */
static void start_without_command(fixture *f, char id[TETHER_ID_SIZE])
{
    for (int tries = 0; tries < 50; tries++) {
        start_slowly(f, id);
        tether_snapshot *snapshot = test_snapshot(f->registry, id);
        pid_t supervisor = (pid_t)snapshot->child_pid;
        tether_snapshot_free(snapshot);
        assert_int_equal(kill(supervisor, SIGSTOP), 0);
        WAIT_UNTIL(is_stopped(supervisor));
        if (!has_forked(supervisor))
            return;
        ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    }
    fail_msg("no supervisor could be stopped before it started its command");
}

static void a_kill_reaches_a_command_that_has_not_started(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start_without_command(f, id);
    const tether_kill_options options = {.grace_ms = LONG_GRACE_MS};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, NULL);
}

static void a_signal_fails_if_the_command_does_not_start(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start_without_command(f, id);
    const tether_kill_options abort = {.signal = SIGABRT};
    assert_int_equal(tether_kill(f->registry, id, &abort, &f->error), TETHER_ETIMEDOUT);
    assert_non_null(strstr(f->error.message, "has not started its command"));
    send_signal(f, id, SIGCONT);
    send_signal(f, id, SIGABRT);
    expect_reported_end(f, id, SIGABRT);
}

/* --- KILL --- */

static void a_signal_kill_ends_a_paused_task(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "out", "ready", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    ASSERT_OK(tether_pause(f->registry, id, &f->error), f->error);
    send_signal(f, id, SIGKILL);
    expect_reported_end(f, id, SIGKILL);
}

static void a_signal_kill_reaches_processes_that_fork(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    test_start_child(f->registry, id, "out", "ready", "forks", "200", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    send_signal(f, id, SIGKILL);
    expect_reported_end(f, id, SIGKILL);
    WAIT_UNTIL(killable_count(id) == 0);
}

static int no_core_files(void **state)
{
    (void)state;
    const struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_fatal_signal_ends_the_command_and_is_reported),
        TEST(a_command_of_a_shell_can_handle_every_signal),
        TEST(a_command_that_aborts_is_reported_by_its_code),
        TEST(a_kill_reports_its_signal),
        TEST(signals_right_after_the_start_are_not_lost),
        TEST(kills_right_after_the_start_do_not_wait_for_the_grace),
        TEST(a_kill_reaches_a_command_that_has_not_started),
        TEST(a_signal_fails_if_the_command_does_not_start),
        TEST(a_signal_kill_ends_a_paused_task),
        TEST(a_signal_kill_reaches_processes_that_fork),
    };
    return cmocka_run_group_tests(tests, no_core_files, NULL);
}
