/* Tasks whose supervisor was killed, went down with the machine, or left its pid to another
 * process. */
#include "engine/posix/planting.h"

#include <signal.h>
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

static long supervisor_pid(tether_registry *registry, const char *id)
{
    tether_error error = {0};
    tether_snapshot *snapshot;
    ASSERT_OK(tether_status_get(registry, id, &snapshot, &error), error);
    long pid = (long)snapshot->child_pid;
    tether_snapshot_free(snapshot);
    assert_true(pid > 0);
    return pid;
}

static void task_of_a_killed_supervisor_is_lost_at_once(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    /* Of a command that a monitor has started, hosts see the end (test_witness.c). */
    const char *const argv[] = {CHILD, "pid", "forever", NULL};
    const tether_spec spec = {.argv = argv, .supervisor = TETHER_SUPERVISOR_SCRIPT};
    test_start(f->registry, &spec, id);
    long child = test_output_number(f->registry, id);
    int64_t begin = test_now_ms();
    assert_int_equal(kill((pid_t)supervisor_pid(f->registry, id), SIGKILL), 0);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    assert_in_range(test_now_ms() - begin, 0, PATIENCE_MS / 2);

    tether_snapshot *snapshot;
    ASSERT_OK(tether_status_get(f->registry, id, &snapshot, &f->error), f->error);
    assert_int_equal(snapshot->survivor_count, 1);
    assert_int_equal(snapshot->survivors[0], child);
    tether_snapshot_free(snapshot);
    assert_true(test_process_alive(child));
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    assert_false(test_process_alive(child));
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    test_take_completion(f->registry, id);
}

/* Checks that a lookup of the task lists this survivor, or none (pid 0). */
static void expect_survivor(fixture *f, tether_registry *registry, const char *id, long pid)
{
    tether_snapshot *snapshot;
    ASSERT_OK(tether_find(registry, id, f->work, &snapshot, &f->error), f->error);
    assert_true(snapshot->survivors_known);
    assert_int_equal(snapshot->survivor_count, pid != 0 ? 1 : 0);
    if (pid != 0)
        assert_int_equal(snapshot->survivors[0], pid);
    tether_snapshot_free(snapshot);
}

/* A call that returns one task looks for survivors, also from another session. A list does not. */
static void survivors_are_listed_for_one_task_but_not_in_lists(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    tether_snapshot_list *list;
    const char *const argv[] = {CHILD, "pid", "forever", NULL};
    const tether_spec spec = {
        .argv = argv, .project_root = f->work, .supervisor = TETHER_SUPERVISOR_SCRIPT};
    test_start(f->registry, &spec, id);
    long child = test_output_number(f->registry, id);
    tether_registry *other = test_open_session(f, "other");
    expect_survivor(f, other, id, 0);
    assert_int_equal(kill((pid_t)supervisor_pid(f->registry, id), SIGKILL), 0);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    expect_survivor(f, f->registry, id, child);
    expect_survivor(f, other, id, child);
    ASSERT_OK(tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    assert_int_equal(list->count, 1);
    assert_false(list->items[0]->survivors_known);
    assert_int_equal(list->items[0]->survivor_count, 0);
    tether_snapshot_list_free(list);
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    expect_survivor(f, other, id, 0);
    test_take_completion(f->registry, id);
    test_detach(other);
}

static void task_of_another_boot_is_lost(void **state)
{
    fixture *f = *state;
    json_t *record = plant_new_record(f, "trebooted");
    plant_set_status(record, "running");
    json_object_set_new(record, "boot_id", json_string("00000000-0000-0000-0000-000000000000"));
    plant_task(f, "trebooted", record, "supervisor pid=2147483000 start=1 boot=0 pidns=1\n");
    f->registry = test_open(f);
    test_expect(f->registry, "trebooted", TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN, "rebooted");
    test_take_completion(f->registry, "trebooted");
}

/* The supervisor's pid was reused. The new process leads a process group and a session, as the
 * supervisor did. */
static void process_with_a_reused_pid_is_not_signalled(void **state)
{
    fixture *f = *state;
    int alive[2];
    assert_int_equal(pipe(alive), 0);
    pid_t stranger = fork();
    assert_true(stranger >= 0);
    if (stranger == 0) {
        setsid();
        signal(SIGTERM, SIG_DFL);
        close(alive[1]);
        for (char byte; read(alive[0], &byte, 1) < 0;)
            continue;
        _exit(42);
    }
    close(alive[0]);
    WAIT_UNTIL(getsid(stranger) == stranger);
    static const char *const statuses[] = {"running", "killing", "starting"};
    for (size_t i = 0; i < 3; i++) {
        char id[TETHER_ID_SIZE], marker[96];
        snprintf(id, sizeof id, "tstranger%zu", i);
        json_t *record = plant_new_record(f, id);
        plant_set_status(record, statuses[i]);
        json_object_set_new(record, "kill_intent", i == 1 ? json_string("kill") : json_null());
        json_object_set_new(record, "child_pid", json_integer(stranger));
        json_object_set_new(record, "pgid", json_integer(stranger));
        plant_set_pid(record, stranger, 77);
        snprintf(marker, sizeof marker, "supervisor pid=%ld start=77\n", (long)stranger);
        plant_task(f, id, record, marker);
    }
    f->registry = test_open(f);
    for (size_t i = 0; i < 3; i++) {
        char id[TETHER_ID_SIZE];
        snprintf(id, sizeof id, "tstranger%zu", i);
        ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
        const tether_kill_options usr1 = {.signal = SIGUSR1};
        ASSERT_OK(tether_kill(f->registry, id, &usr1, &f->error), f->error);
        tether_snapshot *snapshot = test_wait(f->registry, id);
        assert_int_equal(snapshot->status, i == 1 ? TETHER_STATUS_KILLED : TETHER_STATUS_LOST);
        assert_int_equal(snapshot->survivor_count, 0);
        tether_snapshot_free(snapshot);
    }
    close(alive[1]);
    assert_int_equal(test_join_host(stranger), 42);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)
#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(task_of_a_killed_supervisor_is_lost_at_once),
        WITH_REGISTRY(survivors_are_listed_for_one_task_but_not_in_lists),
        WITH_STORE(task_of_another_boot_is_lost),
        WITH_STORE(process_with_a_reused_pid_is_not_signalled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
