/* The seam os/tree.h on Windows: the processes of a task are found and ended by its job, or else by
 * their parents. The program is also:
 *   test_os_tree_win32 kill ID: another process, which knows a task by its id alone and ends it
 *   test_os_tree_win32 inside ID: a member of a task that ends the others and checks that they
 *     are gone
 *   test_os_tree_win32 threads NAME: starts threads all the time, which count in shared memory */
#include "win32/running.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "os/tree.h"
#include "support/win32/in_job.h"
#include "win32/job.h"

enum { KILLED = 137, ROOM = 64 };

typedef struct task {
    supervisor supervisor;
    HANDLE process;
    tether__tree tree;
} task;

static void prepare(place *p, task *t)
{
    static int count;
    char suffix[16];
    snprintf(suffix, sizeof suffix, "-%d", ++count);
    supervisor_prepare(p, &t->supervisor, suffix);
}

static void start_prepared(place *p, task *t, const char *program, const char *const *verbs)
{
    t->supervisor.start.program = program;
    t->process = supervisor_start(p, &t->supervisor, verbs);
    t->tree = (tether__tree){.task_id = t->supervisor.task_id,
                             .supervisor = identity_of(t->process),
                             .supervisor_alive = true};
}

/* Starts a program with these arguments as the supervisor of a task. */
static void start(place *p, task *t, const char *program, const char *const *verbs)
{
    prepare(p, t);
    start_prepared(p, t, program, verbs);
}

/* Starts a supervisor that waits forever, and returns when it runs. By then its console host has
 * started too. While that starts, Wine does not report its image: it is then not recognised as a
 * console host, and counts as a process of the task. */
