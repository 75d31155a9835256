/* A task that is bound to its host, on each system that has monitors. Commands that hide are in
 * posix/test_with_host.c. */
#include "monitor/controlled.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OFFSPRING = 4 };

static const tether_spec bound = {.with_host = true};

static int count_processes(const char *id)
{
    char cookie[TETHER_ID_SIZE + 32];
    snprintf(cookie, sizeof cookie, "TETHER_TASK_ID=%s", id);
    return test_count_cookies(cookie);
}

static void expect_killed(fixture *f, const char *id)
{
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + test_kill_signal(), "its host ended");
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_int_equal(snapshot->signal, test_kill_signal());
    tether_snapshot_free(snapshot);
    WAIT_UNTIL(count_processes(id) == 0);
}

/* A registry that is closed in a process that lives is an end, too. */
static void a_close_ends_what_is_bound(void **state)
{
    fixture *f = *state;
    char first[TETHER_ID_SIZE], second[TETHER_ID_SIZE], free_one[TETHER_ID_SIZE];
    const tether_spec plain = {0};
    controlled_start(f->registry, &bound, first, "forks", "4", "out", "ready", "forever", NULL);
    controlled_start(f->registry, &bound, second, "out", "ready", "forever", NULL);
    controlled_start(f->registry, &plain, free_one, "out", "ready", "forever", NULL);
    test_wait_output(f->registry, first, TETHER_STDOUT, 6);
    test_wait_output(f->registry, second, TETHER_STDOUT, 6);
    test_wait_output(f->registry, free_one, TETHER_STDOUT, 6);
    tether_snapshot *snapshot = test_snapshot(f->registry, first);
    assert_string_equal(snapshot->survival, "ends with its host");
    tether_snapshot_free(snapshot);
    test_detach(f->registry);
    f->registry = test_open(f);
    expect_killed(f, first);
    expect_killed(f, second);
    assert_int_equal(test_status(f->registry, free_one), TETHER_STATUS_RUNNING);
    controlled_end(f, free_one);
    for (int i = 0; i < 3; i++)
        controlled_reap();
}

/* Starts the command as a host, and waits for its only task. */
static long start_host(fixture *f, char id[TETHER_ID_SIZE])
{
    const char *ready = test_work_path(f, "ready");
    const char *const argv[] = {COMMAND,  "--store", f->store,  "run",   "--with-host",
                                "--wait", "--",      CHILD,     "forks", "4",
                                "append", ready,     "forever", NULL};
    tether_snapshot_list *list;
    long host = controlled_host(argv);
    WAIT_UNTIL(test_exists(ready));
    ASSERT_OK(tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error), f->error);
    assert_int_equal(list->count, 1);
    strcpy(id, list->items[0]->task_id);
    tether_snapshot_list_free(list);
    return host;
}

static void a_killed_host_takes_its_task_along(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long host = start_host(f, id);
    f->hosts_died = true;
    controlled_host_kill(host);
    expect_killed(f, id);
}

static void a_stopped_host_has_not_ended(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    long host = start_host(f, id);
    controlled_suspend(host);
    test_nap_us(100000);
    assert_int_equal(test_status(f->registry, id), TETHER_STATUS_RUNNING);
    f->hosts_died = true;
    controlled_host_kill(host);
    expect_killed(f, id);
}

/* It is its host's as long as that lives, and nobody's afterwards. */
static void what_a_bound_task_has_left_ends_with_the_host(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    controlled_start(f->registry, &bound, id, "forks", "4", NULL);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    tether_snapshot *snapshot = test_snapshot(f->registry, id);
    assert_int_equal(snapshot->survivor_total, OFFSPRING);
    tether_snapshot_free(snapshot);
    assert_true(count_processes(id) > 0);
    test_detach(f->registry);
    f->registry = test_open(f);
    WAIT_UNTIL(count_processes(id) == 0);
    test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
    controlled_reap();
}

/* It cannot say how the command ended. */
static void a_monitor_that_dies_after_its_host_leaves_a_lost_task(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    controlled_start(f->registry, &bound, id, "ignore-term", "out", "ready", "forever", NULL);
    test_wait_output(f->registry, id, TETHER_STDOUT, 6);
    long monitor = controlled_monitor(f->registry, id);
    test_detach(f->registry);
    WAIT_UNTIL(controlled_lifeline_has(f, id, "\nhost-ended "));
    controlled_kill(monitor);
    f->registry = test_open(f);
    test_expect(f->registry, id, TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "supervisor died while it ended the task because its host had ended");
    ASSERT_OK(tether_kill(f->registry, id, NULL, &f->error), f->error);
    controlled_reap();
}

static int count_words(const char *text)
{
    int words = 0;
    for (; *text != '\0'; text++)
        words += *text == ' ';
    return words;
}

/* The command holds no end of it, which would be a way to keep itself alive. */
static void the_command_inherits_nothing_of_the_bond(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    const tether_spec specs[] = {{0}, bound};
    int words[2];
    for (int i = 0; i < 2; i++) {
        size_t size;
        controlled_start(f->registry, &specs[i], id, "fds", NULL);
        test_expect(f->registry, id, TETHER_STATUS_COMPLETED, 0, NULL);
        char *text = test_output(f->registry, id, TETHER_STDOUT, &size);
        words[i] = count_words(text);
        free(text);
    }
    assert_true(words[0] > 0);
    assert_int_equal(words[0], words[1]);
}

static void it_needs_a_monitor_and_a_wait(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], *text;
    static const char *const argv[] = {CHILD, NULL};
    const char *const run[] = {COMMAND, "--store", f->store, "run", "--with-host", CHILD, NULL};
    const char *const script[] = {COMMAND,  "--store",      f->store, "run", "--with-host",
                                  "--wait", "--supervisor", "script", CHILD, NULL};
    tether_spec spec = {.argv = argv, .with_host = true, .supervisor = TETHER_SUPERVISOR_SCRIPT};
    assert_int_equal(test_command(run, NULL, &text), 125);
    assert_non_null(strstr(text, "needs --wait"));
    free(text);
    assert_int_equal(test_command(script, NULL, &text), 125);
    assert_non_null(strstr(text, "a script cannot end a task"));
    free(text);
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_EINVAL);
    spec.supervisor = TETHER_SUPERVISOR_AUTO;
    test_use_scripts();
    assert_int_equal(tether_spawn(f->registry, &spec, id, &f->error), TETHER_ENOTSUP);
    assert_non_null(strstr(f->error.message, "cannot end a task with its host"));
}

#define WITH_REGISTRY(name)                                                                        \
    cmocka_unit_test_setup_teardown(name, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(a_close_ends_what_is_bound),
        WITH_REGISTRY(a_killed_host_takes_its_task_along),
        WITH_REGISTRY(a_stopped_host_has_not_ended),
        WITH_REGISTRY(what_a_bound_task_has_left_ends_with_the_host),
        WITH_REGISTRY(a_monitor_that_dies_after_its_host_leaves_a_lost_task),
        WITH_REGISTRY(the_command_inherits_nothing_of_the_bond),
        WITH_REGISTRY(
            it_needs_a_monitor_and_a_wait), /* the last one: without monitors from here on */
    };
    return cmocka_run_group_tests_name("bound", tests, NULL, NULL);
}
