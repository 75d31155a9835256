/* Unusual hosts: they ignore SIGCHLD, reap all children, stop with the lock held, lose their store
 * or leak a lifeline. Several hosts share one store. */
#include "support/elsewhere.h"
#include "support/exit_line.h"
#include "engine/posix/planting.h"

#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "format/marker.h"
#include "os/lifeline.h"
#include "os/process.h"
#include "store/self.h"
#include "store/session.h"
#include "store/store.h"

enum { CODES = 20 };

static tether_registry *open_in_host(fixture *f)
{
    tether_error error = {0};
    tether_registry *registry;
    tether_open_options options = {.store = f->store, .reaper = test_reaper_mode(), .no_gc = 1};
    HOST_OK(tether_open(&options, &registry, &error), error);
    return registry;
}

/* Starts tasks that end with 0, 1, 2, ... and checks their exit codes. */
static void check_codes(tether_registry *registry)
{
    tether_error error = {0};
    char ids[CODES][TETHER_ID_SIZE];
    for (int i = 0; i < CODES; i++) {
        char code[16];
        snprintf(code, sizeof code, "%d", i);
        const char *const argv[] = {CHILD, "exit", code, NULL};
        tether_spec spec = {.argv = argv};
        HOST_OK(tether_spawn(registry, &spec, ids[i], &error), error);
    }
    for (int i = 0; i < CODES; i++) {
        const char *id = ids[i];
        tether_snapshot *snapshot;
        HOST_OK(tether_wait(registry, &id, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);
        HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
        HOST_ASSERT(snapshot->exit_code == i);
        HOST_ASSERT(snapshot->status == (i == 0 ? TETHER_STATUS_COMPLETED : TETHER_STATUS_FAILED));
        HOST_ASSERT(snapshot->reason == NULL);
        tether_snapshot_free(snapshot);
    }
}

static void ignore_sigchld(fixture *f, void *userdata)
{
    tether_error error = {0};
    (void)userdata;
    HOST_ASSERT(signal(SIGCHLD, SIG_IGN) != SIG_ERR);
    tether_registry *registry = open_in_host(f);
    check_codes(registry);
    struct sigaction action;
    HOST_ASSERT(sigaction(SIGCHLD, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
    HOST_OK(tether_close(registry, TETHER_SHUTDOWN, &error), error);
}

static void host_that_ignores_sigchld_gets_codes(void **state)
{
    fixture *f = *state;
    assert_int_equal(test_join_host(test_fork_host(ignore_sigchld, f, NULL)), 0);
}

static atomic_bool stop_reaping;

static void *reap_everything(void *userdata)
{
    (void)userdata;
    while (!atomic_load(&stop_reaping)) {
        if (waitpid(-1, NULL, 0) < 0)
            sched_yield();
    }
    return NULL;
}

static void reap_all(fixture *f, void *userdata)
{
    pthread_t thread;
    tether_error error = {0};
    (void)userdata;
    HOST_ASSERT(pthread_create(&thread, NULL, reap_everything, NULL) == 0);
    tether_registry *registry = open_in_host(f);
    check_codes(registry);
    HOST_OK(tether_close(registry, TETHER_SHUTDOWN, &error), error);
    atomic_store(&stop_reaping, true);
    HOST_ASSERT(pthread_join(thread, NULL) == 0);
}

static void host_that_reaps_everything_gets_codes(void **state)
{
    fixture *f = *state;
    assert_int_equal(test_join_host(test_fork_host(reap_all, f, NULL)), 0);
}

/* The host reaps the children that it has forked itself. */
static void children_of_the_host_are_not_reaped(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE];
    pid_t own = fork();
    assert_true(own >= 0);
    if (own == 0)
        _exit(17);
    f->registry = test_open(f);
    for (int i = 0; i < 5; i++) {
        test_start_child(f->registry, id, "exit", "1", NULL);
        test_expect(f->registry, id, TETHER_STATUS_FAILED, 1, NULL);
    }
    ASSERT_OK(tether_close(f->registry, TETHER_SHUTDOWN, &f->error), f->error);
    f->registry = NULL;
    assert_int_equal(test_join_host(own), 17);
}

enum { CREATIONS = 40, CREATORS = 6 };

typedef struct creation {
    atomic_int ready;
    char store[1024];
} creation;

static void create_store(fixture *f, void *userdata)
{
    creation *c = userdata;
    tether_error error = {0};
    tether_registry *registry;
    tether_open_options options = {.store = c->store, .reaper = test_reaper_mode(), .no_gc = 1};
    (void)f;
    atomic_fetch_add(&c->ready, 1);
    while (atomic_load(&c->ready) < CREATORS)
        sched_yield();
    HOST_OK(tether_open(&options, &registry, &error), error);
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

static void hosts_that_create_a_store_at_once_all_open_it(void **state)
{
    fixture *f = *state;
    creation *c = test_shared(sizeof *c);
    for (int i = 0; i < CREATIONS; i++) {
        long hosts[CREATORS];
        snprintf(c->store, sizeof c->store, "%s", test_work_path(f, "new%d/store", i));
        atomic_store(&c->ready, 0);
        for (int h = 0; h < CREATORS; h++)
            hosts[h] = test_fork_host(create_store, f, c);
        int failed = 0;
        for (int h = 0; h < CREATORS; h++)
            failed += test_join_host(hosts[h]) != 0;
        assert_int_equal(failed, 0);
    }
    test_unshare(c, sizeof *c);
}

enum { SHARED_TASKS = 30, HOSTS = 3 };

/* Shared memory: how each host saw the same tasks end. */
typedef struct observations {
    char ids[SHARED_TASKS][TETHER_ID_SIZE];
    atomic_int ready;
    atomic_int next; /* index of the next host */
    struct {
        int64_t finished_at;
        int64_t exit_code;
        tether_status status;
    } by[HOSTS][SHARED_TASKS];
} observations;

static void wait_for_all(fixture *f, void *userdata)
{
    observations *s = userdata;
    tether_error error = {0};
    int self = atomic_fetch_add(&s->next, 1);
    tether_registry *registry = open_in_host(f);
    atomic_fetch_add(&s->ready, 1);
    for (int i = 0; i < SHARED_TASKS; i++) {
        const char *id = s->ids[i];
        tether_snapshot *snapshot;
        HOST_OK(tether_wait(registry, &id, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &error), error);
        HOST_OK(tether_status_get(registry, id, &snapshot, &error), error);
        s->by[self][i].finished_at = snapshot->finished_at;
        s->by[self][i].exit_code = snapshot->exit_code;
        s->by[self][i].status = snapshot->status;
        tether_snapshot_free(snapshot);
    }
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

static void hosts_that_finalise_together_agree(void **state)
{
    fixture *f = *state;
    observations *s = test_shared(sizeof *s);
    const char *gate = test_work_path(f, "gate");
    for (int i = 0; i < SHARED_TASKS; i++) {
        char code[16];
        snprintf(code, sizeof code, "%d", i);
        START_ELSEWHERE(f, s->ids[i], "--", CHILD, "await", gate, "exit", code);
    }
    long hosts[HOSTS];
    for (int i = 0; i < HOSTS; i++)
        hosts[i] = test_fork_host(wait_for_all, f, s);
    WAIT_UNTIL(atomic_load(&s->ready) == HOSTS);
    test_write_file(gate, "", 0);
    for (int i = 0; i < HOSTS; i++)
        assert_int_equal(test_join_host(hosts[i]), 0);
    f->registry = test_open(f);
    for (int i = 0; i < SHARED_TASKS; i++) {
        for (int h = 0; h < HOSTS; h++) {
            assert_int_equal(s->by[h][i].exit_code, i);
            assert_int_equal(s->by[h][i].finished_at, s->by[0][i].finished_at);
            assert_int_equal(s->by[h][i].status, s->by[0][i].status);
        }
        test_take_completion(f->registry, s->ids[i]);
    }
    test_unshare(s, sizeof *s);
}

enum { ACKS = 500 };

typedef struct acks {
    atomic_int fresh[ACKS];
    atomic_int ready;
} acks;

static void ack_all(fixture *f, void *userdata)
{
    acks *a = userdata;
    tether_error error = {0};
    tether_registry *registry = open_in_host(f);
    atomic_fetch_add(&a->ready, 1);
    while (atomic_load(&a->ready) < 2)
        sched_yield();
    for (int i = 0; i < ACKS; i++) {
        char id[TETHER_ID_SIZE];
        bool fresh;
        snprintf(id, sizeof id, "tack%d", i);
        HOST_OK(tether_completion_ack(registry, id, &fresh, &error), error);
        atomic_fetch_add(&a->fresh[i], fresh ? 1 : 0);
    }
    HOST_OK(tether_close(registry, TETHER_DETACH, &error), error);
}

static void each_completion_is_acknowledged_once(void **state)
{
    fixture *f = *state;
    char model[TETHER_ID_SIZE], id[TETHER_ID_SIZE];
    json_t *record = plant_run_model(f, model);
    for (int i = 0; i < ACKS; i++) {
        snprintf(id, sizeof id, "tack%d", i);
        json_object_set_new(record, "task_id", json_string(id));
        plant_task(f, id, json_deep_copy(record), NULL);
    }
    json_decref(record);
    acks *a = test_shared(sizeof *a);
    long first = test_fork_host(ack_all, f, a), second = test_fork_host(ack_all, f, a);
    assert_int_equal(test_join_host(first), 0);
    assert_int_equal(test_join_host(second), 0);
    for (int i = 0; i < ACKS; i++)
        assert_int_equal(atomic_load(&a->fresh[i]), 1);
    f->registry = test_open(f);
    assert_int_equal(test_pending(f->registry, NULL), 1);
    test_take_completion(f->registry, model);
    test_unshare(a, sizeof *a);
}

/* Takes the session lock as a host does, and stops itself. */
static void hold_lock(fixture *f, void *userdata)
{
    tether__store store;
    tether__session session;
    tether__lock lock;
    tether_error error = {0};
    atomic_bool *held = userdata;
    HOST_OK(tether__store_open(f->store, true, &store, &error), error);
    HOST_OK(tether__session_open(&store, "default", 1000, &session, &error), error);
    HOST_OK(tether__session_lock(&session, &lock, &error), error);
    atomic_store(held, true);
    raise(SIGSTOP);
    tether__os_lock_release(&lock);
}

static void error_names_a_stopped_lock_holder(void **state)
{
    fixture *f = *state;
    char running[TETHER_ID_SIZE], id[TETHER_ID_SIZE], pid[32];
    atomic_bool *held = test_shared(sizeof *held);
    const char *gate = test_work_path(f, "gate");
    START_ELSEWHERE(f, running, "--", CHILD, "await", gate, "exit", "12");
    long holder = test_fork_host(hold_lock, f, held);
    WAIT_UNTIL(atomic_load(held));
    assert_int_equal(waitpid((pid_t)holder, NULL, WUNTRACED), holder);

    tether_registry *registry;
    tether_open_options options = {
        .store = f->store, .reaper = test_reaper_mode(), .lock_timeout_ms = 100};
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    snprintf(pid, sizeof pid, "process %ld ", holder);
    tether_spec spec = {.command = "exit 0"};
    int64_t begin = test_now_ms();
    assert_int_equal(tether_spawn(registry, &spec, id, &f->error), TETHER_ELOCKED);
    assert_in_range(test_now_ms() - begin, 99, 5000);
    assert_non_null(strstr(f->error.message, pid));
    assert_string_equal(id, "");
    assert_int_equal(tether_kill(registry, running, NULL, &f->error), TETHER_ELOCKED);
    assert_non_null(strstr(f->error.message, pid));
    /* The failed start left nothing. */
    assert_int_equal(test_count_names(test_session_path(f, "tasks")), 1);
    assert_int_equal(test_count_lifelines(f), 1);

    /* An end that came while the lock was held is recorded after its release. */
    test_write_file(gate, "", 0);
    exit_line_wait(f, running);
    assert_int_equal(kill((pid_t)holder, SIGCONT), 0);
    assert_int_equal(test_join_host(holder), 0);
    test_expect(registry, running, TETHER_STATUS_FAILED, 12, NULL);
    f->registry = registry;
    test_unshare(held, sizeof *held);
}

static int64_t cpu_us(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void calls_report_a_removed_store(void **state)
{
    fixture *f = *state;
    char id[TETHER_ID_SIZE], other[TETHER_ID_SIZE];
    const char *one = id;
    tether_snapshot *snapshot;
    tether_snapshot_list *list;
    tether_registry *registry = test_open(f);
    test_start_child(registry, id, "pid", "forever", NULL);
    long child = test_output_number(registry, id);
    ASSERT_OK(tether_status_get(registry, id, &snapshot, &f->error), f->error);
    long supervisor = (long)snapshot->child_pid;
    tether_snapshot_free(snapshot);
    test_remove_store(f->store);

    int64_t cpu = cpu_us();
    tether_spec spec = {.command = "exit 0"};
    assert_int_equal(tether_status_get(registry, id, &snapshot, &f->error), TETHER_EGONE);
    assert_int_equal(tether_list(registry, TETHER_LIST_ALL, &list, &f->error), TETHER_EGONE);
    assert_int_equal(tether_list(registry, TETHER_LIST_RUNNING, &list, &f->error), TETHER_EGONE);
    assert_int_equal(tether_completions_peek(registry, NULL, &list, &f->error), TETHER_EGONE);
    assert_int_equal(tether_completion_ack(registry, id, NULL, &f->error), TETHER_EGONE);
    assert_int_equal(tether_spawn(registry, &spec, other, &f->error), TETHER_EGONE);
    assert_int_equal(tether_kill(registry, id, NULL, &f->error), TETHER_EGONE);
    assert_int_equal(tether_wait(registry, &one, 1, TETHER_WAIT_ALL, 300, NULL, &f->error),
                     TETHER_EGONE);
    assert_int_equal(tether_output_wait(registry, id, 1000, 0, 300, &f->error), TETHER_EGONE);
    /* A registry in a busy loop would use all of this time. */
    test_nap_us(300000);
    assert_in_range(cpu_us() - cpu, 0, 200000);
    assert_true(test_process_alive(child));
    assert_true(test_process_alive(supervisor));
    test_detach(registry);
    /* Its record is gone, so the test ends the task itself. It is the parent. */
    assert_int_equal(kill(-(pid_t)supervisor, SIGKILL), 0);
    assert_int_equal(test_join_host(supervisor), 128 + SIGKILL);
    WAIT_UNTIL(!test_process_alive(child));
}

/* Forks a child that acts as the supervisor of a task. This process keeps a copy of the lifeline
 * open, like a child that a host forks in the middle of a start. */
static long fork_supervisor(fixture *f, const char *id, tether__lifeline *leak)
{
    tether__store store;
    tether__session session;
    char model[TETHER_ID_SIZE];
    json_t *record = plant_run_model(f, model);

    ASSERT_OK(tether__store_open(f->store, false, &store, &f->error), f->error);
    ASSERT_OK(tether__session_open(&store, "default", 1000, &session, &f->error), f->error);
    ASSERT_OK(tether__os_lifeline_create(session.exits, id, leak, &f->error), f->error);
    tether__session_close(&session);
    tether__store_close(&store);
    const char *gate = test_work_path(f, "gate");
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        while (access(gate, F_OK) != 0)
            test_nap_us(1000);
        static const char end[] = "exit 5 uptime=1.00\n";
        _exit(write((int)leak->handle, end, sizeof end - 1) > 0 ? 0 : 1);
    }
    json_object_set_new(record, "task_id", json_string(id));
    json_object_set_new(record, "exit_code", json_null());
    json_object_set_new(record, "finished_at", json_null());
    json_object_set_new(record, "child_pid", json_integer(pid));
    plant_set_status(record, "running");
    plant_set_pid(record, pid, (long)tether__os_process_start_time(pid));
    plant_task(f, id, record, NULL);
    return pid;
}

static void leaked_lifeline_does_not_hide_an_exit(void **state)
{
    fixture *f = *state;
    tether__lifeline leak;
    long pid = fork_supervisor(f, "tleaked", &leak);
    tether_registry *registry = test_open(f);
    tether_snapshot *snapshot;
    ASSERT_OK(tether_status_get(registry, "tleaked", &snapshot, &f->error), f->error);
    assert_int_equal(snapshot->status, TETHER_STATUS_RUNNING);
    tether_snapshot_free(snapshot);
    test_write_file(test_work_path(f, "gate"), "", 0);
    test_expect(registry, "tleaked", TETHER_STATUS_FAILED, 5, NULL);
    test_detach(registry);
    tether__os_lifeline_close(&leak);
    assert_int_equal(test_join_host(pid), 0);
}

static void leaked_lifeline_does_not_hide_a_loss(void **state)
{
    fixture *f = *state;
    tether__lifeline leak;
    long pid = fork_supervisor(f, "tleaked", &leak);
    tether_registry *registry = test_open(f);
    test_kill_host(pid);
    const char *one = "tleaked";
    int64_t begin = test_now_ms();
    ASSERT_OK(tether_wait(registry, &one, 1, TETHER_WAIT_ALL, PATIENCE_MS, NULL, &f->error),
              f->error);
    assert_in_range(test_now_ms() - begin, 0, 5000);
    tether_snapshot *snapshot = test_wait(registry, one);
    assert_int_equal(snapshot->status, TETHER_STATUS_LOST);
    tether_snapshot_free(snapshot);
    test_detach(registry);
    tether__os_lifeline_close(&leak);
}

/* Opens another session, so that no reaper inspects the tasks that are listed. */
static tether_registry *open_aside(fixture *f)
{
    tether_registry *registry;
    const tether_open_options options = {.store = f->store, .session = "aside", .no_gc = 1};
    ASSERT_OK(tether_open(&options, &registry, &f->error), f->error);
    return registry;
}

static size_t count_listed(fixture *f, tether_registry *registry)
{
    tether_snapshot_list *list;
    const tether_list_options options = {.all_sessions = true};
    ASSERT_OK(tether_list_in(registry, &options, &list, &f->error), f->error);
    size_t count = list->count;
    tether_snapshot_list_free(list);
    return count;
}

static void identify(fixture *f, const tether__lifeline *lifeline, long pid)
{
    char line[TETHER__MARKER_LINE_SIZE];
    tether__identity identity;
    tether__self(&identity);
    identity.pid = pid;
    identity.start_time = tether__os_process_start_time(pid);
    size_t size = tether__marker_format_supervisor(&identity, line);
    ASSERT_OK(tether__os_lifeline_append(lifeline, line, size, &f->error), f->error);
}

/* A list does not look at processes where a lifeline is held. */
static void a_list_believes_a_leaked_lifeline_until_a_closer_look(void **state)
{
    fixture *f = *state;
    tether__lifeline leak;
    long pid = fork_supervisor(f, "tleaked", &leak);
    identify(f, &leak, pid);
    tether_registry *aside = open_aside(f);
    assert_int_equal(count_listed(f, aside), 1);
    test_kill_host(pid);
    assert_int_equal(count_listed(f, aside), 1);
    tether_registry *registry = test_open(f);
    test_expect(registry, "tleaked", TETHER_STATUS_LOST, TETHER_EXIT_UNKNOWN,
                "process exited without exit marker");
    assert_int_equal(count_listed(f, aside), 0);
    test_detach(registry);
    test_detach(aside);
    tether__os_lifeline_close(&leak);
}

static void a_list_finds_an_exit_behind_a_leaked_lifeline(void **state)
{
    fixture *f = *state;
    tether__lifeline leak;
    long pid = fork_supervisor(f, "tleaked", &leak);
    identify(f, &leak, pid);
    tether_registry *aside = open_aside(f);
    assert_int_equal(count_listed(f, aside), 1);
    test_write_file(test_work_path(f, "gate"), "", 0);
    assert_int_equal(test_join_host(pid), 0);
    assert_int_equal(count_listed(f, aside), 0);
    test_detach(aside);
    tether__os_lifeline_close(&leak);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, test_setup, test_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(host_that_ignores_sigchld_gets_codes),
        WITH_STORE(host_that_reaps_everything_gets_codes),
        WITH_STORE(children_of_the_host_are_not_reaped),
        WITH_STORE(hosts_that_create_a_store_at_once_all_open_it),
        WITH_STORE(hosts_that_finalise_together_agree),
        WITH_STORE(each_completion_is_acknowledged_once),
        WITH_STORE(error_names_a_stopped_lock_holder),
        WITH_STORE(calls_report_a_removed_store),
        WITH_STORE(leaked_lifeline_does_not_hide_an_exit),
        WITH_STORE(leaked_lifeline_does_not_hide_a_loss),
        WITH_STORE(a_list_believes_a_leaked_lifeline_until_a_closer_look),
        WITH_STORE(a_list_finds_an_exit_behind_a_leaked_lifeline),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