static void start_and_await(place *p, task *t)
{
    static const char *const verbs[] = {"append", "runs", "forever", NULL};
    start(p, t, CHILD, verbs);
    WAIT_UNTIL(test_exists(place_path(p, "runs")));
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

static void end_by_pid(DWORD pid)
{
    HANDLE process = OpenProcess(PROCESS_TERMINATE | SYNCHRONIZE, FALSE, pid);
    if (process != NULL)
        process_crash(process);
}

/* Returns a tree of which only the task id is known. */
static tether__tree by_id(const task *t)
{
    return (tether__tree){.task_id = t->supervisor.task_id};
}

/* --- Ending ----------------------------------------------------------------------------------- */

static int kill_by_id(char **argv)
{
    const tether__tree tree = {.task_id = argv[2]};
    tether_error error = {0};
    size_t left;
    HOST_OK(tether__os_tree_signal(&tree, TETHER__SIGNAL_FINAL, &left, &error), error);
    return (int)left;
}

/* The library relies on this: TerminateJobObject ends the child, a grandchild and an orphaned
 * grandchild with the given code. */
static void ends_all_from_another_process(void **state)
{
    static const char *const verbs[] = {"forks", "2", "forever", NULL};
    place *p = *state;
    task t;
    int64_t pids[ROOM];
    start(p, &t, CHILD, verbs);
    WAIT_UNTIL(count_members(&t.tree) == 3);
    size_t count = members(&t.tree, pids);
    const char *const other[] = {process_self(), "kill", t.supervisor.task_id, NULL};
    assert_int_equal(process_run(other), 3);
    assert_int_equal(process_join(t.process), KILLED);
    WAIT_UNTIL(!any_alive(pids, count));
    const tether__tree tree = by_id(&t);
    assert_int_equal(send(&tree, TETHER__SIGNAL_FINAL), 0);
}

static void ends_orphans(void **state)
{
    static const char *const verbs[] = {"detach", "detach", "forks",   "2",
                                        "append", "forked", "forever", NULL};
    place *p = *state;
    task t;
    int64_t pids[ROOM];
    start(p, &t, CHILD, verbs);
    assert_int_equal(process_join(t.process), 0);
    const tether__tree tree = by_id(&t);
    /* From here on the number can only fall, when the second process that detaches ends. */
    WAIT_UNTIL(test_exists(place_path(p, "forked")));
    WAIT_UNTIL(count_members(&tree) == 3);
    size_t count = members(&tree, pids);
    assert_int_equal(count, 3);
    const char *const other[] = {process_self(), "kill", t.supervisor.task_id, NULL};
    assert_int_equal(process_run(other), 3);
    WAIT_UNTIL(!any_alive(pids, count));
}

/* The library relies on this: the job counts conhost.exe, one for each CREATE_NO_WINDOW child. */
static void leaves_out_console_hosts(void **state)
{
    place *p = *state;
    task t;
    int64_t pids[ROOM];
    start_and_await(p, &t);
    assert_int_equal(members(&t.tree, pids), 1);
    assert_int_equal(pids[0], t.tree.supervisor.pid);
    assert_int_equal(send(&t.tree, TETHER__SIGNAL_FINAL), 1);
    assert_int_equal(process_join(t.process), KILLED);
}

/* Starts a program outside of any job of ours, and waits until its tree has this many processes. */
static HANDLE start_without_job(const char *const *argv, size_t count, tether__tree *tree)
{
    HANDLE process = process_start(argv);
    *tree = (tether__tree){.task_id = "tree-without-a-job",
                           .supervisor = identity_of(process),
                           .supervisor_alive = true};
    WAIT_UNTIL(count_members(tree) == count);
    return process;
}

/* The fallback: the walk over children of children. */
static void ends_processes_without_a_job(void **state)
{
    static const char *const argv[] = {CHILD, "forks", "2", "forever", NULL};
    int64_t pids[ROOM];
    (void)state;
    tether__tree tree;
    HANDLE process = start_without_job(argv, 3, &tree);
    size_t count = members(&tree, pids);
    /* Children of a supervisor that may be dead are not searched for: its pid may have been
     * reused. */
    tree.supervisor_alive = false;
    assert_int_equal(count_members(&tree), 0);
    tree.supervisor_alive = true;
    assert_int_equal(send(&tree, TETHER__SIGNAL_FINAL), 3);
    assert_int_equal(process_join(process), KILLED);
    WAIT_UNTIL(!any_alive(pids, count));
}

/* The library relies on this: the creation time is a stable identity. */
static void never_touches_a_stranger(void **state)
{
    static const char *const argv[] = {CHILD, "forks", "1", "forever", NULL};
    int64_t pids[ROOM];
    (void)state;
    tether__tree tree;
    HANDLE process = start_without_job(argv, 2, &tree);
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
    assert_int_equal(process_join(process), KILLED);
    WAIT_UNTIL(!any_alive(pids, count));
}

/* Such as what the monitor has started outside, to run a command when the task has ended. */
static void leaves_alone_what_is_outside_of_its_job(void **state)
{
    static const char *const argv[] = {CHILD, "forks", "2", "forever", NULL};
    int64_t pids[ROOM];
    HANDLE job;
    (void)state;
    tether__tree tree;
    HANDLE process = start_without_job(argv, 3, &tree);
    size_t count = members(&tree, pids);
    assert_int_equal(tether__win32_job_create(tree.task_id, &job), ERROR_SUCCESS);
    assert_int_equal(count_members(&tree), 1);
    assert_int_equal(send(&tree, TETHER__SIGNAL_FINAL), 1);
    assert_int_equal(process_join(process), KILLED);
    size_t alive = 0;
    for (size_t i = 0; i < count; i++)
        alive += test_process_alive((long)pids[i]);
    assert_int_equal(alive, 2);
    CloseHandle(job);
    for (size_t i = 0; i < count; i++)
        end_by_pid((DWORD)pids[i]);
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
    HANDLE process = process_start(child);
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
    prepare(p, &t);
    const char *const verbs[] = {"inside", t.supervisor.task_id, NULL};
    start_prepared(p, &t, process_self(), verbs);
    assert_int_equal(process_join(t.process), 33);
}

/* --- A polite end ----------------------------------------------------------------------------- */

/* GenerateConsoleCtrlEvent always fails in Wine, so nothing is sent, and the call reports that.
 * Besides, the helper that enters the task's console is not beside this program. */
/* A job that may not be opened is not one that does not exist. */
static void reports_a_job_that_is_denied(void **state)
{
    place *p = *state;
    char id[64];
    wchar_t name[128];
    size_t left, count;
    ACL *acl = calloc(1, sizeof *acl);
    SECURITY_DESCRIPTOR descriptor;
    assert_non_null(acl);
    supervisor_make_id(id);
    assert_true(InitializeAcl(acl, sizeof *acl, ACL_REVISION));
    assert_true(InitializeSecurityDescriptor(&descriptor, SECURITY_DESCRIPTOR_REVISION));
    assert_true(SetSecurityDescriptorDacl(&descriptor, TRUE, acl, FALSE));
    SECURITY_ATTRIBUTES nobody = {sizeof nobody, &descriptor, FALSE};
    _snwprintf(name, 127, L"Local\\tether-task-%hs", id);
    name[127] = L'\0';
    HANDLE job = CreateJobObjectW(&nobody, name);
    assert_non_null(job);
    HANDLE again = OpenJobObjectW(JOB_OBJECT_QUERY, FALSE, name);
    assert_null(again);
    assert_int_equal(GetLastError(), ERROR_ACCESS_DENIED);
    const tether__tree tree = {.task_id = id};
    const tether__tree_signal signals[] = {TETHER__SIGNAL_PAUSE, TETHER__SIGNAL_RESUME,
                                           TETHER__SIGNAL_FINAL, TETHER__SIGNAL_POLITE};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        assert_int_equal(tether__os_tree_signal(&tree, signals[i], &left, &p->error),
                         TETHER_EACCESS);
        assert_non_null(strstr(p->error.message, "access denied"));
    }
    assert_int_equal(tether__os_tree_members(&tree, NULL, 0, &count, &p->error), TETHER_EACCESS);
    CloseHandle(job);
    ASSERT_OK(tether__os_tree_signal(&tree, TETHER__SIGNAL_PAUSE, &left, &p->error), p->error);
    free(acl);
}

