/* What the processes of a running task use, as its monitor tells it. */
#include "monitor/posix/monitored.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void start(fixture *f, const char *command, size_t written, char id[TETHER_ID_SIZE])
{
    monitored_start(f->registry, command, 0, id);
    test_wait_output(f->registry, id, TETHER_STDOUT, written);
}

static void end(fixture *f, const char *id)
{
    const tether_kill_options options = {.grace_ms = -1};
    ASSERT_OK(tether_kill(f->registry, id, &options, &f->error), f->error);
}

/* The caller frees the snapshot. */
static tether_snapshot *measured(fixture *f, const char *id)
{
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_int_equal(snapshot->user_ms, -1);
    assert_int_equal(snapshot->memory_now, -1);
    assert_int_equal(snapshot->processes_now, -1);
    ASSERT_OK(tether_snapshot_measure(f->registry, snapshot, &f->error), f->error);
    return snapshot;
}

static int64_t processor_ms(fixture *f, const char *id)
{
    tether_snapshot *snapshot = measured(f, id);
    int64_t ms = snapshot->user_ms + snapshot->system_ms;
    assert_true(snapshot->user_ms >= 0 && snapshot->system_ms >= 0);
    tether_snapshot_free(snapshot);
    return ms;
}

static int64_t processes(fixture *f, const char *id)
{
    tether_snapshot *snapshot = measured(f, id);
    int64_t count = snapshot->processes_now;
    tether_snapshot_free(snapshot);
    return count;
}

static void processor_time_grows(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, "echo ready; while :; do :; done", 6, id);
    WAIT_UNTIL(processor_ms(f, id) >= 50);
    int64_t before = processor_ms(f, id);
    WAIT_UNTIL(processor_ms(f, id) >= before + 50);
    end(f, id);
}

/* The times of a process go to who waits for it: its parent, or the monitor. */
static void the_time_of_processes_that_have_ended_counts(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
    char command[600];
    const char *done = test_work_path(f, "done");
    snprintf(command, sizeof command,
             "sh -c '%s'; (setsid sh -c \"%s; echo x >'%s'\" &); echo ready; exec sleep 1000", busy,
             "i=0; while [ \\$i -lt 200000 ]; do i=\\$((i+1)); done", done);
    start(f, command, 6, id);
    int64_t first = processor_ms(f, id);
    assert_true(first >= 20);
    WAIT_UNTIL(test_exists(done));
    WAIT_UNTIL(processes(f, id) == 1);
    assert_true(processor_ms(f, id) >= first + 20);
    end(f, id);
}

/* A process of another task below this one is not this task's. */
static void every_process_of_the_task_counts(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[1200];
    snprintf(command, sizeof command,
             "(env -i setsid sh -c 'exec /bin/sleep 1000' &)\n"
             "sleep 1000 & (setsid sleep 1000 &)\n"
             "'%s' --store '%s' --session other run sleep 1000 >/dev/null\n"
             "echo ready; wait",
             TETHER_TEST_COMMAND, f->store);
    start(f, command, 6, id);
    WAIT_UNTIL(processes(f, id) == 4);
    tether_snapshot *snapshot = measured(f, id);
    assert_true(snapshot->memory_now >= 4 * 64 * 1024);
    tether_snapshot_free(snapshot);
    tether_registry *other = test_open_session(f, "other");
    tether_snapshot_list *list;
    ASSERT_OK(tether_list(other, TETHER_LIST_RUNNING, &list, &f->error), f->error);
    assert_int_equal(list->count, 1);
    /* The wrong registry */
    assert_int_equal(tether_snapshot_measure(f->registry, list->items[0], &f->error),
                     TETHER_ENOTASK);
    /* Its monitor may be about to start the command. */
    WAIT_UNTIL(tether_snapshot_measure(other, list->items[0], &f->error) != TETHER_ETIMEDOUT);
    assert_int_equal(list->items[0]->processes_now, 1);
    ASSERT_OK(tether_kill(other, list->items[0]->task_id, NULL, &f->error), f->error);
    tether_snapshot_list_free(list);
    test_detach(other);
    end(f, id);
}

static void memory_follows_what_is_taken(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *go = test_work_path(f, "go");
    char command[600];
    snprintf(command, sizeof command,
             "echo ready; until [ -e '%s' ]; do sleep 0.01; done\n"
             "x=$(head -c 30000000 /dev/zero | tr '\\0' x); echo more; sleep 1000",
             go);
    start(f, command, 6, id);
    tether_snapshot *before = measured(f, id);
    test_write_file(go, "", 0);
    test_wait_output(f->registry, id, TETHER_STDOUT, 11);
    tether_snapshot *after = measured(f, id);
    assert_true(before->memory_now > 0);
    assert_true(after->memory_now >= before->memory_now + 25 * 1000 * 1000);
    tether_snapshot_free(before);
    tether_snapshot_free(after);
    end(f, id);
}

