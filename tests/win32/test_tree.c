/* The seam os_tree.h on Windows: the processes of a task are found and ended by its job, or else by
 * who started them. The program is also
 *   test_os_tree_win32 kill ID: another process, which knows a task by its id alone and ends it
 *   test_os_tree_win32 inside ID: a member of a task that ends the others; writes how many were
 * left test_os_tree_win32 threads NAME: starts threads all the time, which count in shared memory
 */
#include "os/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "os/clock.h"
#include "os/spawn.h"
#include "os/tree.h"
#include "support/win32/in_job.h"
#include "win32/process.h"

enum { KILLED = 137, ROOM = 64 };

typedef struct task {
    char id[64];
    HANDLE process;
    tether__tree tree;
} task;

static tether__identity identity_of(HANDLE process)
{
    tether__identity identity = {.pid = (int64_t)GetProcessId(process),
                                 .start_time = tether__win32_start_time(process)};
    tether__os_boot_id(identity.boot_id);
    return identity;
}

/* Starts a program of this place as the supervisor of a task. */
static void start(place *p, task *t, const char *program, const char *const *argv)
{
    static int count;
    static char root[64];
    tether__lifeline lifeline;
    tether__started started;
    char names[3][64];
    snprintf(t->id, sizeof t->id, "tree-%lu-%d", (unsigned long)GetCurrentProcessId(), ++count);
    snprintf(names[0], sizeof names[0], "lifeline-%d", count);
    snprintf(names[1], sizeof names[1], "out-%d", count);
    snprintf(names[2], sizeof names[2], "err-%d", count);
    snprintf(root, sizeof root, "SystemRoot=%s", getenv("SystemRoot"));
    const char *const envp[] = {root, NULL};
    ASSERT_OK(tether__os_lifeline_create(p->dir, names[0], &lifeline, &p->error), p->error);
    const tether__start what = {.task_id = t->id,
                                .program = program,
                                .argv = argv,
                                .envp = envp,
                                .workdir = p->path,
                                .bundle = p->dir,
                                .stdout_name = names[1],
                                .stderr_name = names[2],
                                .exits = p->dir,
                                .lifeline = &lifeline};
    ASSERT_OK(tether__os_spawn(&what, &started, &p->error), p->error);
    tether__os_lifeline_close(&lifeline);
    t->process = OpenProcess(SYNCHRONIZE | PROCESS_QUERY_INFORMATION | PROCESS_TERMINATE, FALSE,
                             (DWORD)started.pid);
    assert_non_null(t->process);
    t->tree = (tether__tree){
        .task_id = t->id, .supervisor = identity_of(t->process), .supervisor_alive = true};
}

static size_t members(const tether__tree *tree, int64_t pids[ROOM])
{
    tether_error error = {0};
    size_t count;
    ASSERT_OK(tether__os_tree_members(tree, pids, ROOM, &count, &error), error);
    return count;
}

static size_t count_members(const tether__tree *tree)
{
    int64_t pids[ROOM];
    return members(tree, pids);
}

static size_t send(const tether__tree *tree, tether__tree_signal signal)
{
    tether_error error = {0};
    size_t left;
    ASSERT_OK(tether__os_tree_signal(tree, signal, &left, &error), error);
    return left;
}

static bool any_alive(const int64_t *pids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (test_process_alive((long)pids[i]))
            return true;
    }
    return false;
}

/* A tree of which nothing but the task's id is known. */
static tether__tree by_id(const task *t)
{
    return (tether__tree){.task_id = t->id};
}

/* --- Ending ------------------------------------------------------------------------------------
 */

static int kill_by_id(char **argv)
{
    const tether__tree tree = {.task_id = argv[2]};
    tether_error error = {0};
    size_t left;
    HOST_OK(tether__os_tree_signal(&tree, TETHER__SIGNAL_FINAL, &left, &error), error);
    return (int)left;
}

/* Relied on: TerminateJobObject ends child, grandchild and orphaned grandchild with the given code.
 */
