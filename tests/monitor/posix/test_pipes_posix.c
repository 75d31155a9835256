/* The outputs of a command that writes into pipes of its monitor: what only a POSIX system has. */
#include "support/support.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { LIMIT = 1000 };

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
    /* A host that is too late for the command knows nothing. */
    snapshot = test_wait(f->registry, id);
    if (snapshot->status == TETHER_STATUS_FAILED)
        assert_int_equal(snapshot->signal, SIGPIPE);
    else
        assert_int_equal(snapshot->status, TETHER_STATUS_LOST);
    tether_snapshot_free(snapshot);
    WAIT_UNTIL(!test_process_alive(command));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_opens_its_output_by_name_loses_nothing),
        TEST(what_cannot_be_written_is_counted),
        TEST(without_its_monitor_a_command_has_no_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