static void reports_that_no_break_was_sent(void **state)
{
    place *p = *state;
    task t;
    size_t left;
    start_and_await(p, &t);
    assert_int_equal(tether__os_tree_signal(&t.tree, TETHER__SIGNAL_POLITE, &left, &p->error),
                     TETHER_ENOTSUP);
    assert_int_equal(left, 1);
    assert_int_equal(tether__os_tree_signal_number(&t.tree, 15, &left, &p->error), TETHER_ENOTSUP);
    assert_int_equal(tether__os_tree_signal_number(&t.tree, 10, &left, &p->error), TETHER_ENOTSUP);
    assert_non_null(strstr(p->error.message, "use KILL"));
    assert_true(test_process_alive((long)t.tree.supervisor.pid));
    ASSERT_OK(tether__os_tree_signal(&t.tree, TETHER__SIGNAL_FINAL, &left, &p->error), p->error);
    assert_int_equal(left, 1);
    assert_int_equal(process_join(t.process), KILLED);
    /* A task without processes has nothing to send a break to: that is no error. */
    const tether__tree tree = by_id(&t);
    WAIT_UNTIL(tether__os_tree_signal(&tree, TETHER__SIGNAL_POLITE, &left, &p->error) == TETHER_OK);
    assert_int_equal(left, 0);
}