static void ends_all_from_another_process(void **state)
{
    static const char *const argv[] = {"child", "forks", "2", "forever", NULL};
    place *p = *state;
    task t;
    int64_t pids[ROOM];
    start(p, &t, CHILD, argv);
    WAIT_UNTIL(count_members(&t.tree) == 3);
    size_t count = members(&t.tree, pids);
    const char *const other[] = {job_self(), "kill", t.id, NULL};
    assert_int_equal(job_join(job_start(NULL, 0, other, FALSE)), 3);
    assert_int_equal(job_join(t.process), KILLED);
    WAIT_UNTIL(!any_alive(pids, count));
    const tether__tree tree = by_id(&t);
    assert_int_equal(send(&tree, TETHER__SIGNAL_FINAL), 0);
}

static void ends_orphans(void **state)
{
    static const char *const argv[] = {"child", "detach", "detach", "forks", "2", "forever", NULL};
    place *p = *state;
    task t;
    int64_t pids[ROOM];
    start(p, &t, CHILD, argv);
    assert_int_equal(job_join(t.process), 0);
    const tether__tree tree = by_id(&t);
    WAIT_UNTIL(count_members(&tree) == 3);
    size_t count = members(&tree, pids);
    assert_int_equal(count, 3);
    const char *const other[] = {job_self(), "kill", t.id, NULL};
    assert_int_equal(job_join(job_start(NULL, 0, other, FALSE)), 3);
    WAIT_UNTIL(!any_alive(pids, count));
}

/* Relied on: conhost.exe is counted in the job (one per CREATE_NO_WINDOW child). */
static void leaves_out_the_hosts_of_consoles(void **state)
{
    static const char *const argv[] = {"child", "forever", NULL};
    place *p = *state;
    task t;
    int64_t pids[ROOM];
    start(p, &t, CHILD, argv);
    assert_int_equal(members(&t.tree, pids), 1);
    assert_int_equal(pids[0], t.tree.supervisor.pid);
    assert_int_equal(send(&t.tree, TETHER__SIGNAL_FINAL), 1);
    assert_int_equal(job_join(t.process), KILLED);
}

/* Second line: the walk by who started whom. */
static void ends_what_has_no_job(void **state)
{
    static const char *const argv[] = {CHILD, "forks", "2", "forever", NULL};
    int64_t pids[ROOM];
    (void)state;
    HANDLE process = job_start(NULL, 0, argv, FALSE);
    tether__tree tree = {.task_id = "tree-without-a-job",
                         .supervisor = identity_of(process),
                         .supervisor_alive = true};
    WAIT_UNTIL(count_members(&tree) == 3);
    size_t count = members(&tree, pids);
    /* Who is not known to live is nobody's parent. */
    tree.supervisor_alive = false;
    assert_int_equal(count_members(&tree), 0);
    tree.supervisor_alive = true;
    assert_int_equal(send(&tree, TETHER__SIGNAL_FINAL), 3);
    assert_int_equal(job_join(process), KILLED);
    WAIT_UNTIL(!any_alive(pids, count));
}

/* Relied on: the creation time is a stable identity. */
static void never_touches_a_stranger(void **state)
{
    static const char *const argv[] = {CHILD, "forks", "1", "forever", NULL};
    int64_t pids[ROOM];
    (void)state;
    HANDLE process = job_start(NULL, 0, argv, FALSE);
    tether__tree tree = {.task_id = "tree-of-a-stranger",
                         .supervisor = identity_of(process),
                         .supervisor_alive = true};
    WAIT_UNTIL(count_members(&tree) == 2);
    size_t count = members(&tree, pids);
    const uint64_t right = tree.supervisor.start_time;
    tree.supervisor.start_time = right + 1;
    assert_int_equal(count_members(&tree), 0);
    assert_int_equal(send(&tree, TETHER__SIGNAL_FINAL), 0);
    assert_int_equal(send(&tree, TETHER__SIGNAL_PAUSE), 0);
    tree.supervisor.start_time = right - 1;
    assert_int_equal(send(&tree, TETHER__SIGNAL_FINAL), 0);
    for (size_t i = 0; i < count; i++)
        assert_true(test_process_alive((long)pids[i]));
    tree.supervisor.start_time = right;
    assert_int_equal(send(&tree, TETHER__SIGNAL_FINAL), 2);
    assert_int_equal(job_join(process), KILLED);
    WAIT_UNTIL(!any_alive(pids, count));
}

