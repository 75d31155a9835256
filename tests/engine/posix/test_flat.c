/* A host that lives through thousands of tasks which another process runs, acknowledges and
 * removes: its memory, its catalog, its descriptors and its watches stay as they are. */
#include "support/support.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "engine/core.h"
#include "support/posix/machine.h"

enum {
    ROUNDS = TETHER_TEST_SANITIZED ? 4 : 6,
    WARM_ROUNDS = 2,
    TASKS = TETHER_TEST_SANITIZED ? 60 : 150, /* per round, each in much less than PATIENCE_MS */
    MAX_ENTRIES = 200,
    MAX_GROWTH = 3 * 1024 * 1024
};

/* What happens to a task once it has ended. */
typedef enum fate { ACKNOWLEDGED, ACKNOWLEDGED_AND_REMOVED, UNREQUESTED_AND_REMOVED, FATES } fate;

/* The memory that both hosts share. */
typedef struct progress {
    atomic_int wanted; /* rounds */
    atomic_int done;
    atomic_size_t events; /* that the long-lived host has received */
} progress;

static void run_task(tether_registry *registry, fate end)
{
    char id[TETHER_ID_SIZE], command[1024];
    tether_proxy *proxy;
    tether_error error = {0};
    memset(command, 'c', sizeof command - 1);
    command[sizeof command - 1] = '\0';
    tether_proxy_spec spec = {.command = command, .no_notify = end == UNREQUESTED_AND_REMOVED};
    HOST_OK(tether_proxy_open(registry, &spec, id, &proxy, &error), error);
    HOST_OK(tether_proxy_write(proxy, TETHER_STDOUT, "line\n", 5, &error), error);
    HOST_OK(tether_proxy_finish(proxy, 0, 0, &error), error);
    if (end != UNREQUESTED_AND_REMOVED)
        HOST_OK(tether_completion_ack(registry, id, NULL, &error), error);
}

/* The other process: runs a round of tasks when the test wants one. A removal takes all tasks that
 * have ended by then. */
