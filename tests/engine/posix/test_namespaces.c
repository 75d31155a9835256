/* Hosts in other time, pid and mount namespaces than the one for which everything is made. */
#include "support/support.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "os/process.h"
#include "support/posix/machine.h"

static tether_registry *open_host(const fixture *f)
{
    tether_error error = {0};
    tether_registry *registry;
    tether_open_options options = {.store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
    HOST_OK(tether_open(&options, &registry, &error), error);
    return registry;
}

static void close_host(tether_registry *registry, tether_close_mode mode)
{
    tether_error error = {0};
    HOST_OK(tether_close(registry, mode, &error), error);
}

/* Starts a task, and returns when its command runs. */
static void start(tether_registry *registry, int64_t timeout_ms, char id[TETHER_ID_SIZE])
{
    tether_error error = {0};
    uint64_t size = 0;
    const char *const argv[] = {CHILD, "ignore-term", "out", "ready", "forever", NULL};
    tether_spec spec = {.argv = argv, .timeout_ms = timeout_ms};
    HOST_OK(tether_spawn(registry, &spec, id, &error), error);
    while (size == 0 && !tether_status_ended(test_status(registry, id)))
        HOST_OK(tether_output_size(registry, id, TETHER_STDOUT, &size, &error), error);
}

static void wait_for(tether_registry *registry, const char *id, tether_status status)
{
    tether_error error = {0};
    HOST_OK(tether_wait(registry, &id, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);
    HOST_ASSERT(test_status(registry, id) == status);
}

static void kill_soon(tether_registry *registry, const char *id)
{
    tether_error error = {0};
    const tether_kill_options soon = {.grace_ms = 20};
    HOST_OK(tether_kill(registry, id, &soon, &error), error);
    wait_for(registry, id, TETHER_STATUS_KILLED);
}

static void skip_without_namespaces(void)
{
    if (!machine_has_namespaces())
        test_skip("only Linux has namespaces");
    if (geteuid() != 0)
        test_skip("needs root");
}

/* --- Clocks --- */

enum { ALIVE_ELSEWHERE, KILLED_ELSEWHERE, STARTED_ELSEWHERE, TASKS };

typedef struct elsewhere {
    long long seconds;
    long nanoseconds;
    char (*ids)[TETHER_ID_SIZE];
    atomic_bool *started; /* the tasks of the host with the machine's clocks are; shared */
} elsewhere;

static void check_running(tether_registry *registry, const char *id)
{
    tether_snapshot *snapshot;
    tether_error error = {0};
    HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
    HOST_ASSERT(snapshot->status == TETHER_STATUS_RUNNING);
    HOST_ASSERT(snapshot->duration_ms >= 0 && snapshot->duration_ms < PATIENCE_MS);
    tether_snapshot_free(snapshot);
}

/* A host whose clocks differ: the tasks of the other host run, their deadlines have not passed, and
 * they can be killed. */
static void host_elsewhere(fixture *f, void *userdata)
{
    const elsewhere *e = userdata;
    tether_registry *registry = open_host(f);
    check_running(registry, e->ids[ALIVE_ELSEWHERE]);
    check_running(registry, e->ids[KILLED_ELSEWHERE]);
    kill_soon(registry, e->ids[KILLED_ELSEWHERE]);
    start(registry, 3600000, e->ids[STARTED_ELSEWHERE]);
    check_running(registry, e->ids[STARTED_ELSEWHERE]);
    close_host(registry, TETHER_DETACH);
    /* What is read back from the disk is as good. */
    registry = open_host(f);
    check_running(registry, e->ids[STARTED_ELSEWHERE]);
    check_running(registry, e->ids[ALIVE_ELSEWHERE]);
    char id[TETHER_ID_SIZE];
    start(registry, 20, id);
    wait_for(registry, id, TETHER_STATUS_TIMED_OUT);
    close_host(registry, TETHER_DETACH);
}

enum { NO_TIME_NAMESPACES = 42 };

static void enter_time(fixture *f, void *userdata)
{
    const elsewhere *e = userdata;
    if (!machine_own_time(e->seconds, e->nanoseconds))
        _exit(NO_TIME_NAMESPACES);
    while (!atomic_load(e->started))
        test_pause();
    _exit(test_join_host(test_fork_host(host_elsewhere, f, userdata)));
}

/* Ends the task, which has not run for longer than this test. */
static void end_and_measure(tether_registry *registry, const char *id)
{
    tether_snapshot *snapshot;
    tether_error error = {0};
    kill_soon(registry, id);
    HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
    HOST_ASSERT(snapshot->duration_ms >= 0 && snapshot->duration_ms < PATIENCE_MS);
    tether_snapshot_free(snapshot);
}

static void host_with_the_machines_clocks(fixture *f, void *userdata)
{
    elsewhere *e = userdata;
    /* Forked while this process has one thread. */
    long other = test_fork_host(enter_time, f, e);
    tether_registry *registry = open_host(f);
    start(registry, 3600000, e->ids[ALIVE_ELSEWHERE]);
    start(registry, 3600000, e->ids[KILLED_ELSEWHERE]);
    atomic_store(e->started, true);
    int result = test_join_host(other);
    if (result != 0) {
        close_host(registry, TETHER_SHUTDOWN);
        _exit(result);
    }
    wait_for(registry, e->ids[KILLED_ELSEWHERE], TETHER_STATUS_KILLED);
    for (int again = 0; again < 2; again++) {
        check_running(registry, e->ids[ALIVE_ELSEWHERE]);
        check_running(registry, e->ids[STARTED_ELSEWHERE]);
        close_host(registry, TETHER_DETACH);
        registry = open_host(f);
    }
    end_and_measure(registry, e->ids[ALIVE_ELSEWHERE]);
    end_and_measure(registry, e->ids[STARTED_ELSEWHERE]);
    close_host(registry, TETHER_SHUTDOWN);
}

static void hosts_with_other_clocks_agree(void **state)
{
    fixture *f = *state;
    /* The last offset is no multiple of a clock tick. */
    static const struct {
        long long seconds;
        long nanoseconds;
    } offsets[] = {{1000000, 0}, {-1, 0}, {7, 3456789}};
    skip_without_namespaces();
    char(*ids)[TETHER_ID_SIZE] = test_shared(TASKS * sizeof *ids);
    atomic_bool *started = test_shared(sizeof *started);
    for (size_t i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        atomic_store(started, false);
        elsewhere e = {offsets[i].seconds, offsets[i].nanoseconds, ids, started};
        int result = test_join_host(test_fork_host(host_with_the_machines_clocks, f, &e));
        if (result == NO_TIME_NAMESPACES)
            test_skip("the kernel has no time namespaces");
        assert_int_equal(result, 0);
    }
}

/* --- Pids --- */

static void check_weak(const fixture *f, const char *name)
{
    tether_error error = {0};
    tether_report *report;
    bool found = false;
    HOST_OK(tether_doctor(f->store, &report, &error), error);
    for (size_t i = 0; i < report->count; i++) {
        if (strcmp(report->items[i]->name, name) != 0)
            continue;
        HOST_ASSERT(report->items[i]->verdict == TETHER_WEAK);
        HOST_ASSERT(strstr(report->items[i]->text, "/proc") != NULL);
        found = true;
    }
    tether_report_free(report);
    HOST_ASSERT(found);
}

/* Of what it has started itself, a host can signal the group: it keeps deadlines, kills and
 * pauses. */
static void use_only_groups(fixture *f)
{
    tether_error error = {0};
    tether_registry *registry = open_host(f);
    char id[TETHER_ID_SIZE];
    start(registry, 20, id);
    wait_for(registry, id, TETHER_STATUS_TIMED_OUT);
    start(registry, TETHER_NO_TIMEOUT, id);
    HOST_OK(tether_pause(registry, id, &error), error);
    HOST_OK(tether_resume(registry, id, &error), error);
    kill_soon(registry, id);
    start(registry, TETHER_NO_TIMEOUT, id);
    check_weak(f, "identity");
    check_weak(f, "kill");
    close_host(registry, TETHER_SHUTDOWN);
    registry = open_host(f);
    HOST_ASSERT(test_status(registry, id) == TETHER_STATUS_KILLED);
    close_host(registry, TETHER_SHUTDOWN);
}

static void host_without_proc(fixture *f, void *userdata)
{
    (void)userdata;
    HOST_ASSERT(machine_own_mounts() && machine_hide_proc());
    use_only_groups(f);
}

static void host_with_foreign_proc(fixture *f, void *userdata)
{
    (void)userdata;
    HOST_ASSERT(getpid() == 1);
    use_only_groups(f);
}

static void enter_pids(fixture *f, void *userdata)
{
    HOST_ASSERT(machine_own_pids());
    _exit(test_join_host(test_fork_host(host_with_foreign_proc, f, userdata)));
}

static void keeps_deadlines_without_proc(void **state)
{
    fixture *f = *state;
    skip_without_namespaces();
    assert_int_equal(test_join_host(test_fork_host(host_without_proc, f, NULL)), 0);
}

static void keeps_deadlines_with_the_proc_of_another_namespace(void **state)
{
    fixture *f = *state;
    skip_without_namespaces();
    assert_int_equal(test_join_host(test_fork_host(enter_pids, f, NULL)), 0);
}

/* Whether this process's children get pids of its own namespace, which /proc shows. */
static bool has_children_in_proc(void)
{
    char own[TETHER__PID_NS_SIZE], childrens[TETHER__PID_NS_SIZE];
    tether__os_pid_ns(own);
    tether__os_child_pid_ns(childrens);
    return tether__os_process_own_proc() && own[0] != '\0' && strcmp(own, childrens) == 0;
}

/* The first process of a namespace with a /proc of its own, so that a wrong signal, such as one to
 * the first process, stays inside. Its children get pids of yet another namespace: what they call 1
 * is this process here. */
static void host_with_children_elsewhere(fixture *f, void *userdata)
{
    (void)userdata;
    HOST_ASSERT(getpid() == 1 && machine_own_proc());
    char own[TETHER__PID_NS_SIZE], childrens[TETHER__PID_NS_SIZE];
    tether_registry *registry = open_host(f);
    HOST_ASSERT(machine_own_pids());
    HOST_ASSERT(!has_children_in_proc());
    char id[TETHER_ID_SIZE];
    start(registry, TETHER_NO_TIMEOUT, id);
    tether__os_pid_ns(own);
    tether__os_child_pid_ns(childrens);
    HOST_ASSERT(own[0] != '\0' && strcmp(own, childrens) != 0);
    kill_soon(registry, id);
    close_host(registry, TETHER_SHUTDOWN);
}

/* A registry asks once where its children live, and notices that later ones live elsewhere. */
static void host_that_moves_its_children(fixture *f, void *userdata)
{
    (void)userdata;
    char first[TETHER_ID_SIZE], second[TETHER_ID_SIZE];
    HOST_ASSERT(getpid() == 1 && machine_own_proc());
    tether_registry *registry = open_host(f);
    start(registry, TETHER_NO_TIMEOUT, first);
    HOST_ASSERT(has_children_in_proc());
    HOST_ASSERT(machine_own_pids());
    HOST_ASSERT(!has_children_in_proc());
    start(registry, TETHER_NO_TIMEOUT, second);
    kill_soon(registry, second);
    kill_soon(registry, first);
    close_host(registry, TETHER_SHUTDOWN);
}

static void enter_pids_and_move(fixture *f, void *userdata)
{
    HOST_ASSERT(machine_own_pids());
    _exit(test_join_host(test_fork_host(host_that_moves_its_children, f, userdata)));
}

static void children_may_move_after_the_first_start(void **state)
{
    fixture *f = *state;
    skip_without_namespaces();
    assert_int_equal(test_join_host(test_fork_host(enter_pids_and_move, f, NULL)), 0);
}

static void enter_pids_twice(fixture *f, void *userdata)
{
    HOST_ASSERT(machine_own_pids());
    _exit(test_join_host(test_fork_host(host_with_children_elsewhere, f, userdata)));
}

static void kills_a_task_whose_own_pid_is_1(void **state)
{
    fixture *f = *state;
    skip_without_namespaces();
    assert_int_equal(test_join_host(test_fork_host(enter_pids_twice, f, NULL)), 0);
}

/* --- Deadlines of others --- */

static int reports;

static void on_event(tether_registry *registry, const tether_event *event, void *userdata)
{
    (void)registry;
    (void)userdata;
    if (event->kind == TETHER_EVENT_LOG && event->level == TETHER_LOG_ERROR &&
        event->task_id != NULL && event->error->code == TETHER_EFOREIGN &&
        strstr(event->error->message, "deadline") != NULL &&
        strstr(event->error->message, "another pid namespace") != NULL)
        __atomic_add_fetch(&reports, 1, __ATOMIC_SEQ_CST);
}

static void start_and_leave(fixture *f, void *userdata)
{
    tether_registry *registry = open_host(f);
    start(registry, 3600000, userdata);
    while (test_status(registry, userdata) != TETHER_STATUS_RUNNING)
        test_pause();
    close_host(registry, TETHER_DETACH);
}

/* Replaces the namespace and the deadline in the record. */
static char *change_record(const fixture *f, const char *id, const char *pid_ns, int64_t deadline)
{
    json_t *record = test_load_record(f, id);
    json_t *identity = json_object_get(record, "identity");
    char *before = strdup(json_string_value(json_object_get(identity, "pid_ns")));
    json_object_set_new(identity, "pid_ns", json_string(pid_ns));
    json_object_set_new(record, "deadline_monotonic_ms", json_integer(deadline));
    test_save_record(f, id, record);
    return before;
}

/* A host that cannot keep a deadline says so. */
static void reports_a_deadline_that_cannot_be_kept(void **state)
{
    fixture *f = *state;
    char *id = test_shared(TETHER_ID_SIZE);
    assert_int_equal(test_join_host(test_fork_host(start_and_leave, f, id)), 0);
    char *pid_ns = change_record(f, id, "1", 1);
    tether_registry *registry;
    tether_open_options options = {
        .store = f->store, .reaper = test_reaper_mode(), .no_gc = 1, .on_event = on_event};
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    WAIT_UNTIL(__atomic_load_n(&reports, __ATOMIC_SEQ_CST) > 0);
    assert_int_equal(test_status(registry, id), TETHER_STATUS_RUNNING);
    test_detach(registry);
    free(change_record(f, id, pid_ns, INT64_MAX / 2));
    free(pid_ns);
    f->registry = test_open(f);
    kill_soon(f->registry, id);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hosts_with_other_clocks_agree),
        TEST(keeps_deadlines_without_proc),
        TEST(keeps_deadlines_with_the_proc_of_another_namespace),
        TEST(kills_a_task_whose_own_pid_is_1),
        TEST(children_may_move_after_the_first_start),
        TEST(reports_a_deadline_that_cannot_be_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