/* Also of a paused task, whose monitor is not stopped. */
static void a_paused_task_is_measured(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start(f, "echo ready; sleep 1000", 6, id);
    ASSERT_OK(tether_pause(f->registry, id, &f->error), f->error);
    assert_true(processes(f, id) >= 1);
    end(f, id);
}

static void expect_unknown(fixture *f, tether_snapshot *snapshot, int code)
{
    assert_int_equal(tether_snapshot_measure(f->registry, snapshot, &f->error), code);
    assert_int_equal(snapshot->memory_now, -1);
    assert_int_equal(snapshot->processes_now, -1);
}

static void what_cannot_be_asked_is_not_known(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], scripted[TETHER_ID_SIZE];
    start(f, "echo ready; sleep 1000", 6, id);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    pid_t monitor = (pid_t)monitored_pid(f->registry, id);
    assert_int_equal(kill(monitor, SIGSTOP), 0);
    expect_unknown(f, snapshot, TETHER_ENOANSWER);
    assert_int_equal(snapshot->user_ms, -1);
    assert_int_equal(kill(monitor, SIGCONT), 0);
    end(f, id);
    expect_unknown(f, snapshot, TETHER_EENDED); /* it says that the task runs */
    tether_snapshot_free(snapshot);
    snapshot = test_snapshot(f->registry, id);
    int64_t used = snapshot->user_ms;
    assert_true(used >= 0);
    expect_unknown(f, snapshot, TETHER_EENDED);
    assert_int_equal(snapshot->user_ms, used);
    tether_snapshot_free(snapshot);

    const tether_spec spec = {
        .command = "sleep 1000", .shell = "sh", .supervisor = TETHER_SUPERVISOR_SCRIPT};
    test_start(f->registry, &spec, scripted);
    WAIT_UNTIL(test_status(f->registry, scripted) == TETHER_STATUS_RUNNING);
    snapshot = test_snapshot(f->registry, scripted);
    expect_unknown(f, snapshot, TETHER_ENOTSUP);
    tether_snapshot_free(snapshot);
    end(f, scripted);
}

/* Returns what the command prints, which the caller frees. */
static json_t *read_json(const fixture *f, const char *arguments)
{
    char command[1200];
    json_error_t problem;
    snprintf(command, sizeof command, "'%s' --store '%s' --json %s", TETHER_TEST_COMMAND, f->store,
             arguments);
    FILE *output = popen(command, "re");
    assert_non_null(output);
    json_t *object = json_loadf(output, JSON_DISABLE_EOF_CHECK, &problem);
    assert_int_equal(pclose(output), 0);
    assert_non_null(object);
    return object;
}

/* A list asks nobody, so the monitor makes no channel. */
static void the_command_shows_it_in_the_status_only(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], arguments[100];
    start(f, "echo ready; exec sleep 1000", 6, id);
    json_t *object = read_json(f, "list");
    assert_true(json_is_null(json_object_get(object, "processes_now")));
    assert_true(json_is_null(json_object_get(object, "user_ms")));
    json_decref(object);
    assert_false(test_exists(test_bundle_path(f, id, "control")));
    snprintf(arguments, sizeof arguments, "status %s", id);
    object = read_json(f, arguments);
    assert_int_equal(json_integer_value(json_object_get(object, "processes_now")), 1);
    assert_true(json_integer_value(json_object_get(object, "memory_now")) > 0);
    assert_true(json_is_integer(json_object_get(object, "user_ms")));
    json_decref(object);
    end(f, id);
    object = read_json(f, arguments);
    assert_true(json_is_null(json_object_get(object, "processes_now")));
    json_decref(object);
}

#define WITH_REGISTRY(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(processor_time_grows),
        WITH_REGISTRY(the_time_of_processes_that_have_ended_counts),
        WITH_REGISTRY(every_process_of_the_task_counts),
        WITH_REGISTRY(memory_follows_what_is_taken),
        WITH_REGISTRY(a_paused_task_is_measured),
        WITH_REGISTRY(what_cannot_be_asked_is_not_known),
        WITH_REGISTRY(the_command_shows_it_in_the_status_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