static void run_rounds(fixture *f, void *userdata)
{
    progress *p = userdata;
    tether_error error = {0};
    tether_registry *registry;
    tether_open_options options = {.store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
    HOST_OK(tether_open(&options, &registry, &error), error);
    for (int round = 0; round < ROUNDS; round++) {
        while (atomic_load(&p->wanted) <= round)
            test_pause();
        fate end = (fate)(round % FATES);
        for (int i = 0; i < TASKS; i++)
            run_task(registry, end);
        if (end != ACKNOWLEDGED)
            HOST_OK(tether_cleanup_finished(registry, 0, NULL, &error), error);
        atomic_fetch_add(&p->done, 1);
    }
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

static void count_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    progress *p = userdata;
    (void)registry;
    (void)event;
    atomic_fetch_add(&p->events, 1);
}

static size_t count_entries(tether_registry *registry)
{
    uv_mutex_lock(&registry->catalog.state);
    size_t count = registry->catalog.count;
    uv_mutex_unlock(&registry->catalog.state);
    return count;
}

/* Counts the inotify watches of this process, as /proc lists them. */
static int count_watches(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fdinfo");
    for (struct dirent *item; folder != NULL && (item = readdir(folder)) != NULL;) {
        char path[300], line[512];
        snprintf(path, sizeof path, "/proc/self/fdinfo/%s", item->d_name);
        FILE *file = fopen(path, "r");
        while (file != NULL && fgets(line, sizeof line, file) != NULL)
            count += strncmp(line, "inotify ", 8) == 0;
        if (file != NULL)
            fclose(file);
    }
    if (folder != NULL)
        closedir(folder);
    return count;
}

static void run_round(progress *p)
{
    int wanted = atomic_fetch_add(&p->wanted, 1) + 1;
    WAIT_UNTIL(atomic_load(&p->done) >= wanted);
}

/* Whether an event reaches the host: then it has handled all that were raised before. */
static bool handles_events(fixture *f, tether_registry *registry)
{
    char id[TETHER_ID_SIZE];
    tether_snapshot *snapshot;
    test_run(f, "exit 0", id);
    snapshot = test_wait(registry, id);
    tether_snapshot_free(snapshot);
    return tether_completion_ack(registry, id, NULL, NULL) == TETHER_OK;
}

static void tasks_of_others_leave_nothing_in_memory(void **state)
{
    fixture *f = *state;
    progress *p = test_shared(sizeof *p);
    long host = test_fork_host(run_rounds, f, p);
    tether_open_options options = {.store = f->store,
                                   .reaper = test_reaper_mode(),
                                   .no_gc = 1,
                                   .on_event = count_event,
                                   .userdata = p};
    ASSERT_OK(tether_open(&options, &f->registry, &f->error), f->error);
    long before = 0;
    int fds = test_count_fds(), watches = count_watches();
    for (int round = 0; round < ROUNDS; round++) {
        if (round == WARM_ROUNDS)
            before = machine_resident_bytes();
        run_round(p);
        assert_true(handles_events(f, f->registry));
        WAIT_UNTIL(count_entries(f->registry) <= MAX_ENTRIES);
    }
    long grown = machine_resident_bytes() - before;
    print_message("%d tasks: %zu events, %zu entries are left, %ld KiB more\n", ROUNDS * TASKS,
                  atomic_load(&p->events), count_entries(f->registry), grown / 1024);
    if (!TETHER_TEST_SANITIZED)
        assert_true(grown < MAX_GROWTH);
    WAIT_UNTIL(test_count_fds() <= fds);
    assert_int_equal(count_watches(), watches);
    assert_int_equal(test_join_host(host), 0);
    /* The callback counts in the shared memory. */
    test_detach(f->registry);
    f->registry = NULL;
    test_unshare(p, sizeof *p);
}

/* --- A wait for more tasks than the catalog keeps --- */

/* All have ended and nothing is left to do about them, so that the catalog may drop each at any
 * time; the wait and the list know them all the same. */
static void calls_find_what_the_catalog_has_dropped(void **state)
{
    fixture *f = *state;
    enum { MANY = 150 };
    static char ids[MANY][TETHER_ID_SIZE];
    const char *pointers[MANY];
    tether_proxy_spec spec = {.command = "work", .no_notify = true};
    for (int i = 0; i < MANY; i++) {
        tether_proxy *proxy;
        ASSERT_OK(tether_proxy_open(f->registry, &spec, ids[i], &proxy, &f->error), f->error);
        ASSERT_OK(tether_proxy_finish(proxy, 0, 0, &f->error), f->error);
        pointers[i] = ids[i];
    }
    for (int round = 0; round < 3; round++) {
        tether_snapshot_list *list;
        size_t index;
        /* The end of another task makes the loop prune. */
        WAIT_UNTIL(handles_events(f, f->registry) && count_entries(f->registry) < MANY);
        ASSERT_OK(tether_wait(f->registry, pointers, MANY, TETHER_WAIT_ALL, PATIENCE_MS, &index,
                              &f->error),
                  f->error);
        int expected = test_count_names(test_session_path(f, "tasks"));
        ASSERT_OK(tether_list(f->registry, TETHER_LIST_ALL, &list, &f->error), f->error);
        assert_int_equal(list->count, expected);
        assert_true(expected > MANY);
        tether_snapshot_list_free(list);
    }
}

/* --- A host's own tasks --- */

static void end_proxies(fixture *f, char ids[][TETHER_ID_SIZE], int count)
{
    const tether_proxy_spec spec = {.command = "work"};
    for (int i = 0; i < count; i++) {
        tether_proxy *proxy;
        ASSERT_OK(tether_proxy_open(f->registry, &spec, ids[i], &proxy, &f->error), f->error);
        ASSERT_OK(tether_proxy_finish(proxy, 0, 0, &f->error), f->error);
    }
}

/* While their completions are pending, the catalog keeps them, however often it prunes. */
static void acknowledged_tasks_leave_the_catalog(void **state)
{
    fixture *f = *state;
    enum { PENDING = 300, FEW = 150 };
    static char ids[PENDING][TETHER_ID_SIZE];
    end_proxies(f, ids, PENDING);
    assert_true(handles_events(f, f->registry));
    assert_true(count_entries(f->registry) >= PENDING);
    for (int i = 0; i < PENDING; i++)
        ASSERT_OK(tether_completion_ack(f->registry, ids[i], NULL, &f->error), f->error);
    assert_true(handles_events(f, f->registry));
    WAIT_UNTIL(count_entries(f->registry) < FEW);
}

/* Events of the journal are of no use to a host without open proxies: its own lines would wake it.
 */
static void the_last_proxy_ends_the_watch_of_the_journal(void **state)
{
    fixture *f = *state;
    char ids[2][TETHER_ID_SIZE];
    const tether_proxy_spec spec = {.command = "work"};
    tether_proxy *first, *second;
    bool events = tether__reaper_has_events(f->registry->reaper);
    int watches = count_watches();
    ASSERT_OK(tether_proxy_open(f->registry, &spec, ids[0], &first, &f->error), f->error);
    ASSERT_OK(tether_proxy_open(f->registry, &spec, ids[1], &second, &f->error), f->error);
    assert_true(!events || count_watches() == watches + 1);
    ASSERT_OK(tether_proxy_finish(first, 0, 0, &f->error), f->error);
    assert_true(!events || count_watches() == watches + 1);
    ASSERT_OK(tether_proxy_finish(second, 0, 0, &f->error), f->error);
    assert_int_equal(count_watches(), watches);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tasks_of_others_leave_nothing_in_memory, test_setup,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(calls_find_what_the_catalog_has_dropped,
                                        test_setup_registry, test_teardown),
        cmocka_unit_test_setup_teardown(acknowledged_tasks_leave_the_catalog, test_setup_registry,
                                        test_teardown),
        cmocka_unit_test_setup_teardown(the_last_proxy_ends_the_watch_of_the_journal,
                                        test_setup_registry, test_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
