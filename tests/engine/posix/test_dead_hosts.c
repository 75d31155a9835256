/* Tasks whose host died in the middle of a start or of a kill, as the next host finds them. */
#include "support/elsewhere.h"
#include "engine/posix/planting.h"

#include <stdio.h>

static void starting_task_without_a_process_was_never_started(void **state)
{
    fixture *f = *state;
    plant_starting(f, "tstarting", "");
    f->registry = test_open(f);
    test_expect(f->registry, "tstarting", TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, "never started");
    test_take_completion(f->registry, "tstarting");
}

static void starting_task_without_a_lifeline_was_never_started(void **state)
{
    fixture *f = *state;
    plant_starting(f, "tstarting", NULL);
    f->registry = test_open(f);
    test_expect(f->registry, "tstarting", TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, "never started");
    test_take_completion(f->registry, "tstarting");
}

static void started_task_that_was_not_recorded_is_adopted(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const char *file = test_work_path(f, "ran"), *gate = test_work_path(f, "gate");
    START_ELSEWHERE(f, id, "--", CHILD, "append", file, "await", gate, "exit", "9");
    WAIT_UNTIL(test_count_lines(file) == 1);
    json_t *record = test_load_record(f, id);
    plant_set_status(record, "starting");
    plant_set_pid(record, 0, 0);
    json_object_set_new(record, "child_pid", json_null());
    test_save_record(f, id, record);

    f->registry = test_open(f);
    tether_snapshot *snapshot;
    ASSERT_OK(tether_status_get(f->registry, id, &snapshot, &f->error), f->error);
    assert_int_equal(snapshot->status, TETHER_STATUS_RUNNING);
    assert_true(test_process_alive((long)snapshot->child_pid));
    tether_snapshot_free(snapshot);
    test_write_file(gate, "", 0);
    test_expect(f->registry, id, TETHER_STATUS_FAILED, 9, NULL);
    assert_int_equal(test_count_lines(file), 1);
    test_take_completion(f->registry, id);
}

static void killing_task_with_an_exit_marker_is_finalised(void **state)
{
    fixture *f = *state;
    static const char reason[] = "recovered from inconsistent killing state on replay";
    static const struct {
        const char *id, *intent, *marker;
        tether_status status;
        int64_t code;
    } cases[] = {
        {"town", "kill", "exit 3 uptime=1.00\n", TETHER_STATUS_FAILED, 3},
        {"tzero", "kill", "exit 0\n", TETHER_STATUS_COMPLETED, 0},
        {"tkilled", "kill", "exit 143\n", TETHER_STATUS_KILLED, 143},
        {"tdeadline", "timeout", "exit 143\n", TETHER_STATUS_TIMED_OUT, 124},
        {"tsignal", "kill", "signal 9\n", TETHER_STATUS_KILLED, 137},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char marker[128];
        json_t *record = plant_new_record(f, cases[i].id);
        plant_set_status(record, "killing");
        plant_set_pid(record, 2147483000, 1);
        json_object_set_new(record, "supervisor", json_string("script"));
        json_object_set_new(record, "kill_intent", json_string(cases[i].intent));
        snprintf(marker, sizeof marker, "supervisor pid=2147483000 start=1\n%s", cases[i].marker);
        plant_task(f, cases[i].id, record, marker);
    }
    f->registry = test_open(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        test_expect(f->registry, cases[i].id, cases[i].status, cases[i].code, reason);
        test_take_completion(f->registry, cases[i].id);
    }
}

static void interrupted_kill_is_resumed(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    START_ELSEWHERE(f, id, "--", CHILD, "out", "ready", "forever");
    /* Before the command runs, a signal may reach only the wrapper, which traps it and goes on. */
    WAIT_UNTIL(test_count_lines(test_bundle_path(f, id, "stdout")) == 1);
    json_t *record = test_load_record(f, id);
    plant_set_status(record, "killing");
    json_object_set_new(record, "kill_intent", json_string("kill"));
    json_object_set_new(record, "kill_takeover_ms", json_integer(1));
    test_save_record(f, id, record);
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 143, NULL);
    test_take_completion(f->registry, id);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(starting_task_without_a_process_was_never_started),
        WITH_STORE(starting_task_without_a_lifeline_was_never_started),
        WITH_STORE(started_task_that_was_not_recorded_is_adopted),
        WITH_STORE(killing_task_with_an_exit_marker_is_finalised),
        WITH_STORE(interrupted_kill_is_resumed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