static int end_from_inside(char **argv)
{
    tether_error error = {0};
    const tether__tree tree = {.task_id = argv[2]};
    static char forks[] = "forks", two[] = "2", forever[] = "forever";
    const char *const child[] = {CHILD, forks, two, forever, NULL};
    int64_t pids[ROOM];
    size_t left = 0, count = 0;
    HANDLE process = job_start(NULL, 0, child, FALSE);
    while (count < 3)
        HOST_OK(tether__os_tree_members(&tree, pids, ROOM, &count, &error), error);
    HOST_OK(tether__os_tree_signal(&tree, TETHER__SIGNAL_FINAL, &left, &error), error);
    HOST_ASSERT(left == 3);
    HOST_ASSERT(WaitForSingleObject(process, PATIENCE_MS) == WAIT_OBJECT_0);
    while (count > 0)
        HOST_OK(tether__os_tree_members(&tree, pids, ROOM, &count, &error), error);
    return 33;
}

static void spares_the_caller_in_the_job(void **state)
{
    place *p = *state;
    task t;
    /* It finds its id by the first one that is free. */
    char id[64];
    snprintf(id, sizeof id, "tree-%lu-%d", (unsigned long)GetCurrentProcessId(), 1);
    const char *argv[] = {"self", "inside", id, NULL};
    start(p, &t, job_self(), argv);
    assert_string_equal(t.id, id);
    assert_int_equal(job_join(t.process), 33);
}

/* --- A polite end ------------------------------------------------------------------------------
 */

/* Relied on: GenerateConsoleCtrlEvent always fails in Wine: nothing is sent, and that is said. The
 * helper that enters the console of the task is not beside this program. */
static void says_that_no_break_was_sent(void **state)
{
    static const char *const argv[] = {"child", "forever", NULL};
    place *p = *state;
    task t;
    size_t left;
    start(p, &t, CHILD, argv);
    assert_int_equal(tether__os_tree_signal(&t.tree, TETHER__SIGNAL_POLITE, &left, &p->error),
                     TETHER_ENOTSUP);
    assert_int_equal(left, 1);
    assert_int_equal(tether__os_tree_signal_number(&t.tree, 15, &left, &p->error), TETHER_ENOTSUP);
    assert_int_equal(tether__os_tree_signal_number(&t.tree, 10, &left, &p->error), TETHER_ENOTSUP);
    assert_non_null(strstr(p->error.message, "use KILL"));
    assert_true(test_process_alive((long)t.tree.supervisor.pid));
    ASSERT_OK(tether__os_tree_signal_number(&t.tree, 9, &left, &p->error), p->error);
    assert_int_equal(left, 1);
    assert_int_equal(job_join(t.process), KILLED);
    /* Of what is gone nothing is left to be asked. */
    const tether__tree tree = by_id(&t);
    WAIT_UNTIL(tether__os_tree_signal(&tree, TETHER__SIGNAL_POLITE, &left, &p->error) == TETHER_OK);
    assert_int_equal(left, 0);
}

/* --- Pausing -----------------------------------------------------------------------------------
 */

static volatile LONG *map_counter(const char *name, HANDLE *mapping)
{
    *mapping = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, name);
    return *mapping != NULL ? MapViewOfFile(*mapping, FILE_MAP_ALL_ACCESS, 0, 0, 4096) : NULL;
}

static DWORD WINAPI count_up(void *counter)
{
    InterlockedIncrement(counter);
    return 0;
}

static int start_threads(char **argv)
{
    HANDLE mapping;
    volatile LONG *counter = map_counter(argv[2], &mapping);
    while (counter != NULL) {
        HANDLE thread = CreateThread(NULL, 0, count_up, (void *)counter, 0, NULL);
        if (thread != NULL)
            CloseHandle(thread);
        InterlockedIncrement(counter);
    }
    return 1;
}