/* The supervisor survives, although it is paused, and has no process left. */
static void a_number_ends_what_the_supervisor_has_started(void **state)
{
    static const char *const verbs[] = {"forks", "3",    "append", "runs", "await",
                                        "go",    "exit", "5",      NULL};
    enum { SELF = 1, ALL = 4 };
    place *p = *state;
    task t;
    size_t left;
    int64_t pids[ROOM];
    bool ready;
    start(p, &t, CHILD, verbs);
    WAIT_UNTIL(test_exists(place_path(p, "runs")) && count_members(&t.tree) == ALL);
    assert_int_equal(members(&t.tree, pids), ALL);
    ASSERT_OK(tether__os_tree_ready(&t.tree, 9, &ready, &p->error), p->error);
    assert_true(ready);
    assert_int_equal(send(&t.tree, TETHER__SIGNAL_PAUSE), ALL);
    ASSERT_OK(tether__os_tree_signal_number(&t.tree, 9, &left, &p->error), p->error);
    assert_int_equal(left, ALL - SELF);
    WAIT_UNTIL(count_members(&t.tree) == SELF);
    /* Nothing is left that a signal could reach. */
    ASSERT_OK(tether__os_tree_ready(&t.tree, 9, &ready, &p->error), p->error);
    assert_false(ready);
    ASSERT_OK(tether__os_tree_ready(&t.tree, 15, &ready, &p->error), p->error);
    assert_true(ready);
    assert_int_equal(WaitForSingleObject(t.process, 0), WAIT_TIMEOUT);
    place_write(p, "go", "");
    assert_int_equal(process_join(t.process), 5);
}

/* --- Pausing ---------------------------------------------------------------------------------- */

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

/* Returns how far the counter gets in this time. */
static LONG count_during(volatile LONG *counter, DWORD ms)
{
    LONG before = *counter;
    Sleep(ms);
    return *counter - before;
}

/* Threads start while others are being suspended, and two pauses in a row are undone by one
 * resumption. */
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
    const char *const verbs[] = {"threads", name, NULL};
    start(p, &t, process_self(), verbs);
    for (int i = 0; i < 10; i++) {
        WAIT_UNTIL(count_during(counter, 1) > 0);
        assert_int_equal(send(&t.tree, TETHER__SIGNAL_PAUSE), 1);
        assert_int_equal(count_during(counter, STILL_MS), 0);
        if (i % 2 == 0) {
            assert_int_equal(send(&t.tree, TETHER__SIGNAL_PAUSE), 1);
            assert_int_equal(count_during(counter, STILL_MS), 0);
        }
        assert_int_equal(send(&t.tree, TETHER__SIGNAL_RESUME), 1);
        if (i % 3 == 0)
            send(&t.tree, TETHER__SIGNAL_RESUME);
    }
    WAIT_UNTIL(count_during(counter, 1) > 0);
    send(&t.tree, TETHER__SIGNAL_PAUSE);
    /* A paused process can be ended. */
    assert_int_equal(send(&t.tree, TETHER__SIGNAL_FINAL), 1);
    assert_int_equal(process_join(t.process), KILLED);
    UnmapViewOfFile((const void *)counter);
    CloseHandle(mapping);
}

static void pauses_every_process(void **state)
{
    static const char *const verbs[] = {"detach", "await", "go", "append", "done", NULL};
    static const char *const more[] = {"forks", "2",    "await", "go", "append",
                                       "done",  "exit", "0",     NULL};
    place *p = *state;
    task orphan, family;
    start(p, &orphan, CHILD, verbs);
    assert_int_equal(process_join(orphan.process), 0);
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
    assert_int_equal(process_join(family.process), 0);
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
        TEST(leaves_out_console_hosts),
        TEST(ends_processes_without_a_job),
        TEST(never_touches_a_stranger),
        TEST(leaves_alone_what_is_outside_of_its_job),
        TEST(reports_a_job_that_is_denied),
        TEST(reports_that_no_break_was_sent),
        TEST(a_number_ends_what_the_supervisor_has_started),
        TEST(pauses_and_resumes),
        TEST(pauses_every_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
