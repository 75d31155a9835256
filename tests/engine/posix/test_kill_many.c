/* Many tasks are killed at once. One process listing serves all of them, and proves an end only
 * where it began late enough. */
#include "support/support.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "posix/forked.h"
#include "engine/kill.h"
#include "engine/posix/killable.h"
#include "os/tree.h"
#include "posix/listing.h"
#include "posix/proc.h"
#include "engine/refresh.h"
#include "engine/core.h"

/* How many process listings this process has begun. The linker replaces calls of opendir by
 * __wrap_opendir. */
static atomic_int listings;

DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);

DIR *__wrap_opendir(const char *path)
{
    if (strcmp(path, "/proc") == 0)
        atomic_fetch_add(&listings, 1);
    return __real_opendir(path);
}

/* How often this process has slept; __wrap_nanosleep counts. */
static atomic_int naps;

int __real_nanosleep(const struct timespec *wanted, struct timespec *left);
int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left);

int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
    atomic_fetch_add(&naps, 1);
    return __real_nanosleep(wanted, left);
}

/* How many processes of all tasks of the test live. */
static int count_all(const fixture *f)
{
    char cookie[600];
    snprintf(cookie, sizeof cookie, "TETHER_TEST_STORE=%s", f->store);
    return test_count_cookies(cookie);
}

/* Closes the registry with a shutdown and opens it again. Returns how many listings the shutdown
 * took. */
static int shut_down(fixture *f)
{
    int before = atomic_load(&listings);
    ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
    int used = atomic_load(&listings) - before;
    f->registry = test_open(f);
    return used;
}

static void expect_shut_down(fixture *f, const char *id, int64_t code)
{
    assert_int_equal(killable_count(id), 0);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, code, "registry was shut down");
}

/* The last tasks have not written their identity when the shutdown begins. Every tenth has a
 * process in a session of its own. */
static void many_tasks_share_their_listings(void **state)
{
    enum { TASKS = 300 };
    static char ids[TASKS][TETHER_ID_SIZE];
    fixture *f = *state;
    for (int i = 0; i < TASKS; i++) {
        if (i % 10 == 0)
            test_run(f, CHILD " detach forever & exec " CHILD " forever", ids[i]);
        else
            test_start_child(f->registry, ids[i], "forever", NULL);
    }
    int used = shut_down(f);
    print_message("%d listings for %d tasks\n", used, TASKS);
    assert_in_range(used, 2, TASKS / 2);
    assert_int_equal(count_all(f), 0);
    for (int i = 0; i < TASKS; i++) {
        tether_snapshot *snapshot = test_wait(f->registry, ids[i]);
        assert_int_equal(snapshot->status, TETHER_STATUS_KILLED);
        assert_string_equal(snapshot->reason, "registry was shut down");
        tether_snapshot_free(snapshot);
    }
}

static void processes_forked_between_two_rounds_are_found(void **state)
{
    enum { TASKS = 8 };
    fixture *f = *state;
    char ids[TASKS][TETHER_ID_SIZE];
    for (int i = 0; i < TASKS; i++)
        test_start_child(f->registry, ids[i], "ignore-term", "out", "ready", "forks", "40",
                         "forever", NULL);
    for (int i = 0; i < TASKS; i++)
        test_wait_output(f->registry, ids[i], TETHER_STDOUT, 6);
    shut_down(f);
    for (int i = 0; i < TASKS; i++)
        expect_shut_down(f, ids[i], 128 + SIGKILL);
}

typedef struct other_host {
    tether_registry *registry;
    char (*ids)[TETHER_ID_SIZE];
    int count;
    int failed;
} other_host;

static void *kill_each(void *userdata)
{
    other_host *host = userdata;
    const tether_kill_options options = {.grace_ms = 50};
    for (int i = 0; i < host->count; i++) {
        if (tether_kill(host->registry, host->ids[i], &options, NULL) != TETHER_OK)
            host->failed++;
    }
    return NULL;
}

static void another_host_may_kill_the_same_tasks(void **state)
{
    enum { TASKS = 12 };
    fixture *f = *state;
    char ids[TASKS][TETHER_ID_SIZE];
    pthread_t thread;
    other_host other = {.registry = test_open(f), .ids = ids, .count = TASKS};
    killable_start_stubborn(f->registry, ids, TASKS);
    assert_int_equal(pthread_create(&thread, NULL, kill_each, &other), 0);
    shut_down(f);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(other.failed, 0);
    for (int i = 0; i < TASKS; i++) {
        assert_int_equal(killable_count(ids[i]), 0);
        tether_snapshot *snapshot = test_wait(f->registry, ids[i]);
        assert_int_equal(snapshot->status, TETHER_STATUS_KILLED);
        tether_snapshot_free(snapshot);
    }
    test_detach(other.registry);
}

