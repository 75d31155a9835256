/* A task that is bound to its host ends with it, however that ends, and with all that it has
 * started. */
#include "monitor/posix/monitored.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ESCAPEES = 20 };

/* The lines of the command: a process that obeys, and many that hide and ignore SIGTERM. */
static void escaping_command(const fixture *f, const char *rest, char *command, size_t size)
{
    const char *pids = test_work_path(f, "pids");
    snprintf(command, size,
             "i=0; while [ $i -lt %d ]; do i=$((i+1))\n"
             "(trap '' TERM; env -i setsid sh -c 'echo $$ >>%s; exec /bin/sleep 1000' &)\ndone\n"
             "until [ \"$(wc -l <'%s')\" -eq %d ]; do sleep 0.01; done\n%s",
             ESCAPEES, pids, pids, ESCAPEES, rest);
}

/* Waits until every process whose pid is in the file has ended. */
static void expect_gone(const fixture *f)
{
    FILE *file = fopen(test_work_path(f, "pids"), "re");
    assert_non_null(file);
    long pid;
    int count = 0;
    for (; fscanf(file, "%ld", &pid) == 1; count++)
        WAIT_UNTIL(!test_process_alive(pid));
    fclose(file);
    assert_int_equal(count, ESCAPEES);
}

static void wait_for_file(const fixture *f, const char *name)
{
    size_t size = 0;
    WAIT_UNTIL((free(test_read_file(test_work_path(f, "%s", name), &size)), size > 0));
}

/* Reaps the monitors of a registry that is closed. */
static void reap(void)
{
    WAIT_UNTIL(waitpid(-1, NULL, WNOHANG) != 0);
}

static void start_bound(fixture *f, const char *command, char id[TETHER_ID_SIZE])
{
    const tether_spec spec = {.command = command, .shell = "sh", .with_host = true};
    test_start(f->registry, &spec, id);
}

static void a_close_ends_what_is_bound(void **state)
{
    fixture *f = *state;
    char bound[TETHER_ID_SIZE], obeys[TETHER_ID_SIZE], free_one[TETHER_ID_SIZE], command[2048];
    escaping_command(f, "echo ready; exec sleep 1000", command, sizeof command);
    start_bound(f, command, bound);
    start_bound(f, "trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done", obeys);
    monitored_start(f->registry, "echo ready; sleep 1000", 0, free_one);
    test_wait_output(f->registry, bound, TETHER_STDOUT, 6);
    test_wait_output(f->registry, obeys, TETHER_STDOUT, 6);
    test_wait_output(f->registry, free_one, TETHER_STDOUT, 6);
    tether_snapshot *snapshot = test_snapshot(f->registry, bound);
    assert_string_equal(snapshot->survival, "ends with its host");
    tether_snapshot_free(snapshot);

    test_detach(f->registry);
    f->registry = test_open(f);
    test_expect(f->registry, bound, TETHER_STATUS_KILLED, 128 + SIGTERM, "its host ended");
    test_expect(f->registry, obeys, TETHER_STATUS_FAILED, 5, "ended by itself when its host ended");
    expect_gone(f);
    snapshot = test_snapshot(f->registry, bound);
    assert_int_equal(snapshot->signal, SIGTERM);
    tether_snapshot_free(snapshot);
    assert_int_equal(test_status(f->registry, free_one), TETHER_STATUS_RUNNING);
    ASSERT_OK(tether_kill(f->registry, free_one, NULL, &f->error), f->error);
    for (int i = 0; i < 3; i++)
        reap();
}

/* Starts a host of its own, which starts the task and then sleeps. Returns its pid. */
static pid_t start_host(const fixture *f, const char *command)
{
    pid_t host = fork();
    assert_true(host >= 0);
    if (host > 0)
        return host;
    execl(TETHER_TEST_COMMAND, "tether", "--store", f->store, "run", "--with-host", "--wait", "-c",
          command, (char *)NULL);
    _exit(127);
}

/* Returns the id of the only task. */
static void find_only(fixture *f, char id[TETHER_ID_SIZE])
{
    tether_snapshot_list *list;
    ASSERT_OK(tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    assert_int_equal(list->count, 1);
    strcpy(id, list->items[0]->task_id);
    tether_snapshot_list_free(list);
}

static void a_killed_command_takes_its_task_along(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[2048], rest[600];
    snprintf(rest, sizeof rest, "echo x >'%s'; exec sleep 1000", test_work_path(f, "ready"));
    escaping_command(f, rest, command, sizeof command);
    pid_t host = start_host(f, command);
    wait_for_file(f, "ready");
    find_only(f, id);
    assert_int_equal(kill(host, SIGKILL), 0);
    assert_int_equal(waitpid(host, NULL, 0), host);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, "its host ended");
    expect_gone(f);
}

/* A stopped host has not ended. */
static void a_stopped_command_keeps_its_task(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[600];
    snprintf(command, sizeof command, "echo x >'%s'; exec sleep 1000", test_work_path(f, "ready"));
    pid_t host = start_host(f, command);
    wait_for_file(f, "ready");
    find_only(f, id);
    assert_int_equal(kill(host, SIGSTOP), 0);
    test_nap_us(100000);
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_RUNNING);
    assert_int_equal(kill(host, SIGKILL), 0);
    assert_int_equal(waitpid(host, NULL, 0), host);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGTERM, "its host ended");
}

/* It is its host's as long as that lives, and nobody's afterwards. */
static void what_a_bound_task_has_left_ends_with_the_host(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], command[2048];
    escaping_command(f, "exit 0", command, sizeof command);
    start_bound(f, command, id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_int_equal(snapshot->survivor_total, ESCAPEES);
    tether_snapshot_free(snapshot);
    test_detach(f->registry);
    f->registry = test_open(f);
    expect_gone(f);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    reap();
}

/* It cannot say how the command ended. */
static void a_monitor_that_dies_after_its_host_leaves_a_lost_task(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start_bound(f, "trap '' TERM; echo ready; sleep 1000 & wait; sleep 1000", id);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    long monitor = monitored_pid(f->registry, id);
    test_detach(f->registry);
    char *text;
    bool told = false;
    while (!told) {
        text = test_read_file(test_exit_path(f, id), NULL);
        told = text != NULL && strstr(text, "\nhost-ended ") != NULL;
        free(text);
    }
    assert_int_equal(kill((pid_t)monitor, SIGKILL), 0);
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "supervisor died while it ended the task because its host had ended");
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    reap();
}

/* The command holds no end of it, which would be a way to keep itself alive. */
static void the_command_inherits_nothing_of_the_bond(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    start_bound(f, "for n in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$n ] || echo $n; done; echo end",
                id);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    test_expect_output(f->registry, id, TETHER_STDOUT, "end\n");
}

#define WITH_REGISTRY(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(a_close_ends_what_is_bound),
        WITH_REGISTRY(a_killed_command_takes_its_task_along),
        WITH_REGISTRY(a_stopped_command_keeps_its_task),
        WITH_REGISTRY(what_a_bound_task_has_left_ends_with_the_host),
        WITH_REGISTRY(a_monitor_that_dies_after_its_host_leaves_a_lost_task),
        WITH_REGISTRY(the_command_inherits_nothing_of_the_bond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