/* How much it counts while we look. */
static LONG counted(volatile LONG *counter, DWORD ms)
{
    LONG before = *counter;
    Sleep(ms);
    return *counter - before;
}

/* Threads that start while they are being stopped, and two pauses in a row of
 * which one resumption is the end. */
static void pauses_and_resumes(void **state)
{
    enum { STILL_MS = 100 };
    place *p = *state;
    task t;
    HANDLE mapping;
    char name[64];
    snprintf(name, sizeof name, "tether-test-counter-%lu", (unsigned long)GetCurrentProcessId());
    volatile LONG *counter = map_counter(name, &mapping);
    assert_non_null(counter);
    const char *argv[] = {"self", "threads", name, NULL};
    start(p, &t, job_self(), argv);
    for (int i = 0; i < 10; i++) {
        WAIT_UNTIL(counted(counter, 1) > 0);
        assert_int_equal(send(&t.tree, TETHER__SIGNAL_PAUSE), 1);
        assert_int_equal(counted(counter, STILL_MS), 0);
        if (i % 2 == 0) {
            assert_int_equal(send(&t.tree, TETHER__SIGNAL_PAUSE), 1);
            assert_int_equal(counted(counter, STILL_MS), 0);
        }
        assert_int_equal(send(&t.tree, TETHER__SIGNAL_RESUME), 1);
        if (i % 3 == 0)
            send(&t.tree, TETHER__SIGNAL_RESUME);
    }
    WAIT_UNTIL(counted(counter, 1) > 0);
    send(&t.tree, TETHER__SIGNAL_PAUSE);
    /* What is paused can be ended. */
    assert_int_equal(send(&t.tree, TETHER__SIGNAL_FINAL), 1);
    assert_int_equal(job_join(t.process), KILLED);
    UnmapViewOfFile((const void *)counter);
    CloseHandle(mapping);
}

static void pauses_every_process(void **state)
{
    static const char *const argv[] = {"child", "detach", "await", "go", "append", "done", NULL};
    static const char *const more[] = {"child",  "forks", "2",    "await", "go",
                                       "append", "done",  "exit", "0",     NULL};
    place *p = *state;
    task orphan, family;
    start(p, &orphan, CHILD, argv);
    assert_int_equal(job_join(orphan.process), 0);
    start(p, &family, CHILD, more);
    const tether__tree tree = by_id(&orphan);
    WAIT_UNTIL(count_members(&tree) == 1 && count_members(&family.tree) == 3);
    assert_int_equal(send(&tree, TETHER__SIGNAL_PAUSE), 1);
    assert_int_equal(send(&family.tree, TETHER__SIGNAL_PAUSE), 3);
    place_write(p, "go", "");
    Sleep(100);
    assert_false(test_exists(place_path(p, "done")));
    assert_int_equal(send(&tree, TETHER__SIGNAL_RESUME), 1);
    WAIT_UNTIL(test_count_lines(place_path(p, "done")) == 1);
    assert_int_equal(send(&family.tree, TETHER__SIGNAL_RESUME), 3);
    assert_int_equal(job_join(family.process), 0);
    assert_int_equal(test_count_lines(place_path(p, "done")), 2);
    const tether__tree rest = by_id(&family);
    assert_int_equal(send(&rest, TETHER__SIGNAL_FINAL), 2);
    WAIT_UNTIL(count_members(&rest) == 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, place_setup, place_teardown)

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "kill") == 0)
        return kill_by_id(argv);
    if (argc == 3 && strcmp(argv[1], "inside") == 0)
        return end_from_inside(argv);
    if (argc == 3 && strcmp(argv[1], "threads") == 0)
        return start_threads(argv);
    const struct CMUnitTest tests[] = {
        TEST(spares_the_caller_in_the_job),
        TEST(ends_all_from_another_process),
        TEST(ends_orphans),
        TEST(leaves_out_the_hosts_of_consoles),
        TEST(ends_what_has_no_job),
        TEST(never_touches_a_stranger),
        TEST(says_that_no_break_was_sent),
        TEST(pauses_and_resumes),
        TEST(pauses_every_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