/* A listing that shows no process of a task, as one that ended before the task's last process was
 * started. */
static tether__listing empty_listing(int64_t *leader)
{
    return (tether__listing){.leaders = leader, .leader_count = 1};
}

static tether__round begin_round(tether__catalog *catalog, tether__listing *listing)
{
    uv_mutex_lock(&catalog->disk);
    tether__round round = {.listing = listing, .began_at = ++catalog->logical_clock};
    uv_mutex_unlock(&catalog->disk);
    return round;
}

static tether_status status_of(const fixture *f, const char *id)
{
    char *text = test_record_text(f, id, "status");
    tether_status status =
        strcmp(text, "killing") == 0 ? TETHER_STATUS_KILLING : TETHER_STATUS_KILLED;
    free(text);
    return status;
}

static void listing_older_than_the_supervisors_end_proves_no_end(void **state)
{
    fixture *f = *state;
    tether__catalog *catalog = &f->registry->catalog;
    char id[TETHER_ID_SIZE];
    bool is_driver;
    int64_t next;
    test_run(f, CHILD " detach pid ignore-term forever & exec " CHILD " forever", id);
    long away = test_output_number(f->registry, id);
    ASSERT_OK(tether__kill_begin(catalog, id, TETHER__INTENT_KILL, -1, TETHER__DRIVER_ROUNDS,
                                 &is_driver, &f->error),
              f->error);
    assert_true(is_driver);
    uv_mutex_lock(&catalog->disk);
    tether__identity supervisor;
    tether__kill_find_supervisor(catalog, tether__catalog_find(catalog, id), &supervisor);
    uv_mutex_unlock(&catalog->disk);
    tether__listing listing = empty_listing(&supervisor.pid);

    /* This listing ends before the supervisor does. The process that it missed lives on. */
    tether__round old = begin_round(catalog, &listing);
    assert_int_equal(kill(-(pid_t)supervisor.pid, SIGKILL), 0);
    WAIT_UNTIL(!test_process_alive((long)supervisor.pid));
    for (int i = 0; i < 3; i++) {
        ASSERT_OK(tether__kill_step_in_round(catalog, id, &old, &next, &f->error), f->error);
        assert_true(next > 0);
        assert_int_equal(status_of(f, id), TETHER_STATUS_KILLING);
    }
    assert_true(test_process_alive(away));

    /* A listing that begins now finds that process. */
    while (next > 0) {
        tether__tree tree = {.task_id = id, .supervisor = supervisor};
        tether__round round = begin_round(catalog, NULL);
        ASSERT_OK(tether__os_tree_list(&tree, 1, &round.listing, &f->error), f->error);
        ASSERT_OK(tether__kill_step_in_round(catalog, id, &round, &next, &f->error), f->error);
        tether__os_tree_list_free(round.listing);
    }
    assert_false(test_process_alive(away));
    assert_int_equal(killable_count(id), 0);
    test_expect(f->registry, id, TETHER_STATUS_KILLED, 128 + SIGKILL, NULL);
}

static int start_without_environment(void *userdata)
{
    char *const none[] = {NULL};
    char *const argv[] = {CHILD, userdata, NULL};
    execve(CHILD, argv, none);
    return 127;
}

static bool has_no_environment(pid_t pid)
{
    return tether__proc_find_variable(pid, "X=") == TETHER__VARIABLE_UNKNOWN;
}

/* A process without an environment may be in the middle of an exec, for which a listing waits 5 ms.
 * The longest wait, for a process that is exiting, is 500 ms. */
static void processes_without_environment_are_waited_for_together(void **state)
{
    enum { PROCESSES = 120, MOST_NAPS = 500 };
    static char forever[] = "forever";
    fixture *f = *state;
    pid_t pids[PROCESSES];
    const tether__tree tree = {.task_id = "t1"};
    tether__listing *listing;
    for (int i = 0; i < PROCESSES; i++)
        pids[i] = forked_start(start_without_environment, forever);
    for (int i = 0; i < PROCESSES; i++)
        WAIT_UNTIL(has_no_environment(pids[i]));
    atomic_store(&naps, 0);
    ASSERT_OK(tether__os_tree_list(&tree, 1, &listing, &f->error), f->error);
    assert_in_range(atomic_load(&naps), 5, MOST_NAPS);
    tether__os_tree_list_free(listing);
    for (int i = 0; i < PROCESSES; i++)
        forked_kill(pids[i]);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)
#define WITH_REGISTRY(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, test_setup_registry, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_REGISTRY(many_tasks_share_their_listings),
        WITH_REGISTRY(processes_forked_between_two_rounds_are_found),
        WITH_REGISTRY(another_host_may_kill_the_same_tasks),
        WITH_REGISTRY(listing_older_than_the_supervisors_end_proves_no_end),
        WITH_STORE(processes_without_environment_are_waited_for_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
