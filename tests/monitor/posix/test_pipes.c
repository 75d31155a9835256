/* The outputs of a command that writes into pipes of its monitor. */
#include "support/support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { LINES = 200000, LIMIT = 1000 };

static void start_text(tether_registry *registry, const char *command, char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.command = command, .shell = "sh", .output = TETHER_OUTPUT_PIPE};
    test_start(registry, &spec, id);
}

/* Opening such a name opens the file behind it again: a file would be cut off, and written to from
 * its start. */
static void what_opens_its_output_by_name_loses_nothing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start_text(f->registry,
               "echo 1; echo 2 >/dev/stdout; echo 3; echo a >&2; echo b >/dev/stderr\n"
               "echo c >&2; echo 4 | tee /dev/stderr; echo 5",
               id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "1\n2\n3\n4\n5\n");
    test_expect_output(f->registry, id, TETHER_STDERR, "a\nb\nc\n4\n");
}

static void merged_outputs_keep_their_order(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec spec = {.command = "for i in 1 2 3 4 5; do echo $i; echo e$i >&2; done",
                              .shell = "sh",
                              .merge_output = true,
                              .output = TETHER_OUTPUT_PIPE};
    test_start(f->registry, &spec, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "1\ne1\n2\ne2\n3\ne3\n4\ne4\n5\ne5\n");
}

/* In place of strtol, which a sanitizer lets look for the end of the whole text each time. */
static long read_number(char **at)
{
    long number = 0;
    for (; **at >= '0' && **at <= '9'; ++*at)
        number = number * 10 + (**at - '0');
    return number;
}

/* All of it is there when the end is told. */
static void a_flood_comes_whole(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[100];
    snprintf(command, sizeof command, "seq 1 %d; seq 1 %d >&2", LINES, LINES);
    start_text(f->registry, command, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    for (int stream = TETHER_STDOUT; stream <= TETHER_STDERR; stream++) {
        size_t size;
        char *text = test_output(f->registry, id, (tether_stream)stream, &size);
        char *at = text;
        for (long line = 1; line <= LINES; line++, at++) {
            assert_int_equal(read_number(&at), line);
            assert_int_equal(*at, '\n');
        }
        assert_int_equal(at - text, size);
        free(text);
    }
}

/* The end does not wait for a process that keeps the pipe, and what that writes later comes too. */
static void what_is_left_behind_goes_on_writing(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[400];
    const char *go = test_work_path(f, "go");
    snprintf(command, sizeof command,
             "echo first; (until [ -e '%s' ]; do sleep 0.01; done; echo last) &\nexit 0", go);
    start_text(f->registry, command, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "first\n");
    test_write_file(go, "", 0);
    WAIT_UNTIL(test_count_lines(test_bundle_path(f, id, "stdout")) == 2);
    test_expect_output(f->registry, id, TETHER_STDOUT, "first\nlast\n");
    WAIT_UNTIL(!test_has_child());
}

/* As on a full disk. The command goes on, and what is missing is counted. */
static void what_cannot_be_written_is_counted(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[400];
    const char *go = test_work_path(f, "go");
    snprintf(command, sizeof command,
             "until [ -e '%s' ]; do sleep 0.01; done\n"
             "head -c %d /dev/zero; echo more; echo alive >&2",
             go, LIMIT);
    start_text(f->registry, command, id);
    WAIT_UNTIL(test_status(f->registry, id) == TETHER_STATUS_RUNNING);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    const struct rlimit limit = {LIMIT, LIMIT};
    assert_int_equal(prlimit((pid_t)snapshot->child_pid, RLIMIT_FSIZE, &limit, NULL), 0);
    tether_snapshot_free(snapshot);
    test_write_file(go, "", 0);
    snapshot = test_wait(f->registry, id);
    assert_int_equal(snapshot->status, TETHER_STATUS_COMPLETED);
    assert_int_equal(snapshot->output_lost, 5);
    tether_snapshot_free(snapshot);
    size_t size;
    free(test_output(f->registry, id, TETHER_STDOUT, &size));
    assert_int_equal(size, LIMIT);
    test_expect_output(f->registry, id, TETHER_STDERR, "alive\n");
}

/* A kill ends the monitor last, so that it reads what the command has written. */
static void a_kill_loses_nothing(void **state)
{
    fixture *f = *state;
    enum { KILLS = 5 };
    for (int i = 0; i < KILLS; i++) {
        char id[TETHER_ID_SIZE], command[400];
        const char *written = test_work_path(f, "written");
        remove(written);
        snprintf(command, sizeof command,
                 "trap '' TERM; echo ready; until [ -e '%s' ]; do sleep 0.01; done; seq 1 9000; "
                 "echo >'%s'; while :; do sleep 1; done",
                 test_work_path(f, "go"), written);
        remove(test_work_path(f, "go"));
        start_text(f->registry, command, id);
        test_wait_output(f->registry, id, TETHER_STDOUT, 6);
        test_write_file(test_work_path(f, "go"), "", 0);
        while (!test_exists(written))
            continue; /* at once: the monitor rests for a millisecond */
        const tether_kill_options options = {.grace_ms = -1};
        ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
        test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGKILL, NULL);
        assert_int_equal(test_count_lines(test_bundle_path(f, id, "stdout")), 9001);
    }
}

/* Its next write ends the command, and the task is lost as any whose supervisor was killed. */
static void without_its_monitor_a_command_has_no_reader(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start_text(f->registry, "echo $$; while :; do echo; sleep 0.01; done", id);
    long command = test_output_number(f->registry, id);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_int_equal(kill((pid_t)snapshot->child_pid, SIGKILL), 0);
    tether_snapshot_free(snapshot);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    WAIT_UNTIL(!test_process_alive(command));
}

/* What is in the pipe when the last process ends is not lost. */
static void what_is_left_behind_writes_all(void **state)
{
    enum { MUCH = 20000000 };
    fixture *f = *state;
    for (int i = 0; i < 5; i++) {
        char id[TETHER_ID_SIZE], cookie[TETHER_ID_SIZE + 32];
        struct stat st;
        start_text(f->registry, "(sleep 0.1; head -c 20000000 /dev/zero) & exit 0", id);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        snprintf(cookie, sizeof cookie, "TETHER_TASK_ID=%s", id);
        WAIT_UNTIL(test_count_cookies(cookie) == 0);
        assert_int_equal(stat(test_bundle_path(f, id, "stdout"), &st), 0);
        assert_int_equal(st.st_size, MUCH);
    }
}

static void pipes_need_a_monitor(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_spec spec = {
        .command = "exit 0", .output = TETHER_OUTPUT_PIPE, .supervisor = TETHER_SUPERVISOR_SCRIPT};
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_EINVAL);
    spec.supervisor = TETHER_SUPERVISOR_AUTO;
    test_use_scripts();
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_ENOTSUP);
    assert_non_null(strstr(f->error.message, "no pipes"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_opens_its_output_by_name_loses_nothing),
        TEST(merged_outputs_keep_their_order),
        TEST(a_flood_comes_whole),
        TEST(what_is_left_behind_goes_on_writing),
        TEST(what_cannot_be_written_is_counted),
        TEST(a_kill_loses_nothing),
        TEST(without_its_monitor_a_command_has_no_reader),
        TEST(what_is_left_behind_writes_all),
        TEST(pipes_need_a_monitor), /* the last one: without monitors from here on */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
